/** Made-up but realistic entries for the mock server: a shop's services calling each other. */
import type { DetailRow, Section, ValueMap } from '../../src/dissect/contract.ts';
import type { Endpoint, Entry, EntryRow } from '../../src/entry/entry.ts';
import { formatId } from '../../src/entry/id.ts';
import type { EntryDetails } from '../../src/serve/api.ts';
import { cutJson, formText, largeJson, page, picture } from './bodies.ts';
import { makeOther, otherSides } from './messages.ts';

interface Call {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly method: string;
  readonly target: (n: number) => string;
  readonly status: number;
  readonly ms: number;
  readonly contentType: string;
  readonly weight: number;
  readonly incomplete?: string;
  readonly outcome?: string;
  readonly requestBody?: string;
}

const hex = (n: number, digits: number) =>
  ((n * 2654435761) >>> 0).toString(16).padStart(8, '0').repeat(4).slice(0, digits);

// biome-ignore format: a table reads better in columns
const calls: readonly Call[] = [
  { from: 'front', to: 'catalogue', port: 8080, method: 'GET', target: (n) => `/api/items?page=${n % 40}&size=20`, status: 200, ms: 8, contentType: 'application/json', weight: 30 },
  { from: 'front', to: 'cart', port: 8081, method: 'GET', target: (n) => `/api/carts/${n % 900}`, status: 200, ms: 4, contentType: 'application/json', weight: 24 },
  { from: 'cart', to: 'payments', port: 8082, method: 'POST', target: (n) => `/api/v2/payments/${hex(n, 12)}/authorise`, status: 201, ms: 64, contentType: 'application/json', weight: 10, requestBody: 'json' },
  { from: 'cart', to: 'payments', port: 8082, method: 'GET', target: (n) => `/api/carts/${n % 900}/total`, status: 500, ms: 812, contentType: 'application/problem+json', weight: 2 },
  { from: 'browser', to: 'front', port: 8079, method: 'POST', target: () => '/login', status: 302, ms: 22, contentType: 'text/html', weight: 4, requestBody: 'form' },
  { from: 'browser', to: 'front', port: 8079, method: 'GET', target: (n) => `/images/items/${n % 60}.png`, status: 200, ms: 3, contentType: 'image/png', weight: 12 },
  { from: 'browser', to: 'front', port: 8079, method: 'GET', target: () => '/', status: 200, ms: 12, contentType: 'text/html', weight: 8 },
  { from: 'browser', to: 'front', port: 8079, method: 'GET', target: (n) => `/api/users/${n % 77}/avatar`, status: 404, ms: 2, contentType: 'application/json', weight: 3 },
  { from: 'front', to: 'recommendations-service-with-a-long-name.shop.svc', port: 8083, method: 'GET', target: (n) => `/api/v1/recommendations/customers/${hex(n, 32)}/because-you-viewed/${hex(n + 7, 32)}/and-others-bought?limit=25`, status: 200, ms: 38, contentType: 'application/json', weight: 5 },
  { from: 'cart', to: 'orders', port: 8084, method: 'PUT', target: (n) => `/orders/${10_000 + n}`, status: 204, ms: 15, contentType: '', weight: 5, requestBody: 'json' },
  { from: 'orders', to: 'export', port: 8085, method: 'GET', target: (n) => `/export/orders-${n}.json`, status: 200, ms: 1_940, contentType: 'application/json', weight: 1, incomplete: 'the response body is longer than the limit' },
  { from: 'orders', to: 'shipping', port: 8086, method: 'POST', target: () => '/rpc', status: 200, ms: 9, contentType: 'application/octet-stream', weight: 3, requestBody: 'binary' },
  { from: 'browser', to: 'front', port: 8079, method: 'GET', target: () => '/feed.xml', status: 200, ms: 7, contentType: 'application/xml', weight: 2 },
  { from: 'orders', to: 'warehouse', port: 8087, method: 'GET', target: (n) => `/stock/${n % 300}`, status: 0, ms: 0, contentType: '', weight: 1, outcome: 'no response', incomplete: 'no response was seen' },
  { from: 'browser', to: 'front', port: 8079, method: 'GET', target: () => '/events', status: 200, ms: 0, contentType: 'text/event-stream', weight: 1, outcome: 'pending' },
  { from: 'orders', to: 'warehouse', port: 8087, method: 'DELETE', target: (n) => `/reservations/${n}`, status: 503, ms: 30, contentType: 'text/plain', weight: 1, incomplete: 'bytes of the response were lost by the capture' },
];
const wheel = calls.flatMap((call, index) => new Array<number>(call.weight).fill(index));

type EndpointMaker = (name: string, port: number, n: number) => Endpoint;

function localEndpoint(name: string, port: number): Endpoint {
  const digit = 2 + (name.length % 200);
  if (name === 'browser') return { ip: '127.0.0.1', port, name: '' };
  return { ip: `10.1.0.${digit}`, port, name, process: name };
}

/** One entry, by its number; the same number gives the same entry. `maker`: those of a cluster. */
export function makeRow(
  n: number,
  timestamp: number,
  pending: boolean,
  maker?: EndpointMaker,
): EntryRow {
  const endpoint = maker ?? localEndpoint;
  const row = makeHttpRow(n, timestamp, pending, endpoint);
  return maker !== undefined && n % 2 === 0 ? makeOther(n, row, endpoint) : row;
}

function makeHttpRow(
  n: number,
  timestamp: number,
  pending: boolean,
  endpoint: EndpointMaker,
): EntryRow {
  const call = callOf(n);
  const stuck = call.outcome === 'pending' && n % 3 === 0;
  const waiting = pending || stuck;
  const outcome = waiting
    ? 'pending'
    : call.outcome === 'pending'
      ? 'ok'
      : (call.outcome ?? (call.status >= 400 ? 'failed' : 'ok'));
  const answered = outcome === 'ok' || outcome === 'failed';
  const elapsed = call.ms * (0.6 + ((n * 7919) % 100) / 90) + ((n * 31) % 97) / 100;
  const src = endpoint(call.from, 40_000 + (n % 20_000), n);
  const dst = endpoint(call.to, call.port, n + 1);
  return {
    id: formatId(Math.round(timestamp * 1_000), n),
    protocol: { name: 'http', version: '1.1', abbr: 'HTTP' },
    capture: 'pcap',
    timestamp,
    elapsedTime: answered ? elapsed : null,
    src,
    dst,
    ...(dst.kind === 'pod' ? { front: { ip: `10.96.7.${call.port % 200}`, port: 80 } } : {}),
    namespace: dst.namespace ?? src.namespace ?? '',
    node: dst.node ?? src.node ?? 'laptop',
    ...(dst.node === undefined || src.node === undefined ? {} : { seenOn: [dst.node, src.node] }),
    sightings: dst.node === undefined ? 1 : 2,
    outgoing: false,
    method: call.method,
    target: call.target(n),
    host: `${call.to}:${call.port}`,
    contentType: answered ? call.contentType : '',
    traceId: hex(n, 32),
    status: answered ? call.status : 0,
    outcome,
    requestSize: 220 + ((n * 13) % 600),
    responseSize: answered ? 180 + ((n * 104_729) % 90_000) : 0,
    incomplete: waiting || call.incomplete === undefined ? [] : [call.incomplete],
    stream: `s${(n % 500).toString(36)}`,
    parent: '',
    demo: src.kind === undefined && dst.kind === undefined && n % 9 === 0,
    timing: { request: 0.2, wait: answered ? elapsed * 0.7 : null },
    packets: { request: n * 6 + 1, response: answered ? n * 6 + 3 : 0 },
  };
}

function callOf(n: number): Call {
  return calls[wheel[Math.imul(n, 2654435761) >>> (8 % 24)] ?? wheel[(n * 37) % wheel.length]!]!;
}

function rows(values: Readonly<Record<string, string>>, path: string): DetailRow[] {
  return Object.entries(values).map(([name, value]) => ({
    name,
    value,
    path: `${path}["${name}"]`,
    ...(value === '[REDACTED]' ? { remark: 'redacted' } : {}),
  }));
}

function requestBody(kind: string | undefined, path: string): Section[] {
  if (kind === undefined) return [];
  const base = { kind: 'body', title: 'Body', path, cut: false } as const;
  if (kind === 'form') {
    const content = formText();
    return [
      {
        ...base,
        mediaType: 'application/x-www-form-urlencoded',
        encoding: 'text',
        content,
        size: content.length,
      },
    ];
  }
  if (kind === 'binary') {
    const content = Buffer.from(Uint8Array.from({ length: 700 }, (_, i) => (i * 37) & 255));
    return [
      {
        ...base,
        mediaType: 'application/octet-stream',
        encoding: 'base64',
        content: content.toString('base64'),
        size: 700,
      },
    ];
  }
  const content =
    '{"amount":129.90,"currency":"EUR","card":"[REDACTED]","items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}],"gift":false,"note":null}';
  return [
    { ...base, mediaType: 'application/json', encoding: 'text', content, size: content.length },
  ];
}

function responseBody(row: EntryRow): Section[] {
  const base = {
    kind: 'body',
    title: 'Body',
    path: 'response.content.text',
    cut: false,
    mediaType: row.contentType,
  } as const;
  const text = (content: string, cut = false): Section[] => [
    {
      ...base,
      encoding: 'text',
      content,
      size: cut ? 50_331_648 : Buffer.byteLength(content),
      cut,
      ...(cut ? { kept: Buffer.byteLength(content) } : {}),
    },
  ];
  if (row.contentType === 'application/octet-stream') {
    const content = Buffer.from(Uint8Array.from({ length: 5_000 }, (_, i) => (i * i) & 255));
    return [{ ...base, encoding: 'base64', content: content.toString('base64'), size: 5_000 }];
  }
  if (row.contentType === 'image/png')
    return [{ ...base, encoding: 'base64', content: picture, size: 1_000 }];
  if (row.contentType === 'text/html') return text(page());
  if (row.contentType === 'application/xml')
    return text(
      '<?xml version="1.0"?><feed><entry id="1"><title>Teapot &amp; cups</title><price currency="EUR">12.5</price></entry><entry id="2"><title>Kettle</title></entry></feed>',
    );
  if (row.target.startsWith('/export')) return text(cutJson(), true);
  if (row.contentType === 'application/problem+json')
    return text(
      `{"type":"about:blank","title":"Upstream timeout","status":500,"detail":"payments-db did not answer within 800 ms","trace":"${row.traceId}","retry":{"after":2.5,"attempts":[1,2,4]}}`,
    );
  if (row.contentType === 'application/json')
    return text(largeJson(row.target.includes('recommend') ? 4_000 : 20));
  if (row.contentType === 'text/plain')
    return [
      {
        ...base,
        encoding: 'text',
        content: 'no capacity in zone b; retry la',
        size: 31,
        cut: false,
        remark: '12 bytes were lost by the capture',
      },
    ];
  return [];
}

type Texts = Readonly<Record<string, string>>;
type Side = { readonly value: ValueMap | undefined; readonly sections: readonly Section[] };

const table = (title: string, lines: readonly DetailRow[]): Section[] =>
  lines.length === 0 ? [] : [{ kind: 'table', title, rows: lines }];

function requestOf(row: EntryRow, n: number): Side {
  const headers: Texts = {
    host: row.host,
    accept: 'application/json, */*;q=0.8',
    'user-agent': 'shop-client/2.4 (linux; node 24)',
    authorization: '[REDACTED]',
    traceparent: `00-${row.traceId}-00f067aa0ba902b7-01`,
    'x-request-id': row.traceId.slice(0, 16),
    'x-experiment': '',
    'accept-encoding': 'gzip, br',
    connection: 'keep-alive',
  };
  const [path = '', query = ''] = row.target.split('?');
  const queryString = Object.fromEntries(new URLSearchParams(query));
  const [body] = requestBody(callOf(n).requestBody, 'request.postData.text');
  const isText = body?.kind === 'body' && body.encoding === 'text';
  const postData = isText ? { mimeType: body.mediaType, text: body.content } : undefined;
  return {
    value: { method: row.method, url: row.target, path, headers, queryString, postData },
    sections: [
      ...table('Details', [
        { name: 'Method', value: row.method, path: 'request.method' },
        { name: 'Target', value: row.target, path: 'request.url' },
        { name: 'Version', value: 'HTTP/1.1', path: 'request.httpVersion' },
      ]),
      ...table('Query String', rows(queryString, 'request.queryString')),
      ...table('Headers', rows(headers, 'request.headers')),
      ...table('Cookies', rows({ session: '[REDACTED]' }, 'request.cookies')),
      ...(body === undefined ? [] : [body]),
    ],
  };
}

function responseOf(row: EntryRow): Side {
  if (row.status === 0) return { value: undefined, sections: [] };
  const headers: Texts = {
    'content-type': row.contentType,
    date: new Date(row.timestamp).toUTCString(),
    server: 'shop/1.9',
    'cache-control': 'no-store',
    'set-cookie': '[REDACTED]',
    'content-length': String(row.responseSize),
  };
  const reason = row.status === 200 ? 'OK' : 'Other';
  return {
    value: { status: row.status, headers },
    sections: [
      ...table('Details', [
        { name: 'Status', value: row.status, path: 'response.status' },
        { name: 'Reason', value: reason, path: 'response.statusText' },
      ]),
      ...table('Headers', rows(headers, 'response.headers')),
      ...responseBody(row),
    ],
  };
}

/** Details of an entry. */
export function makeDetails(row: EntryRow, n: number): EntryDetails {
  const other = otherSides(row);
  if (other !== undefined) {
    const { request, response, sections } = other;
    return { entry: { ...row, request, response }, sections };
  }
  const request = requestOf(row, n);
  const response = responseOf(row);
  const entry: Entry = { ...row, request: request.value, response: response.value };
  return { entry, sections: { request: request.sections, response: response.sections } };
}
