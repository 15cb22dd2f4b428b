/** Connect, gRPC-Web and gRPC by Connect's own library, over both versions of HTTP: what its clients logged. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Value, ValueMap } from '../../src/dissect/contract.ts';
import type { Entry } from '../../src/entry/entry.ts';
import { Capture } from './capture.ts';
import { type Logged, openConnectShop, ShopClient, shopProto, type Way } from './connect-shop.ts';

const ways: readonly Way[] = [
  { kind: 'Connect', httpVersion: '1.1', json: false },
  { kind: 'Connect', httpVersion: '1.1', json: true, compression: 'gzip', get: true },
  { kind: 'Connect', httpVersion: '1.1', json: false, compression: 'zstd', get: true },
  { kind: 'Connect', httpVersion: '1.1', json: true, compression: 'br' },
  { kind: 'Connect', httpVersion: '2', json: true },
  { kind: 'Connect', httpVersion: '2', json: false, compression: 'br', get: true },
  { kind: 'gRPC-Web', httpVersion: '1.1', json: false },
  { kind: 'gRPC-Web', httpVersion: '1.1', json: true, compression: 'gzip' },
  { kind: 'gRPC-Web', httpVersion: '2', json: false, compression: 'zstd' },
  { kind: 'gRPC', httpVersion: '2', json: false, compression: 'gzip' },
  { kind: 'gRPC', httpVersion: '2', json: true },
];
const codes = ['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND'];

/** What is not on the wire has its default. */
function withDefaults(value: Value): ValueMap {
  const map = value as ValueMap;
  return 'total' in map || 'text' in map
    ? { total: 0, text: '', ...map }
    : { name: '', count: 0, ...map };
}
const filled = (values: Value): ValueMap[] => ((values ?? []) as Value[]).map(withDefaults);

function statusOf({ way, code }: Logged): string {
  const name = codes[code]!;
  return way.kind === 'Connect' ? name.toLowerCase() : name;
}

function expectCall(call: Entry, logged: Logged): void {
  const { way, method, sent, received, code, message, details, timeoutMs, trailers } = logged;
  expect(call.target.split('?', 1)).toEqual([method]);
  // Of streams in both directions HTTP/1's server knows nothing: it answers within the request.
  if (call.status === 505) {
    expect([method, call.outcome]).toEqual(['/mizu.shop.Cart/Talk', 'failed']);
    expect(call.protocol.abbr).toBe(way.kind);
    return;
  }
  const version = way.httpVersion === '2' ? '2.0' : '1.1';
  expect(call.protocol).toMatchObject({ abbr: way.kind, version });
  expect(call.method).toBe(way.get === true && method.endsWith('/Look') ? 'GET' : 'POST');
  const request = call.request!;
  expect(request['metadata']).toMatchObject({ tenant: 'acme', 'raw-bin': 'AQI' });
  expect(request['timeoutMs']).toBe(timeoutMs);
  expect(filled(request['messages'])).toEqual(sent);
  if (code === 4) {
    expect(['failed', 'no response']).toContain(call.outcome);
    return;
  }
  expect(call.outcome).toBe(code === 0 ? 'ok' : 'failed');
  const response = call.response!;
  expect(response['statusText']).toBe(statusOf(logged));
  if (way.kind !== 'Connect') expect(call.status).toBe(code);
  expect(response['error'] ?? '').toBe(message);
  expect(filled(response['messages'])).toEqual(received);
  expect(response['details'] ?? []).toMatchObject(details);
  if (trailers['stock-bin'] !== undefined) {
    expect(response['metadata']).toMatchObject({ 'stock-bin': trailers['stock-bin'] });
  }
}

/** Messages behind prefixes are entries of their own. */
function expectMessages(entries: readonly Entry[], call: Entry, logged: Logged): void {
  const { way, method, sent, received, code } = logged;
  const isUnary = /Add$|Look$/.test(method);
  if (call.status === 505) return;
  const messages = entries.filter(({ parent }) => parent === call.id);
  const of = (side: 'request' | 'response') =>
    messages.flatMap((each) =>
      each[side] === undefined ? [] : [withDefaults(each[side]['message'])],
    );
  const answers = code === 4 ? [] : received;
  const isBare = way.kind === 'Connect' && isUnary;
  expect(of('response')).toEqual(isBare ? [] : answers);
  expect(of('request')).toEqual(isBare ? [] : sent);
}

let shop: Awaited<ReturnType<typeof openConnectShop>>;
let folder = '';
beforeAll(async () => {
  shop = await openConnectShop();
  folder = await mkdtemp(join(tmpdir(), 'mizu-protos-'));
  await writeFile(join(folder, 'shop.proto'), shopProto);
});
afterAll(async () => {
  shop.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each(ways)('$kind over HTTP/$httpVersion, json: $json, $compression', (way) => {
  test('every call with all its messages, and nothing more', async () => {
    await using capture = await Capture.start(shop.ports);
    const client = new ShopClient(way, shop.ports);
    await client.callAll();
    const entries = await capture.entries(['--proto', folder]);
    const calls = entries.filter(({ parent }) => parent === '');
    expect(calls).toHaveLength(client.log.length);
    for (const [i, logged] of client.log.entries()) {
      expectCall(calls[i]!, logged);
      expectMessages(entries, calls[i]!, logged);
    }
  });
});
