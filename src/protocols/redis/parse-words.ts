/**
 * The words of one request, found in its bytes: offsets, no texts. There is one list of words, reused
 * for each request.
 *
 *   *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n        strings in an array
 *   SET k "a value"\r\n                              or a line, split at spaces; quotes as in sdssplitargs
 */
import type { Words } from './keys.ts';
import { cr, lf, Scan } from './parse-value.ts';

/** Words whose places are remembered; key positions behind them are not looked for. */
const maxKnown = 24;
/** Redis' own limits: PROTO_INLINE_MAX_SIZE, and 1 Mi words unless a client is known. */
export const maxInlineBytes = 65_536;
export const maxWords = 2 ** 31 - 1;
const maxStringBytes = 2 ** 31 - 1;
/** A number in a head with more digits is none. */
const maxDigits = 20;

/** Offsets are absolute in `bytes`. */
class WordList implements Words {
  bytes: Uint8Array = new Uint8Array(0);
  total = 0;
  known = 0;
  readonly from = new Int32Array(maxKnown);
  readonly to = new Int32Array(maxKnown);

  is(at: number, word: string): boolean {
    if (at >= this.known || this.to[at]! - this.from[at]! !== word.length) return false;
    const from = this.from[at]!;
    for (let i = 0; i < word.length; i++) {
      const byte = this.bytes[from + i]!;
      const capital = byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte;
      if (capital !== word.charCodeAt(i)) return false;
    }
    return true;
  }

  number(at: number): number {
    if (at >= this.known || at < 0) return -1;
    let value = 0;
    const from = this.from[at]!;
    const to = this.to[at]!;
    if (to - from > 9 || to === from) return -1;
    for (let i = from; i < to; i++) {
      const digit = this.bytes[i]! - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  add(from: number, to: number): void {
    if (this.known === maxKnown) return;
    this.from[this.known] = from;
    this.to[this.known] = to;
    this.known++;
  }
}

export const words = new WordList();

/** How far `readWords` came: where to go on, words still missing, length of the word there (0: not known). */
export const place = { at: 0, need: 0, wordBytes: 0 };

/** Value of the digits from `at + 1` up to CRLF; -1 no number, -2 not all there. Sets `lineEnd`. */
function readLength(bytes: Uint8Array, at: number, end: number, limit: number): number {
  let value = 0;
  let i = at + 1;
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    if (value > limit) return -1;
  }
  if (i >= end) return i - at > maxDigits ? -1 : -2;
  if (i === at + 1 || bytes[i] !== cr) return -1;
  if (i + 1 >= end) return -2;
  lineEnd = i + 2;
  return bytes[i + 1] === lf ? value : -1;
}

let lineEnd = 0;

/**
 * The head `*N` at `at`: sets `words.total` and `place`. N, or -1 when it is none, or -2 when it has
 * not come whole.
 */
export function readHead(bytes: Uint8Array, at: number, end: number): number {
  words.bytes = bytes;
  words.known = 0;
  const count = readLength(bytes, at, end, maxWords);
  if (count < 0) return count;
  words.total = count;
  place.at = lineEnd;
  place.need = count;
  return count;
}

/**
 * Reads words from `place` on. Offset behind the last one, or a `Scan`; with `Scan.More`, `place` says
 * where to go on.
 */
export function readWords(bytes: Uint8Array, end: number): number {
  let { at, need } = place;
  while (need > 0) {
    place.at = at;
    place.need = need;
    place.wordBytes = 0;
    if (at >= end) return Scan.More;
    if (bytes[at] !== 0x24) return Scan.Broken;
    const length = readLength(bytes, at, end, maxStringBytes);
    if (length < 0) return length === -2 ? Scan.More : Scan.Broken;
    const from = lineEnd;
    const to = from + length;
    if (to + 2 > end) {
      place.wordBytes = to + 2 - at;
      words.add(from, Math.min(to, end));
      return Scan.More;
    }
    if (bytes[to] !== cr || bytes[to + 1] !== lf) return Scan.Broken;
    words.add(from, to);
    at = to + 2;
    need--;
  }
  return at;
}

/** The word that `nextWord` found: offsets, between its quotes. */
let wordFrom = 0;
let wordTo = 0;

/** Finds the next word of a line. Offset behind it; -1: there is none; -2: a quote is not closed. */
function nextWord(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at]! <= 0x20) at++;
  if (at >= to) return -1;
  const quote = bytes[at]!;
  if (quote === 0x22 || quote === 0x27) {
    wordFrom = at + 1;
    wordTo = closingQuote(bytes, at + 1, to, quote);
    return wordTo < 0 ? -2 : wordTo + 1;
  }
  wordFrom = at;
  while (at < to && bytes[at]! > 0x20) at++;
  wordTo = at;
  return at;
}

/**
 * Splits the line `bytes[from, to)`, without its end. The words of quoted texts are what lies between
 * the quotes, as typed. False when a quote is not closed.
 */
export function splitLine(bytes: Uint8Array, from: number, to: number): boolean {
  words.bytes = bytes;
  words.known = 0;
  words.total = 0;
  for (let at = from; ; ) {
    at = nextWord(bytes, at, to);
    if (at < 0) return at === -1;
    words.add(wordFrom, wordTo);
    words.total++;
  }
}

/** All words of a line: pairs of offsets, as `splitLine` finds them. */
export function wordsOfLine(bytes: Uint8Array, from: number, to: number): number[] {
  const spans: number[] = [];
  for (let at = nextWord(bytes, from, to); at >= 0; at = nextWord(bytes, at, to)) {
    spans.push(wordFrom, wordTo);
  }
  return spans;
}

function closingQuote(bytes: Uint8Array, from: number, to: number, quote: number): number {
  for (let i = from; i < to; i++) {
    if (bytes[i] === 0x5c) i++;
    else if (bytes[i] === quote) return i;
  }
  return -1;
}
