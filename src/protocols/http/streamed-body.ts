/** The body of a message that is read while it comes: what reads it, and its beginning, which is kept. */
import type { BodyReader } from './body-reader.ts';
import { heldMemory } from './held-memory.ts';

/** Of a body in many messages, each an entry of its own, so much is kept with the exchange as well. */
const maxKeptBytes = 256 << 10;
const firstBytes = 2048;

export class StreamedBody {
  readonly reader: BodyReader;
  /** Length of the head, with which `kept` begins. */
  readonly headEnd: number;
  /** `Body`, or -1 for a known length. */
  readonly framing: number;
  /** Head and body as on the wire. */
  kept: Uint8Array;
  used = 0;
  /** Something that came is not in `kept`. */
  isCut = false;
  readonly #limit: number;
  readonly #share = heldMemory.share(this);

  constructor(reader: BodyReader, framing: number, head: Uint8Array, bodyLimit: number) {
    this.reader = reader;
    this.framing = framing;
    this.headEnd = head.length;
    this.#limit = head.length + Math.min(bodyLimit, maxKeptBytes);
    this.kept = new Uint8Array(head.length + firstBytes);
    this.keep(head, 0, head.length);
  }

  /** Keeps bytes of the wire as far as there is room; behind what is missing nothing is. */
  keep(bytes: Uint8Array, from: number, to: number): void {
    if (this.isCut) return;
    const length = Math.min(to - from, this.#limit - this.used);
    if (length < to - from) this.isCut = true;
    if (this.used + length > this.kept.length && !this.#grow(length)) {
      this.isCut = true;
      return;
    }
    this.kept.set(bytes.subarray(from, from + length), this.used);
    this.used += length;
  }

  #grow(added: number): boolean {
    const wanted = Math.max(this.kept.length * 2, this.used + added);
    if (!heldMemory.take(this.#share, wanted - this.kept.length)) return false;
    const larger = new Uint8Array(wanted);
    larger.set(this.kept.subarray(0, this.used));
    this.kept = larger;
    return true;
  }

  release(): void {
    heldMemory.give(this.#share);
  }
}
