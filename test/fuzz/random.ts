/** Returns 0 (included) to 1 (excluded), the same sequence for the same seed: mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Numbers drawn after `seed` before the first is given out: seeds that differ little have parted by then. */
const warmDraws = 12;

/**
 * Numbers by chance for millions of short sequences: sfc32, whose 96 bits of seed keep them apart, and
 * which begins anew without an allocation.
 */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #count = 1;

  /** The same sequence for the same three numbers. */
  seed(one: number, two: number, three: number): this {
    this.#a = one | 0;
    this.#b = two | 0;
    this.#c = three | 0;
    this.#count = 1;
    for (let draw = 0; draw < warmDraws; draw++) this.bits();
    return this;
  }

  /** 32 bits, as a signed number. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum;
  }

  /** 0 (included) to 1 (excluded). */
  share(): number {
    return (this.bits() >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 to `limit` (excluded). */
  below(limit: number): number {
    return Math.floor(((this.bits() >>> 0) / 0x1_0000_0000) * limit);
  }

  chance(share: number): boolean {
    return this.bits() >>> 0 < share * 0x1_0000_0000;
  }
}
