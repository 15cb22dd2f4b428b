import { once } from 'node:events';
import { createServer } from 'node:http';
import { buildSchema, type ExecutionResult, parse, subscribe } from 'graphql';
import { describe, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import { recordAll } from '../http/test-record.ts';
import { protocols } from '../index.ts';
import { byteByByte, type Event, entriesOf, inRandomPieces, timeless } from '../test-bench.ts';

const schema = buildSchema(`
  type Query { a: Int }
  type Subscription { count(to: Int!): Int!, broken: Int }
`);

async function* counted({ to }: { to: number }) {
  for (let count = 1; count <= to; count++) yield { count };
}
const rootValue = {
  count: counted,
  broken: () => {
    throw new Error('no stock');
  },
};

/** The server's half of graphql-transport-ws, as far as the tests go. */
async function serve(socket: WebSocket, text: string): Promise<void> {
  const { id, type, payload } = JSON.parse(text);
  const say = (message: object) => socket.send(JSON.stringify(message));
  if (type === 'connection_init') say({ type: 'connection_ack' });
  if (type === 'ping') say({ type: 'pong' });
  if (type !== 'subscribe') return;
  const document = parse(payload.query);
  const variableValues = payload.variables;
  const result = await subscribe({ schema, document, rootValue, variableValues });
  if ('errors' in result) {
    say({ id, type: 'error', payload: result.errors });
    return;
  }
  for await (const each of result as AsyncIterable<ExecutionResult>) {
    say({ id, type: 'next', payload: each });
  }
  say({ id, type: 'complete' });
}

/** What a real client and server say; the client waits for so many answers after each of its texts. */
async function record(
  said: readonly (readonly [text: object, answers: number])[],
  answer: (socket: WebSocket, text: string) => void,
  perMessageDeflate = false,
): Promise<Event[]> {
  const target = createServer();
  const sockets = new WebSocketServer({ server: target, perMessageDeflate });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => answer(socket, String(data)));
  });
  const [recording] = await recordAll(target, async ({ host, port }) => {
    const one = new WebSocket(`ws://${host}:${port}/graphql`, 'graphql-transport-ws', {
      perMessageDeflate,
    });
    await once(one, 'open');
    for (const [text, answers] of said) {
      let left = answers;
      const done = new Promise<void>((resolve) => {
        one.on('message', () => --left === 0 && resolve());
        if (answers === 0) resolve();
      });
      one.send(JSON.stringify(text));
      await done;
      one.removeAllListeners('message');
    }
    one.close(1000);
    await once(one, 'close');
    sockets.close();
  });
  return recording!.events;
}

function rows(entries: readonly Entry[]): unknown[] {
  return [...entries]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .filter(({ protocol, method }) => protocol.name === 'websocket' && method !== 'close')
    .map((entry) => [
      entry.request === undefined ? 'server' : 'client',
      entry.protocol.abbr,
      entry.method,
      entry.target,
      entry.outcome,
    ]);
}

const query = 'subscription Count($to: Int!) { count(to: $to) }';
const talk = [
  [{ type: 'connection_init', payload: { trace: 'x' } }, 1],
  [{ type: 'ping' }, 1],
  [{ id: '1', type: 'subscribe', payload: { query, variables: { to: 2 } } }, 3],
  [{ id: '2', type: 'subscribe', payload: { query: 'subscription { broken }' } }, 1],
] as const;
const expected = [
  ['client', 'GQL', 'connection_init', '{"trace":"x"}', 'ok'],
  ['server', 'GQL', 'connection_ack', '', 'ok'],
  ['client', 'GQL', 'ping', '', 'ok'],
  ['server', 'GQL', 'pong', '', 'ok'],
  ['client', 'GQL', 'subscribe', 'subscription Count { count }', 'ok'],
  ['server', 'GQL', 'next', 'subscription Count {"data":{"count":1}}', 'ok'],
  ['server', 'GQL', 'next', 'subscription Count {"data":{"count":2}}', 'ok'],
  ['server', 'GQL', 'complete', 'subscription Count', 'ok'],
  ['client', 'GQL', 'subscribe', 'subscription { broken }', 'ok'],
];

describe.each([
  ['plain', false],
  ['compressed', true],
] as const)('a subscription over WebSocket, %s', (_name, deflate) => {
  test('shows each message by its type and operation, however it is cut', async () => {
    const events = await record(talk, (socket, text) => void serve(socket, text), deflate);
    const entries = entriesOf(protocols, events);
    expect(rows(entries).slice(0, expected.length)).toEqual(expected);
    expect(rows(entries).at(-1)).toEqual([
      'server',
      'GQL',
      'error',
      expect.stringContaining('subscription [{"message":'),
      'failed',
    ]);
    const whole = entries.map(timeless);
    expect(entriesOf(protocols, byteByByte(events)).map(timeless)).toEqual(whole);
    for (let seed = 1; seed < 8; seed++) {
      const pieces = inRandomPieces(events, seededRandom(seed));
      expect(entriesOf(protocols, pieces).map(timeless)).toEqual(whole);
    }
  });

  test('has the operation, results and errors as values', async () => {
    const events = await record(talk, (socket, text) => void serve(socket, text), deflate);
    const entries = entriesOf(protocols, events);
    expect(entries.find(({ method }) => method === 'subscribe')).toMatchObject({
      protocol: { name: 'websocket', abbr: 'GQL' },
      request: {
        opcode: 'text',
        graphql: {
          messageType: 'subscribe',
          id: '1',
          operationType: 'subscription',
          operationName: 'Count',
          fields: ['count'],
          variables: { to: 2 },
        },
      },
    });
    expect(entries.find(({ method }) => method === 'next')).toMatchObject({
      response: { graphql: { messageType: 'next', id: '1', hasErrors: false, fields: ['count'] } },
    });
    expect(entries.find(({ method }) => method === 'error')).toMatchObject({
      response: { graphql: { id: '2', hasErrors: true, errorCount: 1 } },
    });
  });
});

test('the older subprotocol, joined behind its beginning', async () => {
  const said = [
    [{ id: '1', type: 'start', payload: { query: 'subscription S { n }' } }, 2],
    [{ id: '1', type: 'stop' }, 0],
  ] as const;
  const events = await record(said, (socket, text) => {
    if (JSON.parse(text).type !== 'start') return;
    socket.send('{"type":"data","id":"1","payload":{"data":{"n":1}}}');
    socket.send('{"type":"data","id":"1","payload":{"errors":[{"message":"no"}],"data":null}}');
  });
  const seen = [
    ['client', 'GQL', 'start', 'subscription S { n }', 'ok'],
    ['server', 'GQL', 'data', 'subscription S {"data":{"n":1}}', 'ok'],
    ['server', 'GQL', 'data', 'subscription S {"errors":[{"message":"no"}],"data":null}', 'failed'],
    ['client', 'GQL', 'stop', 'subscription S', 'ok'],
  ];
  expect(rows(entriesOf(protocols, events))).toEqual(seen);
});

test('JSON-RPC over WebSocket: either end calls', async () => {
  const said = [
    [{ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] }, 2],
    [{ jsonrpc: '2.0', id: 2, method: 'nothing' }, 1],
  ] as const;
  const events = await record(said, (socket, text) => {
    const { id, method } = JSON.parse(text);
    if (method === 'nothing') {
      socket.send(
        `{"jsonrpc":"2.0","id":${id},"error":{"code":-32601,"message":"no such method"}}`,
      );
      return;
    }
    socket.send(`{"jsonrpc":"2.0","id":${id},"result":"0x9c"}`);
    socket.send('{"jsonrpc":"2.0","method":"eth_subscription","params":{"number":"0x1"}}');
  });
  const entries = entriesOf(protocols, events);
  const named = rows(entries).map((row) => [0, 1, 2, 4].map((i) => (row as string[])[i]));
  expect(named).toEqual([
    ['client', 'RPC', 'eth_subscribe', 'ok'],
    ['server', 'RPC', 'result', 'ok'],
    ['server', 'RPC', 'eth_subscription', 'ok'],
    ['client', 'RPC', 'nothing', 'ok'],
    ['server', 'RPC', 'error', 'failed'],
  ]);
  expect(entries.find(({ method }) => method === 'error')!.response).toMatchObject({
    jsonrpc: { id: '2', error: { code: -32601, message: 'no such method' } },
  });
});

test('other texts stay texts of WebSocket', async () => {
  const said = [
    [{ type: 'ping' }, 0],
    [{ type: 'data', payload: [1] }, 0],
    [{ type: 'error', id: 1 }, 0],
    [{ type: 'subscribe', channel: 'orders' }, 0],
    [{ type: 'subscribe', payload: { query: 'red shoes' } }, 0],
    [{ id: 1, method: 'a' }, 0],
    [{ jsonrpc: '1.0', id: 1 }, 1],
  ] as const;
  const events = await record(said, (socket, text) => {
    if (text.includes('jsonrpc')) socket.send('{"type":"next","id":"1","payload":{"n":1}}');
  });
  const abbreviations = new Set(
    rows(entriesOf(protocols, events)).map((row) => (row as string[])[1]),
  );
  expect([...abbreviations]).toEqual(['WS']);
});
