/** Bytes looked at one by one before the search is worth a view. */
const nearBytes = 64;

/**
 * Where `byte` first is in `bytes[from, end)`, or -1. A packet lies in the memory of the capture, and
 * `bytes.indexOf` would go on behind `end`: through megabytes, when the byte is rare.
 */
export function findByte(bytes: Uint8Array, byte: number, from: number, end: number): number {
  const near = Math.min(end, from + nearBytes);
  for (let at = from; at < near; at++) if (bytes[at] === byte) return at;
  if (near >= end) return -1;
  const at = bytes.subarray(near, end).indexOf(byte);
  return at < 0 ? -1 : near + at;
}
