/** How connections and channels of AMQP end, and what users see of it. */
import { expect, test } from 'vitest';
import { client, type Event, server } from '../test-bench.ts';
import { heartbeat, login, method, openChannel, protocolHeader, publish } from './test-encode.ts';
import { after, confirms, seen, short } from './test-entries.ts';

test('a server that closes instead of answering has answered', () => {
  const close = {
    replyCode: 404,
    replyText: "NOT_FOUND - no queue 'q'",
    classId: 50,
    methodId: 10,
  };
  const entries = after([
    ...openChannel(1),
    client(method('queue declare', 1, { queue: 'q', passive: true })),
    server(method('channel close', 1, close)),
    client(method('channel close-ok', 1)),
  ]).slice(1);
  expect(entries.map(short)).toEqual([
    ['queue declare', 'q', 'failed', 404, 'channel close'],
    ['channel close', "NOT_FOUND - no queue 'q'", 'failed', 404, 'channel close-ok'],
  ]);
  expect(entries[1]).toMatchObject({ src: { port: 9000 }, request: { cause: 'queue declare' } });
});

test('a publish that makes the broker close its channel has failed, with what waited behind it', () => {
  const close = { replyCode: 404, replyText: "NOT_FOUND - no exchange 'gone'", classId: 60 };
  const closing = (methodId: number) =>
    after([
      ...confirms,
      client(publish(1, 'gone', 'a', 'x'), publish(1, 'gone', 'b', 'x')),
      server(method('channel close', 1, { ...close, methodId })),
      client(method('channel close-ok', 1)),
    ])
      .slice(2)
      .map(short);
  const [channelClose] = closing(40).slice(-1);
  expect(closing(40)).toEqual([
    ['basic publish', 'gone/a', 'failed', 404, 'channel close'],
    ['basic publish', 'gone/b', 'failed', 404, 'channel close'],
    channelClose,
  ]);
  // Another method was the cause: nobody knows what became of the publishes.
  expect(closing(80).slice(1)).toEqual([
    ['basic publish', 'gone/a', 'no response', 0, ''],
    ['basic publish', 'gone/b', 'no response', 0, ''],
  ]);
});

test('heartbeats are counted, and shown with what else happened when the connection closes', () => {
  const entries = after([
    client(heartbeat, heartbeat),
    server(heartbeat),
    ...openChannel(1),
    client(publish(1, '', 'q', 'x'), heartbeat),
    client(method('connection close', 0, { replyCode: 200, replyText: 'bye' })),
    server(method('connection close-ok', 0)),
  ]);
  expect(entries.map(short)).toEqual([
    ['channel open', 'channel 1', 'ok', 0, 'channel open-ok'],
    ['basic publish', 'q', 'ok', 0, ''],
    ['connection close', 'bye', 'ok', 200, 'connection close-ok'],
  ]);
  expect(entries[2]!.request!['totals']).toEqual({
    client: { frames: 11, heartbeats: 3, messages: 1 },
    server: { frames: 5, heartbeats: 1, messages: 0 },
  });
});

test('a side that hangs up without connection close is told of, with what happened until then', () => {
  const talk = [
    ...login(),
    client(heartbeat),
    server(heartbeat, heartbeat),
    ...openChannel(1),
    client(publish(1, '', 'q', 'x')),
  ];
  const lost = (events: readonly Event[], options = {}) =>
    seen(events, { finished: true, ...options }).filter(
      ({ method: name }) => name === 'connection lost',
    );
  expect(lost(talk)).toMatchObject([
    {
      target: 'the client hung up without connection close',
      host: '/shop',
      outcome: 'failed',
      src: { port: 40_000 },
      request: {
        totals: {
          client: { frames: 8, heartbeats: 1, messages: 1 },
          server: { frames: 6, heartbeats: 2, messages: 0 },
        },
      },
    },
  ]);
  const close = method('connection close', 0, { replyCode: 200, replyText: 'bye' });
  for (const said of [
    [...talk, client(close)],
    [...talk, server(close), client(method('connection close-ok', 0))],
    // One direction only.
    [...talk, client(method('connection close-ok', 0))],
    [client(protocolHeader), server('AMQP\0\u0001\0\0')],
    // Nobody knows what was in the hole, until the next frame.
    [...talk, { from: 'client', lost: 20 } as const],
    [...talk, { from: 'server', lost: 20 } as const],
    [...talk, client(close.subarray(0, 9)), { from: 'client', lost: 3 } as const],
  ]) {
    expect(lost(said)).toEqual([]);
  }
  expect(lost([...talk, { from: 'client', lost: 20 }, client(heartbeat)])).toHaveLength(1);
  // The capture ended before the connection.
  expect(lost(talk, { finished: false })).toEqual([]);
});

test('the server says that it does not speak the version', () => {
  const [entry] = seen([client(protocolHeader), server('AMQP\0\u0001\0\0')]);
  expect(entry).toMatchObject({
    method: 'protocol header',
    target: 'the server speaks AMQP 0-1-0-0',
    outcome: 'failed',
  });
});
