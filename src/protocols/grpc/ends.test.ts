import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Flag, Frame } from '../http2/frames.ts';
import { answer, block, frame, preface, settings } from '../http2/test-frames.ts';
import { protocols } from '../index.ts';
import { client, type Event, entriesOf, server } from '../test-bench.ts';
import { grpcProtocol } from './index.ts';

function prefixed(flags: number, content: string | Uint8Array): Buffer {
  const bytes = Buffer.from(content);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const flags = Flag.EndHeaders | Flag.EndStream;
const reset = (code: number) => frame(Frame.ResetStream, 0, 1, Buffer.of(0, 0, 0, code));

/** A call on HTTP/2, on its way. */
function ask(type: string): Buffer[] {
  const fields: [string, string][] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':authority', 'shop'],
    [':path', '/shop.Cart/Add'],
    ['content-type', type],
  ];
  const head = frame(Frame.Headers, Flag.EndHeaders, 1, block(fields));
  return [Buffer.from(preface), settings, head];
}

const callOf = (events: readonly Event[]) =>
  entriesOf(protocols, events).find(({ parent }) => parent === '')!;

describe('a stream that is reset before its status', () => {
  test.each([
    [7, 14, 'UNAVAILABLE'],
    [8, 1, 'CANCELLED'],
    [11, 8, 'RESOURCE_EXHAUSTED'],
    [12, 7, 'PERMISSION_DENIED'],
    [1, 13, 'INTERNAL'],
  ])('by the server, with code %i: status %i', (code, status, statusText) => {
    const asked = client(...ask('application/grpc'));
    for (const answered of [[settings], [settings, answer(1, 200, false)]]) {
      const call = callOf([asked, server(...answered, reset(code))]);
      expect(call).toMatchObject({ status, outcome: 'failed', protocol: { abbr: 'gRPC' } });
      expect(call.response).toMatchObject({ status, statusText, statusDerived: true });
    }
  });

  test('by the client: it has cancelled the call, whatever its code', () => {
    const events = [client(...ask('application/grpc')), server(settings), client(reset(2))];
    const call = callOf(events);
    expect(call).toMatchObject({ status: 1, outcome: 'failed' });
    expect(call.response).toMatchObject({ statusText: 'CANCELLED', statusDerived: true });
  });

  test('a status that was said stands', () => {
    const trailers = frame(Frame.Headers, Flag.EndHeaders, 1, block([['grpc-status', '5']]));
    const events = [
      client(...ask('application/grpc')),
      server(settings, answer(1, 200, false), trailers, reset(0)),
    ];
    expect(callOf(events)).toMatchObject({ status: 5, response: { statusText: 'NOT_FOUND' } });
  });

  test('is marked in the details; one that was said is not', () => {
    const asked = client(...ask('application/grpc'));
    const ok = frame(Frame.Headers, flags, 1, block([['grpc-status', '0']]));
    const statuses = [reset(8), ok].map((end) => {
      const call = callOf([asked, server(settings, answer(1, 200, false), end)]);
      const [section] = grpcProtocol.describe(call).response;
      const rows = section?.kind === 'table' ? section.rows : [];
      return rows.filter(({ name }) => name.startsWith('Status'));
    });
    expect(statuses).toEqual([
      [
        { name: 'Status', value: 1, path: 'response.status' },
        {
          name: 'Status Name',
          value: 'CANCELLED',
          path: 'response.statusText',
          remark: 'derived from how the stream ended',
        },
      ],
      [
        { name: 'Status', value: 0, path: 'response.status' },
        { name: 'Status Name', value: 'OK', path: 'response.statusText' },
      ],
    ]);
  });

  test('of Connect: by its names', () => {
    const events = [
      client(...ask('application/connect+json')),
      server(settings, answer(1, 200, false), reset(7)),
    ];
    expect(callOf(events)).toMatchObject({
      status: 200,
      outcome: 'failed',
      response: { status: 200, statusText: 'unavailable', statusDerived: true },
    });
  });
});

const post = (type: string, body: Buffer, more = '') =>
  client(
    `POST /shop.Cart/Add HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${more}Content-Length: ${body.length}\r\n\r\n`,
    body,
  );
const reply = (type: string, body: Buffer, status = '200 OK') =>
  server(
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`,
    body,
  );

describe.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
] as const)('compressed by %s, over HTTP/1', (coding, compress) => {
  test('messages and the end of gRPC-Web', () => {
    const type = 'application/grpc-web+json';
    const body = Buffer.concat([
      prefixed(1, compress('{"total":3}')),
      prefixed(0x81, compress('grpc-status: 5\r\ngrpc-message: none\r\n')),
    ]);
    const events = [post(type, prefixed(0, '{}')), reply(type, body)];
    const entries = entriesOf(protocols, events);
    const call = entries.find(({ parent }) => parent === '');
    expect(call).toMatchObject({ status: 5, outcome: 'failed' });
    expect(call!.response).toMatchObject({ statusText: 'NOT_FOUND', error: 'none' });
    const [message] = entries.filter(({ response }) => response?.['method'] === 'message');
    expect(message!.response).toMatchObject({
      message: { total: 3 },
      compressed: true,
      encoding: coding,
    });
  });

  test('messages and the end of Connect', () => {
    const type = 'application/connect+json';
    const end = JSON.stringify({ error: { code: 'aborted', message: 'enough' } });
    const body = Buffer.concat([prefixed(1, compress('{"total":3}')), prefixed(3, compress(end))]);
    const entries = entriesOf(protocols, [post(type, prefixed(0, '{}')), reply(type, body)]);
    const call = entries.find(({ parent }) => parent === '');
    expect(call).toMatchObject({ status: 200, outcome: 'failed' });
    expect(call!.response).toMatchObject({ statusText: 'aborted', messages: [{ total: 3 }] });
    const [message] = entries.filter(({ response }) => response?.['method'] === 'message');
    expect(message!.response).toMatchObject({ message: { total: 3 }, encoding: coding });
  });
});

test('gRPC-Web over HTTP/1: trailers alone are sent as headers, whatever the length of the body', () => {
  for (const type of ['application/grpc-web', 'application/grpc-web-text']) {
    const heads = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nGrpc-Message: none\r\nGrpc-Status: 5\r\n`;
    const ends = ['Content-Length: 0\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'];
    for (const end of ends) {
      const call = callOf([post(type, prefixed(0, '')), server(heads, end)]);
      expect(call).toMatchObject({ status: 5, outcome: 'failed' });
      expect(call.response).toMatchObject({ statusText: 'NOT_FOUND', error: 'none' });
    }
  }
});

test('compressed by what nobody knows: as it is, and that is said', () => {
  const type = 'application/connect+json';
  const body = Buffer.concat([prefixed(1, 'no coding'), prefixed(2, '{}')]);
  const entries = entriesOf(protocols, [post(type, prefixed(0, '{}')), reply(type, body)]);
  const [message] = entries.filter(({ response }) => response?.['method'] === 'message');
  expect(message!.response).toMatchObject({
    message: Buffer.from('no coding').toString('base64'),
    problems: ['compressed, by what was said before the capture started'],
  });
});

test('a unary call of Connect: metadata behind the answer, an answer that looks like an error', () => {
  const version = 'Connect-Protocol-Version: 1\r\n';
  const events = [
    post('application/json', Buffer.from('{}'), version),
    server(
      'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTrailer-Left-Bin: w7w=\r\nKeep-Alive: timeout=5\r\nContent-Length: 13\r\n\r\n{"code":"DE"}',
    ),
    post('application/json', Buffer.from('{}'), version),
    reply('application/json', Buffer.from('{"code":"aborted","message":"no"}'), '409 Conflict'),
  ];
  const [good, bad] = entriesOf(protocols, events);
  expect(good).toMatchObject({ outcome: 'ok', response: { statusText: 'ok' } });
  expect(good!.response!['messages']).toEqual([{ code: 'DE' }]);
  expect(good!.response!['metadata']).toEqual({ 'left-bin': 'ü' });
  expect(bad!.response).toMatchObject({ statusText: 'aborted', error: 'no' });
  expect(bad!.response).not.toHaveProperty('messages');
});
