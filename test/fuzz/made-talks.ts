/**
 * Conversations over HTTP/1, HTTP/2 and WebSocket written by hand. Each call is told over both versions:
 * what refines HTTP has two ways into it.
 */
import { deflateRawSync } from 'node:zlib';
import { Flag, Frame } from '../../src/protocols/http2/frames.ts';
import { block, frame, preface } from '../../src/protocols/http2/test-frames.ts';
import * as made from './made-calls.ts';
import type { Said, Talk } from './talks.ts';

type Field = made.Field;
type Call = made.Call;

const asked = (bytes: Uint8Array | string): Said => ({
  from: 0,
  bytes: new Uint8Array(Buffer.from(bytes as string)),
});
const told = (bytes: Uint8Array | string): Said => ({
  from: 1,
  bytes: new Uint8Array(Buffer.from(bytes as string)),
});
/** Messages of clients that ask for `/chat`: GraphQL, JSON-RPC, parts, controls. */
const chat: readonly (readonly [from: 0 | 1, opcode: number, text: string | Uint8Array])[] = [
  [0, 0x81, '{"type":"connection_init","payload":{}}'],
  [1, 0x81, '{"type":"connection_ack"}'],
  [
    0,
    0x81,
    '{"id":"1","type":"subscribe","payload":{"query":"subscription New { added { id } }"}}',
  ],
  [1, 0x81, '{"id":"1","type":"next","payload":{"data":{"added":{"id":1}}}}'],
  [1, 0x81, '{"id":"1","type":"error","payload":[{"message":"no"}]}'],
  [0, 0x81, '{"jsonrpc":"2.0","id":1,"method":"add","params":[1]}'],
  [1, 0x81, '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}'],
  ...([
    [0, 0x01, 'first '],
    [0, 0x89, 'ping'],
    [0, 0x00, 'and '],
    [0, 0x80, 'last'],
  ] as const),
  [1, 0x82, Buffer.of(0, 1, 2, 255)],
  [1, 0xc1, deflateRawSync('{"squeezed":"squeezed squeezed"}')],
  [1, 0x8a, 'pong'],
  [0, 0x88, Buffer.concat([Buffer.of(3, 0xe8), Buffer.from('bye')])],
  [1, 0x88, Buffer.of(3, 0xf3)],
];

function webSocketFrame(opcode: number, content: string | Uint8Array, mask: boolean): Buffer {
  const bytes = Buffer.from(content as string);
  if (!mask) return Buffer.concat([Buffer.of(opcode, bytes.length), bytes]);
  const key = Buffer.of(1, 2, 3, 4);
  const masked = bytes.map((byte, i) => byte ^ key[i % 4]!);
  return Buffer.concat([Buffer.of(opcode, 0x80 | bytes.length), key, masked]);
}

const chatFrames = chat.map(([from, opcode, text]) => ({
  from,
  bytes: webSocketFrame(opcode, text, from === 0),
}));

function chatOverHttp1(subprotocol: string): Said[] {
  const both = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n`;
  return [
    asked(`GET /chat HTTP/1.1\r\nHost: a\r\n${both}Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`),
    told(`HTTP/1.1 101 \r\n${both}Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`),
    ...chatFrames.map(({ from, bytes }) => (from === 0 ? asked(bytes) : told(bytes))),
  ];
}

const heads = (stream: number, flags: number, fields: readonly Field[]) =>
  frame(Frame.Headers, Flag.EndHeaders | flags, stream, block(fields));
const path = (method: string, to: string): Field[] => [
  ...([
    [':method', method],
    [':scheme', 'http'],
    [':path', to],
    [':authority', 'shop'],
  ] as const),
];

/** Extended CONNECT (RFC 8441). */
function chatOverHttp2(): Said[] {
  const fields = [...path('CONNECT', '/chat'), [':protocol', 'websocket'] as const];
  return [
    asked(
      Buffer.concat([
        Buffer.from(preface),
        frame(Frame.Settings, 0, 0, Buffer.from('000800000001', 'hex')),
      ]),
    ),
    told(frame(Frame.Settings, 0, 0, Buffer.from('000800000001', 'hex'))),
    asked(heads(1, 0, [...fields, ['sec-websocket-extensions', 'permessage-deflate']])),
    told(
      heads(1, 0, [
        [':status', '200'],
        ['sec-websocket-extensions', 'permessage-deflate'],
      ]),
    ),
    ...chatFrames.map(({ from, bytes }) =>
      from === 0 ? asked(frame(Frame.Data, 0, 1, bytes)) : told(frame(Frame.Data, 0, 1, bytes)),
    ),
    asked(frame(Frame.ResetStream, 0, 1, Buffer.of(0, 0, 0, 8))),
  ];
}

/** Frames that clients of today seldom send. */
function oddHttp2(): Said[] {
  const long = Array.from({ length: 30 }, (_, i): Field => [`x-${i}`, 'value '.repeat(5)]);
  const fields = block([...path('GET', '/long'), ...long]);
  const answer = block([
    [':status', '200'],
    ['content-type', 'text/plain'],
  ]);
  const padded = Buffer.concat([Buffer.of(3), answer, Buffer.alloc(3)]);
  return [
    asked(Buffer.concat([Buffer.from(preface), frame(Frame.Settings, 0, 0)])),
    told(frame(Frame.Settings, 0, 0, Buffer.from('000100000000000300000064', 'hex'))),
    asked(frame(Frame.Headers, Flag.EndStream, 1, fields.subarray(0, 300))),
    asked(frame(Frame.Continuation, 0, 1, fields.subarray(300, 600))),
    asked(frame(Frame.Continuation, Flag.EndHeaders, 1, fields.subarray(600))),
    told(
      heads(1, 0, [
        [':status', '103'],
        ['link', '</a.css>'],
      ]),
    ),
    told(
      frame(
        Frame.PushPromise,
        Flag.EndHeaders,
        1,
        Buffer.concat([Buffer.of(0, 0, 0, 2), block(path('GET', '/a.css'))]),
      ),
    ),
    told(frame(Frame.Headers, Flag.EndHeaders | Flag.Padded, 1, padded)),
    told(
      frame(
        Frame.Data,
        Flag.Padded,
        1,
        Buffer.concat([Buffer.of(4), Buffer.from('text'), Buffer.alloc(4)]),
      ),
    ),
    told(frame(Frame.WindowUpdate, 0, 0, Buffer.of(0, 1, 0, 0))),
    told(heads(1, Flag.EndStream, [['sum', '1']])),
    told(heads(2, Flag.EndStream, [[':status', '404']])),
    asked(
      frame(
        Frame.Headers,
        Flag.EndHeaders | Flag.EndStream | Flag.Priority,
        3,
        Buffer.concat([Buffer.of(0, 0, 0, 1, 9), block(path('GET', '/reset'))]),
      ),
    ),
    told(frame(Frame.ResetStream, 0, 3, Buffer.of(0, 0, 0, 7))),
    asked(frame(Frame.Ping, 0, 0, 'pingping')),
    told(
      frame(
        Frame.GoAway,
        0,
        0,
        Buffer.concat([Buffer.of(0, 0, 0, 3, 0, 0, 0, 11), Buffer.from('calm')]),
      ),
    ),
  ];
}

function overHttp2(calls: readonly Call[]): Said[] {
  const said = [
    asked(Buffer.concat([Buffer.from(preface), frame(Frame.Settings, 0, 0)])),
    told(frame(Frame.Settings, 0, 0)),
  ];
  calls.forEach((call, i) => {
    const stream = i * 2 + 1;
    const { method = 'POST', body, status = 200, answer, trailers } = call;
    const data = (end: boolean, bytes: string | Uint8Array) =>
      frame(Frame.Data, end ? Flag.EndStream : 0, stream, Buffer.from(bytes as string));
    said.push(
      asked(
        heads(stream, body === undefined ? Flag.EndStream : 0, [
          ...path(method, call.path),
          ...(call.asked ?? []),
        ]),
      ),
    );
    if (body !== undefined) said.push(asked(data(true, body)));
    const ends = answer === undefined && trailers === undefined;
    said.push(
      told(
        heads(stream, ends ? Flag.EndStream : 0, [
          [':status', String(status)],
          ...(call.told ?? []),
        ]),
      ),
    );
    if (answer !== undefined) said.push(told(data(trailers === undefined, answer)));
    if (trailers !== undefined) said.push(told(heads(stream, Flag.EndStream, trailers)));
  });
  return said;
}

/** With a length, in chunks of 40 bytes, and with `Expect: 100-continue`, by turns. */
function overHttp1(calls: readonly Call[]): Said[] {
  return calls.flatMap((call, i) => {
    const { method = 'POST', body, status = 200, answer, trailers } = call;
    const expects: Field[] = i % 3 === 2 && body !== undefined ? [['Expect', '100-continue']] : [];
    const head = (first: string, fields: readonly Field[]) =>
      [first, 'Host: shop', ...fields.map(([name, value]) => `${name}: ${value}`), ''].join('\r\n');
    const request = withBody(
      head(`${method} ${call.path} HTTP/1.1`, [...(call.asked ?? []), ...expects]),
      ...([body, i % 2 === 1, undefined] as const),
    );
    const reply = withBody(
      head(`HTTP/1.1 ${status} Yes`, call.told ?? []),
      ...([answer ?? (status === 304 ? undefined : ''), i % 2 === 0, trailers] as const),
    );
    const goOn = expects.length > 0 ? [told('HTTP/1.1 100 Continue\r\n\r\n')] : [];
    return [...request.map(asked), ...goOn, ...reply.map(told)];
  });
}

function withBody(
  head: string,
  body: string | Uint8Array | undefined,
  isChunked: boolean,
  trailers: readonly Field[] | undefined,
): Buffer[] {
  if (body === undefined) return [Buffer.from(`${head}\r\n`)];
  const bytes = Buffer.from(body as string);
  if (!isChunked && trailers === undefined) {
    return [Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes])];
  }
  const parts = [Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0; at < bytes.length; at += 40) {
    const chunk = bytes.subarray(at, at + 40);
    parts.push(
      Buffer.concat([
        Buffer.from(`${chunk.length.toString(16)};a=b\r\n`),
        chunk,
        Buffer.from('\r\n'),
      ]),
    );
  }
  const end = (trailers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return [...parts, Buffer.from(`0\r\n${end}\r\n`)];
}

const both = (calls: readonly Call[]): Said[][] => [
  ...[overHttp1(calls), overHttp2(calls)],
  ...calls.flatMap((call) => [overHttp1([call]), overHttp2([call, call])]),
];
const talks = (said: readonly Said[][]): Talk[] =>
  said.map((each) => ({ name: 'made', serverPort: 8080, said: each }));

/** By the name of what is fuzzed. */
export const madeCalls: Readonly<Record<string, () => Talk[]>> = {
  http: () => talks(both(made.httpCalls)),
  http2: () => talks([overHttp2(made.httpCalls), chatOverHttp2(), oddHttp2(), oddHttp2()]),
  grpc: () =>
    talks([overHttp2(made.grpcCalls), ...made.grpcCalls.map((call) => overHttp2([call, call]))]),
  'grpc-web': () => talks(both(made.grpcWebCalls)),
  connect: () => talks(both(made.connectCalls)),
  websocket: () =>
    talks([chatOverHttp1('chat'), chatOverHttp1('graphql-transport-ws'), chatOverHttp2()]),
  sse: () => talks(both(made.sseCalls)),
  graphql: () => talks([...both(made.graphQlCalls), chatOverHttp1('graphql-transport-ws')]),
  'json-rpc': () => talks([...both(made.rpcCalls), chatOverHttp1('rpc')]),
  soap: () => talks(both(made.soapCalls)),
};
