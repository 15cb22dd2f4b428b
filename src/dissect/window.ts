/**
 * The window over one side's unread bytes. While nothing is left over from earlier packets the window
 * is the packet itself; a left-over is copied once into memory of our own, which returns to a pool as
 * soon as it is read.
 */
import type { Window } from './contract.ts';
import { findByte } from './find-byte.ts';

/** Smallest buffer the pool hands out; most left-overs are the first part of a head. */
const smallestBuffer = 4096;
/** Buffers kept for reuse per size; more are left to the garbage collector. */
const keptPerSize = 32;

/** Buffers by power of two, and how many bytes are in use: what the memory limit looks at. */
export class BufferPool {
  readonly #free: Uint8Array[][] = [];
  usedBytes = 0;

  take(atLeast: number): Uint8Array {
    let size = smallestBuffer;
    let index = 0;
    while (size < atLeast) {
      size *= 2;
      index++;
    }
    this.usedBytes += size;
    return this.#free[index]?.pop() ?? new Uint8Array(size);
  }

  give(buffer: Uint8Array): void {
    this.usedBytes -= buffer.length;
    const index = 31 - Math.clz32(buffer.length / smallestBuffer);
    this.#free[index] ??= [];
    const list = this.#free[index];
    if (list.length < keptPerSize && buffer.length <= 1 << 22) list.push(buffer);
  }
}

const noBytes = new Uint8Array(0);
const noMarks: number[] = [];

export class StreamWindow implements Window {
  bytes: Uint8Array = noBytes;
  start = 0;
  end = 0;
  ended = false;
  /** `parse` asked not to be called before this many bytes are here. */
  needed = 0;
  /** Bytes still to be dropped as they arrive. */
  skipping = 0;
  /** A skip has just come to its end: the parser is called once even without bytes. */
  skipDone = false;
  /** TCP sequence number behind the last byte that came. */
  nextSequence = 0;
  /** Bytes taken off the front since the connection began, to see whether a parser made progress. */
  position = 0;
  readonly #pool: BufferPool;
  /** The window is a buffer of our own, not the packet. */
  #owned = false;
  #packetTime = 0;
  #packetNumber = 0;
  /** Which packet carried which byte of an owned window: end offset, time, number; three a packet. */
  #marks = noMarks;
  #markHead = 0;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  get length(): number {
    return this.end - this.start;
  }

  u8(at: number): number {
    return this.bytes[this.start + at]!;
  }

  u16(at: number): number {
    const i = this.start + at;
    return (this.bytes[i]! << 8) | this.bytes[i + 1]!;
  }

  i32(at: number): number {
    const i = this.start + at;
    const b = this.bytes;
    return (b[i]! << 24) | (b[i + 1]! << 16) | (b[i + 2]! << 8) | b[i + 3]!;
  }

  u32(at: number): number {
    return this.i32(at) >>> 0;
  }

  indexOf(byte: number, from: number): number {
    const at = findByte(this.bytes, byte, this.start + from, this.end);
    return at < 0 ? -1 : at - this.start;
  }

  latin1(from: number, to: number): string {
    let text = '';
    const last = Math.min(this.start + to, this.end);
    for (let i = this.start + from; i < last; i++) text += String.fromCharCode(this.bytes[i]!);
    return text;
  }

  view(from: number, to: number): Uint8Array {
    return this.bytes.subarray(this.start + from, Math.min(this.start + to, this.end));
  }

  consume(n: number): void {
    this.start += n;
    this.position += n;
    if (this.start > this.end) this.start = this.end;
  }

  skip(n: number): void {
    const here = Math.min(n, this.end - this.start);
    this.start += here;
    this.position += n;
    this.skipping += n - here;
    if (this.skipping === 0) this.skipDone = true;
  }

  /** Takes a packet's bytes; they stay the caller's and must be `settle`d before they change. */
  feed(bytes: Uint8Array, start: number, end: number, timestampMs: number, packet: number): void {
    this.#packetTime = timestampMs;
    this.#packetNumber = packet;
    if (this.skipping > 0) {
      const dropped = Math.min(this.skipping, end - start);
      this.skipping -= dropped;
      start += dropped;
      if (this.skipping === 0) this.skipDone = true;
      if (start === end) return;
    }
    if (this.start === this.end) {
      if (this.#owned) this.#release();
      this.bytes = bytes;
      this.start = start;
      this.end = end;
      return;
    }
    this.#append(bytes, start, end);
  }

  /** Moves what is left unread into memory of our own; the packet's memory is free afterwards. */
  settle(): void {
    if (this.start === this.end) {
      if (this.#owned) this.#release();
      this.bytes = noBytes;
      this.start = 0;
      this.end = 0;
      return;
    }
    if (this.#owned) return;
    const length = this.end - this.start;
    const buffer = this.#pool.take(Math.max(length, Math.min(this.needed, 1 << 21)));
    buffer.set(this.bytes.subarray(this.start, this.end));
    this.bytes = buffer;
    this.start = 0;
    this.end = length;
    this.#owned = true;
    this.#marks = [length, this.#packetTime, this.#packetNumber];
    this.#markHead = 0;
  }

  /** TCP sequence number of the first unread byte. */
  startSequence(): number {
    return (this.nextSequence - (this.end - this.start)) >>> 0;
  }

  /** Capture time in ms of the packet with the first unread byte. */
  startTime(): number {
    return this.#owned ? this.#mark(1) : this.#packetTime;
  }

  /** Number of the packet with the first unread byte. */
  startPacket(): number {
    return this.#owned ? this.#mark(2) : this.#packetNumber;
  }

  /** Forgets all unread bytes. */
  clear(): void {
    this.position += this.end - this.start;
    this.start = this.end;
    this.needed = 0;
    this.settle();
  }

  #mark(field: 1 | 2): number {
    const marks = this.#marks;
    while (this.#markHead + 3 < marks.length && marks[this.#markHead]! <= this.start) {
      this.#markHead += 3;
    }
    return marks[this.#markHead + field]!;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const added = end - start;
    if (this.end + added > this.bytes.length) this.#makeRoom(added);
    this.bytes.set(bytes.subarray(start, end), this.end);
    this.end += added;
    this.#marks.push(this.end, this.#packetTime, this.#packetNumber);
  }

  /** Moves the unread bytes to the front, into a larger buffer when they need one. */
  #makeRoom(added: number): void {
    const length = this.end - this.start;
    const wanted = Math.max(length + added, Math.min(this.needed, 1 << 21));
    const shift = this.start;
    this.#mark(1);
    if (wanted > this.bytes.length || shift < this.bytes.length / 2) {
      const old = this.bytes;
      this.bytes = this.#pool.take(Math.max(wanted, length * 2));
      this.bytes.set(old.subarray(this.start, this.end));
      this.#pool.give(old);
    } else {
      this.bytes.copyWithin(0, this.start, this.end);
    }
    this.start = 0;
    this.end = length;
    const marks = this.#marks.slice(this.#markHead);
    for (let i = 0; i < marks.length; i += 3) marks[i]! -= shift;
    this.#marks = marks;
    this.#markHead = 0;
  }

  #release(): void {
    this.#pool.give(this.bytes);
    this.#owned = false;
    this.#marks = noMarks;
    this.#markHead = 0;
  }
}
