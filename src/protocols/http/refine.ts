/**
 * Refinements: which HTTP exchanges are more than HTTP. Both HTTP versions call these functions once a
 * message is there; a message of an ordinary kind costs a look at its media type. A refined request has the
 * refinement's code and, behind its path, what it asks for: `/graphql query Cart { items }`. An answer is
 * looked into only when its request was refined: whether it failed although its status says it did not.
 *
 * The request's kind travels to its answer in the note of the waiting request.
 */
import type { Message } from '../../dissect/contract.ts';
import { graphQlAnswerFails, labelOfText } from '../graphql/skim.ts';
import { skimAnswer, skimCall } from '../grpc/skim.ts';
import { rpcAnswerFails } from '../json-rpc/skim.ts';
import { soapAnswerFails, soapLabel } from '../soap/skim.ts';
import { inflateBounded } from './inflate-bounded.ts';
import { labelOfJson, labelOfTarget, labelOfUpload, mayStartOne } from './json-label.ts';
import { openBrace } from './json-skim.ts';
import { equalsIgnoringCase } from './parse-bytes.ts';
import { noteOfRefined, Refined, refinementOf } from './refined.ts';

/** Bytes of a request's body, or of an answer's, that are looked at. */
const maxLookedAt = 65_536;
/** Longest label, and longest path before it, in a row. */
const maxLabel = 512;
const maxPath = 1024;

const Kind = { None: 0, Json: 1, GraphQl: 2, Xml: 3, Multipart: 4 } as const;

const mediaTypes: readonly (readonly [string, number])[] = [
  ['application/json', Kind.Json],
  ['application/graphql', Kind.GraphQl],
  ['application/graphql+json', Kind.Json],
  ['application/graphql-response+json', Kind.Json],
  ['application/json-rpc', Kind.Json],
  ['application/jsonrpc', Kind.Json],
  ['application/jsonrequest', Kind.Json],
  ['text/xml', Kind.Xml],
  ['application/xml', Kind.Xml],
  ['application/soap+xml', Kind.Xml],
  ['multipart/form-data', Kind.Multipart],
];
const byLength: (readonly (readonly [string, number])[])[] = [];
for (const entry of mediaTypes) {
  const { length } = entry[0];
  byLength[length] = [...(byLength[length] ?? []), entry];
}

function kindOf(bytes: Uint8Array, from: number, to: number): number {
  const candidates = byLength[to - from];
  if (candidates === undefined) return Kind.None;
  for (let i = 0; i < candidates.length; i++) {
    const [name, kind] = candidates[i]!;
    if (equalsIgnoringCase(bytes, from, to, name)) return kind;
  }
  return Kind.None;
}

/** Length of `application/graphql`, whose body may begin with a brace as well. */
const graphQlLength = 19;

/** Length of `application/`, and the letters that follow in types of gRPC-Web and Connect. */
const stemLength = 12;
const letterG = 0x67;
const letterC = 0x63;

/** Whether the media type at `from` may be that of gRPC-Web or Connect. */
export function mayBeCall(bytes: Uint8Array, from: number): boolean {
  const letter = bytes[from + stemLength]! | 0x20;
  return letter === letterG || letter === letterC;
}

/**
 * Looks at a request. `bytes[base + span]` are the message's spans, `body[from, to)` its body without the
 * chunked coding; `isConnect`: a header names a version of Connect. Sets protocol, target and note of the
 * message when it is refined.
 */
export function refineRequest(
  message: Message,
  bytes: Uint8Array,
  base: number,
  body: Uint8Array,
  from: number,
  to: number,
  isConnect: boolean,
): void {
  const { target, contentType } = message;
  if (contentType.to === contentType.from) {
    let i = base + target.from;
    const end = base + target.to;
    while (i < end && bytes[i] !== question) i++;
    if (i < end) refineTarget(message, bytes, base, i + 1);
  } else refineBody(message, bytes, base, body, from, to, isConnect);
}

/** Looks at a request without a body; the query of its target begins at `query`. */
export function refineTarget(
  message: Message,
  bytes: Uint8Array,
  base: number,
  query: number,
): void {
  const to = base + message.target.to;
  if (query >= to || firstLetters[bytes[query]!] === 0) return;
  if (refineCall(message, bytes, base, false)) return;
  const label = labelOfTarget(bytes, query, to);
  if (label !== undefined) refine(message, bytes, base, Refined.GraphQl, label);
}

function refineCall(
  message: Message,
  bytes: Uint8Array,
  base: number,
  isConnect: boolean,
): boolean {
  const call = skimCall(message, bytes, base, isConnect);
  if (call === undefined) return false;
  message.protocol = call.code;
  message.note = noteOfRefined(call.code, call.path);
  return true;
}

/** Looks at a request whose media type is given. */
export function refineBody(
  message: Message,
  bytes: Uint8Array,
  base: number,
  body: Uint8Array,
  from: number,
  to: number,
  isConnect: boolean,
): void {
  const isCall = isConnect || mayBeCall(bytes, base + message.contentType.from);
  if ((isCall && refineCall(message, bytes, base, isConnect)) || from === to) return;
  const { contentType } = message;
  const typeLength = contentType.to - contentType.from;
  if (body[from] === openBrace && typeLength !== graphQlLength && !mayStartOne(body, from, to)) {
    return;
  }
  const kind = kindOf(bytes, base + contentType.from, base + contentType.to);
  if (kind === Kind.None) return;
  const end = Math.min(to, from + maxLookedAt);
  if (kind === Kind.Json) {
    const found = labelOfJson(body, from, end);
    if (found !== undefined) refine(message, bytes, base, found.code, found.label);
    return;
  }
  if (kind === Kind.Xml) {
    const label = soapLabel(body, from, end);
    if (label !== undefined) refine(message, bytes, base, Refined.Soap, label);
    return;
  }
  const label =
    kind === Kind.GraphQl ? labelOfText(body, from, end) : labelOfUpload(body, from, end);
  if (label !== undefined) refine(message, bytes, base, Refined.GraphQl, label);
}

const question = 63;

/** Letters with which the first name of a query of GraphQL or Connect begins. */
const firstLetters = new Uint8Array(256);
for (const letter of 'qovebcm') firstLetters[letter.charCodeAt(0)] = 1;

function refine(
  message: Message,
  bytes: Uint8Array,
  base: number,
  code: number,
  label: string,
): void {
  const { target } = message;
  const from = base + target.from;
  let to = from;
  const end = Math.min(base + target.to, from + maxPath);
  while (to < end && bytes[to] !== question) to++;
  const path = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', from, to);
  const shown = label.length > maxLabel ? `${label.slice(0, maxLabel)}...` : label;
  message.protocol = code;
  message.note = noteOfRefined(code);
  message.text(target, shown === '' ? path : `${path} ${shown}`);
}

/**
 * Looks at the answer to a request with this note. `bytes[headFrom, headTo)` hold its headers in any form,
 * `body[from, to)` is its body without the chunked coding.
 */
export function refineAnswer(
  message: Message,
  note: number,
  bytes: Uint8Array,
  headFrom: number,
  headTo: number,
  body: Uint8Array,
  from: number,
  to: number,
): void {
  const code = refinementOf(note);
  if (code === Refined.GrpcWeb || code === Refined.Connect) {
    skimAnswer(message, code, bytes, headFrom, headTo, body.subarray(from, to));
    return;
  }
  if (message.failed || from === to) return;
  let content = body;
  let at = from;
  let end = to;
  const coding = codingIn(bytes, headFrom, headTo);
  if (coding !== undefined) {
    const inflated = inflateBounded(body.subarray(from, to), coding);
    if (inflated === undefined) return;
    content = inflated;
    at = 0;
    end = inflated.length;
  }
  end = Math.min(end, at + maxLookedAt);
  if (code === Refined.GraphQl) message.failed = graphQlAnswerFails(content, at, end);
  else if (code === Refined.JsonRpc) message.failed = rpcAnswerFails(content, at, end);
  else if (code === Refined.Soap) message.failed = soapAnswerFails(content, at, end);
}

/** `Content-Encoding: gzip` of HTTP/1, or name and value side by side as HTTP/2 keeps them. */
const codingHeader = /(?:^|[^\w-])content-encoding(?::[ \t]*)?(gzip|x-gzip|deflate|br|zstd)/i;

function codingIn(bytes: Uint8Array, from: number, to: number): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
    'latin1',
    from,
    to,
  );
  return codingHeader.exec(head)?.[1]?.toLowerCase();
}
