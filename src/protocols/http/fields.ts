/** The names that queries may use for HTTP, with what the completions offer for them. */
import type { FieldDeclaration } from '../../dissect/contract.ts';
import { field } from '../field.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'CONNECT', 'TRACE'];
const statuses = [
  200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410,
  413, 415, 422, 429, 500, 501, 502, 503, 504,
];
const mediaTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'application/xml',
  'application/octet-stream',
  'application/grpc',
  'multipart/form-data',
  'text/html',
  'text/plain',
  'text/css',
  'text/javascript',
  'text/event-stream',
  'image/png',
  'image/jpeg',
  'image/svg+xml',
];
const versions = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9'];
const codings = ['gzip', 'deflate', 'br', 'zstd'];

/** Body of either side, under its own name. */
function bodyFields(base: string): FieldDeclaration[] {
  return [
    field('text', `${base}.text`, 'Body: decompressed text, or base64 when it is binary'),
    field('text', `${base}.mimeType`, 'Content-Type of the body', { values: mediaTypes }),
    field('number', `${base}.size`, 'Length of the decoded body, kept or not, bytes'),
    field('text', `${base}.encoding`, 'base64 when the body is binary', { values: ['base64'] }),
    field('text', `${base}.charset`, 'Character set by which the body was read'),
    field('text', `${base}.coding`, 'Compression of the body', { values: codings }),
    field('boolean', `${base}.cut`, 'Only the beginning of the body was kept'),
    field('number', `${base}.kept`, 'Bytes of a cut body that are shown'),
    field('text', `${base}.remark`, 'Why the body could not be decoded'),
  ];
}

/** Both sides have these. */
function messageFields(side: string): FieldDeclaration[] {
  return [
    field('text', `${side}.httpVersion`, 'Version in the first line', { values: versions }),
    field('map', `${side}.headers`, 'Headers by name; repeats are joined by a comma'),
    field('list', `${side}.headerList`, 'Headers in order, with repeats: name, value'),
    field('map', `${side}.cookies`, 'Cookies by name'),
    field('number', `${side}.headersSize`, 'Length of the head as kept, bytes'),
    field('number', `${side}.bodySize`, 'Length of the body as transferred, bytes'),
    field('map', `${side}.trailers`, 'Trailers by name'),
    field('list', `${side}.problems`, 'What breaks the specification, in words'),
  ];
}

export const httpFields: readonly FieldDeclaration[] = [
  field('text', 'request.method', 'Method', { values: methods, column: 'method' }),
  // Not the column: behind the path, a row of GraphQL has its operation there.
  field('text', 'request.url', 'Target as sent, with its query'),
  field('text', 'request.targetUri', 'Target as sent, with its query'),
  field('text', 'request.host', 'Host header', { column: 'host' }),
  field('text', 'request.path', 'Path of the target, without the query'),
  field('list', 'request.pathSegments', 'Parts of the path between slashes'),
  field('map', 'request.queryString', 'Query by name, decoded; repeats are lists'),
  ...messageFields('request'),
  field('map', 'request.postData', 'Body of the request'),
  ...bodyFields('request.postData'),
  field('list', 'request.postData.params', 'Form fields or parts: name, value, fileName, size'),
  field('number', 'response.status', 'Status code', { values: statuses, column: 'status' }),
  field('text', 'response.statusText', 'Reason phrase'),
  ...messageFields('response'),
  field('text', 'response.redirectURL', 'Location header'),
  field('map', 'response.content', 'Body of the response'),
  ...bodyFields('response.content'),
  field('list', 'response.interim', '1xx responses before the final one'),
];
