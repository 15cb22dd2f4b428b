/** Bytes with damage, for fuzzing: in the place where they lie, without an allocation. */
import type { LengthField } from './material.ts';
import type { Random } from './random.ts';

/** What length fields are best replaced with. */
const extremes: readonly (readonly number[])[] = [
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [127, 255, 255, 255],
  [0, 0, 0, 1],
  [0, 1, 0, 0],
  [128, 0, 0, 0],
  [127, 255, 255, 255, 255, 255, 255, 255],
  [255, 255],
  [0, 0],
  [13, 10],
  [0],
  [1],
  [127],
  [128],
  [255],
];

/** What protocols of text are best told in the wrong place. */
const words: readonly Uint8Array[] = [
  ...['\r\n', '\r\n\r\n', '\n\n', '-1', '99999999999999999999', '4294967295', '0\r\n\r\n'],
  ...['ffffffff\r\n', '*-1\r\n', '$-1\r\n', '*1000000\r\n', '|1\r\n', '[[[[[[[[', '{"a":{"a":'],
  ...['Content-Length: 18446744073709551616\r\n', 'Transfer-Encoding: chunked\r\n', '%', '\\u'],
  ...['<a><a><a>', '<!--', '"', 'data:', '\0\0\0\0\0', '\ud83d', 'HTTP/1.1 101 \r\n\r\n'],
  ...['GET / HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
].map((word) => new TextEncoder().encode(word));

/** Most fields that say what follows lie at the beginning of a message. */
const headBytes = 24;
const mostNoise = 40;
const mostSpliced = 400;
/** How far from a place a number in digits is looked for. */
const digitReach = 64;
const mostHits = 4;

/**
 * Up to four hits on `bytes[start, end)`, which may grow up to `room`; returns the new end. `other` is
 * what is spliced in; `length`, when given, is set right at most times if the length has changed.
 */
export function damage(
  bytes: Uint8Array,
  start: number,
  end: number,
  room: number,
  random: Random,
  other: Uint8Array,
  length: LengthField | undefined,
): number {
  let last = end;
  for (let count = 1 + random.below(mostHits); count > 0 && last > start; count--) {
    last = hit(bytes, start, last, room, random, other);
  }
  if (length !== undefined && last !== end && random.chance(0.7)) {
    setLength(bytes, start, last, length);
  }
  return last;
}

/** Writes how long the message in `bytes[start, end)` is where it says so. */
export function setLength(
  bytes: Uint8Array,
  start: number,
  end: number,
  { at, bytes: width, less, kept }: LengthField,
): void {
  if (end - start < at + width) return;
  let value = Math.max(0, end - start - less);
  if (kept !== 0) value = (bytes[start + at]! & kept) | Math.min(value, 125);
  for (let i = width - 1; i >= 0; i--) {
    bytes[start + at + i] = value & 255;
    value >>>= 8;
  }
}

function hit(
  bytes: Uint8Array,
  start: number,
  end: number,
  room: number,
  random: Random,
  other: Uint8Array,
): number {
  const near = random.chance(0.4) ? Math.min(headBytes, end - start) : end - start;
  const at = start + random.below(near);
  const kind = random.below(100);
  if (kind < 15) bytes[at] = random.bits() & 255;
  else if (kind < 28) bytes[at] = bytes[at]! ^ (1 << random.below(8));
  else if (kind < 44) {
    const value = extremes[random.below(extremes.length)]!;
    for (let i = 0; i < value.length && at + i < end; i++) bytes[at + i] = value[i]!;
  } else if (kind < 52) changeDigits(bytes, at, Math.min(end, at + digitReach), random);
  else if (kind < 65) {
    const length = Math.min(pieceLength(random), end - at);
    bytes.copyWithin(at, at + length, end);
    return end - length;
  } else if (kind < 74) return insertNoise(bytes, at, end, room, random);
  else if (kind < 81) {
    return insert(bytes, at, end, room, words[random.below(words.length)]!, 0, mostSpliced);
  } else if (kind < 91) {
    const length = Math.min(pieceLength(random), end - at, room - end);
    bytes.copyWithin(at + length, at, end);
    return end + length;
  } else if (other.length > 0) {
    return insert(bytes, at, end, room, other, random.below(other.length), mostSpliced);
  }
  return end;
}

function pieceLength(random: Random): number {
  return 1 + random.below(random.chance(0.8) ? 8 : mostSpliced);
}

function insertNoise(
  bytes: Uint8Array,
  at: number,
  end: number,
  room: number,
  random: Random,
): number {
  const length = Math.min(1 + random.below(random.chance(0.8) ? 8 : mostNoise), room - end);
  bytes.copyWithin(at + length, at, end);
  for (let i = 0; i < length; i++) bytes[at + i] = random.bits() >>> 24;
  return end + length;
}

function insert(
  bytes: Uint8Array,
  at: number,
  end: number,
  room: number,
  what: Uint8Array,
  from: number,
  most: number,
): number {
  const length = Math.min(what.length - from, most, room - end);
  bytes.copyWithin(at + length, at, end);
  for (let i = 0; i < length; i++) bytes[at + i] = what[from + i]!;
  return end + length;
}

/** The first number in digits behind `at`: one digit of it, or all of them. */
function changeDigits(bytes: Uint8Array, at: number, end: number, random: Random): void {
  let i = at;
  while (i < end && !isDigit(bytes[i]!)) i++;
  const all = random.chance(0.5);
  const digit = 48 + random.below(10);
  for (; i < end && isDigit(bytes[i]!); i++) {
    bytes[i] = digit;
    if (!all) return;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
