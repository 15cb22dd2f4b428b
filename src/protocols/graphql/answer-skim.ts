/**
 * Answers of GraphQL in bytes: whether one of them tells of errors. An answer is an object, a batch of them,
 * or comes in parts (incremental delivery over HTTP, `@defer` and `@stream`; subscriptions over multipart):
 *
 *   multipart/mixed   "--" boundary CRLF · fields CRLF · CRLF · JSON · CRLF ... "--" boundary "--"
 *   part              { data, errors } · then { incremental: [{ data, path, errors }], hasNext }
 *                     or { incremental: [...], completed: [{ id, errors }], hasNext } · { payload: { data, errors } }
 */
import {
  isBatchStart,
  MemberWalk,
  nextObject,
  openBrace,
  openBracket,
  skipBlanks,
  skipValue,
} from '../http/json-skim.ts';

/** Answers of a batch, parts, or results within a part, that are looked at. */
const maxAnswers = 1000;
/** `--` and a boundary (RFC 2046, 5.1.1). */
const maxDelimiter = 72;

const dash = 45;
const lf = 10;
const cr = 13;

/** Whether an answer, one of a batch, or one of its parts has `errors` that are not empty. */
export function graphQlAnswerFails(bytes: Uint8Array, from: number, to: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = buffer.indexOf('"errors"', from, 'latin1');
  if (found < 0 || found >= to) return false;
  const first = skipBlanks(bytes, from, to);
  if (bytes[first] === dash && bytes[first + 1] === dash) return hasFailedPart(buffer, first, to);
  const batch = isBatchStart(bytes, from, to);
  return batch < 0 ? isFailed(bytes, from, to) : anyFails(bytes, batch, to, isFailed);
}

type Fails = (bytes: Uint8Array, from: number, to: number) => boolean;

/** Of the objects of an array, whose first is at `first`. */
function anyFails(bytes: Uint8Array, first: number, to: number, fails: Fails): boolean {
  let at = first;
  for (let i = 0; i < maxAnswers && at >= 0; i++) {
    const end = skipValue(bytes, at, to);
    if (fails(bytes, at, end)) return true;
    at = nextObject(bytes, end, to);
  }
  return false;
}

const outer = new MemberWalk();
const inner = new MemberWalk();

function isFailed(bytes: Uint8Array, from: number, to: number): boolean {
  if (!outer.start(bytes, from, to)) return false;
  while (outer.next()) {
    const { valueFrom, valueTo } = outer;
    if (outer.isKey('errors')) return isFilledArray(bytes, valueFrom, valueTo);
    if (outer.isKey('payload') && hasErrors(bytes, valueFrom, valueTo)) return true;
    if (!outer.isKey('incremental') && !outer.isKey('completed')) continue;
    const first = isBatchStart(bytes, valueFrom, valueTo);
    if (first >= 0 && anyFails(bytes, first, valueTo, hasErrors)) return true;
  }
  return false;
}

function hasErrors(bytes: Uint8Array, from: number, to: number): boolean {
  if (!inner.start(bytes, from, to)) return false;
  while (inner.next()) {
    if (inner.isKey('errors')) return isFilledArray(bytes, inner.valueFrom, inner.valueTo);
  }
  return false;
}

function isFilledArray(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === openBracket && skipBlanks(bytes, from + 1, to) < to - 1;
}

/** `from`: of the first delimiter, which tells the boundary. */
function hasFailedPart(body: Buffer, from: number, to: number): boolean {
  let lineEnd = body.indexOf(lf, from);
  if (lineEnd < 0 || lineEnd >= to) return false;
  const end = body[lineEnd - 1] === cr ? lineEnd - 1 : lineEnd;
  if (end - from > maxDelimiter) return false;
  const delimiter = Buffer.concat([Buffer.of(lf), body.subarray(from, end)]);
  for (let i = 0; i < maxAnswers && lineEnd >= 0 && lineEnd < to; i++) {
    const next = body.indexOf(delimiter, lineEnd);
    const partEnd = next < 0 ? to : Math.min(next, to);
    const json = contentOfPart(body, lineEnd, partEnd);
    if (json >= 0 && isFailed(body, json, partEnd)) return true;
    if (next < 0) return false;
    lineEnd = body.indexOf(lf, next + 1);
  }
  return false;
}

/** Where the JSON of a part begins: behind the empty line that ends its fields. -1: it has none. */
function contentOfPart(body: Buffer, lineEnd: number, to: number): number {
  let at = lineEnd + 1;
  while (at < to) {
    const next = body.indexOf(lf, at);
    if (next < 0 || next >= to) return -1;
    const isEmpty = next === at || (next === at + 1 && body[at] === cr);
    at = next + 1;
    if (isEmpty) break;
  }
  const json = skipBlanks(body, at, to);
  return json < to && body[json] === openBrace ? json : -1;
}
