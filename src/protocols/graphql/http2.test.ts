import { once } from 'node:events';
import { connect, createServer, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import { recordAll } from '../http/test-record.ts';
import { protocols } from '../index.ts';
import { byteByByte, type Event, entriesOf, inRandomPieces, timeless } from '../test-bench.ts';

interface Call {
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
}

const fixed: Readonly<Record<string, string>> = {
  '/graphql': '{"errors":[{"message":"no such cart"}],"data":null}',
  '/rpc': '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}',
};

function answer(stream: ServerHttp2Stream, path: string): void {
  const events = path === '/events' || path === '/subscribe';
  stream.respond({
    ':status': 200,
    'content-type': events ? 'text/event-stream' : 'application/json',
  });
  if (!events) {
    stream.end(fixed[path] ?? '{"data":{"total":1}}');
    return;
  }
  const say = (n: number) => {
    if (n === 5) stream.end('event: complete\ndata: \n\n');
    else stream.write(`event: next\ndata: {"data":{"n":${n}}}\n\n`, () => say(n + 1));
  };
  say(0);
}

/** Calls of a real client to a real server, one after the other on one connection. */
async function record(calls: readonly Call[]): Promise<Event[]> {
  const target = createServer();
  target.on('stream', (stream, headers) => {
    stream.resume().on('end', () => answer(stream, String(headers[':path']).split('?')[0]!));
  });
  const [recording] = await recordAll(target as never, async ({ host, port }) => {
    const session = connect(`http://${host}:${port}`);
    for (const { path, body, type = 'application/json' } of calls) {
      const post = { ':method': 'POST', 'content-type': type };
      const stream = session.request({ ':path': path, ...(body !== undefined && post) });
      stream.end(body);
      stream.resume();
      await once(stream, 'close');
    }
    session.close();
    await once(session, 'close');
  });
  return recording!.events;
}

const calls: readonly Call[] = [
  { path: '/graphql', body: '{"query":"query Cart { cart { id } }"}' },
  { path: '/other', body: '{"query":"mutation { add(n: 1) }"}' },
  { path: '/other?query=%7Btotal%7D' },
  { path: '/rpc', body: '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}' },
  { path: '/events' },
  { path: '/subscribe', body: '{"query":"subscription S { n }"}' },
];

function rows(entries: readonly Entry[]): unknown[] {
  return [...entries]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ protocol, target, outcome }) => [protocol.abbr, target, outcome]);
}

const next = [0, 1, 2, 3, 4].map((n) => `{"data":{"n":${n}}}`);
const expected = [
  ['GQL', '/graphql query Cart { cart }', 'failed'],
  ['GQL', '/other mutation { add }', 'ok'],
  ['GQL', '/other query { total }', 'ok'],
  ['RPC', '/rpc eth_call', 'failed'],
  ['HTTP/2', '/events', 'ok'],
  ...next.map((target) => ['SSE', target, 'ok']),
  ['SSE', '', 'ok'],
  ['GQL', '/subscribe subscription S { n }', 'ok'],
  ...next.map((target) => ['GQL', target, 'ok']),
  ['GQL', '', 'ok'],
];

describe('over HTTP/2', () => {
  test('requests are refined and events are entries, however the bytes are cut', async () => {
    const events = await record(calls);
    const entries = entriesOf(protocols, events);
    expect(rows(entries)).toEqual(expected);
    const whole = entries.map(timeless);
    for (let seed = 1; seed < 10; seed++) {
      const pieces = inRandomPieces(events, seededRandom(seed), 200);
      expect(rows(entriesOf(protocols, pieces))).toEqual(expected);
    }
    expect(rows(entriesOf(protocols, byteByByte(events)))).toEqual(expected);
    expect(whole).toHaveLength(expected.length);
  });

  test('the values are those of HTTP/2 and of the refinement', async () => {
    const entries = entriesOf(protocols, await record(calls));
    const byTarget = (part: string) => entries.find(({ target }) => target.includes(part))!;
    expect(byTarget('query Cart')).toMatchObject({
      protocol: { name: 'http', version: '2.0', abbr: 'GQL' },
      status: 200,
      request: { path: '/graphql', http2: { streamId: 1 }, graphql: { operationName: 'Cart' } },
      response: { graphql: { errors: [{ message: 'no such cart' }] } },
    });
    expect(byTarget('eth_call')).toMatchObject({
      request: { jsonrpc: { method: 'eth_call', id: '1' } },
      response: { jsonrpc: { error: { code: -32601 } } },
    });
    const subscription = byTarget('subscription S');
    const children = entries.filter(({ parent }) => parent === subscription.id);
    expect(children).toHaveLength(6);
    expect(children[0]).toMatchObject({
      protocol: { name: 'sse' },
      method: 'next',
      response: { event: 'next', graphql: { hasErrors: false, fields: ['n'] } },
    });
  });
});
