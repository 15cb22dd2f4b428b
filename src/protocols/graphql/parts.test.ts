import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { recordHttp } from '../http/test-record.ts';
import { protocols } from '../index.ts';
import { byteByByte, client, type Event, entriesOf, server } from '../test-bench.ts';
import { graphQlProtocol } from './index.ts';

const first = { data: { cart: { id: 'c1' } }, hasNext: true };
const deferred = { incremental: [{ data: { total: 3 }, path: ['cart'] }], hasNext: false };
const failing = {
  incremental: [
    { data: null, path: ['cart'], errors: [{ message: 'no', path: ['cart', 'total'] }] },
  ],
  hasNext: false,
};
const completed = { completed: [{ id: '0', errors: [{ message: 'gone' }] }], hasNext: false };
const query = 'query Cart { cart { id ... @defer { total } } }';

/** A server that sends the parts one after the other, each with a delimiter in front, and the end. */
function answering(parts: readonly unknown[], type: string, zip: boolean) {
  return (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': type, ...(zip && { 'content-encoding': 'gzip' }) });
    const coder = zip ? createGzip() : undefined;
    coder?.pipe(response);
    const to: Writable = coder ?? response;
    to.write('\r\n---');
    for (const part of parts) {
      to.write(`\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(part)}\r\n---`);
    }
    to.end('--\r\n');
  };
}

async function recorded(
  parts: readonly unknown[],
  type = 'multipart/mixed; boundary="-"; deferSpec=20220824',
  zip = false,
): Promise<Event[]> {
  const [events] = await recordHttp(answering(parts, type, zip), async (url) => {
    const headers = { 'content-type': 'application/json', accept: 'multipart/mixed' };
    const asked = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
    await asked.text();
  });
  return events!;
}

describe('an answer in parts', () => {
  test('its parts are shown, and nothing has failed', async () => {
    const events = await recorded([first, deferred]);
    for (const each of [events, byteByByte(events)]) {
      const [entry, ...others] = entriesOf(protocols, each);
      expect(others).toEqual([]);
      expect(entry).toMatchObject({ outcome: 'ok', status: 200, protocol: { abbr: 'GQL' } });
      expect(entry!.response!['graphql']).toEqual({
        hasErrors: false,
        errorCount: 0,
        fields: ['cart'],
        partCount: 2,
        parts: [first, deferred],
      });
      const { response } = graphQlProtocol.describe(entry!);
      expect(response.slice(0, 2)).toMatchObject([
        { kind: 'tree', title: 'Part 1', value: first, path: 'response.graphql.parts[0]' },
        { title: 'Part 2', value: deferred },
      ]);
    }
  });

  test.each([
    ['in what was deferred', [first, failing], 'no'],
    ['in what has ended', [first, completed], 'gone'],
    ['in the first part', [{ data: null, errors: [{ message: 'at once' }] }], 'at once'],
    ['of a subscription', [{ payload: { data: null, errors: [{ message: 'sub' }] } }], 'sub'],
    ['of a subscription that ends', [{}, { payload: null, errors: [{ message: 'end' }] }], 'end'],
  ])('an error %s makes the call failed', async (_where, parts, message) => {
    for (const zip of [false, true]) {
      const [entry] = entriesOf(
        protocols,
        await recorded(parts, 'multipart/mixed;boundary=-', zip),
      );
      expect(entry).toMatchObject({ outcome: 'failed', status: 200 });
      const { errors, errorCount } = entry!.response!['graphql'] as Record<string, unknown>;
      expect(errors).toMatchObject([{ message }]);
      expect(errorCount).toBe(1);
    }
  });

  test('the word in a value is no error; neither is an empty list', async () => {
    const parts = [{ data: { cart: { errors: ['x'], text: '"errors":[1]' } }, errors: [] }];
    const [entry] = entriesOf(protocols, await recorded(parts));
    expect(entry).toMatchObject({ outcome: 'ok' });
  });

  test('broken off: what has come is shown, and that more was to come', () => {
    const body = `---\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(first)}\r\n---\r\nContent-Ty`;
    const asked = JSON.stringify({ query });
    const [entry] = entriesOf(protocols, [
      client(
        `POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${asked.length}\r\n\r\n${asked}`,
      ),
      server(
        `HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary="-"\r\nConnection: close\r\n\r\n${body}`,
      ),
    ]);
    expect(entry!.response!['graphql']).toMatchObject({ partCount: 1, hasNext: true });
    const { response } = graphQlProtocol.describe(entry!);
    expect(response[0]).toMatchObject({ title: 'Part 1', remark: 'more was to come' });
  });
});

test('one stream of events for several operations: its results say what they are, other events do not', () => {
  const event = (name: string, data: string) => `event: ${name}\ndata: ${data}\n\n`;
  const failed = { data: null, errors: [{ message: 'broke' }] };
  const results = [
    event('complete', '{"id":"0"}'),
    event('next', '{"id":"1","payload":{"n":1}}'),
    event('next', '{"id":"1","payload":{"data":{"tick":0}}}'),
    event('next', JSON.stringify({ id: '1', payload: failed })),
    event('complete', '{"id":"1"}'),
  ];
  const entries = entriesOf(protocols, [
    client('GET /sse?token=a HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n'),
    server('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n', results.join('')),
  ]);
  const events = entries.filter(({ parent }) => parent !== '');
  expect(events.map(({ protocol, method, outcome }) => [protocol.abbr, method, outcome])).toEqual([
    ['SSE', 'complete', 'ok'],
    ['SSE', 'next', 'ok'],
    ['GQL', 'next', 'ok'],
    ['GQL', 'next', 'failed'],
    ['GQL', 'complete', 'ok'],
  ]);
  expect(events[2]!.response).toMatchObject({ graphql: { fields: ['tick'] } });
  expect(events[3]!.response).toMatchObject({ graphql: { errors: [{ message: 'broke' }] } });
});
