/**
 * The requests of one connection that wait for their answers, oldest first, and answers that came
 * before their request was complete.
 *
 * Most connections have one at a time, which needs no list. The others wait in an array with a head
 * index: a `Map` or `shift()` walks over what was deleted.
 */
import type { Exchange } from './exchange.ts';

/** More requests than this in flight on one connection: the oldest are given up. */
export const maxWaiting = 4096;

const nothing: Exchange[] = [];

export class WaitingList {
  #oldest: Exchange | undefined = undefined;
  /** All others, from `head`. */
  #rest: Exchange[] = nothing;
  #head = 0;

  get length(): number {
    return this.#oldest === undefined ? 0 : 1 + this.#rest.length - this.#head;
  }

  push(exchange: Exchange): void {
    if (this.#oldest === undefined) {
      this.#oldest = exchange;
      return;
    }
    if (this.#rest === nothing) this.#rest = [];
    this.#rest.push(exchange);
  }

  oldest(): Exchange | undefined {
    return this.#oldest;
  }

  newest(): Exchange | undefined {
    const rest = this.#rest;
    return rest.length > this.#head ? rest[rest.length - 1] : this.#oldest;
  }

  shift(): Exchange | undefined {
    const item = this.#oldest;
    this.#oldest = undefined;
    const rest = this.#rest;
    if (rest === nothing) return item;
    this.#oldest = rest[this.#head++];
    if (this.#head === rest.length) {
      this.#rest = nothing;
      this.#head = 0;
    } else if (this.#head === 64) {
      this.#rest = rest.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** The first one with this key, which stays. */
  find(key: number): Exchange | undefined {
    const first = this.#oldest;
    if (first !== undefined && first.key === key && !first.barrier) return first;
    for (let i = this.#head; i < this.#rest.length; i++) {
      const item = this.#rest[i]!;
      if (item.key === key && !item.barrier) return item;
    }
    return undefined;
  }

  /** Takes out the first one with this key. */
  take(key: number): Exchange | undefined {
    const first = this.#oldest;
    if (first !== undefined && first.key === key && !first.barrier) return this.shift();
    for (let i = this.#head; i < this.#rest.length; i++) {
      const item = this.#rest[i]!;
      if (item.key !== key || item.barrier) continue;
      this.#takeOut(i);
      return item;
    }
    return undefined;
  }

  remove(exchange: Exchange): void {
    if (exchange === this.#oldest) {
      this.shift();
      return;
    }
    const at = this.#rest.indexOf(exchange, this.#head);
    if (at >= 0) this.#takeOut(at);
  }

  #takeOut(at: number): void {
    this.#rest.splice(at, 1);
    if (this.#head < this.#rest.length) return;
    this.#rest = nothing;
    this.#head = 0;
  }
}
