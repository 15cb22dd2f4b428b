import { describe, expect, test } from 'vitest';
import type { Section } from '../../dissect/contract.ts';
import { entryFields } from '../../entry/fields.ts';
import { subjectOf } from '../../entry/subject.ts';
import { buildSchema, compileQuery, parseQuery } from '../../filter/index.ts';
import { protocolByCode, protocols } from '../index.ts';
import { client, type Event, ProtocolBench, server } from '../test-bench.ts';

const schema = buildSchema(entryFields, protocols);

function post(path: string, type: string, body: string): Event {
  return client(
    `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

function answer(body: string, type = 'application/json'): Event {
  return server(
    `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

const envelope = (body: string) => `<s:Envelope xmlns:s="x"><s:Body>${body}</s:Body></s:Envelope>`;
const talk = [
  post(
    '/graphql?v=1',
    'application/json',
    '{"query":"query Cart { cart }","variables":{"id":"c1"}}',
  ),
  answer('{"errors":[{"message":"gone","extensions":{"code":"NOT_FOUND"}}]}'),
  post('/rpc', 'application/json', '{"jsonrpc":"2.0","id":1,"method":"sum","params":{"a":1}}'),
  answer('{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"busy"}}'),
  post('/soap', 'text/xml', envelope('<GetPrice/>')),
  answer(envelope('<s:Fault><faultstring>none</faultstring></s:Fault>'), 'text/xml'),
  client('GET /events HTTP/1.1\r\nHost: a\r\n\r\n'),
  answer('event: tick\nid: 4\ndata: {"n":1}\n\n', 'text/event-stream'),
  client('GET /plain?query=shoes HTTP/1.1\r\nHost: a\r\n\r\n'),
  answer('{"errors":[1]}'),
];
const bench = new ProtocolBench(protocols).feed(talk);
bench.close();

/** Rows that a query finds, by their targets. */
function found(query: string): string[] {
  const parsed = parseQuery(query, schema);
  if (!parsed.ok) throw new Error(`${query}: ${parsed.error.message}`);
  const matches = compileQuery(parsed.query);
  return bench.stored
    .filter((stored) => matches(subjectOf(stored, protocolByCode)))
    .map(({ row }) => row.target);
}

const cart = '/graphql query Cart { cart }';

describe('queries find refined exchanges', () => {
  test.each([
    ['gql', [cart]],
    ['graphql and not jsonrpc', [cart]],
    ['request.graphql.operationName == "Cart"', [cart]],
    ['request.graphql.operationType == "query" and response.graphql.hasErrors == true', [cart]],
    ['request.graphql.fields[0] == "cart" and request.graphql.variables.id == "c1"', [cart]],
    ['response.graphql.errors[0].code == "NOT_FOUND"', [cart]],
    ['jsonrpc and request.jsonrpc.method == "sum"', ['/rpc sum']],
    ['request.jsonrpc.params.a == 1 and response.jsonrpc.error.code < -31999', ['/rpc sum']],
    ['soap and request.soap.operation == "GetPrice"', ['/soap GetPrice']],
    ['response.soap.fault.reason == "none"', ['/soap GetPrice']],
    ['sse', ['{"n":1}']],
    ['response.event == "tick" and response.data.json().n == 1', ['{"n":1}']],
  ])('%s', (query, targets) => {
    expect(found(query)).toEqual(targets);
  });

  test.each([
    ['protocol.name == "http"', 5],
    ['http', 2],
    ['request.method == "POST"', 3],
    ['outcome == "failed"', 3],
    ['response.status == 200', 5],
    ['"cart"', 1],
  ])('%s: as HTTP they are what they were', (query, count) => {
    expect(found(query)).toHaveLength(count);
  });

  test('the target of HTTP is asked for by its own names', () => {
    expect(found('request.url == "/graphql?v=1"')).toEqual([cart]);
    expect(found('request.path == "/graphql"')).toEqual([cart]);
    expect(found('request.targetUri startsWith "/rpc"')).toEqual(['/rpc sum']);
  });
});

function pathsOf(section: Section): string[] {
  const paths =
    section.kind === 'table'
      ? section.rows.map(({ path }) => path)
      : section.kind === 'grid'
        ? (section.paths ?? [])
        : [section.path];
  return paths.filter((path) => path !== undefined);
}

test('every path of the details pane can be asked for', () => {
  for (const stored of bench.stored) {
    const protocol = protocolByCode(stored.protocolCode)!;
    const { request, response } = protocol.describe(protocol.decode(stored.payload));
    for (const path of [...request, ...response].flatMap(pathsOf)) {
      const parsed = parseQuery(`${path} != nil`, schema);
      expect([path, parsed.ok]).toEqual([path, true]);
    }
  }
});
