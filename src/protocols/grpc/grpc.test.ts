import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { compressionAlgorithms, Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import { Recorder } from '../http2/test-record.ts';
import { protocols } from '../index.ts';
import {
  byteByByte,
  client,
  type Event,
  entriesOf,
  inRandomPieces,
  ProtocolBench,
  server,
  timeless,
  withHole,
} from '../test-bench.ts';
import { grpcProtocol } from './index.ts';
import { type ItemValue, openShop, ShopClient, shopProto } from './test-shop.ts';

let shop: Awaited<ReturnType<typeof openShop>>;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.close());
beforeEach(() => {
  grpcProtocol.giveSchemas?.([{ name: 'shop.proto', bytes: Buffer.from(shopProto) }]);
});

async function record(
  drive: (client: ShopClient) => Promise<unknown>,
  options = {},
): Promise<Event[]> {
  const recorder = await Recorder.before(shop.port);
  const caller = new ShopClient(recorder.port, options);
  await drive(caller);
  // What the client sends behind the answer, acknowledgements, is not waited for by anybody.
  await delay(20);
  caller.close();
  recorder.close();
  return recorder.events;
}

const apple = {
  name: 'apple',
  count: 3,
  tags: ['red', 'ripe'],
  stock: { here: 1, there: 2 ** 40 },
  kind: 'FRUIT',
  price: { units: 5, currency: 'EUR' },
  picture: Buffer.from([1, 2, 250]),
  weight: 1.5,
  delta: -7,
  sizes: [1, 2, 300],
};
const appleShown = { ...apple, picture: 'AQL6' };

const isCall = ({ parent }: Entry) => parent === '';
const message = (entry: Entry) => (entry.request ?? entry.response)!['message'];

function messagesOf(entries: readonly Entry[], side: 'request' | 'response', call?: Entry) {
  return entries
    .filter((entry) => entry.parent !== '' && entry[side] !== undefined)
    .filter((entry) => call === undefined || entry.parent === call.id)
    .map(message);
}

test('a unary call: its message, its answer, deadline and metadata', async () => {
  const metadata = new Metadata();
  metadata.set('tenant', 'acme');
  metadata.set('trace-bin', Buffer.from('später'));
  const events = await record((caller) =>
    caller.add(apple, metadata, { deadline: Date.now() + 30_000 }),
  );
  const entries = entriesOf(protocols, events);
  const call = entries.find(isCall)!;
  expect(call).toMatchObject({
    method: 'POST',
    target: '/shop.Cart/Add',
    status: 0,
    outcome: 'ok',
    protocol: { name: 'http', version: '2.0', abbr: 'gRPC' },
    request: {
      service: 'shop.Cart',
      rpc: 'Add',
      metadata: { tenant: 'acme', 'trace-bin': 'später' },
      messages: [appleShown],
    },
    response: { statusText: 'OK', httpStatus: 200, messages: [{ total: 3, text: 'added apple' }] },
  });
  const timeout = call.request!['timeoutMs'] as number;
  expect(timeout).toBeGreaterThan(20_000);
  expect(timeout).toBeLessThanOrEqual(30_000);
  expect(messagesOf(entries, 'request', call)).toEqual([appleShown]);
  expect(messagesOf(entries, 'response', call)).toEqual([{ total: 3, text: 'added apple' }]);
});

test('without types: numbers of fields and the best guess', async () => {
  grpcProtocol.giveSchemas?.([]);
  const entries = entriesOf(protocols, await record((caller) => caller.add(apple)));
  expect(messagesOf(entries, 'request')[0]).toMatchObject({
    1: 'apple',
    2: 3,
    3: ['red', 'ripe'],
    5: 1,
    6: { 1: 5, 2: 'EUR' },
    8: 1.5,
  });
});

test.each([
  ['client', (caller: ShopClient, items: readonly ItemValue[]) => caller.addAll(items), 4, 1],
  ['server', (caller: ShopClient) => caller.list({ name: 'many', count: 5 }), 1, 5],
  ['both', (caller: ShopClient, items: readonly ItemValue[]) => caller.talk(items), 4, 4],
] as const)(
  'a stream of the %s: every message once, in order',
  async (_side, drive, asked, answered) => {
    const items = Array.from({ length: 4 }, (_, i) => ({
      name: 'n'.repeat(1 + i * 300),
      count: i + 1,
    }));
    const events = await record((caller) => drive(caller, items));
    const entries = entriesOf(protocols, events);
    const call = entries.find(isCall)!;
    expect(call.outcome).toBe('ok');
    const sent = messagesOf(entries, 'request', call);
    expect(sent).toHaveLength(asked);
    expect(messagesOf(entries, 'response', call)).toHaveLength(answered);
    if (asked === 4) expect(sent).toEqual(items);
    expect(call.request!['messages']).toEqual(sent);
    const order = entries.flatMap(
      ({ request }) => (request?.['index'] as number | undefined) ?? [],
    );
    expect(order).toEqual(Array.from({ length: asked }, (_, i) => i));
  },
);

test('messages are there before the call ends', async () => {
  const recorder = await Recorder.before(shop.port);
  const caller = new ShopClient(recorder.port);
  const bench = new ProtocolBench(protocols);
  let live: Entry[] = [];
  await caller.talk(
    [
      { name: 'a', count: 1 },
      { name: 'b', count: 2 },
    ],
    () => {
      bench.feed(recorder.events).announce();
      live = [...bench.entries];
    },
  );
  expect(live.map(message)).toEqual([
    { name: 'a', count: 1 },
    { total: 1, text: 'heard a' },
    { name: 'b', count: 2 },
    { total: 2, text: 'heard b' },
  ]);
  expect(bench.pending).toMatchObject([{ target: '/shop.Cart/Talk', outcome: 'pending' }]);
  expect(live.every(({ parent }) => parent === bench.pending[0]!.id)).toBe(true);
  caller.close();
  recorder.close();
});

test('errors: status, text, metadata; a deadline that passes', async () => {
  const events = await record(async (caller) => {
    await expect(caller.add({ name: 'missing' })).rejects.toThrow('Apfel');
    await expect(
      caller.add({ name: 'slow' }, new Metadata(), { deadline: Date.now() + 50 }),
    ).rejects.toThrow('DEADLINE');
    await caller.list({ name: 'closed', count: 2 }).catch(() => undefined);
    await caller.add({ name: 'after', count: 9 });
  });
  const calls = entriesOf(protocols, events).filter(isCall);
  expect(calls.map(({ status, outcome }) => [status, outcome])).toEqual([
    [5, 'failed'],
    [expect.any(Number), 'failed'],
    [14, 'failed'],
    [0, 'ok'],
  ]);
  expect(calls[0]!.response).toMatchObject({
    statusText: 'NOT_FOUND',
    error: 'no such item: 100% „Apfel“',
    metadata: { 'why-bin': 'kein Apfel übrig' },
  });
  expect(calls[1]!.request).toMatchObject({ timeoutMs: expect.any(Number) });
});

test('compressed messages are shown plain, and say that they were', async () => {
  const options = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
  const long = { name: 'again '.repeat(200), count: 1 };
  const entries = entriesOf(protocols, await record((caller) => caller.add(long), options));
  expect(messagesOf(entries, 'request')).toEqual([long]);
  const [sent] = entries.filter(({ parent }) => parent !== '');
  expect(sent!.request).toMatchObject({ compressed: true, encoding: 'gzip' });
  expect(sent!.request!['size']).toBeLessThan(200);
});

describe('a long talk', () => {
  let events: Event[] = [];
  beforeAll(async () => {
    grpcProtocol.giveSchemas?.([{ name: 'shop.proto', bytes: Buffer.from(shopProto) }]);
    events = await record(async (caller) => {
      await caller.addAll(
        Array.from({ length: 20 }, (_, i) => ({ name: 'x'.repeat(i * 97), count: i })),
      );
      await Promise.all([
        caller.list({ name: 'p', count: 30 }),
        caller.add(apple),
        caller.list({ name: 'q', count: 30 }),
      ]);
      await caller.add({ name: 'missing' }).catch(() => undefined);
    });
  });
  const shown = (entries: readonly Entry[]) =>
    entries.map((entry) => JSON.stringify(timeless(entry))).sort();

  test('is the same however its bytes are cut', () => {
    const whole = shown(entriesOf(protocols, events));
    expect(whole.length).toBeGreaterThan(80);
    expect(shown(entriesOf(protocols, byteByByte(events)))).toEqual(whole);
    for (let seed = 1; seed <= 5; seed++) {
      expect(shown(entriesOf(protocols, inRandomPieces(events, seededRandom(seed), 200)))).toEqual(
        whole,
      );
    }
  });

  test('after a loss nothing is made up', () => {
    const real = new Set(
      entriesOf(protocols, events).map((entry) => JSON.stringify(message(entry))),
    );
    const random = seededRandom(9);
    for (let run = 0; run < 40; run++) {
      const index = Math.floor(random() * events.length);
      const { bytes } = events[index] as { bytes: Uint8Array };
      const at = Math.floor(random() * bytes.length);
      const holed = withHole(events, index, at, 1 + Math.floor(random() * 200));
      for (const entry of entriesOf(protocols, holed)) {
        const side = entry.request ?? entry.response!;
        if (entry.method !== 'message' || entry.incomplete.length > 0) continue;
        if (side['type'] === undefined) continue;
        expect(real).toContain(JSON.stringify(message(entry)));
      }
    }
  });

  test('joined in the middle, messages are found', () => {
    for (let from = 1; from < events.length; from += 3) {
      const entries = entriesOf(protocols, events.slice(from), { fromStart: false });
      for (const entry of entries.filter(({ method }) => method === 'message')) {
        expect(message(entry)).toBeDefined();
      }
    }
  });
});

const prefixed = (flags: number, content: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(content);
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
};
const receipt = Buffer.from([0x08, 3, 0x12, 2, 0x6f, 0x6b]);
const item = Buffer.from([0x0a, 1, 0x61, 0x10, 2]);

function post(path: string, type: string, body: Uint8Array, more = ''): Event {
  const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\n${more}`;
  return client(`${head}Content-Length: ${body.length}\r\n\r\n`, body);
}

function reply(type: string, body: Uint8Array, status = '200 OK', more = ''): Event {
  const head = `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\n${more}`;
  return server(`${head}Content-Length: ${body.length}\r\n\r\n`, body);
}

describe('gRPC-Web over HTTP/1', () => {
  const trailers = (status: number, text: string) =>
    prefixed(0x80, `grpc-status: ${status}\r\ngrpc-message: ${text}\r\n`);
  const answer = Buffer.concat([
    prefixed(0, receipt),
    prefixed(0, receipt),
    trailers(5, 'not%20here'),
  ]);
  const base64 = (...parts: Buffer[]) =>
    Buffer.from(parts.map((each) => each.toString('base64')).join(''));

  test.each([
    ['application/grpc-web+proto', prefixed(0, item), answer],
    [
      'application/grpc-web-text',
      base64(prefixed(0, item)),
      base64(prefixed(0, receipt), prefixed(0, receipt), trailers(5, 'not%20here')),
    ],
  ])('%s', (type, body, answered) => {
    const events = [post('/shop.Cart/Add', type, body), reply(type, answered)];
    for (const each of [events, byteByByte(events)]) {
      const entries = entriesOf(protocols, each);
      const call = entries.find(isCall)!;
      expect(call).toMatchObject({
        status: 5,
        outcome: 'failed',
        protocol: { abbr: 'gRPC-Web', version: '1.1' },
      });
      expect(call.request).toMatchObject({ rpc: 'Add', messages: [{ name: 'a', count: 2 }] });
      expect(call.response).toMatchObject({
        statusText: 'NOT_FOUND',
        error: 'not here',
        messages: [
          { total: 3, text: 'ok' },
          { total: 3, text: 'ok' },
        ],
      });
      expect(messagesOf(entries, 'response', call)).toEqual([
        { total: 3, text: 'ok' },
        { total: 3, text: 'ok' },
      ]);
    }
  });
});

describe('Connect over HTTP/1', () => {
  const version = 'Connect-Protocol-Version: 1\r\nConnect-Timeout-Ms: 2500\r\n';

  test('a unary call and its error', () => {
    const error = {
      code: 'not_found',
      message: 'none',
      details: [
        {
          type: 'google.rpc.ErrorInfo',
          value: Buffer.from([0x0a, 2, 0x6e, 0x6f]).toString('base64'),
        },
      ],
    };
    const events = [
      post('/shop.Cart/Add', 'application/proto', item, version),
      reply('application/proto', receipt),
      post('/shop.Cart/Add', 'application/json', Buffer.from('{"name":"b"}'), version),
      reply('application/json', Buffer.from(JSON.stringify(error)), '404 Not Found'),
      client(
        'GET /shop.Cart/Add?connect=v1&encoding=json&message=%7B%22name%22%3A%22c%22%7D HTTP/1.1\r\nHost: a\r\n\r\n',
      ),
      reply('application/json', gzipSync('{"total":4}'), '200 OK', 'Content-Encoding: gzip\r\n'),
    ];
    const [good, bad, get] = entriesOf(protocols, events);
    expect(good).toMatchObject({ status: 200, outcome: 'ok', protocol: { abbr: 'Connect' } });
    expect(good!.request).toMatchObject({
      rpc: 'Add',
      timeoutMs: 2500,
      messages: [{ name: 'a', count: 2 }],
    });
    expect(good!.response).toMatchObject({ messages: [{ total: 3, text: 'ok' }] });
    expect(bad).toMatchObject({ status: 404, outcome: 'failed', protocol: { abbr: 'Connect' } });
    expect(bad!.response).toMatchObject({
      statusText: 'not_found',
      error: 'none',
      details: [{ '@type': 'google.rpc.ErrorInfo', reason: 'no' }],
    });
    expect(get).toMatchObject({
      protocol: { abbr: 'Connect' },
      request: { messages: [{ name: 'c' }] },
      response: { messages: [{ total: 4 }] },
    });
  });

  test('a stream and its end', () => {
    const type = 'application/connect+json';
    const end = {
      error: { code: 'resource_exhausted', message: 'enough' },
      metadata: { left: ['0'] },
    };
    const body = Buffer.concat([
      prefixed(0, '{"total":1}'),
      prefixed(0, '{"total":2}'),
      prefixed(2, JSON.stringify(end)),
    ]);
    const events = [post('/shop.Cart/Talk', type, prefixed(0, '{"name":"a"}')), reply(type, body)];
    const entries = entriesOf(protocols, events);
    const call = entries.find(isCall)!;
    expect(call).toMatchObject({ status: 200, outcome: 'failed', protocol: { abbr: 'Connect' } });
    expect(call.response).toMatchObject({
      statusText: 'resource_exhausted',
      error: 'enough',
      metadata: { left: '0' },
    });
    expect(messagesOf(entries, 'response', call)).toEqual([{ total: 1 }, { total: 2 }]);
  });

  test('ordinary JSON is none', () => {
    const events = [
      post('/api/users', 'application/json', Buffer.from('{"a":1}')),
      reply('application/json', Buffer.from('{}')),
    ];
    expect(entriesOf(protocols, events)).toMatchObject([{ protocol: { abbr: 'HTTP' } }]);
  });
});
