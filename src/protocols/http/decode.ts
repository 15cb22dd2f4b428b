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
  multipartParts,
  parsePairs,
  requestCookies,
  responseCookies,
} from './decode-form.ts';
import { type DecodedHead, type FieldLine, fieldValue, fieldValues } from './decode-head.ts';
import { type Content, contentOf, type DecodedMessage, readMessage } from './decode-message.ts';
import { mediaTypeOf, parameterOf } from './decode-text.ts';

/** The structured view of an exchange. Never throws; bodies are inflated when they are first asked for. */
export function decode(payload: Payload): DecodedExchange {
  const { request, response, incomplete } = payload;
  return {
    request: request && decodeRequest(request, (incomplete & Incomplete.RequestCut) !== 0),
    response: response && decodeResponse(response, (incomplete & Incomplete.ResponseCut) !== 0),
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
  const { target } = splitRequestLine(readMessage(request, false).head.startLine);
  const name = pathOf(target).split('/').at(-1);
  return name === undefined || name === '' || name === '*' ? undefined : name;
}

/** A map whose value `name` is made when it is first read. */
function lazily(map: ValueMap, name: string, make: () => Value): void {
  let value: Value;
  let made = false;
  Object.defineProperty(map, name, {
    enumerable: true,
    configurable: true,
    get: () => {
      if (!made) value = make();
      made = true;
      return value;
    },
  });
}

function splitRequestLine(text: string): { method: string; target: string; version: string } {
  const line = text.replaceAll('\t', ' ').trim();
  const methodEnd = line.indexOf(' ');
  if (methodEnd < 0) return { method: line, target: '', version: '' };
  const method = line.slice(0, methodEnd);
  const rest = line.slice(methodEnd).trimStart();
  const version = rest.slice(rest.lastIndexOf(' ') + 1);
  if (version.length === rest.length || !/^http\/\d/i.test(version)) {
    const stuck = /http\/\d\.\d$/i.exec(rest);
    return { method, target: rest, version: stuck?.[0] ?? 'HTTP/0.9' };
  }
  return { method, target: rest.slice(0, -version.length).trimEnd(), version };
}

/** Path of a target in any of its forms (RFC 9112, 3.2), as sent: not percent-decoded. */
function pathOf(target: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(target);
  if (absolute !== null) return absolute[1] === '' ? '/' : absolute[1]!;
  return target.split(/[?#]/, 1)[0]!;
}

function queryOf(target: string): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at + 1).split('#', 1)[0]!;
}

function decodeRequest(bytes: Uint8Array, cut: boolean): ValueMap {
  const message = readMessage(bytes, false);
  const { fields } = message.head;
  const { method, target, version } = splitRequestLine(message.head.startLine);
  const path = pathOf(target);
  const request: ValueMap = {
    method,
    url: target,
    targetUri: target,
    httpVersion: version,
    host: fieldValue(fields, 'host'),
    path,
    pathSegments: path.startsWith('/') ? path.split('/').slice(1) : [path],
    queryString: mapOfPairs(parsePairs(queryOf(target))),
    ...mapsOf(message, requestCookies(fieldValues(fields, 'cookie'))),
  };
  if (message.transferred.length > 0) {
    lazily(request, 'postData', () => postData(message, contentOf(message), cut));
  }
  return Object.assign(request, endOf(message, cut, startLineProblem(message, version)));
}

function startLineProblem(message: DecodedMessage, version: string): string | undefined {
  if (version === 'HTTP/0.9' && message.head.fields.length === 0) return undefined;
  return /^HTTP\/1\.[01]$/.test(version) && !/\s{2}|\t/.test(message.head.startLine)
    ? undefined
    : `the first line is unusual: ${message.head.startLine.slice(0, 200)}`;
}

function mapsOf(message: DecodedMessage, cookies: readonly FieldLine[]): ValueMap {
  const { fields } = message.head;
  return {
    headers: mapOfFields(fields),
    headerList: listOfFields(fields),
    cookies: mapOfPairs(cookies),
  };
}

function listOfFields(fields: readonly FieldLine[]): ValueMap[] {
  return fields.map(({ name, value }) => ({ name, value }));
}

/** Sizes, trailers and problems: what both sides have. */
function endOf(message: DecodedMessage, cut: boolean, problem: string | undefined): ValueMap {
  const { head, trailers, transferred } = message;
  const declared = Number(fieldValue(head.fields, 'content-length'));
  const problems = problem === undefined ? message.problems : [problem, ...message.problems];
  return {
    headersSize: head.end,
    bodySize: cut && declared > transferred.length ? declared : transferred.length,
    ...(trailers.length > 0 && { trailers: mapOfFields(trailers) }),
    ...(problems.length > 0 && { problems: [...problems] }),
  };
}

function postData(message: DecodedMessage, content: Content, cut: boolean): ValueMap {
  const data = contentMap(message, content, cut);
  const mediaType = mediaTypeOf(message.contentType);
  if (mediaType === 'application/x-www-form-urlencoded' && content.text !== undefined) {
    return { ...data, params: listOfFields(parsePairs(content.text.text.trim())) };
  }
  if (!mediaType.startsWith('multipart/')) return data;
  return { ...data, params: multipartParts(content.bytes, message.contentType) };
}

function contentMap(message: DecodedMessage, content: Content, cut: boolean): ValueMap {
  const { bytes, text, remark, limited } = content;
  return {
    size: bytes.length,
    mimeType: message.contentType,
    text: text === undefined ? base64(bytes) : text.text,
    ...(text === undefined
      ? bytes.length > 0 && { encoding: 'base64' }
      : { charset: text.charset }),
    ...(message.codings.length > 0 && { coding: message.codings.join(', ') }),
    ...((cut || limited) && { cut: true }),
    ...(remark !== undefined && { remark }),
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

function splitStatusLine(line: string): { version: string; status: number; text: string } {
  const match = /^(\S*)[ \t]+(\d{1,4})?[ \t]?(.*)$/s.exec(line.trimEnd());
  if (match === null) return { version: line.trim(), status: 0, text: '' };
  return { version: match[1]!, status: Number(match[2] ?? 0), text: match[3]! };
}

function decodeResponse(bytes: Uint8Array, cut: boolean): ValueMap {
  const message = readMessage(bytes, true);
  const { fields, startLine } = message.head;
  const simple = startLine === '';
  const { version, status, text } = splitStatusLine(startLine);
  const regular = simple || /^HTTP\/1\.[01] [1-9]\d\d(?: |$)/.test(startLine);
  const problem = regular ? undefined : `the first line is unusual: ${startLine.slice(0, 200)}`;
  const response: ValueMap = {
    status,
    statusText: text,
    httpVersion: simple ? 'HTTP/0.9' : version,
    ...mapsOf(message, responseCookies(fieldValues(fields, 'set-cookie'))),
    redirectURL: fieldValue(fields, 'location') ?? '',
    ...endOf(message, cut, problem),
    ...(message.interim.length > 0 && { interim: message.interim.map(interimMap) }),
  };
  lazily(response, 'content', () => contentMap(message, contentOf(message), cut));
  return response;
}

function interimMap(head: DecodedHead): ValueMap {
  const line = splitStatusLine(head.startLine);
  return {
    status: line.status,
    statusText: line.text,
    headers: mapOfFields(head.fields),
    headerList: listOfFields(head.fields),
  };
}
