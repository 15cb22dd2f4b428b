/** Kept bytes of one message → its heads, and its body as content: without chunks and compression. */

import { dechunk } from './decode-chunked.ts';
import { inflateAll } from './decode-codings.ts';
import {
  type DecodedHead,
  type FieldLine,
  fieldElements,
  fieldValue,
  fieldValues,
  readHead,
} from './decode-head.ts';
import { type DecodedText, decodeText } from './decode-text.ts';
import { equalsIgnoringCase } from './parse-bytes.ts';

/** A message taken apart. */
export interface DecodedMessage {
  readonly head: DecodedHead;
  /** 1xx responses before the final one. */
  readonly interim: readonly DecodedHead[];
  readonly trailers: readonly FieldLine[];
  /** The body as transferred, chunks undone, compression not. */
  readonly transferred: Uint8Array;
  /** By its framing, nothing of the body is missing. */
  readonly isWhole: boolean;
  /** Names of the codings that compress the body, in the order in which they were applied. */
  readonly codings: readonly string[];
  readonly contentType: string;
  readonly problems: readonly string[];
}

const emptyHead: DecodedHead = { startLine: '', fields: [], end: 0, problems: [] };

/** Most 1xx responses that are listed. */
const maxInterim = 1000;

export function readMessage(bytes: Uint8Array, isResponse: boolean): DecodedMessage {
  const interim: DecodedHead[] = [];
  let head = startsWithHead(bytes, isResponse) ? readHead(bytes, 0, true) : emptyHead;
  while (
    isResponse &&
    isInterim(head.startLine) &&
    head.end < bytes.length &&
    interim.length < maxInterim
  ) {
    interim.push(head);
    let from = head.end;
    while (bytes[from] === 13 || bytes[from] === 10) from++;
    head = readHead(bytes, from, true);
  }
  const { fields } = head;
  const body = bytes.subarray(head.end);
  const transferCodings = fieldElements(fields, 'transfer-encoding');
  const chunked = transferCodings.at(-1) === 'chunked';
  const parts = chunked ? dechunk(body) : undefined;
  return {
    head,
    interim,
    trailers: parts?.trailers ?? noFields,
    transferred: parts?.content ?? body,
    isWhole: parts?.isWhole ?? isWholeBody(fields, body),
    codings: codingsOf(fieldElements(fields, 'content-encoding'), transferCodings),
    contentType: fieldValue(fields, 'content-type') ?? '',
    problems: problemsOf(interim, head, parts?.problem),
  };
}

/** The body is as long as its head says. */
export function isWholeBody(fields: readonly FieldLine[], body: Uint8Array): boolean {
  return fieldValue(fields, 'content-length')?.trim() === String(body.length);
}

const noFields: readonly FieldLine[] = [];
const noTexts: readonly string[] = [];

function codingsOf(content: readonly string[], transfer: readonly string[]): readonly string[] {
  if (content.length === 0 && transfer.length === 0) return noTexts;
  return [...content, ...transfer].filter((each) => each !== 'chunked' && each !== 'identity');
}

function problemsOf(
  interim: readonly DecodedHead[],
  head: DecodedHead,
  ofChunks: string | undefined,
): readonly string[] {
  const framing = framingProblems(head.fields);
  const heads = interim.length + head.problems.length > 0;
  if (!heads && ofChunks === undefined) return framing;
  const problems = [...interim, head].flatMap((each) => each.problems);
  return [...problems, ...(ofChunks === undefined ? [] : [ofChunks]), ...framing];
}

function isInterim(startLine: string): boolean {
  // `HTTP/1.1 200`: nearly all are told by their tenth character.
  const digit = startLine.charCodeAt(9);
  if (startLine.startsWith('HTTP/1.1 ') && digit > 49 && digit <= 57) return false;
  return /^http\/\S+\s+1(?!01)\d\d(?!\d)/i.test(startLine);
}

/** An answer of HTTP/0.9 is a body and nothing else. */
function startsWithHead(bytes: Uint8Array, isResponse: boolean): boolean {
  if (!isResponse) return true;
  return equalsIgnoringCase(bytes, 0, Math.min(bytes.length, 5), 'http/');
}

function framingProblems(fields: readonly FieldLine[]): readonly string[] {
  const given = fieldValues(fields, 'content-length');
  const codings = fieldElements(fields, 'transfer-encoding');
  const usual =
    given.length === 0
      ? codings.length < 2
      : given.length === 1 && codings.length === 0 && isNumber(given[0]!);
  if (usual) return noTexts;
  const problems: string[] = [];
  const lengths = given.flatMap((value) => value.split(','));
  const distinct = new Set(lengths.map((length) => length.trim()));
  if (distinct.size > 1) {
    problems.push(
      `Content-Length is given as ${[...distinct].join(' and ')}: the first one counts`,
    );
  }
  if ([...distinct].some((length) => !isNumber(length))) {
    problems.push('Content-Length is not a number');
  }
  if (codings.length > 0 && lengths.length > 0) {
    problems.push('both Transfer-Encoding and Content-Length are given: the former counts');
  }
  if (codings.slice(0, -1).includes('chunked')) {
    problems.push('chunked is not the last coding, or comes twice');
  }
  return problems;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** The body as its reader sees it. */
export interface Content {
  readonly bytes: Uint8Array;
  /** Undefined: binary. */
  readonly text: DecodedText | undefined;
  readonly remark: string | undefined;
  /** Inflating stopped at its limit. */
  readonly limited: boolean;
}

export function contentOf(message: DecodedMessage): Content {
  if (message.codings.length === 0) {
    const text = decodeText(message.transferred, message.contentType, message.isWhole);
    return { bytes: message.transferred, text, remark: text?.remark, limited: false };
  }
  const { bytes, remark, limited } = inflateAll(message.transferred, message.codings);
  const stillCoded = remark?.includes('as on the wire') === true;
  const isWhole = message.isWhole && !limited && remark === undefined;
  const text = stillCoded ? undefined : decodeText(bytes, message.contentType, isWhole);
  const remarks = [remark, text?.remark].filter((each) => each !== undefined);
  return { bytes, text, remark: remarks.length > 0 ? remarks.join('; ') : undefined, limited };
}
