/**
 * One block of Snappy (format_description.txt of google/snappy), bounded. A library's decoder was left for
 * this one: a literal with a negative length sends it back in its input, for ever.
 *
 *   length of what comes out, variable unsigned · element*
 *   element: tag byte, its lowest two bits:
 *     00  u6 length - 1, or 60 to 63: 1 to 4 bytes LE with length - 1 follow · the bytes themselves
 *     01  u3 length - 4, u3 high bits of the offset · u8 offset
 *     10  u6 length - 1 · u16 LE offset
 *     11  u6 length - 1 · u32 LE offset
 */
import type { Unpacked } from './decode-lz4.ts';

/** The best that three bytes can do is a copy of 64. */
const maxRatio = 22;

function damaged(out: Uint8Array, length: number): Unpacked {
  return { bytes: out.subarray(0, length), problem: 'damaged Snappy' };
}

/** Where the elements begin, behind the length. */
let elementsAt = 0;

/** Length of what comes out; -1: damaged. */
function readSize(bytes: Uint8Array): number {
  let size = 0;
  for (let i = 0; i < 5 && i < bytes.length; i++) {
    const byte = bytes[i]!;
    size += (byte & 0x7f) * 128 ** i;
    elementsAt = i + 1;
    if (byte < 0x80) return size;
  }
  return -1;
}

/** `limit`: bytes that may come out. Never throws; what came out before damage is kept. */
export function unpackSnappy(bytes: Uint8Array, limit: number): Unpacked {
  const size = readSize(bytes);
  if (size > limit) {
    return { bytes: new Uint8Array(0), problem: `${size} bytes unpacked are more than ${limit}` };
  }
  if (size < 0 || size > bytes.length * maxRatio) return damaged(new Uint8Array(0), 0);
  const out = new Uint8Array(size);
  let at = elementsAt;
  let done = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    const kind = tag & 3;
    const extra = kind === 0 ? Math.max(0, (tag >> 2) - 59) : kind === 3 ? 4 : kind;
    if (at + extra > bytes.length) return damaged(out, done);
    const number = littleEndian(bytes, at, extra);
    at += extra;
    if (kind !== 0) {
      const end = copied(out, done, tag, number);
      if (end < 0) return damaged(out, done);
      done = end;
      continue;
    }
    const length = (extra === 0 ? tag >> 2 : number) + 1;
    if (length > bytes.length - at || length > size - done) return damaged(out, done);
    out.set(bytes.subarray(at, at + length), done);
    at += length;
    done += length;
  }
  return done === size ? { bytes: out, problem: undefined } : damaged(out, done);
}

/** Copies within what has come out; where that ends, or -1: damaged. */
function copied(out: Uint8Array, from: number, tag: number, number: number): number {
  const isShort = (tag & 3) === 1;
  const end = from + (isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1);
  const offset = isShort ? ((tag >> 5) << 8) + number : number;
  if (offset === 0 || offset > from || end > out.length) return -1;
  // What is copied may overlap with where it goes: byte by byte.
  for (let to = from; to < end; to++) out[to] = out[to - offset]!;
  return end;
}

function littleEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
  return value;
}
