import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { httpProtocol } from '../http/index.ts';
import {
  byteByByte,
  client,
  type Event,
  entriesOf,
  ProtocolBench,
  server,
  timeless,
} from '../test-bench.ts';
import { webSocketProtocol } from '../websocket/index.ts';
import { Flag, Frame } from './frames.ts';
import { http2Protocol } from './index.ts';
import { answer, ask, block, frame, preface, settings } from './test-frames.ts';
import { Recorder } from './test-record.ts';

const protocols = [httpProtocol, http2Protocol, webSocketProtocol];
const hello: Event[] = [client(preface, settings), server(settings)];

describe('prior knowledge', () => {
  test('the preface may be split anywhere', () => {
    const bytes = Buffer.concat([preface, settings, ask(1, '/a')]);
    for (let at = 1; at < bytes.length; at++) {
      const events = [
        client(bytes.subarray(0, at)),
        client(bytes.subarray(at)),
        server(settings, answer(1, 200)),
      ];
      expect(entriesOf(protocols, events)).toMatchObject([{ target: '/a', status: 200 }]);
    }
  });

  test('padding, priority, unknown and extension frames do not disturb', () => {
    const fields = block([
      [':method', 'POST'],
      [':scheme', 'http'],
      [':authority', 'shop'],
      [':path', '/padded'],
    ]);
    const flags = Flag.EndHeaders | Flag.Padded | Flag.Priority;
    const head = Buffer.concat([Buffer.of(4), Buffer.of(0, 0, 0, 3, 9), fields, Buffer.alloc(4)]);
    const data = Buffer.concat([Buffer.of(3), Buffer.from('hello'), Buffer.alloc(3)]);
    const events = [
      ...hello,
      client(
        frame(0x10, 0, 0, 'priority update'),
        frame(0x0b, 0, 0, 'grease'),
        frame(Frame.Headers, flags, 5, head),
      ),
      server(frame(Frame.WindowUpdate, 0, 5, Buffer.of(0, 0, 1, 0))),
      client(frame(Frame.Data, Flag.Padded | Flag.EndStream, 5, data)),
      server(answer(5, 204)),
    ];
    const [entry] = entriesOf(protocols, events);
    expect(entry!.request).toMatchObject({
      url: '/padded',
      postData: { text: 'hello' },
      http2: { weight: 10, dependsOn: 3, paddingBytes: 4, windowUpdateBytes: 256, dataBytes: 5 },
    });
    expect(entriesOf(protocols, byteByByte(events)).map(timeless)).toEqual([timeless(entry!)]);
  });
});

test('an upgrade from HTTP/1: the answer on stream 1 belongs to the request that upgraded', () => {
  const events = [
    client(
      'GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n' +
        'HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    ),
    server('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'),
    client(preface, settings),
    server(settings, answer(1, 203, false), frame(Frame.Data, Flag.EndStream, 1, 'upgraded')),
    client(ask(3, '/next')),
    server(answer(3, 404)),
  ];
  for (const each of [events, byteByByte(events)]) {
    const [upgrade, first, next] = entriesOf(protocols, each);
    expect(upgrade).toMatchObject({ target: '/up', status: 101, protocol: { version: '1.1' } });
    expect(first).toMatchObject({ parent: upgrade!.id, status: 203, outcome: 'ok' });
    expect(first!.response).toMatchObject({ content: { text: 'upgraded' } });
    expect(next).toMatchObject({ target: '/next', status: 404, parent: '' });
  }
});

test('messages of WebSocket in an extended CONNECT are entries under it', async () => {
  const peer = http2.createServer({ settings: { enableConnectProtocol: true } });
  peer.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.on('data', (data: Buffer) => {
      // Masked text of up to 125 bytes → the same, not masked.
      const mask = data.subarray(2, 6);
      const text = Buffer.from(data.subarray(6).map((byte, i) => byte ^ mask[i % 4]!));
      stream.end(Buffer.concat([Buffer.of(0x81, text.length), text]));
    });
  });
  peer.listen(0, '127.0.0.1');
  await once(peer, 'listening');
  const recorder = await Recorder.before((peer.address() as AddressInfo).port);
  const session = http2.connect(`http://127.0.0.1:${recorder.port}`);
  await once(session, 'remoteSettings');
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':path': '/chat',
    ':scheme': 'http',
    ':authority': 'a',
  });
  const mask = Buffer.of(9, 8, 7, 6);
  const masked = Buffer.from(Buffer.from('hello there').map((byte, i) => byte ^ mask[i % 4]!));
  stream.write(Buffer.concat([Buffer.of(0x81, 0x80 | masked.length), mask, masked]));
  stream.resume();
  await once(stream, 'end');
  stream.end();
  await new Promise<void>((resolve) => session.close(resolve));
  recorder.close();
  peer.close();
  for (const events of [recorder.events, byteByByte(recorder.events)]) {
    const entries = entriesOf(protocols, events);
    const connect = entries.find(({ method }) => method === 'CONNECT')!;
    expect(connect).toMatchObject({ target: '/chat', status: 200, protocol: { abbr: 'HTTP/2' } });
    const texts = entries.filter(({ method }) => method === 'text');
    expect(texts).toMatchObject([
      { parent: connect.id, protocol: { abbr: 'WS' }, request: { text: 'hello there' } },
      { parent: connect.id, protocol: { abbr: 'WS' }, response: { text: 'hello there' } },
    ]);
  }
});

describe('abuse costs bounded memory and is named', () => {
  test('rapid reset', () => {
    const bench = new ProtocolBench(protocols).feed(hello);
    for (let stream = 1; stream < 20_000; stream += 2) {
      const cancel = frame(Frame.ResetStream, 0, stream, Buffer.of(0, 0, 0, 8));
      bench.feed([client(ask(stream, '/a'), cancel)]);
    }
    const entries = bench.close();
    expect(entries).toHaveLength(10_000);
    expect(entries.at(-1)).toMatchObject({ outcome: 'failed' });
    expect(JSON.stringify(entries.at(-1)!.request!['problems'])).toContain('rapid reset');
  });

  test('a header block without an end', () => {
    const fill = block([['x-fill', 'y'.repeat(1000)]]);
    const more = frame(Frame.Continuation, 0, 1, fill);
    const bench = new ProtocolBench(protocols).feed(hello);
    bench.feed([client(frame(Frame.Headers, 0, 1, fill))]);
    for (let i = 0; i < 5000; i++) bench.feed([client(more)]);
    bench.feed([client(frame(Frame.Continuation, Flag.EndHeaders, 1, fill), ask(3, '/next'))]);
    const entries = bench.feed([server(answer(3, 200))]).close();
    const flood = entries.find(({ target }) => target !== '/next')!;
    expect(flood.incomplete).toContain('the request breaks its specification');
    expect(JSON.stringify(flood.request!['problems'])).toContain('CONTINUATION frames: a flood');
    expect(flood.request!['headerList']).toEqual([]);
    expect(entries.find(({ target }) => target === '/next')).toMatchObject({ status: 200 });
  });

  test('empty frames', () => {
    const fields = block([
      [':method', 'POST'],
      [':path', '/empty'],
    ]);
    const empties = Buffer.concat(Array<Buffer>(2000).fill(frame(Frame.Data, 0, 1)));
    const events = [
      ...hello,
      client(frame(Frame.Headers, Flag.EndHeaders, 1, fields), empties),
      client(frame(Frame.Data, Flag.EndStream, 1)),
      server(answer(1, 200)),
    ];
    const [entry] = entriesOf(protocols, events);
    expect(JSON.stringify(entry!.request!['problems'])).toContain('2,000 empty DATA frames');
  });

  test('a table as large as can be, and streams that never end: the oldest are given up', () => {
    const bench = new ProtocolBench(protocols).feed(hello);
    // Table size 2^28, then fields that are inserted.
    bench.feed([
      client(frame(Frame.Headers, Flag.EndHeaders, 1, Buffer.of(0x3f, 0xe1, 0xff, 0xff, 0x7f))),
    ]);
    const value = Buffer.alloc(4000, 'v');
    const literal = Buffer.concat([Buffer.of(0x40, 1, 0x61, 127, 0xa1, 0x1e), value]);
    for (let stream = 3; stream < 10_000; stream += 2) {
      bench.feed([client(frame(Frame.Headers, Flag.EndHeaders, stream, literal))]);
    }
    expect(bench.announce().entries.length).toBeGreaterThan(800);
    expect(bench.dissector.counters.shedMessages).toBe(0);
    const left = bench.entries.length;
    expect(bench.close().length - left).toBeLessThanOrEqual(4096);
  });
});

describe('GOAWAY', () => {
  const goAway = (last: number, code: number) => {
    const content = Buffer.alloc(8);
    content.writeUInt32BE(last, 0);
    content.writeUInt32BE(code, 4);
    return frame(Frame.GoAway, 0, 0, content);
  };

  test('of a server: what it leaves unanswered has failed, and says why', () => {
    const half = frame(Frame.Headers, Flag.EndHeaders, 5, block([[':path', '/half']]));
    const bench = new ProtocolBench(protocols).feed([
      ...hello,
      client(ask(1, '/a'), ask(3, '/b'), half),
      server(goAway(0x7fff_ffff, 0), goAway(1, 11), answer(1, 200)),
      client(frame(Frame.Data, Flag.EndStream, 5, 'rest')),
    ]);
    // The connection is still open.
    const { entries } = bench.announce();
    expect(entries).toHaveLength(3);
    const byPath = (path: string) => entries.find(({ target }) => target === path)!;
    expect(byPath('/a')).toMatchObject({ status: 200, outcome: 'ok' });
    for (const lost of [byPath('/b'), byPath('/half')]) {
      expect(lost).toMatchObject({
        outcome: 'failed',
        response: { http2: { streamId: expect.any(Number) } },
      });
      const problem = 'not processed, the connection was closed: ENHANCE_YOUR_CALM';
      expect(lost.response!['problems']).toEqual([problem]);
    }
    expect(bench.close()).toHaveLength(3);
  });

  test('of a client: answers to its own requests still come', () => {
    const [entry, ...others] = entriesOf(protocols, [
      ...hello,
      client(ask(1, '/a')),
      server(answer(1, 200, false), frame(Frame.Data, 0, 1, 'first ')),
      client(goAway(0, 0)),
      server(frame(Frame.Data, Flag.EndStream, 1, 'last')),
    ]);
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ status: 200, outcome: 'ok', incomplete: [] });
    expect(entry!.response).toMatchObject({ content: { text: 'first last' } });
  });
});

test('a reset in place of an answer is no success, whatever its code', () => {
  for (const code of [0, 8]) {
    const reset = frame(Frame.ResetStream, 0, 1, Buffer.of(0, 0, 0, code));
    const [entry] = entriesOf(protocols, [...hello, client(ask(1, '/a'), reset)]);
    expect(entry!.outcome).toBe('failed');
  }
});
