/** Paths of calls by small numbers, which travel with a waiting request to its answer. */
import { findByte } from '../../dissect/find-byte.ts';

/** Paths that are remembered; of further ones the answers' messages have no type. */
const maxPaths = 10_000;
const maxPathBytes = 1024;
const questionMark = 0x3f;
/** The same of all of them together. */
const maxAllBytes = 4 << 20;

const numbers = new Map<string, number>();
const paths: Uint8Array[] = [new Uint8Array(0)];
let allBytes = 0;

/** Number of the path in `bytes[from, to)`, without its query; 0: it is not remembered. */
export function numberOfPath(bytes: Uint8Array, from: number, to: number): number {
  const last = Math.min(to, from + maxPathBytes);
  const query = findByte(bytes, questionMark, from, last);
  const end = query < 0 ? last : query;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString('latin1', from, end);
  const known = numbers.get(text);
  if (known !== undefined) return known;
  if (paths.length > maxPaths || allBytes + text.length > maxAllBytes) return 0;
  allBytes += text.length;
  // A short `Buffer` would keep the 64 KiB alive that Node cuts such ones from.
  const number = paths.push(new Uint8Array(bytes.subarray(from, end))) - 1;
  numbers.set(text, number);
  return number;
}

export function pathByNumber(number: number): Uint8Array {
  return paths[number] ?? paths[0]!;
}

/** Places for texts that were shared lately. */
const sharedPlaces = 1024;
const maxSharedBytes = 256;
const shared: (Uint8Array | undefined)[] = new Array<undefined>(sharedPlaces).fill(undefined);

/** A copy of `bytes[at, at + length)`; the same one for the same bytes, when they came lately. */
export function sharedBytes(bytes: Uint8Array, at: number, length: number): Uint8Array {
  if (length > maxSharedBytes) return bytes.slice(at, at + length);
  let hash = length;
  for (let i = at; i < at + length; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  const place = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (sharedPlaces - 1);
  const known = shared[place];
  if (known !== undefined && isSame(known, bytes, at, length)) return known;
  const copy = bytes.slice(at, at + length);
  shared[place] = copy;
  return copy;
}

function isSame(known: Uint8Array, bytes: Uint8Array, at: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let i = 0; i < length; i++) if (known[i] !== bytes[at + i]) return false;
  return true;
}
