/** Bytes with damage, for fuzzing. */

type Random = () => number;

/** What length fields are best replaced with. */
const extremes: readonly (readonly number[])[] = [
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [127, 255, 255, 255],
  [0, 0, 0, 1],
  [0, 1, 0, 0],
  [128, 0, 0, 0],
  [255, 255],
  [0, 0],
  [13, 10],
  [0],
  [255],
];

/** A copy with up to four hits; a third has none. `other` is what is spliced in. */
export function damaged(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let result: Uint8Array = Uint8Array.from(bytes);
  if (random() < 0.35) return result;
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
    result = hit(result, random, other);
  }
  return result;
}

function hit(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const at = Math.floor(random() * bytes.length);
  const kind = random();
  if (kind < 0.3) {
    bytes[at] =
      random() < 0.5 ? Math.floor(random() * 256) : (bytes[at] ?? 0) ^ (1 << (random() * 8));
    return bytes;
  }
  if (kind < 0.5) {
    const value = extremes[Math.floor(random() * extremes.length)]!;
    bytes.set(value.slice(0, bytes.length - at), at);
    return bytes;
  }
  const length = 1 + Math.floor(random() * (random() < 0.8 ? 8 : 400));
  if (kind < 0.65) return joined(bytes.subarray(0, at), bytes.subarray(at + length));
  if (kind < 0.8) {
    const noise = Uint8Array.from({ length: Math.min(length, 40) }, () => random() * 256);
    return joined(bytes.subarray(0, at), noise, bytes.subarray(at));
  }
  if (kind < 0.9) {
    return joined(bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at));
  }
  const from = Math.floor(random() * other.length);
  return joined(bytes.subarray(0, at), other.subarray(from, from + 400), bytes.subarray(at));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
