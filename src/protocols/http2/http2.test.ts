import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import { httpProtocol } from '../http/index.ts';
import {
  byteByByte,
  client,
  type Event,
  entriesOf,
  inRandomPieces,
  timeless,
  withHole,
} from '../test-bench.ts';
import { http2Protocol } from './index.ts';
import { Recorder } from './test-record.ts';

const protocols = [httpProtocol, http2Protocol];

/** Answers with what it was asked; paths choose how. */
function respond(
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  body: Buffer,
): void {
  const path = String(headers[':path']);
  if (path === '/reset') {
    stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    return;
  }
  if (path === '/hints') stream.additionalHeaders({ ':status': 103, link: '</style.css>' });
  if (path === '/trailers') {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ checksum: 'abc' }));
    stream.end('body before');
    return;
  }
  if (path === '/push') {
    stream.pushStream({ ':path': '/pushed' }, (error, pushed) => {
      if (error) throw error;
      pushed.respond({ ':status': 200, 'content-type': 'text/css' });
      pushed.end('body {}');
      stream.respond({ ':status': 200 });
      stream.end('pushing');
    });
    return;
  }
  const status = path === '/missing' ? 404 : 200;
  stream.respond({ ':status': status, 'content-type': 'text/plain', 'x-length': body.length });
  stream.end(path === '/empty' ? '' : `${path} ${body.toString('latin1')}`);
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

const asked: readonly Asked[] = [
  { path: '/a', headers: { 'x-one': 'first', accept: 'text/html' } },
  { path: '/a?b=c', headers: { 'x-one': 'first', cookie: ['a=1', 'b=2'] } },
  { path: '/post', method: 'POST', body: 'x'.repeat(100) },
  { path: '/large', method: 'PUT', body: 'y'.repeat(40_000) },
  { path: '/missing' },
  { path: '/empty' },
  { path: '/hints' },
  { path: '/trailers' },
  { path: '/push' },
  { path: '/reset' },
  { path: '/last', headers: { 'x-one': 'second', 'x-long': 'z'.repeat(5000) } },
];

let port = 0;
const server = http2.createServer();

beforeAll(async () => {
  server.on('stream', (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', () => undefined);
    stream.on('end', () => respond(stream, headers, Buffer.concat(parts)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(() => server.close());

/** What Node's client says to Node's server, one after the other or all at once. */
async function record(talk: readonly Asked[], atOnce = false): Promise<Event[]> {
  const recorder = await Recorder.before(port);
  const session = http2.connect(`http://127.0.0.1:${recorder.port}`);
  session.on('stream', (pushed) => pushed.resume());
  const all: Promise<unknown>[] = [];
  for (const { path, method = 'GET', body, headers } of talk) {
    const request = session.request({ ':path': path, ':method': method, ...headers });
    request.on('error', () => undefined);
    request.resume();
    request.end(body);
    const closed = new Promise((resolve) => request.once('close', resolve));
    if (atOnce) all.push(closed);
    else await closed;
  }
  await Promise.all(all);
  await new Promise<void>((resolve) => session.close(resolve));
  recorder.close();
  return recorder.events;
}

function shown(entries: readonly Entry[]): unknown[] {
  return entries.map(timeless).sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

function keyOf(entry: Partial<Entry>): string {
  return JSON.stringify([streamOf(entry), entry.target]).padStart(40);
}

function streamOf(entry: Partial<Entry>): number {
  const figures = (entry.request ?? entry.response)?.['http2'] as { streamId?: number } | undefined;
  return figures?.streamId ?? 0;
}

describe.each([
  ['one after the other', false],
  ['all at once', true],
])('requests of Node %s', (_name, atOnce) => {
  test('are shown as they were sent and answered, however their bytes are cut', async () => {
    const events = await record(asked, atOnce);
    const entries = entriesOf(protocols, events);
    const requests = entries.filter(({ target }) => target !== '/pushed');
    expect(requests).toHaveLength(asked.length);
    for (const { path, method = 'GET', body = '', headers } of asked) {
      const entry = requests.find(({ target }) => target === path)!;
      expect(entry).toMatchObject({ method, protocol: { version: '2.0' }, incomplete: [] });
      expect(entry.request).toMatchObject({ method, url: path, bodySize: body.length });
      if (body !== '') expect(entry.request!['postData']).toMatchObject({ text: body });
      for (const [name, value] of Object.entries(headers ?? {})) {
        const list = [value].flat();
        const sent = entry.request!['headers'] as Record<string, string>;
        for (const each of list) expect(sent[name]).toContain(each);
      }
    }
    const whole = shown(entries);
    expect(shown(entriesOf(protocols, byteByByte(events)))).toEqual(whole);
    for (let seed = 1; seed <= 10; seed++) {
      const pieces = inRandomPieces(events, seededRandom(seed), 700);
      expect(shown(entriesOf(protocols, pieces))).toEqual(whole);
    }
  });
});

test('answers say what they were: interim, trailers, pushed, reset', async () => {
  const entries = entriesOf(protocols, await record(asked));
  const of = (path: string) => entries.find(({ target }) => target === path)!;
  expect(of('/missing')).toMatchObject({ status: 404, outcome: 'failed' });
  expect(of('/hints').response!['interim']).toMatchObject([{ status: 103 }]);
  expect(of('/trailers').response).toMatchObject({
    trailers: { checksum: 'abc' },
    content: { text: 'body before' },
  });
  expect(of('/pushed')).toMatchObject({ method: 'GET', status: 200, outcome: 'ok' });
  expect(of('/pushed').src.port).toBe(of('/push').src.port);
  expect(of('/reset')).toMatchObject({ outcome: 'failed' });
  expect(of('/reset').response).toMatchObject({
    problems: ['reset by its sender: ENHANCE_YOUR_CALM'],
    http2: { reset: 'ENHANCE_YOUR_CALM' },
  });
});

/** Name and value of each header that is known. */
function knownFields(entry: Entry, side: 'request' | 'response'): string[] {
  const list = (entry[side]?.['headerList'] ?? []) as { name: string; value: string }[];
  return list
    .filter(({ name }) => !name.startsWith('(unknown'))
    .map(({ name, value }) => `${name}: ${value}`);
}

/** Nothing is shown of a stream that was not so. */
function expectNothingWrong(entries: readonly Entry[], truth: readonly Entry[]): void {
  for (const entry of entries) {
    const real = truth.find((each) => streamOf(each) === streamOf(entry));
    expect(real, `stream ${streamOf(entry)}`).toBeDefined();
    for (const side of ['request', 'response'] as const) {
      const fields = knownFields(real!, side);
      const interim = JSON.stringify(real![side]?.['interim'] ?? []);
      const trailers = JSON.stringify(real![side]?.['trailers'] ?? {});
      for (const field of knownFields(entry, side)) {
        const [name = '', value = ''] = field.split(': ');
        const isLater = interim.includes(value) || trailers.includes(name);
        expect(isLater ? fields[0] : field).toBe(
          isLater ? fields[0] : fields.find((f) => f === field),
        );
      }
    }
    if (entry.target !== '') expect(entry.target).toBe(real!.target);
    if (entry.status !== 0) expect([real!.status, 103]).toContain(entry.status);
  }
}

test('joined in the middle at every place: what is shown is right, the rest is said to be unknown', async () => {
  const events = await record(asked);
  const truth = entriesOf(protocols, events);
  let unknown = 0;
  for (let from = 1; from < events.length; from++) {
    const entries = entriesOf(protocols, events.slice(from), { fromStart: false });
    expectNothingWrong(entries, truth);
    unknown += entries.filter((entry) => JSON.stringify(entry).includes('not known')).length;
  }
  expect(unknown).toBeGreaterThan(0);
});

test('behind a hole: what is shown is right, and exchanges are found again', async () => {
  const events = await record([...asked, ...asked]);
  const truth = entriesOf(protocols, events);
  const random = seededRandom(5);
  let found = 0;
  for (let run = 0; run < 60; run++) {
    const index = Math.floor(random() * events.length);
    const { bytes } = events[index] as { bytes: Uint8Array };
    const at = Math.floor(random() * bytes.length);
    const holed = withHole(events, index, at, 1 + Math.floor(random() * 300));
    const entries = entriesOf(protocols, holed);
    const good = entries.filter(({ incomplete }) => incomplete.length === 0);
    expectNothingWrong(good, truth);
    found += entries.length;
  }
  expect(found).toBeGreaterThan(60 * 5);
});

test('every header that an independent encoder writes is read back', async () => {
  const random = seededRandom(11);
  const text = (longest: number) =>
    Array.from({ length: Math.floor(random() * longest) }, () =>
      String.fromCharCode(33 + Math.floor(random() * 94)),
    ).join('');
  const names = Array.from({ length: 30 }, (_, i) => `x-${'name'.repeat(1 + (i % 5))}-${i}`);
  const values = Array.from({ length: 40 }, () => text(120));
  const pick = <Item>(list: readonly Item[]) => list[Math.floor(random() * list.length)]!;
  const talk = Array.from({ length: 150 }, (_, i): Asked => {
    const count = Math.floor(random() * 12);
    const headers = Array.from({ length: count }, () => [
      pick(names),
      random() < 0.7 ? pick(values) : text(random() < 0.1 ? 3000 : 60),
    ]);
    return { path: `/${i}`, headers: Object.fromEntries(headers) };
  });
  const entries = entriesOf(protocols, await record(talk));
  for (const { path, headers } of talk) {
    const entry = entries.find(({ target }) => target === path)!;
    expect(entry.request!['headers']).toMatchObject(headers!);
    expect(entry.status).toBe(200);
  }
});

test('secrets are not kept', async () => {
  const talk = [
    { path: '/a', headers: { authorization: 'Bearer hunter2', 'x-api-key': 'hunter3' } },
  ];
  const [entry] = entriesOf(protocols, await record(talk), { redact: true });
  expect(entry!.request!['headers']).toMatchObject({
    authorization: '[REDACTED]',
    'x-api-key': '[REDACTED]',
    ':authority': expect.stringContaining('127.0.0.1'),
  });
  expect(JSON.stringify(entry)).not.toContain('hunter');
});

test('a body longer than the limit is cut, and says how long it was', async () => {
  const talk = [{ path: '/large', method: 'PUT', body: 'y'.repeat(40_000) }];
  const [entry] = entriesOf(protocols, await record(talk), { bodyLimitBytes: 1000 });
  expect(entry!.request).toMatchObject({ bodySize: 40_000, postData: { kept: 1000, cut: true } });
  expect(entry!.incomplete).toContain('the request body is longer than the limit');
});

test('mutated bytes never throw, and never make what was not there for long', async () => {
  const events = await record(asked);
  const random = seededRandom(23);
  for (let run = 0; run < 300; run++) {
    const mutated = events.map((event): Event => {
      if ('lost' in event || random() < 0.7) return event;
      const bytes = Uint8Array.from(event.bytes);
      for (let i = 0; i < 4; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
      return { from: event.from, bytes };
    });
    const entries = entriesOf(protocols, mutated);
    expect(entries.length).toBeLessThan(200);
  }
});

test('random bytes and other protocols are not taken for HTTP/2', () => {
  const random = seededRandom(3);
  const other = [
    Buffer.from('16030100c8010000c40303', 'hex'),
    Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'),
    Buffer.from('4a0000000a382e302e33330008000000', 'hex'),
    Buffer.from('0000000804d2162f', 'hex'),
    Buffer.from('3a000000010000000000000004d20000', 'hex'),
    Buffer.from('101000044d5154540402003c0004', 'hex'),
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    Buffer.from('AMQP\u0000\u0000\u0009\u0001'),
    Buffer.from('*1\r\n$4\r\nPING\r\n'),
    Buffer.from('0000001e00120003000000010007636c69656e74', 'hex'),
  ];
  for (let run = 0; run < 1000; run++) {
    const noise = Uint8Array.from({ length: 5 + Math.floor(random() * 300) }, () => random() * 256);
    // Beginnings that look like small frames are the hardest.
    if (run % 3 === 0) noise.set([0, 0, Math.floor(random() * 20), Math.floor(random() * 10), 0]);
    const bytes = run % 2 === 0 ? Buffer.concat([other[run % other.length]!, noise]) : noise;
    const events = [client(bytes), { from: 'server', bytes } as const];
    expect(entriesOf([http2Protocol], events, { fromStart: run % 4 < 2 })).toEqual([]);
  }
});
