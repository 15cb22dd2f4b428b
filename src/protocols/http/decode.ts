/** Payload → the request and response of an entry. Names follow the original. */
import {
  type DecodedExchange,
  Incomplete,
  type Payload,
  type Side,
  type Value,
  type ValueMap,
} from '../../dissect/contract.ts';
import {
  mapOfFields,
  mapOfPairs,
  parsePairs,
  requestCookies,
  responseCookies,
} from './decode-form.ts';
import { type DecodedHead, fieldValue, fieldValues, type NameValue } from './decode-head.ts';
import { type Content, contentOf, type DecodedMessage, readMessage } from './decode-message.ts';
import { multipartParts } from './decode-multipart.ts';
import { type BodyLength, bodyLength, cutRemark, type Kept } from './decode-size.ts';
import { mediaTypeOf, parameterOf } from './decode-text.ts';

/** The structured view of an exchange. Never throws; bodies are inflated when they are first asked for. */
export function decode(payload: Payload): DecodedExchange {
  const { request, response, incomplete, requestSize, responseSize } = payload;
  const kept = (bytes: Uint8Array, cutBit: number, wireBytes: number | undefined): Kept => ({
    bytes: bytes.length,
    cut: (incomplete & cutBit) !== 0,
    wireBytes,
  });
  return {
    request: request && decodeRequest(request, kept(request, Incomplete.RequestCut, requestSize)),
    response:
      response && decodeResponse(response, kept(response, Incomplete.ResponseCut, responseSize)),
  };
}

/** The decoded body of one side, for downloads; undefined when that side was not seen. */
export function httpBody(
  payload: Payload,
  side: Side,
): { bytes: Uint8Array; mediaType: string; fileName: string | undefined } | undefined {
  const bytes = side === 'client' ? payload.request : payload.response;
  if (bytes === undefined) return undefined;
  const message = readMessage(bytes, side === 'server');
  const disposition = fieldValue(message.head.fields, 'content-disposition') ?? '';
  const given = parameterOf(disposition, 'filename') || undefined;
  return {
    bytes: contentOf(message).bytes,
    mediaType: mediaTypeOf(message.contentType),
    fileName: given ?? lastSegment(payload.request),
  };
}

function lastSegment(request: Uint8Array | undefined): string | undefined {
  if (request === undefined) return undefined;
  const { target } = splitRequestLine(readMessage(request, false).head.startLine, true);
  const name = pathOf(target).split('/').at(-1);
  return name === undefined || name === '' || name === '*' ? undefined : name;
}

/** The first line of a request, or what stands for it. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly problem: string | undefined;
}

function splitRequestLine(text: string, hasFields: boolean): RequestLine {
  const usual = /^(\S+) (\S+) (HTTP\/1\.[01])$/.exec(text);
  if (usual !== null) {
    return { method: usual[1]!, target: usual[2]!, version: usual[3]!, problem: undefined };
  }
  const line = text.replaceAll('\t', ' ').trim();
  const methodEnd = line.indexOf(' ');
  if (methodEnd < 0) return { method: line, target: '', version: '', problem: unusual(text) };
  const method = line.slice(0, methodEnd);
  const rest = line.slice(methodEnd).trimStart();
  const version = rest.slice(rest.lastIndexOf(' ') + 1);
  if (version.length === rest.length || !/^http\/\d/i.test(version)) {
    const stuck = /http\/\d\.\d$/i.exec(rest);
    const problem = stuck === null && !hasFields ? undefined : unusual(text);
    return { method, target: rest, version: stuck?.[0] ?? 'HTTP/0.9', problem };
  }
  const target = rest.slice(0, -version.length).trimEnd();
  const regular = /^HTTP\/1\.[01]$/.test(version) && !/\s{2}|\t/.test(text);
  return { method, target, version, problem: regular ? undefined : unusual(text) };
}

function unusual(startLine: string): string {
  return `the first line is unusual: ${startLine.slice(0, 200)}`;
}

/** Path of a target in any of its forms (RFC 9112, 3.2), as sent: not percent-decoded. */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target.slice(0, endOfPath(target));
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(target);
  if (absolute !== null) return absolute[1] === '' ? '/' : absolute[1]!;
  return target.split(/[?#]/, 1)[0]!;
}

function endOfPath(target: string): number {
  for (let i = 0; i < target.length; i++) if (target[i] === '?' || target[i] === '#') return i;
  return target.length;
}

function queryOf(target: string): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at + 1).split('#', 1)[0]!;
}

function decodeRequest(bytes: Uint8Array, kept: Kept): ValueMap {
  const message = readMessage(bytes, false);
  const { startLine, fields } = message.head;
  return requestValues(message, splitRequestLine(startLine, fields.length > 0), kept);
}

/** The values of a request of any HTTP version. */
export function requestValues(message: DecodedMessage, line: RequestLine, kept: Kept): ValueMap {
  const { head, transferred } = message;
  const { fields } = head;
  const { method, target, version } = line;
  const path = pathOf(target);
  const start = {
    method,
    url: target,
    targetUri: target,
    httpVersion: version,
    host: fieldValue(fields, 'host') ?? fieldValue(fields, ':authority'),
    path,
    pathSegments: path.startsWith('/') ? path.split('/').slice(1) : [path],
    queryString: mapOfPairs(parsePairs(queryOf(target))),
    headers: mapOfFields(fields),
    headerList: listOfFields(fields),
    cookies: mapOfPairs(requestCookies(fieldValues(fields, 'cookie'))),
  };
  const headersSize = head.end;
  const length = bodyLength(message, kept);
  const bodySize = length.bytes;
  if (transferred.length === 0 && !kept.cut) {
    return withRest({ ...start, headersSize, bodySize }, message, line.problem);
  }
  let data: ValueMap | undefined;
  const request: ValueMap = {
    ...start,
    get postData(): ValueMap {
      data ??= postData(message, contentOf(message), cutOf(kept, length));
      return data;
    },
    headersSize,
    bodySize,
  };
  return withRest(request, message, line.problem);
}

/** What few messages have. */
function withRest(side: ValueMap, message: DecodedMessage, problem: string | undefined): ValueMap {
  const { trailers, problems, interim } = message;
  if (trailers.length > 0) side['trailers'] = mapOfFields(trailers);
  if (problem !== undefined || problems.length > 0) {
    side['problems'] = problem === undefined ? [...problems] : [problem, ...problems];
  }
  if (interim.length > 0) side['interim'] = interim.map(interimMap);
  return side;
}

/** The fields as values; they are this decoding's own. */
function listOfFields(fields: readonly NameValue[]): Value[] {
  return fields as readonly unknown[] as Value[];
}

/** The whole length of a body that was cut; undefined for one that was not. */
function cutOf({ cut }: Kept, length: BodyLength): BodyLength | undefined {
  return cut ? length : undefined;
}

function postData(
  message: DecodedMessage,
  content: Content,
  cut: BodyLength | undefined,
): ValueMap {
  const data = contentMap(message, content, cut);
  const mediaType = mediaTypeOf(message.contentType);
  if (mediaType === 'application/x-www-form-urlencoded' && content.text !== undefined) {
    return { ...data, params: listOfFields(parsePairs(content.text.text.trim())) };
  }
  if (!mediaType.startsWith('multipart/')) return data;
  return { ...data, params: multipartParts(content.bytes, message.contentType) };
}

/**
 * The body as shown. `cut`: how long it really is. What a compressed body would be inflated is not
 * known then: its size is that of what is shown, and the remark says how much was kept.
 */
function contentMap(
  message: DecodedMessage,
  content: Content,
  cut: BodyLength | undefined,
): ValueMap {
  const { bytes, text, limited } = content;
  const coded = message.codings.length > 0;
  const size = cut === undefined || coded ? bytes.length : cut.bytes;
  const mimeType = message.contentType;
  const map: ValueMap =
    text !== undefined
      ? { size, mimeType, text: text.text, charset: text.charset }
      : { size, mimeType, text: base64(bytes) };
  if (text === undefined && bytes.length > 0) map['encoding'] = 'base64';
  if (coded) map['coding'] = message.codings.join(', ');
  if (cut !== undefined || limited) map['cut'] = true;
  if (cut !== undefined) map['kept'] = bytes.length;
  const remark = cut === undefined ? content.remark : withCut(content.remark, message, cut);
  if (remark !== undefined) map['remark'] = remark;
  return map;
}

/** A size that users take for exact needs no words beside it. */
function withCut(
  remark: string | undefined,
  message: DecodedMessage,
  cut: BodyLength,
): string | undefined {
  if (!cut.about && message.codings.length === 0) return remark;
  const said = cutRemark(message, cut);
  return remark === undefined ? said : `${remark}; ${said}`;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** The first line of a response, or what stands for it. */
export interface StatusLine {
  readonly version: string;
  readonly status: number;
  readonly text: string;
  readonly problem: string | undefined;
}

/** Status lines are few: those seen are remembered. */
const statusLines = new Map<string, StatusLine>();
const maxStatusLines = 512;
const maxStatusLineLength = 128;

function splitStatusLine(line: string): StatusLine {
  let known = statusLines.get(line);
  if (known === undefined) {
    known = readStatusLine(line);
    if (statusLines.size >= maxStatusLines) statusLines.clear();
    if (line.length <= maxStatusLineLength) statusLines.set(line, known);
  }
  return known;
}

function readStatusLine(line: string): StatusLine {
  const match = /^(\S*)[ \t]+(\d{1,4})?[ \t]?(.*)$/s.exec(line.trimEnd());
  const regular = /^HTTP\/1\.[01] [1-9]\d\d(?: |$)/.test(line);
  const problem = regular ? undefined : unusual(line);
  if (match === null) return { version: line.trim(), status: 0, text: '', problem };
  return { version: match[1]!, status: Number(match[2] ?? 0), text: match[3]!, problem };
}

const simpleAnswer = { version: 'HTTP/0.9', status: 0, text: '', problem: undefined };

function decodeResponse(bytes: Uint8Array, kept: Kept): ValueMap {
  const message = readMessage(bytes, true);
  const { startLine } = message.head;
  return responseValues(
    message,
    startLine === '' ? simpleAnswer : splitStatusLine(startLine),
    kept,
  );
}

/** The values of a response of any HTTP version. */
export function responseValues(message: DecodedMessage, line: StatusLine, kept: Kept): ValueMap {
  const { fields, end } = message.head;
  const length = bodyLength(message, kept);
  let content: ValueMap | undefined;
  const response: ValueMap = {
    status: line.status,
    statusText: line.text,
    httpVersion: line.version,
    headers: mapOfFields(fields),
    headerList: listOfFields(fields),
    cookies: mapOfPairs(responseCookies(fieldValues(fields, 'set-cookie'))),
    redirectURL: fieldValue(fields, 'location') ?? '',
    headersSize: end,
    bodySize: length.bytes,
    get content(): ValueMap {
      content ??= contentMap(message, contentOf(message), cutOf(kept, length));
      return content;
    },
  };
  return withRest(response, message, line.problem);
}

function interimMap(head: DecodedHead): ValueMap {
  const line = head.startLine === '' ? pseudoStatus(head) : splitStatusLine(head.startLine);
  return {
    status: line.status,
    statusText: line.text,
    headers: mapOfFields(head.fields),
    headerList: listOfFields(head.fields),
  };
}

/** HTTP/2 has no first line: its status is a field. */
function pseudoStatus({ fields }: DecodedHead): { status: number; text: string } {
  return { status: Number(fieldValue(fields, ':status') ?? 0), text: '' };
}
