/** What is remembered of one direction of a WebSocket connection. */
import { constants, inflateRawSync } from 'node:zlib';
import type { Mark } from '../../dissect/contract.ts';
import type { Talk } from './refine.ts';

/** How far back compressed messages refer (RFC 7692, 7.1.2: at most 15 bits). */
const historyBytes = 1 << 15;
/** Ends a compressed message; senders leave it out (RFC 7692, 7.2.1). */
const tail = Uint8Array.of(0, 0, 0xff, 0xff);
const firstBytes = 512;

export class WebSocketState {
  /** The message in progress: opcode of its first frame; 0: none. */
  opcode = 0;
  compressed = false;
  frames = 0;
  /** Payload bytes, kept or not. */
  bytes = 0;
  wireBytes = 0;
  content: Uint8Array = new Uint8Array(firstBytes);
  kept = 0;
  hole = false;
  masked = false;
  /** The length of one of its frames is not written as it has to be. */
  odd = false;
  readonly mark: Mark = { timeMs: 0, packet: 0, sequence: 0 };
  /** A frame longer than what has come of it: bytes left, and where in the mask. */
  inFrame = false;
  left = 0;
  maskAt = 0;
  readonly mask = new Uint8Array(4);
  ends = false;
  /** What was inflated last: later messages refer to it. */
  #history: Uint8Array = new Uint8Array(0);
  /** Compressed messages were missed: what refers to them cannot be inflated. */
  historyLost = false;

  /** What its texts have turned out to be. */
  readonly talk: Talk = { isGraphQl: false, operations: undefined };

  begin(opcode: number, compressed: boolean): void {
    this.opcode = opcode;
    this.compressed = compressed;
    this.frames = 0;
    this.bytes = 0;
    this.wireBytes = 0;
    this.kept = 0;
    this.hole = false;
    this.masked = false;
    this.odd = false;
  }

  /** Takes payload bytes, unmasked, as far as `limit`. */
  take(bytes: Uint8Array, from: number, to: number, limit: number): void {
    const length = to - from;
    this.bytes += length;
    const kept = Math.max(0, Math.min(length, limit - this.kept));
    this.#grow(kept);
    const { mask, content } = this;
    if (this.masked) {
      for (let i = 0; i < kept; i++) {
        content[this.kept + i] = bytes[from + i]! ^ mask[(this.maskAt + i) & 3]!;
      }
    } else content.set(bytes.subarray(from, from + kept), this.kept);
    this.kept += kept;
    this.maskAt = (this.maskAt + length) & 3;
  }

  /** The message inflated, at most `limit` bytes; undefined when it cannot be. */
  inflate(limit: number): Uint8Array | undefined {
    const input = new Uint8Array(this.kept + tail.length);
    input.set(this.content.subarray(0, this.kept));
    input.set(tail, this.kept);
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: limit };
    try {
      const { length } = this.#history;
      const output = inflateRawSync(
        input,
        length === 0 ? options : { ...options, dictionary: this.#history },
      );
      this.#remember(output);
      return output;
    } catch {
      this.lose();
      return undefined;
    }
  }

  /** Compressed bytes are missing. */
  lose(): void {
    this.historyLost = true;
    this.#history = new Uint8Array(0);
  }

  #remember(output: Uint8Array): void {
    if (output.length >= historyBytes) {
      this.#history = output.slice(output.length - historyBytes);
      return;
    }
    const old = this.#history.subarray(
      Math.max(0, this.#history.length + output.length - historyBytes),
    );
    const history = new Uint8Array(old.length + output.length);
    history.set(old);
    history.set(output, old.length);
    this.#history = history;
  }

  #grow(added: number): void {
    if (this.kept + added <= this.content.length) return;
    const larger = new Uint8Array(Math.max(this.content.length * 2, this.kept + added));
    larger.set(this.content.subarray(0, this.kept));
    this.content = larger;
  }

  /** A large message's memory is not kept for small ones. */
  end(): void {
    this.opcode = 0;
    if (this.content.length > 1 << 16) this.content = new Uint8Array(firstBytes);
  }
}
