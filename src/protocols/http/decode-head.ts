/** Kept bytes of a message → start line and fields as texts, and what is wrong with them in words. */
import { cr, lf, space, tab, tokenByte } from './parse-bytes.ts';

export interface NameValue {
  readonly name: string;
  readonly value: string;
}

/**
 * A header as received. Beside what users see of it, it knows its name in lower case for look-ups: out
 * of sight, so that the list of a message's headers need not be copied to be shown.
 */
export class FieldLine implements NameValue {
  readonly name: string;
  value: string;
  readonly #lower: string;

  constructor(name: string, lower: string, value: string) {
    this.name = name;
    this.value = value;
    this.#lower = lower;
  }

  get lower(): string {
    return this.#lower;
  }
}

export interface DecodedHead {
  readonly startLine: string;
  readonly fields: readonly FieldLine[];
  /** Offset behind the empty line, or behind the last byte when there is none. */
  readonly end: number;
  readonly problems: readonly string[];
}

/** Names whose lower case is remembered, and the longest of them. */
const maxRememberedNames = 4096;
const maxRememberedName = 128;
const del = 0x7f;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text of a start line: as the columns of a row are read, so that both say the same. */
function lineText(bytes: Uint8Array): string {
  return lenient.decode(bytes);
}

/** Text of a field's name or value: UTF-8, or Latin-1 when it is not. */
function fieldText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  }
}

/** Reads lines from `from` to the empty line; `startLine`: the first line is not a field. */
export function readHead(bytes: Uint8Array, from: number, startLine: boolean): DecodedHead {
  return readPlainHead(bytes, from, startLine) ?? readOddHead(bytes, from, startLine);
}

const noProblems: readonly string[] = [];

/** A whole head of printable ASCII with regular line ends, which nearly all are; else undefined. */
function readPlainHead(
  bytes: Uint8Array,
  from: number,
  startLine: boolean,
): DecodedHead | undefined {
  const end = endOfPlainHead(bytes, from);
  if (end < 0) return undefined;
  const text = latin1(bytes, from, end - 2);
  let at = 0;
  let first = '';
  if (startLine) {
    const lineEnd = text.indexOf('\r\n');
    if (lineEnd < 0) return undefined;
    first = text.slice(0, lineEnd);
    at = lineEnd + 2;
  }
  const fields: FieldLine[] = [];
  while (at < text.length) {
    const lineEnd = text.indexOf('\r\n', at);
    const colonAt = text.indexOf(':', at);
    if (colonAt < 0 || colonAt > lineEnd) return undefined;
    const known = fieldName(text.slice(at, colonAt));
    if (known === undefined) return undefined;
    // The remembered text is an object's key already, which a fresh one would have to become.
    const { name, lower } = known;
    fields.push(new FieldLine(name, lower, text.slice(colonAt + 1, lineEnd).trim()));
    at = lineEnd + 2;
  }
  return { startLine: first, fields, end, problems: noProblems };
}

/** Offset behind the empty line, or -1 when something about the head is out of the ordinary. */
function endOfPlainHead(bytes: Uint8Array, from: number): number {
  let lineStart = from;
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte > space && byte < del) continue;
    if (byte === space && i > lineStart) continue;
    if (byte !== cr || bytes[i + 1] !== lf) return -1;
    if (i === lineStart) return i > from ? i + 2 : -1;
    i++;
    lineStart = i + 1;
  }
  return -1;
}

interface FieldName {
  readonly name: string;
  readonly lower: string;
}

const fieldNames = new Map<string, FieldName>();

/** A header's name also in lower case; undefined when it is no token. Those in use are remembered. */
function fieldName(text: string): FieldName | undefined {
  let known = fieldNames.get(text);
  if (known === undefined) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(text)) return undefined;
    if (fieldNames.size >= maxRememberedNames) fieldNames.clear();
    known = { name: text, lower: text.toLowerCase() };
    if (text.length <= maxRememberedName) fieldNames.set(text, known);
  }
  return known;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', from, to);
}

/** The same for heads of any bytes, with what is wrong in words. */
function readOddHead(bytes: Uint8Array, from: number, startLine: boolean): DecodedHead {
  const fields: FieldLine[] = [];
  const problems = new Set<string>();
  let first = '';
  let at = from;
  let index = 0;
  while (at < bytes.length) {
    let lineEnd = bytes.indexOf(lf, at);
    if (lineEnd < 0) lineEnd = bytes.length;
    let to = lineEnd;
    while (to > at && bytes[to - 1] === cr) to--;
    const line = bytes.subarray(at, to);
    at = Math.min(lineEnd + 1, bytes.length);
    if (startLine && index++ === 0) {
      first = lineText(line);
      continue;
    }
    if (line.length === 0) break;
    checkLine(line, problems);
    const last = fields.at(-1);
    if ((line[0] === space || line[0] === tab) && last !== undefined) {
      last.value = `${last.value} ${fieldText(line).trim()}`.trim();
      problems.add('a header is folded over several lines');
      continue;
    }
    const field = readField(line, problems);
    if (field !== undefined) fields.push(field);
  }
  return { startLine: first, fields, end: at, problems: [...problems] };
}

function checkLine(line: Uint8Array, problems: Set<string>): void {
  for (const byte of line) {
    if (byte < space && byte !== tab) {
      problems.add('a header has control characters');
      return;
    }
  }
}

function readField(line: Uint8Array, problems: Set<string>): FieldLine | undefined {
  const colonAt = line.indexOf(0x3a, 1);
  if (colonAt < 0) {
    problems.add(`a header line has no colon: ${fieldText(line.subarray(0, 80))}`);
    return undefined;
  }
  const name = line.subarray(0, colonAt);
  if (!name.every((byte) => tokenByte[byte] === 1)) {
    problems.add('a header name has characters that no name may have');
  }
  const text = fieldText(name).trim();
  const value = fieldText(line.subarray(colonAt + 1)).trim();
  return new FieldLine(text, text.toLowerCase(), value);
}

const noValues: readonly string[] = [];

/** All values of a field, in order; the name in lower case. */
export function fieldValues(fields: readonly FieldLine[], name: string): readonly string[] {
  let values = noValues;
  for (const field of fields) {
    if (field.lower === name)
      values = values === noValues ? [field.value] : [...values, field.value];
  }
  return values;
}

/** The first value of a field. */
export function fieldValue(fields: readonly FieldLine[], name: string): string | undefined {
  for (const field of fields) if (field.lower === name) return field.value;
  return undefined;
}

/** Elements of a list header, over all its lines, without parameters and in lower case. */
export function fieldElements(fields: readonly FieldLine[], name: string): readonly string[] {
  const values = fieldValues(fields, name);
  if (values.length === 0) return values;
  return values
    .flatMap((value) => value.split(','))
    .map((element) => element.split(';')[0]!.trim().toLowerCase())
    .filter((element) => element !== '');
}
