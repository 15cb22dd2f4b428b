/**
 * Numbers of nodes, part of every entry's id. From the name, so that they are nearly always the same
 * after a restart; a tapper that has a number keeps it where it is free.
 */

const numbers = 0xffff;

export class NodeNumbers {
  readonly #byName = new Map<string, number>();
  readonly #byNumber = new Map<number, string>();

  constructor(known: Iterable<readonly [string, number]> = []) {
    for (const [name, number] of known) this.#keep(name, number);
  }

  /** 1 to 65,535; stable for a name. `wanted`: the number that the node had before, 0 for none. */
  numberOf(name: string, wanted = 0): number {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    let number = wanted === 0 ? 1 + (hash(name) % numbers) : wanted;
    for (let tries = 0; this.#byNumber.has(number) && tries < numbers; tries++) {
      number = (number % numbers) + 1;
    }
    this.#keep(name, number);
    return number;
  }

  /** The node's name, or an empty text. */
  nameOf(number: number): string {
    return this.#byNumber.get(number) ?? '';
  }

  entries(): [string, number][] {
    return [...this.#byName];
  }

  #keep(name: string, number: number): void {
    this.#byName.set(name, number);
    this.#byNumber.set(number, name);
  }
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value >>> 0;
}
