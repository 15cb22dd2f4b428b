import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { buildSchema, graphql } from 'graphql';
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
  server,
  timeless,
} from '../test-bench.ts';

const schema = buildSchema(`
  type Item { id: ID!, price: Float! }
  type Cart { id: ID!, items: [Item!]! }
  type Query { cart(id: ID!): Cart, total: Float!, broken: Int }
  type Mutation { addItem(cart: ID!, item: ID!): Cart }
`);
const cart = { id: 'c1', items: [{ id: 'i1', price: 2.5 }] };
const rootValue = {
  cart: () => cart,
  total: () => 2.5,
  addItem: () => cart,
  broken: () => {
    throw new Error('the warehouse is on fire');
  },
};

interface Ask {
  readonly query?: string;
  readonly operationName?: string;
  readonly variables?: Record<string, unknown>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

function askOf(request: IncomingMessage, url: URL, text: string): Ask | Ask[] {
  if (request.method !== 'GET') return /^[[{]/.test(text) ? JSON.parse(text) : {};
  const { variables, ...rest } = Object.fromEntries(url.searchParams);
  return variables === undefined ? rest : { ...rest, variables: JSON.parse(variables) };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://x');
  const text = await bodyOf(request);
  const execute = ({ query = '{ total }', operationName, variables }: Ask) =>
    graphql({
      schema,
      rootValue,
      source: query,
      operationName: operationName ?? null,
      variableValues: variables ?? {},
    });
  const ask = askOf(request, url, text);
  const result = Array.isArray(ask) ? await Promise.all(ask.map(execute)) : await execute(ask);
  const plain = Buffer.from(JSON.stringify(result));
  const zipped = request.headers['accept-encoding'] === 'gzip';
  const body = zipped ? gzipSync(plain) : plain;
  response.setHeader('content-type', 'application/json');
  if (zipped) response.setHeader('content-encoding', 'gzip');
  if (url.searchParams.has('chunked')) response.write(body.subarray(0, 5));
  response.end(url.searchParams.has('chunked') ? body.subarray(5) : body);
}

/** Entries of a request, given as what fetch takes, to a real server. */
async function asked(path: string, init: RequestInit = {}): Promise<Entry[]> {
  return entriesOf(protocols, await recordOne(path, init));
}

async function recordOne(path: string, init: RequestInit = {}): Promise<Event[]> {
  const [events] = await recordHttp(
    (request, response) => void answer(request, response),
    async (url) => {
      const response = await fetch(`${url}${path}`, init);
      await response.text();
    },
  );
  return events!;
}

function post(body: unknown, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity', ...headers },
    body: JSON.stringify(body),
  };
}

const cartQuery =
  'query Cart($id: ID!) {\n  # the "cart"\n  cart(id: $id) { id items { id price } }\n  sum: total\n}';
const cartAsk = { operationName: 'Cart', variables: { id: 'c1' }, query: cartQuery };

describe('a query by POST', () => {
  test('is GraphQL with its operation in the row and the details', async () => {
    const [entry] = await asked('/graphql', post(cartAsk));
    expect(entry).toMatchObject({
      protocol: { name: 'http', version: '1.1', abbr: 'GQL' },
      method: 'POST',
      target: '/graphql query Cart { cart total }',
      status: 200,
      outcome: 'ok',
      request: {
        method: 'POST',
        path: '/graphql',
        graphql: {
          operationType: 'query',
          operationName: 'Cart',
          fields: ['cart', 'total'],
          variables: { id: 'c1' },
          query: cartQuery,
        },
      },
      response: { graphql: { hasErrors: false, errorCount: 0, fields: ['cart', 'sum'] } },
    });
  });

  test('is the same however its bytes are cut', async () => {
    const events = await recordOne('/graphql', post(cartAsk));
    const whole = entriesOf(protocols, events).map(timeless);
    expect(entriesOf(protocols, byteByByte(events)).map(timeless)).toEqual(whole);
    for (let seed = 1; seed < 20; seed++) {
      const pieces = inRandomPieces(events, seededRandom(seed), 90);
      expect(entriesOf(protocols, pieces).map(timeless)).toEqual(whole);
    }
  });

  test('in chunks, after an answer in chunks, is no different', async () => {
    const body = JSON.stringify(cartAsk);
    const stream = new ReadableStream({
      start(controller) {
        for (let at = 0; at < body.length; at += 30) {
          controller.enqueue(new TextEncoder().encode(body.slice(at, at + 30)));
        }
        controller.close();
      },
    });
    const init = { ...post({}), body: stream, duplex: 'half' } as RequestInit;
    const [entry] = await asked('/graphql?chunked=1', init);
    expect(entry).toMatchObject({
      protocol: { abbr: 'GQL' },
      target: '/graphql query Cart { cart total }',
      outcome: 'ok',
    });
  });
});

describe('errors behind a status of 200', () => {
  const broken = { query: '{ total broken }' };
  const failing = {
    protocol: { abbr: 'GQL' },
    status: 200,
    outcome: 'failed',
    response: {
      graphql: {
        hasErrors: true,
        errorCount: 1,
        errors: [{ message: 'the warehouse is on fire', path: 'broken', line: 1, column: 9 }],
      },
    },
  };

  test.each([
    ['plain', '/graphql', {}],
    ['compressed', '/graphql', { 'accept-encoding': 'gzip' }],
    ['chunked', '/graphql?chunked=1', {}],
    ['chunked and compressed', '/graphql?chunked=1', { 'accept-encoding': 'gzip' }],
  ] as const)('%s: the call has failed', async (_name, path, headers) => {
    const [entry] = await asked(path, post(broken, { ...headers }));
    expect(entry).toMatchObject(failing);
  });

  test('a field or a text that is called errors is no failure', () => {
    for (const body of [
      '{"data":{"errors":[1]}}',
      '{"data":{"a":"\\"errors\\":[1]"}}',
      '{"errors":[]}',
    ]) {
      const [entry] = entriesOf(protocols, [
        client(requestText('{"query":"{ errors }"}')),
        server(answerText(body)),
      ]);
      expect(entry).toMatchObject({ protocol: { abbr: 'GQL' }, outcome: 'ok' });
    }
  });

  test('the same answer to a request that is not GraphQL is not looked into', () => {
    const [entry] = entriesOf(protocols, [
      client(requestText('{"order":1}')),
      server(answerText('{"errors":[{"message":"no"}]}')),
    ]);
    expect(entry).toMatchObject({ protocol: { abbr: 'HTTP' }, target: '/graphql', outcome: 'ok' });
  });
});

function requestText(body: string, type = 'application/json'): string {
  const length = Buffer.byteLength(body);
  return `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

function answerText(body: string): string {
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

test('a batch shows its operations, and fails when one of them does', async () => {
  const [entry] = await asked(
    '/graphql',
    post([
      cartAsk,
      { query: 'mutation Add { addItem(cart: "c", item: "i") { id } }' },
      { query: '{ broken }' },
      { query: '{ total }' },
    ]),
  );
  expect(entry).toMatchObject({
    target: '/graphql [query Cart { cart total }, mutation Add { addItem }, query { broken } +1]',
    outcome: 'failed',
    request: {
      graphql: {
        batchSize: 4,
        operationName: 'Cart',
        operations: [
          { operationName: 'Cart' },
          { operationType: 'mutation', operationName: 'Add', fields: ['addItem'] },
          { fields: ['broken'] },
          { fields: ['total'] },
        ],
      },
    },
    response: { graphql: { batchSize: 4, errorCount: 1 } },
  });
});

test('a query by GET is found in its target', async () => {
  const query = new URLSearchParams({ query: cartQuery, variables: '{"id":"c2"}' });
  const [entry] = await asked(`/graphql?${query}`, { headers: { 'accept-encoding': 'identity' } });
  expect(entry).toMatchObject({
    protocol: { abbr: 'GQL' },
    method: 'GET',
    target: '/graphql query Cart { cart total }',
    request: {
      url: `/graphql?${query}`,
      graphql: { operationType: 'query', operationName: 'Cart', variables: { id: 'c2' } },
    },
  });
});

test('a persisted query is known by its hash', async () => {
  const sha256Hash = 'ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38';
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  const [posted] = await asked(
    '/graphql',
    post({ operationName: 'Cart', variables: {}, extensions }),
  );
  const query = new URLSearchParams({
    operationName: 'Cart',
    extensions: JSON.stringify(extensions),
  });
  const [gotten] = await asked(`/graphql?${query}`);
  for (const entry of [posted, gotten]) {
    expect(entry).toMatchObject({
      protocol: { abbr: 'GQL' },
      target: '/graphql Cart (persisted ecf4edb4)',
      request: { graphql: { operationName: 'Cart', persistedQueryHash: sha256Hash } },
    });
  }
});

test('a document as such, and an upload in parts', async () => {
  const [plain] = entriesOf(protocols, [
    client(requestText('subscription S { added { id } }', 'application/graphql')),
  ]);
  expect(plain).toMatchObject({
    target: '/graphql subscription S { added }',
    request: { graphql: { operationType: 'subscription', operationName: 'S' } },
  });
  const form = new FormData();
  const operations = {
    query: 'mutation Up($file: Upload!) { upload(file: $file) }',
    variables: { file: null },
  };
  form.append('operations', JSON.stringify(operations));
  form.append('map', '{"0":["variables.file"]}');
  form.append('0', new Blob(['photograph']), 'cat.png');
  const [upload] = await asked('/graphql', { method: 'POST', body: form });
  expect(upload).toMatchObject({
    target: '/graphql mutation Up { upload }',
    request: {
      graphql: { operationName: 'Up', variables: { file: null } },
      postData: {
        params: [{ name: 'operations' }, { name: 'map' }, { fileName: 'cat.png', size: 10 }],
      },
    },
  });
});

test('a document that is cut by the body limit still has its operation', () => {
  const long = `query Long { ${Array.from({ length: 3000 }, (_, i) => `field${i}`).join(' ')} }`;
  const events = [client(requestText(JSON.stringify({ query: long }))), server(answerText('{}'))];
  const [entry] = entriesOf(protocols, events, { bodyLimitBytes: 1000 });
  expect(entry).toMatchObject({
    protocol: { abbr: 'GQL' },
    target: '/graphql query Long { field0 field1 field2 field3 ... }',
  });
});

test('other bodies are plain HTTP', () => {
  const others = [
    '{"query":{"match":{"title":"shoes"}},"size":10}',
    '{"query":"red shoes"}',
    '{"query":"{app=\\"web\\"} |= \\"error\\""}',
    '{"query":"query of shoes"}',
    '{"query":"select * from t where a = {b}"}',
    '{"query":""}',
    '{"operationName":"x"}',
    '{"variables":{}}',
    '[]',
    '[1,{"query":"{ a }"}]',
    '{',
    '"{ a }"',
    'null',
    '{"method":"transfer","params":[1],"id":2}',
    '{"id":1,"jsonrpc":"1.0","method":"x"}',
  ];
  for (const body of others) {
    const [entry] = entriesOf(protocols, [client(requestText(body)), server(answerText('{}'))]);
    expect([body, entry!.protocol.abbr, entry!.target]).toEqual([body, 'HTTP', '/graphql']);
  }
});

test('a document that does not parse says why', () => {
  const [entry] = entriesOf(protocols, [client(requestText('{"query":"query Q { cart( }"}'))]);
  expect(entry).toMatchObject({
    target: '/graphql query Q { cart }',
    request: { graphql: { problem: expect.stringContaining('Syntax Error') } },
  });
});

test('no bytes make it throw', () => {
  const random = seededRandom(11);
  const bodies = [
    JSON.stringify(cartAsk),
    JSON.stringify([cartAsk, cartAsk]),
    '{"jsonrpc":"2.0","method":"a","id":1}',
  ];
  for (let run = 0; run < 1000; run++) {
    const body = Buffer.from(bodies[run % bodies.length]!);
    for (let i = 0; i < 1 + random() * 4; i++)
      body[Math.floor(random() * body.length)] = random() * 256;
    const cut = body.subarray(0, 1 + Math.floor(random() * body.length));
    const head = `POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${cut.length}\r\n\r\n`;
    const [entry] = entriesOf(protocols, [client(head, cut), server(answerText('{"data":null}'))]);
    expect(entry!.outcome).toBe('ok');
    expect(() => JSON.stringify(entry)).not.toThrow();
  }
});
