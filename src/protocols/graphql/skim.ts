/** GraphQL in bytes: requests in other forms than a JSON body, and answers that failed. */
import {
  isBatchStart,
  MemberWalk,
  nextObject,
  openBracket,
  skipBlanks,
  skipValue,
} from '../http/json-skim.ts';
import { labelOf, maxDocumentLength, readOperation } from './document.ts';

/** Bytes of a multipart body in which its first part has to begin. */
const maxPartHead = 1024;
/** Answers of a batch that are looked at. */
const maxAnswers = 1000;

/** What a row says of a document; undefined when the text is none. */
export function labelOfDocument(document: string, operationName: string): string | undefined {
  const operation = readOperation(document, operationName);
  return operation && labelOf(operation);
}

/** A body that is a document (`application/graphql`). */
export function labelOfText(bytes: Uint8Array, from: number, to: number): string | undefined {
  return labelOfDocument(textOf(bytes, from, Math.min(to, from + maxDocumentLength)), '');
}

export function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', from, to);
}

const persisted = /"persistedQuery"[^}]*?"sha256Hash"\s*:\s*"([^"]{1,128})"/;
/** Extensions longer than this are not looked at. */
export const maxExtensions = 1024;
const hashShown = 8;

/** Hash of a persisted query in extensions, as JSON; empty when there is none. */
export function hashOf(extensions: string): string {
  return extensions.length > maxExtensions ? '' : (persisted.exec(extensions)?.[1] ?? '');
}

/** What stands in the row for a document that only the server knows. */
export function persistedLabel(operationName: string, hash: string): string {
  const short = `persisted ${hash.slice(0, hashShown)}`;
  return operationName === '' ? short : `${operationName} (${short})`;
}

const operationsPart = /^.{0,256}?name="?operations"?.{0,512}?\r\n\r\n/s;

/**
 * Where the JSON of a multipart request begins (GraphQL multipart request specification: its first part
 * is `operations`), or -1.
 */
export function operationsAt(bytes: Uint8Array, from: number, to: number): number {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
    'latin1',
    from,
    Math.min(to, from + maxPartHead),
  );
  const found = operationsPart.exec(head);
  return found === null ? -1 : from + found[0].length;
}

const walk = new MemberWalk();

/** Whether an answer, or one of a batch, has `errors` that are not empty. */
export function graphQlAnswerFails(bytes: Uint8Array, from: number, to: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = buffer.indexOf('"errors"', from, 'latin1');
  if (found < 0 || found >= to) return false;
  let at = isBatchStart(bytes, from, to);
  if (at < 0) return hasErrors(bytes, from, to);
  for (let i = 0; i < maxAnswers && at >= 0; i++) {
    const end = skipValue(bytes, at, to);
    if (hasErrors(bytes, at, end)) return true;
    at = nextObject(bytes, end, to);
  }
  return false;
}

function hasErrors(bytes: Uint8Array, from: number, to: number): boolean {
  if (!walk.start(bytes, from, to)) return false;
  while (walk.next()) {
    if (!walk.isKey('errors')) continue;
    const { valueFrom, valueTo } = walk;
    const inside = skipBlanks(bytes, valueFrom + 1, valueTo);
    return bytes[valueFrom] === openBracket && inside < valueTo - 1;
  }
  return false;
}
