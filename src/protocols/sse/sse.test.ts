import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  createZstdCompress,
} from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import { recordHttp } from '../http/test-record.ts';
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

const stream =
  ': welcome\n\nretry: 3000\n\nevent: order\nid: 7\ndata: {"total":1}\n\ndata: one\ndata: two\n\n' +
  'event: error\ndata: no stock\n\nid: 8\n\ndata:bare\r\n\r\ndata: mixed\r\r: ping\n\ndata\n\n';

/** What a reader of the stream above should be told. */
const told = [
  ['retry', '3000', 'ok'],
  ['order', '{"total":1}', 'ok'],
  ['message', 'one two', 'ok'],
  ['error', 'no stock', 'failed'],
  ['message', '8', 'ok'],
  ['message', 'bare', 'ok'],
  ['message', 'mixed', 'ok'],
  ['message', '', 'ok'],
];

const request = client('GET /events HTTP/1.1\r\nHost: shop\r\nAccept: text/event-stream\r\n\r\n');

function head(more: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n${more}\r\n`;
}

function chunked(text: string, size: number): string {
  let result = '';
  for (let at = 0; at < text.length; at += size) {
    const part = text.slice(at, at + size);
    result += `${part.length.toString(16)}\r\n${part}\r\n`;
  }
  return `${result}0\r\n\r\n`;
}

const talks: readonly (readonly [string, Event[]])[] = [
  ['until the server closes', [request, server(head(''), stream)]],
  ['in chunks', [request, server(head('Transfer-Encoding: chunked\r\n'), chunked(stream, 7))]],
  ['in one chunk', [request, server(head('Transfer-Encoding: chunked\r\n'), chunked(stream, 999))]],
  ['of known length', [request, server(head(`Content-Length: ${stream.length}\r\n`), stream)]],
];

function eventsIn(entries: readonly Entry[]): unknown[][] {
  return entries
    .filter((entry) => entry.protocol.abbr === 'SSE')
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ method, target, outcome }) => [method, target, outcome]);
}

describe.each(talks)('a stream %s', (_name, talk) => {
  test('has each event as an entry under its exchange', () => {
    const entries = entriesOf(protocols, talk);
    expect(eventsIn(entries)).toEqual(told);
    const exchange = entries.at(-1)!;
    expect(exchange).toMatchObject({
      protocol: { abbr: 'HTTP' },
      target: '/events',
      status: 200,
      outcome: 'ok',
      incomplete: [],
      contentType: 'text/event-stream',
      response: { content: { text: stream } },
    });
    for (const entry of entries.slice(0, -1)) {
      expect(entry).toMatchObject({ parent: exchange.id, protocol: { name: 'sse' } });
      expect(entry.request).toBeUndefined();
    }
  });

  test('is the same however its bytes are cut', () => {
    const whole = entriesOf(protocols, talk).map(timeless);
    expect(entriesOf(protocols, byteByByte(talk)).map(timeless)).toEqual(whole);
    for (let seed = 1; seed < 30; seed++) {
      const pieces = inRandomPieces(talk, seededRandom(seed));
      expect(entriesOf(protocols, pieces).map(timeless)).toEqual(whole);
    }
  });

  test('goes on behind a hole, and nothing is made up', () => {
    const known = new Set(told.map((each) => JSON.stringify(each)));
    const length = (talk[1] as { bytes: Uint8Array }).bytes.length;
    for (let at = 60; at < length - 30; at += 3) {
      const entries = entriesOf(protocols, withHole(talk, 1, at, 5));
      const events = entries.filter(({ protocol }) => protocol.abbr === 'SSE');
      for (const { method, target, outcome, incomplete } of events) {
        if (incomplete.length > 0) continue;
        expect(known).toContain(JSON.stringify([method, target, outcome]));
      }
      expect(entries.at(-1)!.incomplete).not.toEqual([]);
    }
  });
});

test('events are there before the stream ends, with their values', () => {
  const bench = new ProtocolBench(protocols);
  bench.feed([
    request,
    server(head(''), 'event: a\nid: 1\ndata: {"n":1}\n: why\n\nevent: b\ndata'),
  ]);
  bench.announce();
  expect(bench.pending.map(({ target, outcome }) => [target, outcome])).toEqual([
    ['/events', 'pending'],
  ]);
  expect(bench.entries).toHaveLength(1);
  expect(bench.entries[0]).toMatchObject({
    parent: bench.pending[0]!.id,
    method: 'a',
    response: { event: 'a', id: '1', data: '{"n":1}', size: 7, comments: ['why'] },
  });
  bench.feed([server(': 5\n\n')]).announce();
  expect(bench.entries[1]).toMatchObject({ method: 'b', target: ': 5'.slice(2) });
});

test('a stream that waited is shown again when its answer begins', () => {
  const bench = new ProtocolBench(protocols);
  bench
    .feed([request])
    .announce()
    .feed([server(head(''), 'data: 1\n\n')])
    .announce()
    .announce();
  expect(bench.pending.map(({ status, outcome }) => [status, outcome])).toEqual([
    [0, 'pending'],
    [200, 'pending'],
  ]);
  expect(new Set(bench.pending.map(({ id }) => id)).size).toBe(1);
  const entries = bench.close();
  expect(entries.map(({ target, outcome }) => [target, outcome])).toEqual([
    ['1', 'ok'],
    ['/events', 'ok'],
  ]);
});

test('an event that is broken off says so; one without an empty line breaks the specification', () => {
  const cut = [request, server(head('Content-Length: 999\r\n'), 'data: half')];
  const [event] = entriesOf(protocols, cut);
  expect(event).toMatchObject({
    target: 'half',
    incomplete: ['the connection ended within the response'],
  });
  const [last] = entriesOf(protocols, [request, server(head(''), 'data: [DONE]\n')]);
  expect(last).toMatchObject({
    target: '[DONE]',
    incomplete: ['the response breaks its specification'],
  });
});

test('an event longer than the limit is cut, the ones behind it are not', () => {
  const long = `data: ${'x'.repeat(5000)}\n\ndata: short\n\n`;
  const entries = entriesOf(protocols, [request, server(head(''), long)], { bodyLimitBytes: 100 });
  expect(entries).toHaveLength(3);
  expect(entries[0]!.incomplete).toEqual(['the response body is longer than the limit']);
  expect(entries[0]!.responseSize).toBe(5008);
  expect(entries[1]).toMatchObject({ target: 'short', incomplete: [] });
  expect(entries[2]!.incomplete).toEqual(['the response body is longer than the limit']);
});

test('the next exchange of the connection is found behind a stream', () => {
  const next = [client('GET /next HTTP/1.1\r\nHost: a\r\n\r\n'), server('HTTP/1.1 204 No\r\n\r\n')];
  const entries = entriesOf(protocols, [...talks[1]![1], ...next, ...talks[3]![1]]);
  expect(
    entries.filter(({ parent }) => parent === '').map(({ target, status }) => [target, status]),
  ).toEqual([
    ['/events', 200],
    ['/next', 204],
    ['/events', 200],
  ]);
  expect(eventsIn(entries)).toEqual([...told, ...told]);
});

test('joined in the middle: events of an answer without its request', () => {
  const entries = entriesOf(protocols, [server(head(''), 'data: late\n\n')], { fromStart: false });
  expect(entries).toMatchObject([
    { target: 'late', parent: entries[1]!.id },
    { outcome: 'no request', status: 200 },
  ]);
});

const compressors = {
  gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH }),
  deflate: () => createDeflate({ flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdCompress({ flush: constants.ZSTD_e_flush }),
};
type Coding = keyof typeof compressors;
const codings = Object.keys(compressors) as Coding[];

async function compressed(encoding: Coding): Promise<Event[]> {
  const [events] = await recordHttp(
    (_request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'content-encoding': encoding,
      });
      const zip = compressors[encoding]();
      zip.pipe(response);
      const say = (n: number) => {
        if (n === 20) zip.end();
        else
          zip.write(`event: tick\ndata: {"number":${n},"text":"the same again"}\n\n`, () =>
            say(n + 1),
          );
      };
      say(0);
    },
    async (url) => {
      await (await fetch(url)).text();
    },
  );
  return events!;
}

test.each(codings)('a real stream compressed by %s is read', async (coding) => {
  const events = await compressed(coding);
  const expected = Array.from({ length: 20 }, (_, n) => [
    'tick',
    `{"number":${n},"text":"the same again"}`,
    'ok',
  ]);
  expect(eventsIn(entriesOf(protocols, events))).toEqual(expected);
  const live = new ProtocolBench(protocols).feed(byteByByte(events.slice(0, -1))).announce();
  expect(live.entries.length).toBeGreaterThan(15);
  live.close();
});

test.each(codings)(
  'a stream compressed by %s that is damaged costs its events only',
  async (coding) => {
    const [asked, ...answered] = await compressed(coding);
    const random = seededRandom(3);
    for (let run = 0; run < 100; run++) {
      const damaged = answered.map((event): Event => {
        const bytes = Buffer.from((event as { bytes: Uint8Array }).bytes);
        const at = Math.floor(random() * bytes.length);
        if (bytes.includes('HTTP/')) return event;
        bytes[at] = Math.floor(random() * 256);
        return { ...event, bytes };
      });
      const entries = entriesOf(protocols, [asked!, ...damaged, ...talks[1]![1]]);
      expect(entries.filter(({ parent }) => parent === '').length).toBeGreaterThan(0);
      expect(entries.length).toBeLessThan(100);
    }
  },
);

test('more streams at a time than there may be decoders: shown as a whole, and then no more', async () => {
  const events = await compressed('br');
  const open = Array.from({ length: 70 }, () =>
    new ProtocolBench(protocols).feed(events.slice(0, -1)),
  );
  const seen = open.map((bench) => eventsIn(bench.announce().entries).length > 0);
  expect(seen.filter(Boolean)).toHaveLength(64);
  for (const bench of open) bench.close();
  expect(eventsIn(entriesOf(protocols, events))).toHaveLength(20);
});

test('what is no text has no events', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 37) % 256);
  const entries = entriesOf(protocols, [request, server(head(''), Uint8Array.of(0), bytes)]);
  expect(entries).toHaveLength(1);
});

test('no bytes make it throw', () => {
  const random = seededRandom(5);
  for (let run = 0; run < 600; run++) {
    const [, talk] = talks[run % talks.length]!;
    const bytes = Buffer.from((talk[1] as { bytes: Uint8Array }).bytes);
    for (let i = 0; i < 1 + random() * 6; i++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const entries = entriesOf(protocols, inRandomPieces([request, server(bytes)], random, 60));
    expect(entries.length).toBeGreaterThan(0);
    expect(() => JSON.stringify(entries)).not.toThrow();
  }
});
