/** Texts of a row: spans of the heap when they are ASCII, else rewritten as valid UTF-8 behind it. */

const decoder = new TextDecoder();
const encoder = new TextEncoder();
/** Longest text of a row, in bytes; the payload keeps the whole. */
export const maxTextBytes = 2048;

export function isAscii(bytes: Uint8Array, from: number, to: number): boolean {
  let bits = 0;
  for (let i = from; i < to; i++) bits |= bytes[i]!;
  return bits < 0x80;
}

/** Sets cell `row` of a text column to `[at, at + length)` of the heap, which is known to be valid. */
export function putValid(column: Uint32Array, row: number, at: number, length: number): void {
  column[row * 2] = length === 0 ? 0 : at;
  column[row * 2 + 1] = length > maxTextBytes ? maxTextBytes : length;
}

/**
 * Sets cell `row` of a text column to `heap[at, at + length)`. Bytes that are not ASCII are decoded
 * (damaged UTF-8 becomes U+FFFD) and written at `end`. Returns the new end of the heap.
 */
export function putText(
  column: Uint32Array,
  row: number,
  heap: Uint8Array,
  at: number,
  length: number,
  end: number,
): number {
  if (length === 0) {
    column[row * 2] = 0;
    column[row * 2 + 1] = 0;
    return end;
  }
  const shown = length > maxTextBytes ? maxTextBytes : length;
  if (isAscii(heap, at, at + shown)) {
    column[row * 2] = at;
    column[row * 2 + 1] = shown;
    return end;
  }
  const text = decoder.decode(heap.subarray(at, at + shown));
  const { written } = encoder.encodeInto(text, heap.subarray(end));
  column[row * 2] = end;
  column[row * 2 + 1] = written;
  return end + written;
}
