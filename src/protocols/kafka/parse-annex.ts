/**
 * What is put behind a kept message since it does not say it itself: an annex.
 *
 *   message · entry* · u32 length of the entries · "mzKa"
 *
 *   topic entry:  1 · 16 bytes of id · u8 length · name
 *   folded entry: 2 · u32 empty fetches that got no row before this one
 */
import type { Message } from '../../dissect/contract.ts';
import { topicAt, topicIdBytes } from './parse-topics.ts';

/** `mzKa` as a number. */
export const annexMagic = 0x6d7a4b61;
export const AnnexEntry = { Topic: 1, Folded: 2 } as const;
/** The length and the magic number. */
export const annexTrailerBytes = 8;
/** Room for an annex. */
const maxAnnexBytes = 16 << 10;
/** A scratch buffer that grew longer is not kept. */
const keptScratchBytes = 2 << 20;

let scratch = new Uint8Array(64 << 10);

/** Composes a message with its annex in memory that is used again for the next one. */
export class AnnexWriter {
  #bytes = scratch;
  #at = 0;
  #from = 0;

  /** Copies what is kept of the message. */
  begin(message: Uint8Array): void {
    const needed = message.length + maxAnnexBytes;
    if (scratch.length > keptScratchBytes && needed < keptScratchBytes) {
      scratch = new Uint8Array(keptScratchBytes);
    } else if (scratch.length < needed)
      scratch = new Uint8Array(Math.max(needed, scratch.length * 2));
    this.#bytes = scratch;
    scratch.set(message);
    this.#from = this.#at = message.length;
  }

  /** The name of the topic whose id lies at `at`, when it is known and there is room. */
  topic(bytes: Uint8Array, at: number): void {
    const topic = topicAt(bytes, at);
    if (topic === undefined) return;
    const name = topic.bytes;
    const room = this.#from + maxAnnexBytes - annexTrailerBytes - this.#at;
    if (room < topicIdBytes + 2 + name.length) return;
    const target = this.#bytes;
    let to = this.#at;
    target[to++] = AnnexEntry.Topic;
    for (let i = 0; i < topicIdBytes; i++) target[to++] = bytes[at + i]!;
    target[to++] = name.length;
    for (let i = 0; i < name.length; i++) target[to++] = name[i]!;
    this.#at = to;
  }

  folded(count: number): void {
    this.#bytes[this.#at++] = AnnexEntry.Folded;
    this.#u32(count);
  }

  /** Makes what has been written the bytes that the message keeps. */
  end(message: Message): void {
    if (this.#at > this.#from) {
      this.#u32(this.#at - this.#from);
      this.#u32(annexMagic);
    }
    message.source = this.#bytes;
    message.to = this.#at;
  }

  #u32(value: number): void {
    const target = this.#bytes;
    target[this.#at++] = value >>> 24;
    target[this.#at++] = value >>> 16;
    target[this.#at++] = value >>> 8;
    target[this.#at++] = value;
  }
}
