/** Finds slots of a table by a 32-bit key: chains of slots, without an object for each. */

const none = -1;

export class Chains {
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #shift: number;

  /** `slots` is a power of two. */
  constructor(slots: number) {
    this.#heads = new Int32Array(slots).fill(none);
    this.#next = new Int32Array(slots).fill(none);
    this.#shift = Math.clz32(slots) + 1;
  }

  /** The newest slot whose key may be `key`, or -1; then `after` it. Keys of others may share the chain. */
  first(key: number): number {
    return this.#heads[this.#place(key)]!;
  }

  after(slot: number): number {
    return this.#next[slot]!;
  }

  add(slot: number, key: number): void {
    const place = this.#place(key);
    this.#next[slot] = this.#heads[place]!;
    this.#heads[place] = slot;
  }

  remove(slot: number, key: number): void {
    const place = this.#place(key);
    let at = this.#heads[place]!;
    if (at === slot) {
      this.#heads[place] = this.#next[slot]!;
      return;
    }
    while (at !== none) {
      const next = this.#next[at]!;
      if (next === slot) {
        this.#next[at] = this.#next[slot]!;
        return;
      }
      at = next;
    }
  }

  #place(key: number): number {
    return Math.imul(key, 0x9e3779b1) >>> this.#shift;
  }
}
