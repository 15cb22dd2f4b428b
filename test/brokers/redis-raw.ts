/** A Redis client without opinions: sends what it is told, and notes what came back, value by value. */
import { connect, type Socket } from 'node:net';
import { until } from './capture.ts';

export type Reply = string | number | boolean | null | Reply[] | { [name: string]: Reply };

/** Where the value that begins at `at` ends, and the value; undefined when it is not whole. */
function readReply(bytes: Buffer, at: number): { value: Reply; to: number } | undefined {
  const newline = bytes.indexOf('\r\n', at);
  if (newline < 0) return undefined;
  const line = bytes.toString('utf8', at + 1, newline);
  const next = newline + 2;
  switch (String.fromCharCode(bytes[at]!)) {
    case '+':
    case '(':
      return { value: line, to: next };
    case '-':
      return { value: `(error) ${line}`, to: next };
    case ':':
    case ',':
      return { value: Number(line), to: next };
    case '_':
      return { value: null, to: next };
    case '#':
      return { value: line === 't', to: next };
    case '$':
    case '=': {
      if (line === '-1') return { value: null, to: next };
      const to = next + Number(line);
      if (bytes.length < to + 2) return undefined;
      return { value: bytes.toString('utf8', next, to), to: to + 2 };
    }
    default:
      return readList(bytes, at, line, next);
  }
}

function readList(bytes: Buffer, at: number, line: string, next: number) {
  // A map; attributes, which are noted like values of their own.
  const pairs = bytes[at] === 0x25 || bytes[at] === 0x7c;
  const items: Reply[] = [];
  let to = next;
  for (let i = 0; i < Number(line) * (pairs ? 2 : 1); i++) {
    const item = readReply(bytes, to);
    if (item === undefined) return undefined;
    items.push(item.value);
    to = item.to;
  }
  if (!pairs) return { value: line === '-1' ? null : items, to };
  const map: Record<string, Reply> = {};
  for (let i = 0; i < items.length; i += 2) map[String(items[i])] = items[i + 1]!;
  return { value: map, to };
}

export class RawClient {
  readonly replies: Reply[] = [];
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, bytes]);
      let reply = readReply(this.#rest, 0);
      while (reply !== undefined) {
        this.replies.push(reply.value);
        this.#rest = this.#rest.subarray(reply.to);
        reply = this.#rest.length > 0 ? readReply(this.#rest, 0) : undefined;
      }
    });
    socket.on('error', () => undefined);
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new RawClient(socket)));
      socket.on('error', reject);
      socket.setNoDelay(true);
    });
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  /** One command as an array of strings. */
  static encode(...words: readonly (string | Buffer)[]): Buffer {
    const parts = [Buffer.from(`*${words.length}\r\n`)];
    for (const word of words) {
      const bytes = Buffer.from(word);
      parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
    }
    return Buffer.concat(parts);
  }

  /** Sends bytes as they are, and waits until `replies` more values have come. */
  async send(bytes: Buffer | string, replies: number): Promise<Reply[]> {
    const before = this.replies.length;
    this.#socket.write(bytes);
    await this.wait(before + replies);
    return this.replies.slice(before);
  }

  async ask(...words: readonly (string | Buffer)[]): Promise<Reply> {
    return (await this.send(RawClient.encode(...words), 1))[0]!;
  }

  wait(count: number): Promise<boolean> {
    return until(`${count} replies`, () => this.replies.length >= count, 10_000);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.on('close', () => resolve());
      this.#socket.end();
    });
  }
}
