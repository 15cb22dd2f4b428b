/**
 * An AMQP client that says whatever it is told, for the methods that other clients hide or do not have.
 * Its frames are written by amqplib's codec.
 */
import { connect, type Socket } from 'node:net';
import {
  codecMethod,
  content,
  method,
  protocolHeader,
} from '../../src/protocols/amqp/test-encode.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A method that the broker has sent, with its content when it has one. */
interface Heard {
  readonly channel: number;
  /** Class and method number in one, as in amqplib. */
  readonly id: number;
  /** The arguments as they came. */
  readonly bytes: Buffer;
}

const longestWaitMs = 20_000;
const frameBytes = 8;
const methodFrame = 1;

export class RawClient implements AsyncDisposable {
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #heard: Heard[] = [];
  #wake: () => void = () => undefined;
  readonly #closed: Promise<void>;

  private constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#closed = new Promise((resolve) => {
      this.#socket.on('close', () => resolve());
    });
  }

  /** Connects and waits for `connection start`. */
  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    client.write(protocolHeader);
    await client.wait('connection start');
    return client;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  send(name: string, channel: number, fields: Fields = {}): void {
    this.write(method(name, channel, fields));
  }

  /** Sends a method and waits for one of this name, on any channel. */
  async call(name: string, channel: number, fields: Fields, answer: string): Promise<Buffer> {
    this.send(name, channel, fields);
    return this.wait(answer);
  }

  publish(channel: number, fields: Fields, body: string): void {
    this.write(Buffer.concat([method('basic publish', channel, fields), content(channel, body)]));
  }

  /** The arguments of the next method of this name, in the order of their coming. */
  async wait(name: string): Promise<Buffer> {
    const id = codecMethod(name)?.id;
    const end = Date.now() + longestWaitMs;
    for (;;) {
      const at = this.#heard.findIndex((heard) => heard.id === id);
      if (at >= 0) return this.#heard.splice(at, 1)[0]!.bytes;
      const left = end - Date.now();
      const names = this.#heard.map((heard) => `${heard.id >>> 16}.${heard.id & 0xffff}`);
      if (left <= 0) throw new Error(`waited in vain for ${name}; there is ${names.join(' ')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Log-in and virtual host, without more ado. */
  async open(mechanism: string, response: Buffer, virtualHost: string): Promise<void> {
    this.startOk(mechanism, response);
    await this.wait('connection tune');
    await this.tuneAndOpen(virtualHost);
  }

  startOk(mechanism: string, response: Buffer): void {
    const capabilities = { consumer_cancel_notify: true, 'connection.blocked': true };
    const clientProperties = { product: 'raw', capabilities };
    this.send('connection start-ok', 0, { clientProperties, mechanism, response, locale: 'en_US' });
  }

  async tuneAndOpen(virtualHost: string): Promise<void> {
    this.send('connection tune-ok', 0, { channelMax: 100, frameMax: 131_072, heartbeat: 0 });
    await this.call('connection open', 0, { virtualHost }, 'connection open-ok');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.#closed;
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= frameBytes) {
      const total = this.#bytes.readUInt32BE(3) + frameBytes;
      if (this.#bytes.length < total) break;
      if (this.#bytes[0] === methodFrame) {
        const channel = this.#bytes.readUInt16BE(1);
        const bytes = Buffer.from(this.#bytes.subarray(11, total - 1));
        this.#heard.push({ channel, id: this.#bytes.readUInt32BE(7), bytes });
      }
      this.#bytes = this.#bytes.subarray(total);
    }
    this.#wake();
  }
}
