/**
 * Members of a JSON object at its first level, found in bytes without parsing any value: enough for the
 * hot half to tell what a body is about. Broken or cut JSON ends the walk; nothing throws.
 */
import { isBlank } from './parse-bytes.ts';

const quote = 34;
const backslash = 92;
export const openBrace = 123;
const closeBrace = 125;
export const openBracket = 91;
const closeBracket = 93;
const colon = 58;
const comma = 44;

/** First index at or after `at` that is no white space. */
export function skipBlanks(bytes: Uint8Array, at: number, to: number): number {
  let i = at;
  while (i < to && isBlank(bytes[i]!)) i++;
  return i;
}

/** Index behind the string whose opening quote is at `at`; `to` when it is cut. */
function skipString(bytes: Uint8Array, at: number, to: number): number {
  let i = at + 1;
  while (i < to) {
    const byte = bytes[i]!;
    if (byte === quote) return i + 1;
    i += byte === backslash ? 2 : 1;
  }
  return to;
}

/** Index behind the value at `at`; `to` when it is cut. */
export function skipValue(bytes: Uint8Array, at: number, to: number): number {
  const first = bytes[at];
  if (first === quote) return skipString(bytes, at, to);
  let i = at;
  if (first !== openBrace && first !== openBracket) {
    while (i < to && !isBlank(bytes[i]!) && !endsScalar(bytes[i]!)) i++;
    return i;
  }
  let depth = 0;
  while (i < to) {
    const byte = bytes[i]!;
    if (byte === quote) {
      i = skipString(bytes, i, to);
      continue;
    }
    i++;
    if (byte === openBrace || byte === openBracket) depth++;
    else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return i;
  }
  return to;
}

function endsScalar(byte: number): boolean {
  return byte === comma || byte === closeBrace || byte === closeBracket;
}

/** Whether `[from, to)` is `word`, byte for byte. */
export function isWord(bytes: Uint8Array, from: number, to: number, word: string): boolean {
  if (to - from !== word.length) return false;
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) return false;
  return true;
}

/** A walk over the members of one object. Indexes are absolute. */
export class MemberWalk {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #to = 0;
  /** Of the present member: its name without quotes, its value with them. */
  keyFrom = 0;
  keyTo = 0;
  valueFrom = 0;
  valueTo = 0;
  /** The walk has ended behind the object's closing brace, which is at `end - 1`. */
  end = 0;

  /** Whether an object starts at `from` or behind white space. */
  start(bytes: Uint8Array, from: number, to: number): boolean {
    this.#bytes = bytes;
    this.#to = to;
    this.end = 0;
    const at = skipBlanks(bytes, from, to);
    this.#at = at + 1;
    return at < to && bytes[at] === openBrace;
  }

  /** Goes to the next member. False when there is none, or it cannot be read. */
  next(): boolean {
    const bytes = this.#bytes;
    const to = this.#to;
    let i = skipBlanks(bytes, this.#at, to);
    if (i < to && bytes[i] === comma) i = skipBlanks(bytes, i + 1, to);
    if (i >= to || bytes[i] !== quote) {
      if (i < to && bytes[i] === closeBrace) this.end = i + 1;
      return false;
    }
    const behindKey = skipString(bytes, i, to);
    this.keyFrom = i + 1;
    this.keyTo = behindKey - 1;
    i = skipBlanks(bytes, behindKey, to);
    if (i >= to || bytes[i] !== colon) return false;
    this.valueFrom = skipBlanks(bytes, i + 1, to);
    if (this.valueFrom >= to) return false;
    this.valueTo = skipValue(bytes, this.valueFrom, to);
    this.#at = this.valueTo;
    return this.valueTo > this.valueFrom;
  }

  isKey(word: string): boolean {
    return isWord(this.#bytes, this.keyFrom, this.keyTo, word);
  }

  /** The value is a text. */
  get isText(): boolean {
    return this.#bytes[this.valueFrom] === quote;
  }

  /** The value as a text, at most `limit` characters of it; what cannot be read is empty. */
  text(limit: number): string {
    return textAt(this.#bytes, this.valueFrom, this.valueTo, limit);
  }
}

/** The JSON string at `[from, to)`, at most `limit` characters; empty when it cannot be read. */
export function textAt(bytes: Uint8Array, from: number, to: number, limit: number): string {
  if (bytes[from] !== quote) return '';
  const end = bytes[to - 1] === quote && to - from > 1 ? to - 1 : to;
  const cut = Math.min(end, from + 1 + limit);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const raw = buffer.toString('utf8', from + 1, cut);
  if (!raw.includes('\\')) return raw;
  return raw.replace(escapes, (_all, code: string, hex: string | undefined) =>
    hex === undefined ? (escaped[code] ?? code) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

const escapes = /\\(u([0-9a-fA-F]{4})|.?)/gs;
const escaped: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

/** Where the first object of an array begins that starts at `from`, or -1. */
export function isBatchStart(bytes: Uint8Array, from: number, to: number): number {
  const at = skipBlanks(bytes, from, to);
  if (at >= to || bytes[at] !== openBracket) return -1;
  const first = skipBlanks(bytes, at + 1, to);
  return first < to && bytes[first] === openBrace ? first : -1;
}

/** Where the next object of the array begins, behind an element that ends at `from`, or -1. */
export function nextObject(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && (bytes[i] === comma || isBlank(bytes[i]!))) i++;
  return i < to && bytes[i] === openBrace ? i : -1;
}
