/**
 * Start lines (RFC 9112, sections 3 and 4):
 *
 *   request   method SP target SP HTTP/d.d CRLF          HTTP/0.9: GET SP target CRLF
 *   response  HTTP/d.d SP ddd SP reason CRLF
 *
 * The first function of each pair takes the usual form in one pass; whatever differs goes to the second,
 * which reads a whole line with patience and says what is wrong with it.
 */
import type { Message } from '../../dissect/contract.ts';
import { cr, equalsIgnoringCase, isBlank, lf, space, tab, tokenByte, zero } from './parse-bytes.ts';

/** The line has not arrived whole; what is there may become one. */
export const incomplete = -1;
/** No such line, whatever follows. */
export const notHttp = -2;

/** Longest method; registered ones have at most 17 bytes. */
const maxMethodBytes = 64;

const letterH = 72;
const letterT = 84;
const letterP = 80;
const slash = 47;
const question = 63;

/** What the last request line had beside the message's own. */
export const requestLine = {
  /** Index where the query of its target begins, or 0. Only lines of the usual form have one here. */
  queryAt: 0,
};
const dot = 46;

/** Whether `HTTP/1.d` stands at `at`; nine bytes must be readable. */
function isUsualVersion(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at] === letterH &&
    bytes[at + 1] === letterT &&
    bytes[at + 2] === letterT &&
    bytes[at + 3] === letterP &&
    bytes[at + 4] === slash &&
    bytes[at + 5] === 49 &&
    bytes[at + 6] === dot &&
    (bytes[at + 7] === 49 || bytes[at + 7] === zero)
  );
}

/**
 * Reads a request line at `from` into `message` (offsets relative to `base`). Returns the index behind
 * the line, `incomplete` or `notHttp`. `simple`: a line without version may be HTTP/0.9.
 */
export function scanRequestLine(
  bytes: Uint8Array,
  from: number,
  end: number,
  base: number,
  message: Message,
  simple: boolean,
): number {
  let i = from;
  while (i < end && tokenByte[bytes[i]!]! === 1) i++;
  if (i === from || i - from > maxMethodBytes) return notHttp;
  if (i === end) return incomplete;
  if (bytes[i] !== space) return oddRequestLine(bytes, from, i, end, base, message, simple);
  const methodEnd = i;
  i++;
  const target = i;
  while (i < end && bytes[i]! > space && bytes[i] !== question) i++;
  requestLine.queryAt = 0;
  if (i < end && bytes[i] === question) {
    requestLine.queryAt = i + 1;
    while (i < end && bytes[i]! > space) i++;
  }
  if (
    i + 10 < end &&
    i > target &&
    bytes[i] === space &&
    isUsualVersion(bytes, i + 1) &&
    bytes[i + 9] === cr &&
    bytes[i + 10] === lf
  ) {
    message.method.from = from - base;
    message.method.to = methodEnd - base;
    message.target.from = target - base;
    message.target.to = i - base;
    message.version = bytes[i + 8]! - zero + 10;
    return i + 11;
  }
  return oddRequestLine(bytes, from, methodEnd, end, base, message, simple);
}

function oddRequestLine(
  bytes: Uint8Array,
  from: number,
  methodEnd: number,
  end: number,
  base: number,
  message: Message,
  simple: boolean,
): number {
  if (bytes[methodEnd] !== space && bytes[methodEnd] !== tab) return notHttp;
  const lineEnd = indexOfLineEnd(bytes, methodEnd, end);
  let to = lineEnd < 0 ? end : lineEnd;
  while (to > methodEnd && isBlank(bytes[to - 1]!)) to--;
  let target = methodEnd;
  while (target < to && isBlank(bytes[target]!)) target++;
  message.method.from = from - base;
  message.method.to = methodEnd - base;
  message.target.from = target - base;
  message.target.to = to - base;
  let word = to;
  while (word > target && !isBlank(bytes[word - 1]!)) word--;
  const version = versionAt(bytes, word, to);
  if (version === 0 || word === target) {
    return lineWithoutVersion(bytes, from, methodEnd, target, to, lineEnd, message, simple);
  }
  let targetEnd = word;
  while (isBlank(bytes[targetEnd - 1]!)) targetEnd--;
  message.target.to = targetEnd - base;
  message.version = version;
  if (lineEnd < 0) return incomplete;
  if (!isRegularRequestLine(bytes, methodEnd, target, targetEnd, word, to, lineEnd)) {
    message.malformed = true;
  }
  // The preface of HTTP/2 is a request line on purpose (RFC 9113, 3.4).
  return version === 20 && equalsIgnoringCase(bytes, from, methodEnd, 'pri')
    ? notHttp
    : lineEnd + 1;
}

/** A line of two words: HTTP/0.9, or a target that the version sticks to, or that was forgotten. */
function lineWithoutVersion(
  bytes: Uint8Array,
  from: number,
  methodEnd: number,
  target: number,
  to: number,
  lineEnd: number,
  message: Message,
  simple: boolean,
): number {
  if (lineEnd < 0) return incomplete;
  const version = versionAt(bytes, to - 8, to);
  if (to - target >= 8 && version > 0) {
    message.version = version;
    message.malformed = true;
    return lineEnd + 1;
  }
  message.version = 9;
  return simple && isSimpleRequest(bytes, from, methodEnd, target, to) ? lineEnd + 1 : notHttp;
}

function isRegularRequestLine(
  bytes: Uint8Array,
  methodEnd: number,
  target: number,
  targetEnd: number,
  word: number,
  to: number,
  lineEnd: number,
): boolean {
  if (target !== methodEnd + 1 || word !== targetEnd + 1 || bytes[methodEnd] !== space)
    return false;
  for (let i = target; i < targetEnd; i++) if (bytes[i]! <= space) return false;
  const ends = lineEnd === to || (lineEnd === to + 1 && bytes[to] === cr);
  return ends && to - word === 8 && isUsualVersion(bytes, word);
}

function isSimpleRequest(
  bytes: Uint8Array,
  from: number,
  methodEnd: number,
  target: number,
  to: number,
): boolean {
  if (methodEnd - from !== 3 || bytes[from] !== 71 || bytes[from + 1] !== 69) return false;
  if (bytes[from + 2] !== letterT || target !== methodEnd + 1 || target === to) return false;
  if (bytes[target] !== slash && !equalsIgnoringCase(bytes, target, target + 7, 'http://')) {
    return false;
  }
  for (let i = target; i < to; i++) if (bytes[i]! <= space || bytes[i]! > 126) return false;
  return true;
}

/** `HTTP/d`, `HTTP/d.d` in any case, as the number dd; 0 when `[from, to)` is something else. */
function versionAt(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 6 || !equalsIgnoringCase(bytes, from, from + 5, 'http/')) return 0;
  const major = bytes[from + 5]! - zero;
  if (major < 0 || major > 9) return 0;
  if (to - from === 6) return major * 10;
  if (bytes[from + 6] !== dot) return 0;
  let minor = 0;
  for (let i = from + 7; i < to; i++) {
    const digit = bytes[i]! - zero;
    if (digit < 0 || digit > 9 || i > from + 9) return 0;
    minor = digit;
  }
  return major * 10 + minor;
}

/** Index of the line feed at or after `from`, or -1. */
export function indexOfLineEnd(bytes: Uint8Array, from: number, end: number): number {
  for (let i = from; i < end; i++) if (bytes[i] === lf) return i;
  return -1;
}

/**
 * Reads a status line at `from` into `message`. Returns the index behind the line, `incomplete` or
 * `notHttp`.
 */
export function scanStatusLine(
  bytes: Uint8Array,
  from: number,
  end: number,
  message: Message,
): number {
  if (from + 13 > end || !isUsualVersion(bytes, from) || bytes[from + 8] !== space) {
    return oddStatusLine(bytes, from, end, message);
  }
  const hundreds = bytes[from + 9]! - zero;
  const tens = bytes[from + 10]! - zero;
  const ones = bytes[from + 11]! - zero;
  const behind = bytes[from + 12]!;
  if (
    hundreds < 1 ||
    hundreds > 9 ||
    tens < 0 ||
    tens > 9 ||
    ones < 0 ||
    ones > 9 ||
    (behind !== space && behind !== cr && behind !== lf)
  ) {
    return oddStatusLine(bytes, from, end, message);
  }
  message.version = bytes[from + 7]! - zero + 10;
  message.status = hundreds * 100 + tens * 10 + ones;
  let i = from + 12;
  while (i < end && bytes[i] !== lf) i++;
  return i === end ? incomplete : i + 1;
}

/**
 * Lower case, `HTTP/1`, several blanks, `2XX`: the status is what its leading digits say.
 */
function oddStatusLine(bytes: Uint8Array, from: number, end: number, message: Message): number {
  const name = 'http/';
  for (let i = 0; i < 5 && from + i < end; i++) {
    if (!equalsIgnoringCase(bytes, from + i, from + i + 1, name[i]!)) return notHttp;
  }
  let i = from + 5;
  while (i < end && i < from + 10 && !isBlank(bytes[i]!)) i++;
  if (i >= end) return i - from > 5 && !isDigit(bytes[from + 5]!) ? notHttp : incomplete;
  const version = versionAt(bytes, from, i);
  if (version === 0) return notHttp;
  while (i < end && (bytes[i] === space || bytes[i] === tab)) i++;
  if (i >= end) return incomplete;
  if (!isDigit(bytes[i]!)) return notHttp;
  const statusFrom = i;
  let status = 0;
  while (i < end && isDigit(bytes[i]!) && i < statusFrom + 4)
    status = status * 10 + bytes[i++]! - zero;
  const lineEnd = indexOfLineEnd(bytes, i, end);
  message.version = version;
  message.status = status;
  if (lineEnd < 0) return incomplete;
  const regular = isUsualVersion(bytes, from) && statusFrom === from + 9 && i === statusFrom + 3;
  if (!regular || status < 100 || !isBlank(bytes[i]!)) message.malformed = true;
  return lineEnd + 1;
}

function isDigit(byte: number): boolean {
  return byte >= zero && byte <= 57;
}
