/**
 * WebSocket on a stream of HTTP/2 (RFC 8441): the DATA of an extended CONNECT holds frames of WebSocket, whose
 * messages become entries under the CONNECT.
 */
import {
  type Mark,
  type Output,
  type ParserStream,
  type Side,
  Step,
} from '../../dissect/contract.ts';
import { BufferPool, StreamWindow } from '../../dissect/window.ts';
import type { BodyReader } from '../http/body-reader.ts';
import * as webSocket from '../websocket/parse.ts';
import type { WebSocketState } from '../websocket/state.ts';

/** `Protocol.code` of WebSocket. */
const webSocketCode = 5;

/** Bytes of frames that are not whole, all tunnels of this thread together: beyond it their messages are lost. */
const maxPooledBytes = 32 << 20;
const pool = new BufferPool();

/** Reports messages as those of a stream: under its key, as WebSocket. */
class TunnelOutput implements Output {
  readonly #out: Output;
  readonly #key: number;

  constructor(out: Output, key: number) {
    this.#out = out;
    this.#key = key;
  }

  get message() {
    return this.#out.message;
  }
  get bodyLimit(): number {
    return this.#out.bodyLimit;
  }
  get redacting(): boolean {
    return this.#out.redacting;
  }
  mark(mark: Mark): void {
    this.#out.mark(mark);
  }
  child(): void {
    const { message } = this.#out;
    message.key = this.#key;
    message.protocol ||= webSocketCode;
    this.#out.child();
  }
  // The parser of WebSocket reports nothing but children.
  whole(): void {}
  begin(): void {}
  reserve(): void {}
  finish(): void {}
  settle(): boolean {
    return false;
  }
  oldestNote(): number {
    return 0;
  }
  noteOf(): number {
    return 0;
  }
  handOver(): void {}
}

export class TunnelReader implements BodyReader {
  readonly #window = new StreamWindow(pool);
  readonly #stream: ParserStream<WebSocketState>;
  #lost = false;

  constructor(out: Output, side: Side, key: number) {
    const state = webSocket.newState();
    this.#stream = { side, state, peer: state, out: new TunnelOutput(out, key) };
  }

  data(bytes: Uint8Array, from: number, to: number): void {
    const window = this.#window;
    window.feed(bytes, from, to, 0, 0);
    this.#run();
    window.settle();
    if (pool.usedBytes > maxPooledBytes) this.hole(-1);
  }

  #run(): void {
    const window = this.#window;
    while (window.length > 0) {
      if (this.#lost) {
        const at = webSocket.resync(window, this.#stream);
        if (at < 0) {
          window.consume(Math.max(0, window.length - webSocket.resyncTail));
          return;
        }
        window.consume(at);
        this.#lost = false;
      }
      const progress = webSocket.parse(window, this.#stream);
      if (progress > 0) return;
      if (progress === Step.Lost) {
        window.consume(1);
        this.#lost = true;
      }
    }
  }

  hole(length: number): void {
    if (!this.#lost && webSocket.hole(this.#window, this.#stream, length)) return;
    this.#window.clear();
    this.#lost = true;
  }

  end(_complete: boolean): void {
    webSocket.end(this.#window, this.#stream);
    this.#window.clear();
  }
}
