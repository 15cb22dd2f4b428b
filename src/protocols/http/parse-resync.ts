/**
 * Finding the next message after a hole or after bytes that made no sense. A message may start behind
 * a body, in the middle of a line, so the search looks for what ends a request line and begins a
 * status line, and only for forms that `parse` takes for certain.
 */
import { colon, cr, lf, space, tokenByte } from './parse-bytes.ts';
import { indexOfLineEnd } from './parse-line.ts';

/** Longest request line that is found again; that many bytes are kept between two searches. */
export const resyncTail = 4096;

/**
 * Methods that are recognised when other bytes stand right before them. Longer ones first where one
 * ends in another.
 */
const methods = [
  'GET',
  'POST',
  'HEAD',
  'PROPPATCH',
  'PATCH',
  'PUT',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PROPFIND',
  'MKCOL',
  'COPY',
  'MOVE',
  'UNLOCK',
  'LOCK',
  'REPORT',
  'SEARCH',
  'QUERY',
  'PURGE',
].map((name) => new TextEncoder().encode(name));

/** Whether `HTTP/1.0` or `HTTP/1.1` stands at `at`. */
function isVersion(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 84 &&
    bytes[at + 2] === 84 &&
    bytes[at + 3] === 80 &&
    bytes[at + 4] === 47 &&
    bytes[at + 5] === 49 &&
    bytes[at + 6] === 46 &&
    (bytes[at + 7] === 48 || bytes[at + 7] === 49)
  );
}

/** Index at which a request could start in `[start, end)`, or -1. */
export function findRequest(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start + 4; i + 8 < end; i++) {
    if (bytes[i] !== 72 || bytes[i - 1] !== space || !isVersion(bytes, i)) continue;
    const behind = bytes[i + 8];
    if (behind !== lf && !(behind === cr && i + 9 < end && bytes[i + 9] === lf)) continue;
    const from = startOfRequestLine(bytes, start, i - 1);
    if (from >= 0) return from;
  }
  return -1;
}

function startOfRequestLine(bytes: Uint8Array, start: number, targetEnd: number): number {
  const floor = Math.max(start, targetEnd - resyncTail);
  let target = targetEnd;
  while (target > floor && bytes[target - 1]! > space) target--;
  if (target === targetEnd || target === floor || bytes[target - 1] !== space) return -1;
  const methodEnd = target - 1;
  let from = methodEnd;
  while (from > floor && methodEnd - from < 64 && tokenByte[bytes[from - 1]!] === 1) from--;
  if (from === methodEnd) return -1;
  // Not at the window's start: behind a hole that may be the rest of a longer word.
  if (from > start && bytes[from - 1] === lf) return from;
  for (const method of methods) {
    const at = methodEnd - method.length;
    if (at >= from && method.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Index at which a response could start in `[start, end)`, or -1. */
export function findResponse(bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i + 12 < end; i++) {
    if (bytes[i] !== 72 || !isVersion(bytes, i) || bytes[i + 8] !== space) continue;
    const hundreds = bytes[i + 9]! - 48;
    const fits =
      hundreds >= 1 && hundreds <= 5 && isDigit(bytes[i + 10]!) && isDigit(bytes[i + 11]!);
    const behind = bytes[i + 12]!;
    if (!fits || (behind !== space && behind !== cr && behind !== lf)) continue;
    const lineEnd = indexOfLineEnd(bytes, i + 12, end);
    if (lineEnd < 0) return -1;
    const next = startsField(bytes, lineEnd + 1, end);
    if (next < 0) return -1;
    if (next > 0) return i;
  }
  return -1;
}

/** Whether a field or the empty line starts at `from`: 1, 0, or -1 when more bytes must tell. */
function startsField(bytes: Uint8Array, from: number, end: number): number {
  let i = from;
  while (i < end && i - from < 256 && tokenByte[bytes[i]!] === 1) i++;
  if (i === end) return -1;
  if (i > from) return bytes[i] === colon ? 1 : 0;
  if (bytes[i] === lf) return 1;
  if (bytes[i] !== cr) return 0;
  if (i + 1 === end) return -1;
  return bytes[i + 1] === lf ? 1 : 0;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}
