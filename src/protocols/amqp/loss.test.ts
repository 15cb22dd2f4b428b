/** AMQP in pieces, with holes, joined in the middle, damaged, and what is not AMQP. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { ValueMap } from '../../dissect/contract.ts';
import type { Entry } from '../../entry/entry.ts';
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
import { decodeTable } from './decode-table.ts';
import { amqpProtocol } from './index.ts';
import { methods } from './methods.ts';
import {
  codecMethod,
  content,
  deliver,
  heartbeat,
  login,
  method,
  openChannel,
  publish,
} from './test-encode.ts';

/** A talk of every kind of exchange, one event a message. */
const talk: readonly Event[] = [
  ...login(),
  ...openChannel(1),
  client(method('queue declare', 1, { queue: 'q' })),
  server(method('queue declare-ok', 1, { queue: 'q', messageCount: 3, consumerCount: 1 })),
  client(method('confirm select', 1)),
  server(method('confirm select-ok', 1)),
  client(publish(1, 'e', 'one', 'first', { contentType: 'text/plain' })),
  client(publish(1, 'e', 'two', 'z'.repeat(3000), { headers: { a: 1 } })),
  server(method('basic ack', 1, { deliveryTag: 2, multiple: true })),
  ...openChannel(2),
  client(method('basic consume', 2, { queue: 'q', consumerTag: 'c' })),
  server(method('basic consume-ok', 2, { consumerTag: 'c' })),
  server(deliver(2, 'c', 1, 'q', 'third')),
  client(heartbeat),
  server(deliver(2, 'c', 2, 'q', 'fourth')),
  client(method('basic ack', 2, { deliveryTag: 1 })),
  client(method('basic nack', 2, { deliveryTag: 2 })),
  client(method('basic get', 2, { queue: 'q' })),
  server(method('basic get-ok', 2, { deliveryTag: 3, routingKey: 'q' }), content(2, 'fifth')),
  client(method('basic reject', 2, { deliveryTag: 3 })),
  client(method('channel close', 1, { replyCode: 200, replyText: 'done' })),
  server(method('channel close-ok', 1)),
  client(method('connection close', 0, { replyCode: 200, replyText: 'bye' })),
  server(method('connection close-ok', 0)),
];
const seen = (events: readonly Event[], options = {}): Entry[] =>
  entriesOf([amqpProtocol], events, { finished: false, ...options });
const whole = seen(talk).map(timeless);

/** What names an exchange in this talk, and the answer that it must have. */
const subject = ({ method: name, target, request, response }: Partial<Entry>): string =>
  `${name} ${target} ${request?.['deliveryTag'] ?? ''} ${response?.['method'] ?? '-'}`;
const subjects = new Set(whole.map(subject));

/** What is shown is true: a pair is one of those that there were. */
function expectNoWrongPair(entries: readonly Entry[]): void {
  for (const entry of entries) {
    if (entry.request === undefined || entry.response === undefined) continue;
    expect(subjects).toContain(subject(entry));
  }
}

test('byte by byte and in random pieces the entries are the same', () => {
  expect(whole).toHaveLength(16);
  expect(seen(byteByByte(talk)).map(timeless)).toEqual(whole);
  const random = seededRandom(7);
  for (let round = 0; round < 100; round++) {
    const longest = 2 + Math.floor(random() * 400);
    expect(seen(inRandomPieces(talk, random, longest)).map(timeless)).toEqual(whole);
  }
});

test('joined in the middle at every message: the rest is understood, and nothing is paired wrong', () => {
  // The four last say nothing of who is the client: both ends may send them.
  for (let from = 1; from < talk.length - 4; from++) {
    const entries = seen(talk.slice(from), { fromStart: false });
    expectNoWrongPair(entries);
    for (const target of ['done', 'bye']) {
      const closing = entries.find((entry) => entry.target === target);
      expect(closing).toMatchObject({ outcome: 'ok', src: { port: 40_000 } });
    }
  }
});

test('an acknowledgement whose message came before the capture says so', () => {
  const entries = seen(
    [
      server(method('basic consume-ok', 5, { consumerTag: 'c' })),
      client(method('basic ack', 5, { deliveryTag: 41 })),
      server(deliver(5, 'c', 42, 'q', 'now its consumer is known to acknowledge')),
      client(method('basic ack', 5, { deliveryTag: 42 })),
      client(publish(5, 'e', 'k', 'confirms are not known here')),
      server(method('basic ack', 5, { deliveryTag: 9 })),
    ],
    { fromStart: false },
  );
  expect(entries.slice(1)).toMatchObject([
    { method: 'basic ack', outcome: 'no request', incomplete: ['the request was not seen'] },
    { method: 'basic deliver', outcome: 'ok', response: { deliveryTag: 42 } },
    { method: 'basic publish', outcome: 'ok' },
    { method: 'basic ack', target: 'delivery 9', outcome: 'no request' },
  ]);
});

test('wherever bytes are lost, what is shown is true and the rest goes on', () => {
  for (let index = 0; index < talk.length - 4; index++) {
    const event = talk[index]!;
    if ('lost' in event) continue;
    const { length } = event.bytes;
    for (let at = 0; at < length; at += 1 + Math.floor(length / 10)) {
      for (const lost of [1, 5, length - at]) {
        const entries = seen(withHole(talk, index, at, lost));
        expectNoWrongPair(entries);
        expect(entries.find(({ target }) => target === 'bye')).toMatchObject({ outcome: 'ok' });
      }
    }
  }
});

test('a hole within a body costs nothing but its bytes', () => {
  const events = [
    ...login(),
    ...openChannel(1),
    client(method('confirm select', 1)),
    client(publish(1, '', 'q', 'A'.repeat(5000))),
    server(method('basic ack', 1, { deliveryTag: 1 })),
  ];
  const entry = seen(withHole(events, 9, 2000, 1000)).find(({ target }) => target === 'q')!;
  expect(entry).toMatchObject({
    target: 'q',
    outcome: 'ok',
    incomplete: ['bytes of the request were lost by the capture'],
    request: { bodySize: 5000 },
    response: { method: 'basic ack' },
  });
  expect(entry.request!['bodyKept']).toBeLessThan(2000);
  expect(entry.requestSize).toBeGreaterThan(5000);
});

test('the connection ends within a message', () => {
  const events = [
    ...login(),
    ...openChannel(1),
    client(publish(1, '', 'q', 'abc').subarray(0, -3)),
  ];
  expect(seen(events).at(-1)).toMatchObject({
    target: 'q',
    incomplete: ['the connection ended within the request'],
    request: { bodySize: 3, bodyKept: 1 },
  });
});

/** Fields that the specification keeps for itself. */
const reserved = new Set(
  'ticket capabilities insist outOfBand channelId knownHosts clusterId'.split(' '),
);

/** A field of amqplib's is shown with its value. */
function expectShown(shown: ValueMap, field: string, sent: unknown): void {
  const ours = field === 'nowait' ? 'noWait' : field;
  // What is kept for itself is only shown when it says something.
  if (reserved.has(ours) && shown[ours] === undefined) expect([0, '', false]).toContain(sent);
  // AMQPLAIN makes a table of its response; it has a test of its own.
  else if (ours !== 'response') expect(shown[ours]).toEqual(sent);
}

describe('every method', () => {
  const known = methods.filter(({ name }) => codecMethod(name) !== undefined);

  test('is in the table as in the codec of others', () => {
    // Brokers have dropped the class access.
    const missing = methods.filter((each) => !known.includes(each)).map(({ name }) => name);
    expect(missing.filter((name) => !name.startsWith('access'))).toEqual([]);
    expect(known).toHaveLength(66);
  });

  test.each(known.map((each) => [each.name, each] as const))('%s', (name, facts) => {
    const { args } = codecMethod(name)!;
    const value = (type: string): fc.Arbitrary<unknown> => {
      switch (type) {
        case 'bit':
          return fc.boolean();
        case 'octet':
          return fc.nat(255);
        case 'short':
          return fc.nat(65_535);
        case 'long':
          return fc.nat(0x7fff_ffff);
        case 'longlong':
          return fc.nat(0x7fff_ffff);
        case 'shortstr':
          return fc.string({ maxLength: 60 });
        case 'longstr':
          return fc.string({ maxLength: 300 }).map((text) => Buffer.from(text));
        default:
          return fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.boolean());
      }
    };
    const fields = fc.record(Object.fromEntries(args.map((each) => [each.name, value(each.type)])));
    const channel = facts.classId === 10 ? 0 : 7;
    fc.assert(
      fc.property(fields, (given) => {
        const bytes = method(name, channel, given as Record<string, unknown>);
        const frames = facts.content ? Buffer.concat([bytes, content(channel, 'x')]) : bytes;
        const { request } = amqpProtocol.decode({
          version: 91,
          request: frames,
          response: undefined,
          incomplete: 0,
        });
        expect(request).toMatchObject({ method: name, channel });
        for (const { name: field } of args) {
          const sent = (given as Record<string, unknown>)[field];
          expectShown(request!, field, sent instanceof Buffer ? sent.toString() : sent);
        }
      }),
      { numRuns: 20 },
    );
  });
});

test('field tables: all types of RabbitMQ and Qpid', () => {
  const u32 = (n: number) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
  const entry = (name: string, type: string, ...bytes: number[]) => [
    name.length,
    ...Buffer.from(name),
    type.charCodeAt(0),
    ...bytes,
  ];
  const inner = entry('k', 'k', 0x51);
  const array = ['t'.charCodeAt(0), 1, 'I'.charCodeAt(0), ...u32(-5 >>> 0)];
  const double = Buffer.alloc(8);
  double.writeDoubleBE(-2.5);
  const float = Buffer.alloc(4);
  float.writeFloatBE(0.5);
  const table = Uint8Array.from([
    ...entry('bool', 't', 1),
    ...entry('i8', 'b', 0xff),
    ...entry('u8', 'B', 0xff),
    ...entry('i16', 's', 0xff, 0xfe),
    ...entry('short', 'U', 0, 7),
    ...entry('u16', 'u', 0xff, 0xfe),
    ...entry('i32', 'I', ...u32(-7 >>> 0)),
    ...entry('u32', 'i', ...u32(0xffff_ffff)),
    ...entry('i64', 'l', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf9),
    // Celery and pika write it, RabbitMQ reads it, as a signed number.
    ...entry('long', 'L', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf9),
    ...entry('most', 'l', 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    ...entry('float', 'f', ...float),
    ...entry('double', 'd', ...double),
    ...entry('decimal', 'D', 2, ...u32(-1234 >>> 0)),
    ...entry('text', 'S', ...u32(3), 0xc3, 0xa4, 0x62),
    ...entry('bytes', 'x', ...u32(2), 0xff, 0xfe),
    ...entry('ascii', 'c', ...u32(1), 0x61),
    ...entry('wide', 'C', ...u32(1), 0x62),
    ...entry('time', 'T', 0, 0, 0, 0, ...u32(1_700_000_000)),
    ...entry('nothing', 'V'),
    ...entry('array', 'A', ...u32(array.length), ...array),
    ...entry('table', 'F', ...u32(inner.length), ...inner),
    ...entry('__proto__', 'B', 1),
  ]);
  const { map, problem } = decodeTable(table);
  expect(problem).toBeUndefined();
  expect(Object.entries(map)).toEqual([
    ['bool', true],
    ['i8', -1],
    ['u8', 255],
    ['i16', -2],
    ['short', 7],
    ['u16', 65_534],
    ['i32', -7],
    ['u32', 4_294_967_295],
    ['i64', -7],
    ['long', -7],
    ['most', '9223372036854775807'],
    ['float', 0.5],
    ['double', -2.5],
    ['decimal', -12.34],
    ['text', 'äb'],
    ['bytes', '//4='],
    ['ascii', 'a'],
    ['wide', 'b'],
    ['time', '2023-11-14T22:13:20Z'],
    ['nothing', null],
    ['array', [true, -5]],
    ['table', { k: 'Q' }],
    ['__proto__', 1],
  ]);
});

test('a table that is too deep, too long or broken is shown as far as it goes', () => {
  let deep: number[] = [];
  for (let i = 0; i < 200; i++) {
    const { length } = deep;
    deep = [
      1,
      0x61,
      0x46,
      length >>> 24,
      (length >>> 16) & 255,
      (length >>> 8) & 255,
      length & 255,
      ...deep,
    ];
  }
  expect(decodeTable(Uint8Array.from(deep)).problem).toMatch(/deeper than 32/);
  expect(decodeTable(Uint8Array.from([1, 0x61, 0x74, 1, 1, 0x62, 0x7a]))).toEqual({
    map: { a: true },
    problem: 'a value has the unknown type "z"',
  });
  expect(decodeTable(new Uint8Array(60_000).map((_, i) => [0, 0x56][i % 2]!)).problem).toMatch(
    /only the first 10000/,
  );
});

test('damaged streams: no exception, bounded entries, and an intact log-in stays readable', () => {
  const random = seededRandom(99);
  const rest = talk.slice(6);
  const all = Buffer.concat(
    rest.map((event) => ('bytes' in event ? event.bytes : Buffer.alloc(0))),
  );
  for (let round = 0; round < 200; round++) {
    const bytes = Uint8Array.from(all);
    const damage = 1 + Math.floor(random() * 8);
    for (let i = 0; i < damage; i++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const cut = Math.floor(random() * bytes.length);
    const side = random() < 0.5 ? client : server;
    const bench = new ProtocolBench([amqpProtocol]);
    bench.feed([...login(), side(bytes.subarray(0, cut)), side(bytes.subarray(cut))]);
    const entries = bench.close();
    expect(entries[0]).toMatchObject({ method: 'connection start', outcome: 'ok' });
    expect(entries.length).toBeLessThan(60);
  }
});

test('what is not AMQP is not taken for it', () => {
  const random = seededRandom(5);
  const samples = [
    '\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003',
    '\u0017\u0003\u0003\0\u0020',
    'SSH-2.0-OpenSSH_9.2\r\n',
    '\u004a\0\0\0\n8.0.36\0',
    '\u0001\0\0\u0001\u000e',
    '\u0003\0\0\0\u0003SELECT 1',
    'Q\0\0\0\u000dSELECT 1\0',
    '\0\0\0\u0008\u0004\u00d2\u0016\u002f',
    '\u0010\u0020\0\u0004MQTT\u0004\u0002\0\u003c',
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\u0012\u0004\0\0\0\0\0',
    '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n',
    '\0\0\0\u001f\0\u0012\0\u0003\0\0\0\u0001\0\u0004test',
    'AMQP\0\u0001\0\0',
    'AMQP\u0003\u0001\0\0',
    'AMQP\u0001\u0001\0\n',
    'AMQPlain words',
  ].map((text) => Buffer.from(text, 'latin1'));
  for (let i = 0; i < 1000; i++) {
    const start = samples[i % (samples.length + 1)] ?? Buffer.alloc(0);
    const noise = Uint8Array.from({ length: Math.floor(random() * 400) }, () => random() * 256);
    const event = random() < 0.5 ? client(start, noise) : server(start, noise);
    expect(seen([event, event], { fromStart: random() < 0.5 })).toEqual([]);
  }
});

test('packets that begin within a frame: the side and the next frame are found', () => {
  const bytes = Buffer.concat([
    publish(1, 'e', 'k1', 'x'.repeat(300)),
    publish(1, 'e', 'k2', 'y'),
    publish(1, 'e', 'k3', 'z'),
  ]);
  const entries = seen([client(bytes.subarray(50))], { fromStart: false });
  expect(entries.map(({ target, src }) => [target, src.port])).toEqual([
    ['e/k2', 40_000],
    ['e/k3', 40_000],
  ]);
});
