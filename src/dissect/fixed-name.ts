/** Names that are in the rows of a protocol again and again, those of methods: a batch holds each of them once. */

export interface FixedName {
  /** From 0, without holes. */
  readonly number: number;
  readonly text: string;
  /** In UTF-8. */
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();
const names = new Map<string, FixedName>();

/** Of a list that the program has, never of what was captured: names are kept for good. */
export function fixedName(text: string): FixedName {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = { number: names.size, text, bytes: encoder.encode(text) };
  names.set(text, name);
  return name;
}

/** Where the names lie in the heap of a batch. */
export class NamePlaces {
  /** Offset plus one; 0: not there. */
  #places = new Uint32Array(256);

  /** Offset, or -1. */
  at({ number }: FixedName): number {
    return number < this.#places.length ? this.#places[number]! - 1 : -1;
  }

  set({ number }: FixedName, offset: number): void {
    if (number >= this.#places.length) {
      const larger = new Uint32Array(number * 2);
      larger.set(this.#places);
      this.#places = larger;
    }
    this.#places[number] = offset + 1;
  }

  clear(): void {
    this.#places.fill(0);
  }
}
