/** The bytes that HTTP/1's grammar names, and the tables of what may stand where (RFC 9110, 5.6.2). */

export const tab = 9;
export const lf = 10;
export const cr = 13;
export const space = 32;
export const comma = 44;
export const zero = 48;
export const colon = 58;
export const semicolon = 59;

/** 1 for bytes of a token: methods, field names. */
export const tokenByte = new Uint8Array(256);
/** Value of a hexadecimal digit, 255 for other bytes. */
export const hexDigit = new Uint8Array(256).fill(255);

for (const char of "!#$%&'*+-.^_`|~0123456789") tokenByte[char.charCodeAt(0)] = 1;
for (let i = 0; i < 26; i++) {
  tokenByte[65 + i] = 1;
  tokenByte[97 + i] = 1;
}
for (let i = 0; i < 16; i++) {
  hexDigit[i.toString(16).charCodeAt(0)] = i;
  hexDigit[i.toString(16).toUpperCase().charCodeAt(0)] = i;
}

/** White space around a value; line ends count because a folded value holds them. */
export function isBlank(byte: number): boolean {
  return byte === space || byte === tab || byte === cr || byte === lf;
}

/** Whether `[from, to)` is `word` (lower case, ASCII) in any case. */
export function equalsIgnoringCase(
  bytes: Uint8Array,
  from: number,
  to: number,
  word: string,
): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[from + i]!;
    const lower = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    if (lower !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Some servers end an empty line with several carriage returns; so many are taken. */
const maxReturns = 4;
/** How far before its end a search for an empty line must start again when more bytes have come. */
export const emptyLineBytes = maxReturns + 1;

/** Index behind an empty line at `at`; 0 when there is none, -1 when more bytes must tell. */
export function behindEmptyLine(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] === cr && i - at < maxReturns) i++;
  if (i >= end) return -1;
  return bytes[i] === lf ? i + 1 : 0;
}

/** Index behind the first line end at or after `from` that is followed by an empty line, or -1. */
export function findEmptyLine(bytes: Uint8Array, from: number, end: number): number {
  for (let i = from; i + 1 < end; i++) {
    if (bytes[i] !== lf) continue;
    const behind = behindEmptyLine(bytes, i + 1, end);
    if (behind !== 0) return behind;
  }
  return -1;
}
