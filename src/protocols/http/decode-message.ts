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

/** A message taken apart. */
export interface DecodedMessage {
  readonly head: DecodedHead;
  /** 1xx responses before the final one. */
  readonly interim: readonly DecodedHead[];
  readonly trailers: readonly FieldLine[];
  /** The body as transferred, chunks undone, compression not. */
  readonly transferred: Uint8Array;
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
    /^http\/\S+\s+1(?!01)\d\d(?!\d)/i.test(head.startLine) &&
    head.end < bytes.length &&
    interim.length < maxInterim
  ) {
    interim.push(head);
    let from = head.end;
    while (bytes[from] === 13 || bytes[from] === 10) from++;
    head = readHead(bytes, from, true);
  }
  const body = bytes.subarray(head.end);
  const transferCodings = fieldElements(head.fields, 'transfer-encoding');
  const chunked = transferCodings.at(-1) === 'chunked';
  const parts = chunked ? dechunk(body) : undefined;
  const problems = [...interim, head].flatMap((each) => each.problems);
  if (parts?.problem !== undefined) problems.push(parts.problem);
  return {
    head,
    interim,
    trailers: parts?.trailers ?? [],
    transferred: parts?.content ?? body,
    codings: [...fieldElements(head.fields, 'content-encoding'), ...transferCodings].filter(
      (coding) => coding !== 'chunked' && coding !== 'identity',
    ),
    contentType: fieldValue(head.fields, 'content-type') ?? '',
    problems: [...problems, ...framingProblems(head.fields)],
  };
}

/** An answer of HTTP/0.9 is a body and nothing else. */
function startsWithHead(bytes: Uint8Array, isResponse: boolean): boolean {
  if (!isResponse) return true;
  return /^http\//i.test(String.fromCharCode(...bytes.subarray(0, 5)));
}

function framingProblems(fields: readonly FieldLine[]): string[] {
  const problems: string[] = [];
  const lengths = fieldValues(fields, 'content-length').flatMap((value) => value.split(','));
  const distinct = new Set(lengths.map((length) => length.trim()));
  if (distinct.size > 1) {
    problems.push(
      `Content-Length is given as ${[...distinct].join(' and ')}: the first one counts`,
    );
  }
  if ([...distinct].some((length) => !/^\d+$/.test(length))) {
    problems.push('Content-Length is not a number');
  }
  const codings = fieldElements(fields, 'transfer-encoding');
  if (codings.length > 0 && lengths.length > 0) {
    problems.push('both Transfer-Encoding and Content-Length are given: the former counts');
  }
  if (codings.slice(0, -1).includes('chunked')) {
    problems.push('chunked is not the last coding, or comes twice');
  }
  return problems;
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
  const { bytes, remark, limited } = inflateAll(message.transferred, message.codings);
  const stillCoded = remark?.includes('as on the wire') === true;
  const text = stillCoded ? undefined : decodeText(bytes, message.contentType);
  const remarks = [remark, text?.remark].filter((each) => each !== undefined);
  return { bytes, text, remark: remarks.length > 0 ? remarks.join('; ') : undefined, limited };
}
