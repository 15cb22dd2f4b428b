/** Kept bytes of a message → start line and fields as texts, and what is wrong with them in words. */
import { cr, lf, space, tab, tokenByte } from './parse-bytes.ts';

export interface FieldLine {
  readonly name: string;
  readonly value: string;
}

export interface DecodedHead {
  readonly startLine: string;
  readonly fields: readonly FieldLine[];
  /** Offset behind the empty line, or behind the last byte when there is none. */
  readonly end: number;
  readonly problems: readonly string[];
}

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
  const fields: { name: string; value: string }[] = [];
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
  return { name: fieldText(name).trim(), value: fieldText(line.subarray(colonAt + 1)).trim() };
}

/** All values of a field, in order; the name in lower case. */
export function fieldValues(fields: readonly FieldLine[], name: string): string[] {
  return fields.filter((field) => field.name.toLowerCase() === name).map((field) => field.value);
}

/** The first value of a field. */
export function fieldValue(fields: readonly FieldLine[], name: string): string | undefined {
  return fields.find((field) => field.name.toLowerCase() === name)?.value;
}

/** Elements of a list header, over all its lines, without parameters and in lower case. */
export function fieldElements(fields: readonly FieldLine[], name: string): string[] {
  return fieldValues(fields, name)
    .flatMap((value) => value.split(','))
    .map((element) => element.split(';')[0]!.trim().toLowerCase())
    .filter((element) => element !== '');
}
