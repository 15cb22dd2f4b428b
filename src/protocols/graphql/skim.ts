/** GraphQL in bytes: requests in other forms than a JSON body; answers that failed are in `answer-skim.ts`. */
import { labelOf, maxDocumentLength, readOperation } from './document.ts';

/** Bytes of a multipart body in which its first part has to begin. */
const maxPartHead = 1024;

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

export { graphQlAnswerFails } from './answer-skim.ts';
