/**
 * Multipart bodies (RFC 2046, 5.1) → parts, those of parts that are multipart themselves among them:
 *
 *   [preamble] · "--" boundary CRLF · part ... CRLF "--" boundary "--" [epilogue]
 *   part     fields CRLF · CRLF · content
 *
 * A delimiter counts only at the beginning of a line, and only when the line ends behind it: the boundary
 * of an inner part may begin with that of the outer one.
 */
import type { ValueMap } from '../../dissect/contract.ts';
import { percentDecoded } from './decode-form.ts';
import { fieldValue, readHead } from './decode-head.ts';
import { mediaTypeOf, parameterOf } from './decode-text.ts';

/** Parts that are taken from one multipart body, and how deep bodies are taken apart. */
const maxParts = 1000;
const maxDepth = 4;
/** Longest value of a multipart field that is shown as text. */
const maxPartTextBytes = 65_536;

const dash = 0x2d;
const lf = 10;
const cr = 13;

/**
 * The parts: name, file name, media type, size in bytes, and the value of those that are no files, or the
 * parts within. `cut`: its end has not come.
 */
export function multipartParts(bytes: Uint8Array, contentType: string): ValueMap[] {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return partsOf(body, contentType, 1);
}

function partsOf(body: Buffer, contentType: string, depth: number): ValueMap[] {
  const boundary = parameterOf(contentType, 'boundary');
  if (boundary === undefined || boundary === '') return [];
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: ValueMap[] = [];
  let at = delimiterAt(body, delimiter, 0);
  while (at >= 0 && parts.length < maxParts) {
    const from = at + delimiter.length;
    if (body[from] === dash && body[from + 1] === dash) break;
    const lineEnd = body.indexOf(lf, from);
    if (lineEnd < 0) break;
    const next = delimiterAt(body, delimiter, lineEnd);
    let to = next < 0 ? body.length : next - 1;
    if (next >= 0 && body[to - 1] === cr) to--;
    const part = body.subarray(lineEnd + 1, Math.max(lineEnd + 1, to));
    parts.push(onePart(part, next < 0, depth));
    at = next;
  }
  return parts;
}

/** Where the next line begins that is a delimiter, at or after `from`; -1: there is none. */
function delimiterAt(body: Buffer, delimiter: Buffer, from: number): number {
  let at = body.indexOf(delimiter, from);
  while (at >= 0) {
    const startsLine = at === 0 || body[at - 1] === lf;
    if (startsLine && endsLine(body, at + delimiter.length)) return at;
    at = body.indexOf(delimiter, at + 1);
  }
  return -1;
}

/** Whether a delimiter ends at `at`: by the closing dashes or blanks and the line's end. */
function endsLine(body: Buffer, at: number): boolean {
  if (at >= body.length) return true;
  if (body[at] === dash && (at + 1 === body.length || body[at + 1] === dash)) return true;
  let i = at;
  while (body[i] === 32 || body[i] === 9) i++;
  return i >= body.length || body[i] === lf || body[i] === cr;
}

function onePart(bytes: Buffer, isCut: boolean, depth: number): ValueMap {
  const head = readHead(bytes, 0, false);
  const disposition = fieldValue(head.fields, 'content-disposition') ?? '';
  const contentType = fieldValue(head.fields, 'content-type');
  const fileName =
    extendedParameter(disposition, 'filename') ?? parameterOf(disposition, 'filename');
  const content = bytes.subarray(head.end);
  const isMultipart = mediaTypeOf(contentType ?? '').startsWith('multipart/');
  const inner = isMultipart && depth < maxDepth ? partsOf(content, contentType!, depth + 1) : [];
  const readable =
    fileName === undefined && inner.length === 0 && content.length <= maxPartTextBytes;
  return {
    name: parameterOf(disposition, 'name') ?? '',
    ...(fileName !== undefined && { fileName }),
    ...(contentType !== undefined && { contentType }),
    ...(readable && { value: new TextDecoder().decode(content) }),
    ...(inner.length > 0 && { parts: inner }),
    size: content.length,
    ...(isCut && { cut: true }),
  };
}

/** `filename*=UTF-8''na%C3%AFve.txt` (RFC 8187). */
function extendedParameter(value: string, name: string): string | undefined {
  const extended = parameterOf(value, `${name}*`);
  if (extended === undefined) return undefined;
  return percentDecoded(extended.replaceAll('+', '%2B').replace(/^[^']*'[^']*'/, ''));
}
