/** Makes damaged streams of real conversations, millions of them: all in the same memory. */
import type { End } from '../../src/reassemble/index.ts';
import { damage, setLength } from './damage.ts';
import type { Message, Script } from './material.ts';
import type { Random } from './random.ts';

const memoryBytes = 4 << 20;
const maxPieces = 1 << 14;
/** Messages of a stream, and bytes of each, before the damage. */
const mostMessages = 8;
const mostBytes = [200, 800, 800, 3000];
/** The same of a few, in which costs that grow with the square show. */
const longShare = 0.0005;
const mostLongMessages = 100;
const mostLongBytes = 30_000;
/** What a message may grow by. */
const slack = 2048;

/** Shares of messages that are damaged, one for each stream: what is deep needs a way there. */
const harms = [0, 0.1, 0.2, 0.35, 0.6, 0.9];

export class StreamMaker {
  readonly bytes = new Uint8Array(memoryBytes);
  /** Of pieces. Piece i is what the end `from[i]` says: `bytes[starts[i], ends[i])`. */
  count = 0;
  readonly from = new Uint8Array(maxPieces);
  readonly starts = new Int32Array(maxPieces);
  readonly ends = new Int32Array(maxPieces);
  serverPort = 0;
  readonly #groups: readonly (readonly Script[])[];
  #random: Random;
  #used = 0;
  #mostBytes = 0;
  #harm = 0;
  /** Share of messages that come in one packet with the one before. */
  #glue = 0;

  /** Each of the groups of conversations has the same share. */
  constructor(groups: readonly (readonly Script[])[], random: Random) {
    this.#groups = groups;
    this.#random = random;
  }

  /** The next stream; it depends on nothing but `random`. */
  make(): void {
    const random = this.#random;
    const script = this.#script();
    const { messages } = script;
    this.serverPort = script.serverPort;
    this.count = 0;
    this.#used = 0;
    const isLong = random.chance(longShare);
    this.#mostBytes = isLong ? mostLongBytes : mostBytes[random.below(mostBytes.length)]!;
    this.#harm = harms[random.below(harms.length)]!;
    this.#glue = random.below(3) / 2;
    const count = 1 + random.below(isLong ? mostLongMessages : mostMessages);
    const style = random.below(100);
    if (style < 40) this.#say(messages, 0, count);
    else if (style < 75) {
      // The beginning, little harmed, and on from anywhere: what was agreed on is known there.
      const harm = this.#harm;
      this.#harm = harm / 8;
      this.#say(messages, 0, 1 + random.below(6));
      this.#harm = harm;
      const later = random.chance(0.15) ? this.#script().messages : messages;
      this.#say(later, random.below(later.length), count);
    } else this.#say(messages, random.below(messages.length), count);
    if (random.chance(isLong ? 0.5 : 0.04)) this.#cut(1 + random.below(30));
  }

  #script(): Script {
    const scripts = this.#groups[this.#random.below(this.#groups.length)]!;
    return scripts[this.#random.below(scripts.length)]!;
  }

  #say(messages: readonly Message[], first: number, count: number): void {
    const random = this.#random;
    const last = Math.min(messages.length, first + count);
    for (let i = first; i < last; i++) {
      if (random.chance(0.03)) continue;
      this.#add(messages[i]!);
      if (random.chance(0.02)) this.#add(messages[i]!);
    }
  }

  #add(message: Message): void {
    const random = this.#random;
    const start = this.#used;
    const skipped = random.chance(0.02) ? random.below(message.bytes.length) : 0;
    const length = Math.min(message.bytes.length - skipped, this.#mostBytes);
    if (start + length + slack > memoryBytes || this.count >= maxPieces - 1) return;
    copy(message.bytes, skipped, skipped + length, this.bytes, start);
    let end = start + length;
    if (skipped + length < message.bytes.length && message.length !== undefined) {
      // The beginning of a long message is at times made a whole one.
      if (skipped === 0 && random.chance(0.7)) setLength(this.bytes, start, end, message.length);
    }
    if (random.chance(this.#harm)) {
      const other = this.#script().messages;
      const spliced = other[random.below(other.length)]!.bytes;
      const room = end + slack;
      end = damage(this.bytes, start, end, room, random, spliced, message.length);
    }
    if (end === start) return;
    this.#used = end;
    const from: End = random.chance(0.01) ? (message.from === 0 ? 1 : 0) : message.from;
    this.#put(from, start, end);
  }

  #put(from: End, start: number, end: number): void {
    const random = this.#random;
    const at = this.count;
    if (at > 0 && this.from[at - 1] === from && this.ends[at - 1] === start) {
      if (random.chance(this.#glue)) {
        this.ends[at - 1] = end;
        return;
      }
    }
    this.from[at] = from;
    this.starts[at] = start;
    this.ends[at] = end;
    this.count++;
    // Both ends may speak at once, and what one says may be seen late.
    if (at > 0 && random.chance(0.03)) this.#swap(at - 1, at);
  }

  #swap(one: number, other: number): void {
    for (const list of [this.from, this.starts, this.ends]) {
      const value = list[one]!;
      list[one] = list[other]!;
      list[other] = value;
    }
  }

  /** All pieces in pieces of `step` bytes, as long as there is room for them. */
  #cut(step: number): void {
    const whole = this.count;
    const from = this.from.slice(0, whole);
    const starts = this.starts.slice(0, whole);
    const ends = this.ends.slice(0, whole);
    this.count = 0;
    for (let i = 0; i < whole; i++) {
      const end = ends[i]!;
      for (let at = starts[i]!; at < end; ) {
        const isFull = this.count >= maxPieces - (whole - i);
        const next = isFull ? end : Math.min(end, at + step);
        this.from[this.count] = from[i]!;
        this.starts[this.count] = at;
        this.ends[this.count++] = next;
        at = next;
      }
    }
  }
}

function copy(bytes: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from > 48) target.set(bytes.subarray(from, to), at);
  else for (let i = from; i < to; i++) target[at + i - from] = bytes[i]!;
}
