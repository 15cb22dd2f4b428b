import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { Entry } from '../../entry/entry.ts';
import { recordHttp } from '../http/test-record.ts';
import { protocols } from '../index.ts';
import { client, entriesOf, server } from '../test-bench.ts';

interface Call {
  readonly jsonrpc: string;
  readonly id?: number | string;
  readonly method: string;
  readonly params?: unknown;
}

function result({ id, method, params }: Call): object | undefined {
  if (id === undefined) return undefined;
  const sum = Array.isArray(params) ? params.reduce((a, b) => a + b, 0) : params;
  return method === 'sum'
    ? { jsonrpc: '2.0', id, result: { sum } }
    : { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found', data: [method] } };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += chunk;
  const call = JSON.parse(text) as Call | Call[];
  const all = Array.isArray(call) ? call.map(result).filter((each) => each) : result(call);
  response.setHeader('content-type', 'application/json');
  response.end(all === undefined ? '' : JSON.stringify(all));
}

async function called(call: unknown, type = 'application/json'): Promise<Entry> {
  const [events] = await recordHttp(
    (request, response) => void answer(request, response),
    async (url) => {
      const headers = { 'content-type': type };
      const init = { method: 'POST', headers, body: JSON.stringify(call) };
      await (await fetch(`${url}/rpc?key=1`, init)).text();
    },
  );
  const [entry] = entriesOf(protocols, events!);
  return entry!;
}

test('a call has its method in the row, and its values', async () => {
  expect(await called({ jsonrpc: '2.0', method: 'sum', params: [1, 2, 4], id: 7 })).toMatchObject({
    protocol: { name: 'http', version: '1.1', abbr: 'RPC' },
    method: 'POST',
    target: '/rpc sum',
    status: 200,
    outcome: 'ok',
    request: {
      path: '/rpc',
      queryString: { key: '1' },
      jsonrpc: { method: 'sum', id: '7', params: [1, 2, 4], notification: false },
    },
    response: { jsonrpc: { id: '7', result: { sum: 7 } } },
  });
});

test('an error fails the call whatever the status says', async () => {
  expect(
    await called({ jsonrpc: '2.0', id: 'a', method: 'none' }, 'application/json-rpc'),
  ).toMatchObject({
    target: '/rpc none',
    status: 200,
    outcome: 'failed',
    response: {
      jsonrpc: { error: { code: -32601, message: 'Method not found', data: ['none'] } },
    },
  });
});

test('a notification', async () => {
  expect(await called({ jsonrpc: '2.0', method: 'seen', params: { a: 1 } })).toMatchObject({
    target: '/rpc seen',
    outcome: 'ok',
    request: { jsonrpc: { notification: true, params: { a: 1 } } },
  });
});

test('a batch names its first calls, and fails with one of them', async () => {
  const calls = ['sum', 'sum', 'none', 'sum'].map((method, id) => ({
    jsonrpc: '2.0',
    id,
    method,
    params: [id],
  }));
  expect(await called(calls)).toMatchObject({
    target: '/rpc [sum, sum, none +1]',
    outcome: 'failed',
    request: { jsonrpc: { batchSize: 4, method: 'sum', batch: [{ id: '0' }, {}, {}, {}] } },
    response: { jsonrpc: { batchSize: 4, batch: [{}, {}, { error: { code: -32601 } }, {}] } },
  });
  expect((await called(calls.slice(0, 2))).outcome).toBe('ok');
});

test('an error that is null, or inside the result, is none', () => {
  for (const body of [
    '{"jsonrpc":"2.0","id":1,"error":null,"result":1}',
    '{"result":{"error":{}}}',
  ]) {
    const ask = '{"jsonrpc":"2.0","id":1,"method":"m"}';
    const [entry] = entriesOf(protocols, [
      client(
        `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${ask.length}\r\n\r\n${ask}`,
      ),
      server(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    ]);
    expect(entry).toMatchObject({ protocol: { abbr: 'RPC' }, outcome: 'ok' });
  }
});
