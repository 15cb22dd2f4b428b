/** JSON-RPC 2.0 in bytes: whether an answer tells of an error. */
import { isBatchStart, isWord, MemberWalk, nextObject, skipValue } from '../http/json-skim.ts';

/** Answers of a batch that are looked at. */
const maxAnswers = 1000;

const walk = new MemberWalk();

/** Whether the answer, or one of a batch, has an `error` that is not null (JSON-RPC 2.0, 5). */
export function rpcAnswerFails(bytes: Uint8Array, from: number, to: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = buffer.indexOf('"error"', from, 'latin1');
  if (found < 0 || found >= to) return false;
  let at = isBatchStart(bytes, from, to);
  if (at < 0) return hasError(bytes, from, to);
  for (let i = 0; i < maxAnswers && at >= 0; i++) {
    const end = skipValue(bytes, at, to);
    if (hasError(bytes, at, end)) return true;
    at = nextObject(bytes, end, to);
  }
  return false;
}

function hasError(bytes: Uint8Array, from: number, to: number): boolean {
  if (!walk.start(bytes, from, to)) return false;
  while (walk.next()) {
    if (walk.isKey('error')) return !isWord(bytes, walk.valueFrom, walk.valueTo, 'null');
  }
  return false;
}
