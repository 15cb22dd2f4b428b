import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from 'ws';
import { seededRandom } from '../../../test/fuzz/random.ts';
import { httpProtocol } from '../http/index.ts';
import {
  byteByByte,
  client,
  type Event,
  entriesOf,
  inRandomPieces,
  server,
  withHole,
} from '../test-bench.ts';
import { webSocketProtocol } from './index.ts';

const protocols = [httpProtocol, webSocketProtocol];

type Said = readonly [from: 'client' | 'server', data: string | Buffer];

/** A conversation between real ends (package ws), as bytes in the order of the wire. */
async function record(
  deflate: boolean | PerMessageDeflateOptions,
  said: readonly Said[],
  bye = 'done',
): Promise<Event[]> {
  const events: Event[] = [];
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: deflate });
  await once(sockets, 'listening');
  const proxy = createServer((from) => {
    const to = connect((sockets.address() as AddressInfo).port, '127.0.0.1');
    from.on('data', (data) => {
      events.push(client(data));
      to.write(data);
    });
    to.on('data', (data) => {
      events.push(server(data));
      from.write(data);
    });
    from.on('close', () => to.destroy()).on('error', () => {});
    to.on('close', () => from.end()).on('error', () => {});
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const accepted = once(sockets, 'connection');
  const address = `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}/chat?room=1`;
  const one = new WebSocket(address, { perMessageDeflate: deflate });
  await once(one, 'open');
  const [other] = (await accepted) as [WebSocket];
  for (const [from, data] of said) {
    const [sender, receiver] = from === 'client' ? [one, other] : [other, one];
    const came = once(receiver, 'message');
    sender.send(data);
    await came;
  }
  const closed = once(other, 'close');
  one.close(1000, bye);
  await closed;
  sockets.close();
  proxy.close();
  return events;
}

const text = (n: number) => JSON.stringify({ number: n, words: 'the same words again '.repeat(n) });
const talk: readonly Said[] = [
  ['client', 'hello'],
  ['server', text(1)],
  ['client', text(40)],
  ['server', text(40)],
  ['server', Buffer.from([0, 1, 2, 250])],
  ['client', text(4000)],
  ['client', text(3)],
  ['server', text(3)],
];

function saidIn(events: readonly Event[], options = {}): unknown[] {
  return entriesOf(protocols, events, options)
    .filter((entry) => entry.protocol.name === 'websocket' && !/close|p[io]ng/.test(entry.method))
    .map((entry) => {
      const side = entry.request ?? entry.response!;
      const content =
        side['encoding'] === 'base64' ? Buffer.from(String(side['text']), 'base64') : side['text'];
      return [entry.request === undefined ? 'server' : 'client', content];
    });
}

describe.each([
  ['without compression', false],
  ['with compression that remembers', { threshold: 0 }],
  [
    'with compression that forgets',
    { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true },
  ],
] as const)('a conversation %s', (_name, deflate) => {
  test('is shown message by message, however its bytes are cut', async () => {
    const events = await record(deflate, talk);
    expect(saidIn(events)).toEqual(talk);
    expect(saidIn(byteByByte(events))).toEqual(talk);
    for (let seed = 1; seed <= 20; seed++) {
      expect(saidIn(inRandomPieces(events, seededRandom(seed)))).toEqual(talk);
    }
  });

  test('is joined to the upgrade, and ends with the reason', async () => {
    const entries = entriesOf(protocols, await record(deflate, talk));
    const [upgrade, ...messages] = entries;
    expect(upgrade).toMatchObject({ method: 'GET', target: '/chat?room=1', status: 101 });
    for (const message of messages) expect(message.parent).toBe(upgrade!.id);
    const closes = messages.filter(({ method }) => method === 'close');
    expect(closes).toHaveLength(2);
    expect(closes[0]).toMatchObject({ status: 1000, target: 'done', outcome: 'ok' });
  });

  test('after a loss, what can be read is read, and nothing is made up', async () => {
    const events = await record(deflate, talk);
    const sent = new Set(talk.map((each) => JSON.stringify(each)));
    const random = seededRandom(7);
    for (let run = 0; run < 60; run++) {
      const index = 2 + Math.floor(random() * (events.length - 2));
      const event = events[index] as { bytes: Uint8Array };
      const at = Math.floor(random() * event.bytes.length);
      const length = 1 + Math.floor(random() * 40);
      const entries = entriesOf(protocols, withHole(events, index, at, length));
      for (const entry of entries) {
        if (entry.method !== 'text' || entry.incomplete.length > 0) continue;
        const side = entry.request ?? entry.response!;
        if (side['problem'] !== undefined) continue;
        const from = entry.request === undefined ? 'server' : 'client';
        expect(sent).toContain(JSON.stringify([from, side['text']]));
      }
    }
  });
});

test('joined in the middle: texts are recognised', () => {
  const mask = [1, 2, 3, 4];
  const words = Buffer.from('{"event":"joined"}');
  const masked = Buffer.from(words.map((byte, i) => byte ^ mask[i & 3]!));
  const events = [
    server(Uint8Array.from([0x81, words.length]), words),
    client(Uint8Array.from([0x81, 0x80 | words.length, ...mask]), masked),
  ].map((event) => event);
  const entries = entriesOf(protocols, events, { fromStart: false });
  expect(entries.map(({ target }) => target)).toEqual([words.toString(), words.toString()]);
});

test('a message longer than the limit is cut, and says how long it was', async () => {
  const events = await record(false, [['client', 'x'.repeat(5000)]]);
  const [, message] = entriesOf(protocols, events, { bodyLimitBytes: 100 });
  expect(message!.request).toMatchObject({ text: 'x'.repeat(100), size: 5000 });
  expect(message!.incomplete).toEqual(['the request body is longer than the limit']);
});

test('fragments are one message, with control frames in between', () => {
  const upgrade = [
    client('GET /c HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    server('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
  ];
  const events = [
    ...upgrade,
    server(Uint8Array.from([0x01, 3]), 'one'),
    server(Uint8Array.from([0x89, 2]), 'hi'),
    server(Uint8Array.from([0x00, 3]), 'two', Uint8Array.from([0x80, 5]), 'three'),
    server(Uint8Array.from([0x88, 2, 0x03, 0xf3])),
  ];
  const entries = entriesOf(protocols, events).sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(
    entries.map(({ method, target, status, outcome }) => [method, target, status, outcome]),
  ).toEqual([
    ['GET', '/c', 101, 'ok'],
    ['text', 'onetwothree', 0, 'ok'],
    ['ping', 'hi', 0, 'ok'],
    ['close', '', 1011, 'failed'],
  ]);
  expect(entries[1]!.response).toMatchObject({ frames: 3, size: 11 });
});

test('what breaks the specification in its lengths is shown, and said to do so', () => {
  const events = [
    client('GET /c HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    server('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    server(Uint8Array.from([0x81, 126, 0, 2]), 'hi'),
    server(Uint8Array.from([0x88, 127, 0, 0, 0, 0, 0, 0, 1, 2, 0x03, 0xe8]), 'C'.repeat(256)),
  ];
  const [, text, close] = entriesOf(protocols, events);
  expect(text).toMatchObject({
    target: 'hi',
    incomplete: ['the response breaks its specification'],
  });
  expect(close).toMatchObject({
    method: 'close',
    status: 1000,
    incomplete: ['the response breaks its specification'],
    response: { closeReason: 'C'.repeat(256) },
  });
});

test('random bytes of other protocols are not taken for messages', () => {
  const random = seededRandom(3);
  for (let run = 0; run < 1000; run++) {
    const bytes = Uint8Array.from({ length: 2 + Math.floor(random() * 200) }, () => random() * 256);
    const events = [client(bytes), server(bytes)];
    expect(entriesOf([webSocketProtocol], events, { fromStart: run % 2 === 0 })).toEqual([]);
  }
});
