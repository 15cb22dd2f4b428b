/** What is over, oldest first; kept for questions about the past, up to a number and an age. */

interface Ended {
  readonly at: number;
  readonly drop: () => void;
}

/** Entries that are gone from the front before the array is cut. */
const slack = 1024;

export class EndedQueue {
  readonly #limit: number;
  readonly #ageMs: number;
  #items: Ended[] = [];
  #first = 0;

  constructor(limit: number, ageMs: number) {
    this.#limit = limit;
    this.#ageMs = ageMs;
  }

  get size(): number {
    return this.#items.length - this.#first;
  }

  /** `drop` is called when there is no more room for it, or no more need. */
  add(at: number, drop: () => void): void {
    this.#items.push({ at, drop });
    this.sweep(at);
  }

  sweep(now: number): void {
    while (this.#first < this.#items.length) {
      const item = this.#items[this.#first]!;
      if (this.size <= this.#limit && now - item.at <= this.#ageMs) break;
      this.#first++;
      item.drop();
    }
    if (this.#first > slack) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
  }
}
