/** The delivery tags of one channel that nobody has acknowledged yet, in ascending order. */
import { maxWaiting } from '../../dissect/waiting.ts';

/** The driver gives up requests beyond this as well. */
const maxTags = maxWaiting;
/** A free front longer than this is given back. */
const slack = 256;

export class Tags {
  #tags: number[] = [];
  #head = 0;

  get size(): number {
    return this.#tags.length - this.#head;
  }

  push(tag: number): void {
    const newest = this.#tags[this.#tags.length - 1];
    // Tags count up; a smaller one means that what is here belongs to an earlier life of the channel.
    if (newest !== undefined && tag <= newest) this.clear();
    this.#tags.push(tag);
    if (this.size > maxTags) this.#shift();
  }

  /** Takes out the oldest tag that is not above `most`; -1 when there is none. */
  takeUpTo(most: number): number {
    const oldest = this.#tags[this.#head];
    if (oldest === undefined || oldest > most) return -1;
    this.#shift();
    return oldest;
  }

  /** Takes out one tag. False when it is not here. */
  take(tag: number): boolean {
    if (this.#tags[this.#head] === tag) {
      this.#shift();
      return true;
    }
    let low = this.#head;
    let high = this.#tags.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tags[middle]! < tag) low = middle + 1;
      else high = middle;
    }
    if (this.#tags[low] !== tag) return false;
    this.#tags.splice(low, 1);
    return true;
  }

  clear(): void {
    this.#tags = [];
    this.#head = 0;
  }

  #shift(): void {
    this.#head++;
    if (this.#head === this.#tags.length) {
      this.#tags.length = 0;
      this.#head = 0;
    } else if (this.#head > slack) {
      this.#tags.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
