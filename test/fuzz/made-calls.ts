/** Calls written by hand, for what the recorded conversations do not have. */
import { deflateRawSync, gzipSync } from 'node:zlib';

export type Field = readonly [name: string, value: string];

/** A request and its answer. */
export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly asked?: readonly Field[];
  readonly body?: string | Uint8Array;
  readonly status?: number;
  readonly told?: readonly Field[];
  readonly answer?: string | Uint8Array;
  readonly trailers?: readonly Field[];
}

const type = (value: string): Field => ['content-type', value];
const json = type('application/json');
const events = type('text/event-stream');

/** gRPC, gRPC-Web and Connect: `u8 flags · u32 length · message`. */
function prefixed(flags: number, message: string | Uint8Array): Buffer {
  const content = Buffer.from(message as string);
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(content.length, 1);
  return Buffer.concat([head, content]);
}

/** A field of a message of Protocol Buffers that holds bytes, below 128 of them or more. */
function field(number: number, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content as string);
  const { length } = bytes;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Buffer.concat([Buffer.of((number << 3) | 2, ...size), bytes]);
}
const message = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);
const varint = (number: number, value: number) => Buffer.of(number << 3, value);

/** The file of the service `shop.Cart`, as reflection tells it. */
const shopFile = message(
  field(1, 'shop.proto'),
  field(2, 'shop'),
  field(4, message(field(1, 'Item'), ...itemFields())),
  field(
    6,
    message(
      field(1, 'Cart'),
      field(2, message(field(1, 'Add'), field(2, '.shop.Item'), field(3, '.shop.Item'))),
    ),
  ),
  field(12, 'proto3'),
);

function itemFields(): Buffer[] {
  const one = (name: string, number: number, kind: number, label = 1) =>
    field(2, message(field(1, name), varint(3, number), varint(4, label), varint(5, kind)));
  const own = message(one('part', 4, 11), Buffer.alloc(0));
  const types = [one('name', 1, 9), one('count', 2, 5), one('sizes', 3, 5, 3), one('weight', 5, 1)];
  return [...types, own];
}

const item = message(
  ...[
    field(1, 'apple'),
    varint(2, 7),
    field(3, Buffer.of(1, 2, 200, 1)),
    field(4, field(1, 'core')),
  ],
  Buffer.from('29000000000000f83f', 'hex'),
);
const anyOf = (name: string, content: Uint8Array) =>
  message(field(1, `type.googleapis.com/${name}`), field(2, content));
const details = message(
  varint(1, 5),
  field(2, 'no such item'),
  field(3, anyOf('google.rpc.ErrorInfo', message(field(1, 'GONE'), field(2, 'shop')))),
  field(3, anyOf('google.rpc.RetryInfo', field(1, varint(1, 9)))),
  field(3, anyOf('google.protobuf.Struct', field(1, message(field(1, 'a'), field(2, 'b'))))),
);
const grpc = type('application/grpc+proto');
const reflection = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

/** gRPC, over HTTP/2 alone. */
export const grpcCalls: readonly Call[] = [
  {
    ...{ path: reflection, asked: [grpc], body: prefixed(0, field(4, 'shop.Cart')), told: [grpc] },
    answer: prefixed(0, field(4, field(1, shopFile))),
    trailers: [['grpc-status', '0']],
  },
  {
    path: '/shop.Cart/Add',
    asked: [grpc, ['grpc-timeout', '250m'], ['grpc-encoding', 'gzip'], ['te', 'trailers']],
    body: message(prefixed(1, gzipSync(item)), prefixed(0, item), prefixed(1, gzipSync(item))),
    told: [grpc, ['grpc-encoding', 'deflate'], ['trace-bin', 'AAECAw==']],
    answer: message(prefixed(0, item), prefixed(1, deflateRawSync(item)), prefixed(0, '')),
    trailers: [['grpc-status', '0']],
  },
  {
    ...{ path: '/shop.Cart/Find', asked: [grpc, ['grpc-timeout', '1S']], body: prefixed(0, item) },
    told: [grpc],
    trailers: [
      ['grpc-status', '5'],
      ['grpc-message', 'no %E2%80%9Eitem%E2%80%9C 100%'],
      ['grpc-status-details-bin', details.toString('base64')],
    ],
  },
];

const webEnd = 'grpc-status: 5\r\ngrpc-message: gone\r\n';
const web = (kind: string) => [type(kind), ['x-grpc-web', '1'] as const];
export const grpcWebCalls: readonly Call[] = [
  {
    ...{ path: '/shop.Cart/Add', asked: web('application/grpc-web+proto') },
    ...{ body: prefixed(0, item), told: web('application/grpc-web+proto') },
    answer: message(prefixed(0, item), prefixed(0, item), prefixed(0x80, webEnd)),
  },
  {
    ...{ path: '/shop.Cart/Add', asked: web('application/grpc-web-text') },
    ...{ body: prefixed(0, item).toString('base64'), told: web('application/grpc-web-text') },
    answer: prefixed(0, item).toString('base64') + prefixed(0x80, webEnd).toString('base64'),
  },
  {
    ...{
      path: '/shop.Cart/Add',
      asked: [...web('application/grpc-web'), ['grpc-encoding', 'gzip']],
    },
    ...{ body: prefixed(1, gzipSync(item)), told: web('application/grpc-web') },
    trailers: [['grpc-status', '0']],
  },
];

const connectError = JSON.stringify({
  ...{ code: 'not_found', message: 'gone' },
  details: [{ type: 'google.rpc.ErrorInfo', value: field(1, 'GONE').toString('base64') }],
});
const connectEnd = `{"error":${connectError},"metadata":{"a":["b"]}}`;
const connectVersion: Field = ['connect-protocol-version', '1'];
export const connectCalls: readonly Call[] = [
  {
    ...{ path: '/shop.Cart/Add', asked: [type('application/proto'), connectVersion], body: item },
    ...{ told: [type('application/proto'), ['trailer-a', 'b']], answer: item },
  },
  {
    path: '/shop.Cart/Find',
    asked: [json, connectVersion, ['content-encoding', 'gzip'], ['connect-timeout-ms', '99']],
    ...{ body: gzipSync('{"id":7}'), status: 404, told: [json], answer: connectError },
  },
  {
    ...{ path: '/shop.Cart/Talk', asked: [type('application/connect+proto'), connectVersion] },
    body: message(prefixed(0, item), prefixed(1, gzipSync(item))),
    told: [type('application/connect+proto'), ['connect-content-encoding', 'gzip']],
    answer: message(prefixed(1, gzipSync(item)), prefixed(2, connectEnd)),
  },
  {
    ...{ method: 'GET', told: [type('application/proto')], answer: item },
    path: '/shop.Cart/Find?connect=v1&encoding=proto&base64=1&message=CgVhcHBsZQ',
  },
];

const query = 'query Who($id: ID!) { user(id: $id) { name ...F } } fragment F on User { age }';
const hash = 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38';
const persisted = `{"persistedQuery":{"version":1,"sha256Hash":"${hash}"}}`;
const gone = '{"data":{"user":null},"errors":[{"message":"gone","path":["user",0]}]}';
const form = [
  '--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n',
  `{"query":"mutation Up($f: Upload!) { up(f: $f) }","variables":{"f":null}}\r\n`,
  '--b\r\nContent-Disposition: form-data; name="map"\r\n\r\n{"0":["variables.f"]}\r\n',
  '--b\r\nContent-Disposition: form-data; name="0"; filename="a.txt"\r\n',
  'Content-Type: text/plain\r\n\r\nhello\r\n--b--\r\n',
].join('');
export const graphQlCalls: readonly Call[] = [
  {
    ...{ path: '/graphql', asked: [json], told: [json], answer: gone },
    body: JSON.stringify({ query, variables: { id: 7 }, operationName: 'Who' }),
  },
  {
    ...{ path: '/graphql', asked: [json], told: [json], answer: `[${gone},{"data":{"a":1}}]` },
    body: JSON.stringify([
      { query },
      { query: 'mutation { add(n: [1, {a: "x"}]) @skip(if: true) }' },
    ]),
  },
  {
    path: `/graphql?operationName=Who&extensions=${encodeURIComponent(persisted)}`,
    ...{ method: 'GET', told: [json], answer: '{"errors":[{"message":"PersistedQueryNotFound"}]}' },
  },
  {
    ...{ path: '/graphql', asked: [type('multipart/form-data; boundary=b')], body: form },
    ...{ told: [type('application/graphql-response+json')], answer: '{"data":{"up":1}}' },
  },
  {
    ...{ path: '/graphql', asked: [json, ['accept', 'text/event-stream']], told: [events] },
    body: '{"query":"subscription New { added { id } }"}',
    answer: `event: next\ndata: {"data":{"added":{"id":1}}}\n\nevent: next\ndata: ${gone}\n\nevent: complete\n\n`,
  },
  {
    ...{ path: '/graphql', asked: [type('application/graphql')], body: '{ a(b: """c""") { d } }' },
    ...{ told: [json, ['content-encoding', 'gzip']], answer: gzipSync('{"data":{}}') },
  },
];

const feed =
  'id: 1\r\nevent: a\r\ndata: {"n":1}\r\n\r\n: note\n\ndata\ndata: x\n\nretry: 5\rdata: y\r\r';
export const sseCalls: readonly Call[] = [
  { method: 'GET', path: '/feed', told: [type('text/event-stream; charset=utf-8')], answer: feed },
  {
    ...{ method: 'GET', path: '/feed', told: [events, ['content-encoding', 'gzip']] },
    answer: gzipSync(`\ufeff${feed.repeat(3)}`),
  },
  {
    ...{ method: 'GET', path: '/feed', told: [events, ['content-encoding', 'deflate']] },
    answer: deflateRawSync(feed),
  },
];

export const rpcCalls: readonly Call[] = [
  {
    ...{ path: '/rpc', asked: [json], told: [json] },
    body: '[{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2]},{"jsonrpc":"2.0","method":"log"}]',
    answer: '[{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":{"a":1}}}]',
  },
  {
    ...{ path: '/rpc', asked: [type('application/json-rpc')], told: [json] },
    body: '{"params":{"a":{"b":[1]}},"method":"x\\u0041","id":null,"jsonrpc":"2.0"}',
    answer: '{"result":{"long":"x"},"id":"s","jsonrpc":"2.0"}',
  },
];

const envelope = (version: string, body: string) =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="${version}"><s:Header/><s:Body>${body}</s:Body></s:Envelope>`;
const soap11 = 'http://schemas.xmlsoap.org/soap/envelope/';
const soap12 = 'http://www.w3.org/2003/05/soap-envelope';
const soapType = type('application/soap+xml; charset=utf-8; action="urn:Get"');
export const soapCalls: readonly Call[] = [
  {
    ...{ path: '/soap', asked: [soapType], told: [soapType], status: 500 },
    body: envelope(
      soap12,
      '<!-- c --><o:Get xmlns:o="urn:o" a="1"><id>7</id><![CDATA[<x>]]></o:Get>',
    ),
    answer: envelope(
      soap12,
      '<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>no &amp; &#x41;</s:Text></s:Reason></s:Fault>',
    ),
  },
  {
    ...{
      path: '/soap',
      asked: [type('text/xml'), ['soapaction', 'urn:Put']],
      told: [type('text/xml')],
    },
    body: envelope(soap11, '<m:Put xmlns:m="urn:m"><m:a>1</m:a></m:Put>'),
    answer: envelope(
      soap11,
      '<s:Fault><faultcode>s:Client</faultcode><faultstring>no</faultstring></s:Fault>',
    ),
  },
];

export const httpCalls: readonly Call[] = [
  {
    ...{ path: '/up', asked: [type('multipart/form-data; boundary=b')], body: form, status: 201 },
    told: [
      ['set-cookie', 'a=b; Path=/; Secure'],
      ['location', '/up/1'],
    ],
  },
  {
    ...{ path: '/form', asked: [type('application/x-www-form-urlencoded'), ['cookie', 'a=b; c']] },
    body: 'user=bob&password=secret&x=%E2%82%AC&y',
    ...{ told: [type('text/html; charset=iso-8859-1')], answer: '<p>\u00e9' },
  },
  {
    path: '/a/b?x=1&x=2&y=%zz',
    ...{
      method: 'PUT',
      asked: [json, ['authorization', 'Basic Ym9iOnNlY3JldA==']],
      body: '{"a":[1]}',
    },
    ...{ told: [json, ['content-encoding', 'gzip']], answer: gzipSync('{"b":null}') },
  },
  {
    ...{
      method: 'GET',
      path: '/zip',
      told: [
        ['content-encoding', 'deflate, gzip'],
        ['trailer', 'sum'],
      ],
    },
    ...{ answer: gzipSync(deflateRawSync('text')), trailers: [['sum', '1']] },
  },
  { method: 'HEAD', path: '/x', status: 304, told: [['content-length', '99']] },
];
