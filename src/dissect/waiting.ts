/**
 * The requests of one connection that wait for their answers, oldest first, and answers that came
 * before their request was complete.
 *
 * An array with a head index: a `Map` or `shift()` walks over what was deleted.
 */
import type { Exchange } from './exchange.ts';

/** More requests than this in flight on one connection: the oldest are given up. */
export const maxWaiting = 4096;

export class WaitingList {
  #items: Exchange[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(exchange: Exchange): void {
    this.#items.push(exchange);
  }

  oldest(): Exchange | undefined {
    return this.#items[this.#head];
  }

  newest(): Exchange | undefined {
    return this.length > 0 ? this.#items[this.#items.length - 1] : undefined;
  }

  shift(): Exchange | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head++;
    if (this.#head === this.#items.length) {
      this.#items.length = 0;
      this.#head = 0;
    } else if (this.#head === 64) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out the first one with this key. */
  take(key: number): Exchange | undefined {
    for (let i = this.#head; i < this.#items.length; i++) {
      const item = this.#items[i]!;
      if (item.key !== key || item.barrier) continue;
      if (i === this.#head) return this.shift();
      this.#items.splice(i, 1);
      return item;
    }
    return undefined;
  }

  remove(exchange: Exchange): void {
    const at = this.#items.indexOf(exchange, this.#head);
    if (at >= 0) this.#items.splice(at, 1);
  }
}
