/** What users see of AMQP connections. */
import { expect, test } from 'vitest';
import type { Entry } from '../../entry/entry.ts';
import { client, ProtocolBench, server } from '../test-bench.ts';
import { amqpProtocol } from './index.ts';
import {
  bodyFrame,
  content,
  deliver,
  header,
  login,
  method,
  openChannel,
  protocolHeader,
  publish,
} from './test-encode.ts';
import { after, confirms, seen, short } from './test-entries.ts';

test('a log-in: who, with what, to which virtual host', () => {
  const [start, tune, open] = seen(login());
  expect(start).toMatchObject({
    method: 'connection start',
    target: 'PLAIN AMQPLAIN',
    protocol: { name: 'amqp', version: '0-9-1', abbr: 'AMQP' },
    src: { port: 9000 },
    outcome: 'ok',
    request: {
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: { product: 'Broker', capabilities: { publisher_confirms: true } },
    },
    response: { method: 'connection start-ok', mechanism: 'PLAIN', user: 'guest' },
  });
  expect(tune).toMatchObject({
    target: '2047 channels, 131072 bytes a frame, heartbeat 60 s',
    response: { channelMax: 2047, frameMax: 131_072, heartbeat: 60 },
  });
  expect(open).toMatchObject({
    target: '/shop',
    host: '/shop',
    request: { virtualHost: '/shop' },
    response: { method: 'connection open-ok' },
    src: { port: 40_000 },
  });
});

const secret = 'correct horse';
test.each([
  ['PLAIN', Buffer.from(`\0guest\0${secret}`), '\0guest\0[REDACTED]'],
  [
    'AMQPLAIN',
    Buffer.from(`\u0005LOGINS\0\0\0\u0005guest\u0008PASSWORDS\0\0\0\r${secret}`, 'latin1'),
    { LOGIN: 'guest', PASSWORD: '[REDACTED]' },
  ],
  ['SCRAM-SHA-256', Buffer.from(`n,,n=guest,r=${secret}`), '[REDACTED]'],
])(
  'the password of %s is redacted, the rest of the frame readable',
  (mechanism, response, shown) => {
    const events = [
      client(protocolHeader),
      server(
        method('connection start', 0, {
          mechanisms: Buffer.from(mechanism),
          locales: Buffer.from('en_US'),
        }),
      ),
      client(method('connection start-ok', 0, { mechanism, response, locale: 'de_DE' })),
    ];
    const bench = new ProtocolBench([amqpProtocol], { redact: true }).feed(events);
    const [entry] = bench.close();
    expect(entry!.response).toMatchObject({ mechanism, response: shown, locale: 'de_DE' });
    expect(Buffer.from(bench.stored[0]!.payload.response!).includes(secret)).toBe(false);
    expect(JSON.stringify(seen(events)[0]!.response)).toContain(secret);
  },
);

test('secrets of secure-ok and update-secret are redacted as well', () => {
  const updateSecret = Buffer.concat([
    Buffer.from([1, 0, 0, 0, 0, 0, 20, 0, 10, 0, 70, 0, 0, 0, 6]),
    Buffer.from('s3cr3t\u0005rotat\u00ce', 'latin1'),
  ]);
  const events = [
    ...login(),
    server(method('connection secure', 0, { challenge: Buffer.from('who?') })),
    client(method('connection secure-ok', 0, { response: Buffer.from('s3cr3t') })),
    client(updateSecret),
    server(Buffer.from([1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 71, 0xce])),
  ];
  const entries = seen(events, { redact: true }).slice(3);
  expect(entries.map(short)).toEqual([
    ['connection secure', '', 'ok', 0, 'connection secure-ok'],
    ['connection update-secret', 'rotat', 'ok', 0, 'connection update-secret-ok'],
  ]);
  expect(JSON.stringify(entries)).not.toContain('s3cr3t');
  expect(entries[1]!.request).toMatchObject({ newSecret: '[REDACTED]', reason: 'rotat' });
});

test('a publish has its exchange, routing key, properties, headers and body', () => {
  const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const [, entry] = after([
    ...openChannel(1),
    client(
      publish(1, 'orders', 'created.eu', '{"id":7}', {
        contentType: 'application/json',
        deliveryMode: 2,
        headers: { traceparent: trace, retries: 3, nested: { deep: [true, 'x'] } },
        correlationId: 'c-1',
        timestamp: 1_700_000_000,
        messageId: 'm-1',
      }),
    ),
  ]);
  expect(entry).toMatchObject({
    method: 'basic publish',
    target: 'orders/created.eu',
    host: '/shop',
    contentType: 'application/json',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    outcome: 'ok',
    incomplete: [],
    request: {
      method: 'basic publish',
      channel: 1,
      exchange: 'orders',
      routingKey: 'created.eu',
      mandatory: false,
      properties: {
        contentType: 'application/json',
        deliveryMode: 2,
        correlationId: 'c-1',
        messageId: 'm-1',
        timestamp: '2023-11-14T22:13:20Z',
        headers: { traceparent: trace, retries: 3, nested: { deep: [true, 'x'] } },
      },
      body: '{"id":7}',
      bodySize: 8,
    },
  });
  expect(entry!.response).toBeUndefined();
});

test('an empty message is a message', () => {
  const [, entry] = after([...openChannel(1), client(publish(1, '', 'q', ''))]);
  expect(entry).toMatchObject({ target: 'q', request: { bodySize: 0, body: '' } });
});

test('confirms answer their publishes: one, many, refused', () => {
  const entries = after([
    ...confirms,
    client(...[1, 2, 3, 4, 5].map((n) => publish(1, '', `q${n}`, 'x'))),
    server(method('basic ack', 1, { deliveryTag: 2 })),
    server(method('basic ack', 1, { deliveryTag: 4, multiple: true })),
    server(method('basic nack', 1, { deliveryTag: 5 })),
  ]).slice(2);
  expect(entries.map(short)).toEqual([
    ['basic publish', 'q2', 'ok', 0, 'basic ack'],
    ['basic publish', 'q1', 'ok', 0, 'basic ack'],
    ['basic publish', 'q3', 'ok', 0, 'basic ack'],
    ['basic publish', 'q4', 'ok', 0, 'basic ack'],
    ['basic publish', 'q5', 'failed', 0, 'basic nack'],
  ]);
  expect(entries.every(({ elapsedTime }) => elapsedTime !== null && elapsedTime > 0)).toBe(true);
});

test('a publish without confirms is an entry at once, with confirms it waits', () => {
  const bench = new ProtocolBench([amqpProtocol]).feed([...login(), ...openChannel(1)]);
  bench.feed([client(publish(1, '', 'q', 'x'))]).announce();
  expect(bench.entries.at(-1)).toMatchObject({ target: 'q', outcome: 'ok' });
  bench.feed([...confirms.slice(2), client(publish(1, '', 'r', 'x'))]).announce();
  expect(bench.pending).toMatchObject([{ target: 'r', outcome: 'pending' }]);
});

test('deliveries wait for the acknowledgement of their consumer, from the server to the client', () => {
  const entries = after([
    ...openChannel(1),
    client(method('basic consume', 1, { queue: 'work', consumerTag: 'c1' })),
    server(method('basic consume-ok', 1, { consumerTag: 'c1' })),
    server(...[1, 2, 3, 4].map((tag) => deliver(1, 'c1', tag, 'rk', `n${tag}`))),
    client(method('basic nack', 1, { deliveryTag: 3, requeue: true })),
    client(method('basic ack', 1, { deliveryTag: 2, multiple: true })),
    client(method('basic reject', 1, { deliveryTag: 4, requeue: false })),
  ]).slice(2);
  expect(entries.map(short)).toEqual([
    ['basic deliver', 'rk -> work', 'failed', 0, 'basic nack'],
    ['basic deliver', 'rk -> work', 'ok', 0, 'basic ack'],
    ['basic deliver', 'rk -> work', 'ok', 0, 'basic ack'],
    ['basic deliver', 'rk -> work', 'failed', 0, 'basic reject'],
  ]);
  expect(entries[0]).toMatchObject({
    src: { port: 9000 },
    dst: { port: 40_000 },
    request: { body: 'n3', deliveryTag: 3, consumerTag: 'c1' },
    response: { requeue: true },
  });
});

test('consumers that do not acknowledge: each delivery is whole by itself; the server may name them', () => {
  const entries = after([
    ...openChannel(1),
    client(method('basic consume', 1, { queue: 'log', noAck: true })),
    client(method('basic consume', 1, { queue: 'work' })),
    server(method('basic consume-ok', 1, { consumerTag: 'gen-1' })),
    server(method('basic consume-ok', 1, { consumerTag: 'gen-2' })),
    server(deliver(1, 'gen-1', 1, 'a', 'x'), deliver(1, 'gen-2', 2, 'b', 'y')),
    client(method('basic ack', 1, { deliveryTag: 2 })),
  ]).slice(3);
  expect(entries.map(short)).toEqual([
    ['basic deliver', 'a -> log', 'ok', 0, ''],
    ['basic deliver', 'b -> work', 'ok', 0, 'basic ack'],
  ]);
});

test('get: answered with a message or with nothing; what is got is acknowledged', () => {
  const got = (tag: number) => [
    method('basic get-ok', 1, {
      deliveryTag: tag,
      exchange: 'e',
      routingKey: 'k',
      messageCount: 3,
    }),
    content(1, 'hello'),
  ];
  const entries = after([
    ...openChannel(1),
    client(method('basic get', 1, { queue: 'q' })),
    server(...got(1)),
    client(method('basic ack', 1, { deliveryTag: 1 })),
    client(method('basic get', 1, { queue: 'q', noAck: true })),
    server(...got(2)),
    client(method('basic get', 1, { queue: 'q' })),
    server(method('basic get-empty', 1)),
  ]).slice(1);
  expect(entries.map(short)).toEqual([
    ['basic get', 'q', 'ok', 0, 'basic get-ok'],
    ['basic get-ok', 'e/k', 'ok', 0, 'basic ack'],
    ['basic get', 'q', 'ok', 0, 'basic get-ok'],
    ['basic get', 'q', 'ok', 0, 'basic get-empty'],
  ]);
  expect(entries[0]!.response).toMatchObject({ body: 'hello', messageCount: 3, deliveryTag: 1 });
});

test('what the server returns says why', () => {
  const fields = { replyCode: 312, replyText: 'NO_ROUTE', exchange: 'e', routingKey: 'nowhere' };
  const [, , entry] = after([
    ...openChannel(1),
    client(publish(1, 'e', 'nowhere', 'x')),
    server(method('basic return', 1, fields), content(1, 'x')),
  ]);
  expect(entry).toMatchObject({
    method: 'basic return',
    target: 'e/nowhere',
    status: 312,
    outcome: 'failed',
    src: { port: 9000 },
    request: { replyText: 'NO_ROUTE', body: 'x' },
  });
});

test('channels are interleaved, bodies are in many frames: each message is one entry', () => {
  const [one, two] = ['1'.repeat(5000), '2'.repeat(7000)];
  const [, , , first, second, third] = after([
    ...openChannel(1),
    ...openChannel(2),
    client(
      method('basic publish', 1, { routingKey: 'one' }),
      method('basic publish', 2, { routingKey: 'two' }),
      header(2, two.length),
      header(1, one.length, { contentType: 'text/plain' }),
      bodyFrame(1, one.slice(0, 4000)),
      bodyFrame(2, two.slice(0, 6999)),
      method('queue purge', 3, { queue: 'other', nowait: true }),
      bodyFrame(1, one.slice(4000)),
      bodyFrame(2, two.slice(6999)),
    ),
  ]).toSpliced(2, 0, undefined as unknown as Entry);
  expect(first).toMatchObject({ method: 'queue purge', outcome: 'ok' });
  expect(second).toMatchObject({
    target: 'one',
    contentType: 'text/plain',
    request: { body: one },
  });
  expect(third).toMatchObject({ target: 'two', request: { body: two }, requestSize: 7000 + 58 });
});

test('a body longer than the limit is cut and says so', () => {
  const body = 'b'.repeat(3000);
  const events = [...openChannel(1), client(publish(1, '', 'q', body))];
  const interleaved = [
    ...openChannel(1),
    client(method('basic publish', 1, { routingKey: 'q' })),
    client(header(1, 3000), bodyFrame(1, body)),
  ];
  for (const talk of [events, interleaved]) {
    const [, entry] = after(talk, { bodyLimitBytes: 1000 });
    expect(entry).toMatchObject({
      incomplete: ['the request body is longer than the limit'],
      request: { bodySize: 3000, bodyKept: 1000, bodyCut: true, body: 'b'.repeat(1000) },
    });
    expect(entry!.requestSize).toBeGreaterThan(3000);
  }
});

test('nobody answers what was sent with noWait', () => {
  const entries = after([
    ...openChannel(1),
    client(
      method('exchange declare', 1, { exchange: 'e', type: 'topic', nowait: true }),
      method('queue bind', 1, { queue: 'q', exchange: 'e', routingKey: 'a.*', nowait: true }),
    ),
    server(method('basic cancel', 1, { consumerTag: 'c', nowait: true })),
  ]).slice(1);
  expect(entries.map(short)).toEqual([
    ['exchange declare', 'e', 'ok', 0, ''],
    ['queue bind', 'e/a.* -> q', 'ok', 0, ''],
    ['basic cancel', 'c', 'ok', 0, ''],
  ]);
});

test('a method that no specification has is shown with its numbers', () => {
  const frame = Buffer.from([1, 0, 1, 0, 0, 0, 5, 0, 60, 0, 99, 7, 0xce]);
  const entries = after([...openChannel(1), client(frame, publish(1, '', 'q', 'x'))]).slice(1);
  expect(entries[0]).toMatchObject({
    method: 'class 60 method 99',
    request: { classId: 60, methodId: 99, data: '07' },
  });
  expect(entries[1]).toMatchObject({ target: 'q' });
});
