/** Addresses of rows, one object each: compared by identity, written back without a copy of their own. */
import { addressText } from '../ship/batch.ts';

export interface Address {
  readonly text: string;
  /** 16 bytes in network order, IPv4 mapped. */
  readonly bytes: Uint8Array;
  readonly hash: number;
}

/** Addresses remembered at a time. When it is reached all are forgotten; the text still compares. */
const addressLimit = 16_384;

export class Addresses {
  readonly #v4 = new Map<number, Address>();
  readonly #other = new Map<string, Address>();

  /** The address at `column[at, at + 16)`. */
  at(column: Uint8Array, at: number): Address {
    if (!isMapped(column, at)) {
      const key = Buffer.from(column.buffer, column.byteOffset + at, 16).toString('latin1');
      return this.#other.get(key) ?? remember(this.#other, key, column, at);
    }
    const key =
      (column[at + 12]! << 24) |
      (column[at + 13]! << 16) |
      (column[at + 14]! << 8) |
      column[at + 15]!;
    return this.#v4.get(key) ?? remember(this.#v4, key, column, at);
  }
}

function remember<Key>(
  known: Map<Key, Address>,
  key: Key,
  column: Uint8Array,
  at: number,
): Address {
  if (known.size >= addressLimit) known.clear();
  const bytes = column.slice(at, at + 16);
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  const address = { text: addressText(column, at), bytes, hash };
  known.set(key, address);
  return address;
}

/** Hash of an address with its port. */
export function endHash({ hash }: Address, port: number): number {
  return Math.imul(hash ^ port, 0x01000193) >>> 0;
}

function isMapped(column: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (column[at + i] !== 0) return false;
  return column[at + 10] === 0xff && column[at + 11] === 0xff;
}
