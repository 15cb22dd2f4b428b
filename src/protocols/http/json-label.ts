/** What a JSON body asks for, when it is a request of GraphQL or of JSON-RPC. */
import {
  hashOf,
  labelOfDocument,
  maxExtensions,
  operationsAt,
  persistedLabel,
  textOf,
} from '../graphql/skim.ts';
import { isBatchStart, isWord, MemberWalk, nextObject, openBrace, skipValue } from './json-skim.ts';
import { isBlank } from './parse-bytes.ts';
import { Refined } from './refined.ts';

/** Calls of a batch that are named in a row. */
const shownCalls = 3;
/** Calls of a batch that are counted. */
const maxCalls = 1000;
const maxName = 128;
/** Characters of a document that are looked at for the row. */
const maxDocument = 16_384;
/** Longest query of a target that is looked at, and its parts. */
const maxQueryBytes = 16_384;
const maxPairs = 32;

export interface Asked {
  /** `Protocol.code` */
  readonly code: number;
  readonly label: string;
}

/** Undefined: something else. Only the beginning of a body, or one that is cut, will do. */
export function labelOfJson(bytes: Uint8Array, from: number, to: number): Asked | undefined {
  if (mayStartOne(bytes, from, to)) return labelOfObject(bytes, from, to);
  const first = isBatchStart(bytes, from, to);
  if (first < 0 || !mayStartOne(bytes, first, to)) return undefined;
  return labelOfBatch(bytes, first, to);
}

/** `[{...}, {...}]`, whose first object begins at `from`. */
function labelOfBatch(bytes: Uint8Array, from: number, to: number): Asked | undefined {
  const labels: string[] = [];
  let code = 0;
  let count = 0;
  let at = from;
  while (at < to && count < maxCalls) {
    const end = skipValue(bytes, at, to);
    if (labels.length < shownCalls) {
      const asked = labelOfObject(bytes, at, end);
      if (asked === undefined || (code !== 0 && asked.code !== code)) break;
      code = asked.code;
      labels.push(asked.label);
    }
    count++;
    const next = nextObject(bytes, end, to);
    if (next < 0) break;
    at = next;
  }
  if (code === 0) return undefined;
  const more = count > labels.length ? ` +${count - labels.length}` : '';
  return { code, label: `[${labels.join(', ')}${more}]` };
}

const walk = new MemberWalk();
/** A body whose first member has another name is of no interest: this is what most JSON bodies cost. */
const firstNames = [
  'query',
  'operationName',
  'variables',
  'extensions',
  'jsonrpc',
  'method',
  'params',
  'id',
  'documentId',
  'mode',
];

const firstLetters = new Uint8Array(256);
for (const name of firstNames) firstLetters[name.charCodeAt(0)] = 1;

/** Whether an object starts here whose first name begins like one of those. */
export function mayStartOne(bytes: Uint8Array, from: number, to: number): boolean {
  let i = from;
  while (i < to && isBlank(bytes[i]!)) i++;
  if (bytes[i] !== openBrace) return false;
  i++;
  while (i < to && isBlank(bytes[i]!)) i++;
  return i + 1 < to && firstLetters[bytes[i + 1]!] === 1;
}

function startsLikeOne(bytes: Uint8Array): boolean {
  for (const name of firstNames) {
    if (isWord(bytes, walk.keyFrom, walk.keyTo, name)) return true;
  }
  return false;
}

function labelOfObject(bytes: Uint8Array, from: number, to: number): Asked | undefined {
  if (!walk.start(bytes, from, to) || !walk.next() || !startsLikeOne(bytes)) return undefined;
  let document = '';
  let operationName = '';
  let hash = '';
  let version = '';
  let method = '';
  do {
    if (walk.isKey('query') && walk.isText) document = walk.text(maxDocument);
    else if (walk.isKey('operationName') && walk.isText) operationName = walk.text(maxName);
    else if (walk.isKey('extensions')) hash = hashIn(bytes, walk.valueFrom, walk.valueTo);
    else if (walk.isKey('documentId') && walk.isText) hash = walk.text(maxName);
    else if (walk.isKey('jsonrpc') && walk.isText) version = walk.text(4);
    else if (walk.isKey('method') && walk.isText) method = walk.text(maxName);
  } while (walk.next());
  if (version === '2.0')
    return method === '' ? undefined : { code: Refined.JsonRpc, label: method };
  return labelOfParts(document, operationName, hash);
}

/** A document, or what stands for one that the server knows. */
export function labelOfParts(
  document: string,
  operationName: string,
  hash: string,
): Asked | undefined {
  if (document === '' && hash === '') return undefined;
  const label =
    document === ''
      ? persistedLabel(operationName, hash)
      : labelOfDocument(document, operationName);
  return label === undefined ? undefined : { code: Refined.GraphQl, label };
}

/** Hash of a persisted query in the extensions at `[from, to)`. */
function hashIn(bytes: Uint8Array, from: number, to: number): string {
  if (to - from > maxExtensions) return '';
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return hashOf(buffer.toString('utf8', from, to));
}

/** The label of a multipart request whose first part is `operations`. */
export function labelOfUpload(bytes: Uint8Array, from: number, to: number): string | undefined {
  const at = operationsAt(bytes, from, to);
  const asked = at < 0 ? undefined : labelOfJson(bytes, at, to);
  return asked?.code === Refined.GraphQl ? asked.label : undefined;
}

/** The label of the query in a target: what is behind `?`, in `bytes[from, to)`. */
export function labelOfTarget(bytes: Uint8Array, from: number, to: number): string | undefined {
  const text = textOf(bytes, from, Math.min(to, from + maxQueryBytes));
  if (!text.includes('query=') && !text.includes('extensions=')) return undefined;
  let document = '';
  let operationName = '';
  let hash = '';
  for (const pair of text.split('&', maxPairs)) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(equals, 0));
    if (name === 'query') document = decoded(pair.slice(equals + 1));
    else if (name === 'operationName') operationName = decoded(pair.slice(equals + 1));
    else if (name === 'extensions') hash = hashOf(decoded(pair.slice(equals + 1)));
  }
  return labelOfParts(document, operationName, hash)?.label;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return '';
  }
}
