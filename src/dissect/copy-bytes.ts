/** Shorter copies are faster a byte at a time than through a view. */
const shortCopy = 48;

/** The bytes `[from, to)` copied to `at` of another array, which has room; returns where they end. */
export function copyBytes(
  bytes: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): number {
  const length = to - from;
  if (length > shortCopy) target.set(bytes.subarray(from, to), at);
  else for (let i = 0; i < length; i++) target[at + i] = bytes[from + i]!;
  return at + length;
}
