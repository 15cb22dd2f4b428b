import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ValueMap } from '../../src/dissect/contract.ts';
import type { Entry } from '../../src/entry/entry.ts';
import { openShop, ShopClient } from '../../src/protocols/grpc/test-shop.ts';
import { Capture, freePort, run } from './capture.ts';
import { grpcGo, grpcPython, pythonClient } from './setup-grpc.ts';

const isLong = process.env['MIZU_LONG_TESTS'] === '1';

/** What a client says that it did. */
interface Logged {
  readonly method: string;
  readonly sent: readonly string[];
  /** Lengths of the answers' bodies. */
  readonly received: readonly number[] | null;
  readonly code: number;
  readonly gzip: boolean;
}

const messagesOf = (entries: readonly Entry[], call: Entry, side: 'request' | 'response') =>
  entries.filter((entry) => entry.parent === call.id && entry[side] !== undefined);

/** The payload's body in a message, by its names or by its numbers. */
function bodyOf(side: ValueMap): Buffer {
  const message = (side['message'] ?? {}) as ValueMap;
  const typed = (message['payload'] as ValueMap | undefined)?.['body'];
  if (typed !== undefined || side['type'] !== undefined) {
    return Buffer.from(String(typed ?? ''), 'base64');
  }
  const field = (message['3'] ?? message['1']) as ValueMap | undefined;
  const text = String(field?.['2'] ?? '');
  // Servers answer with zeros, which are no text.
  return Buffer.from(text, /^A+=*$/.test(text) ? 'base64' : 'utf8');
}

/** Every call of the log is among the entries, once, with all its messages, and no other is. */
function expectAll(entries: readonly Entry[], log: readonly Logged[]): void {
  const calls = entries.filter(
    ({ parent, target }) => parent === '' && !target.startsWith('/grpc.reflection'),
  );
  expect(calls).toHaveLength(log.length);
  for (const [i, logged] of log.entries()) {
    const call = calls[i]!;
    const { method, code, sent, received } = logged;
    expect([call.target, call.protocol.abbr]).toEqual([method, 'gRPC']);
    if (code === 4) {
      expect(call.outcome).toBe('failed');
    } else {
      expect(call).toMatchObject({ status: code, outcome: code === 0 ? 'ok' : 'failed' });
    }
    const asked = messagesOf(entries, call, 'request');
    expect(asked.map(({ request }) => bodyOf(request!).toString())).toEqual(sent);
    expect(asked.every(({ request }) => request!['compressed'] === logged.gzip)).toBe(true);
    const answers = messagesOf(entries, call, 'response').map(({ response }) => response!);
    const lengths = method.endsWith('StreamingInputCall')
      ? answers.map(
          ({ message }) =>
            (message as ValueMap)['aggregated_payload_size'] ?? (message as ValueMap)['1'],
        )
      : answers.map((each) => bodyOf(each).length);
    expect(lengths).toEqual(received ?? []);
  }
}

function logOf(stdout: string): Logged[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Logged);
}

const program = isLong ? await grpcGo() : undefined;
const reason = isLong ? 'there is no Go' : 'grpc-go and grpcio are for MIZU_LONG_TESTS';

describe.skipIf(program === undefined)(`grpc-go's server (skipped when ${reason})`, () => {
  let port = 0;
  let server: ReturnType<typeof spawn>;
  beforeAll(async () => {
    port = await freePort();
    server = spawn(program!, ['server', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(server.stdout!, 'data');
  });
  afterAll(() => server.kill());

  test('grpc-go: all kinds of calls, errors, a deadline, gzip, without types', async () => {
    await using capture = await Capture.start([port]);
    const { stdout, code } = await run(program!, ['client', String(port)]);
    expect(code).toBe(0);
    const log = logOf(stdout);
    const entries = await capture.entries();
    expectAll(entries, log);
    const first = entries.find(({ parent }) => parent === '')!;
    expect(first.request!['metadata']).toMatchObject({ tenant: 'acme', 'raw-bin': 'AQI' });
    const failed = entries.find(({ status }) => status === 5)!;
    expect(failed.response).toMatchObject({ statusText: 'NOT_FOUND', error: 'not: hëre' });
  });

  test('grpcio: the types are learnt from reflection on the wire', async () => {
    const python = await grpcPython();
    await using capture = await Capture.start([port]);
    const { stdout, code, stderr } = await run(python, [pythonClient, String(port)]);
    expect(code, stderr).toBe(0);
    const entries = await capture.entries();
    expectAll(entries, logOf(stdout));
    const typed = entries.filter(
      ({ request }) => request?.['type'] === 'grpc.testing.SimpleRequest',
    );
    expect(typed).toHaveLength(11);
    expect(typed[3]!.request!['message']).toMatchObject({ response_size: 30 });
  });
});

test('grpc-js on both sides', async () => {
  const shop = await openShop();
  await using capture = await Capture.start([shop.port]);
  const client = new ShopClient(shop.port);
  const count = isLong ? 500 : 40;
  for (let i = 0; i < count; i++) await client.add({ name: `item ${i}`, count: i });
  await Promise.all(
    Array.from({ length: count }, (_, i) => client.add({ name: `more ${i}`, count: i })),
  );
  const listed = await client.list({ name: 'many', count: 100 });
  await client.add({ name: 'missing' }).catch(() => undefined);
  client.close();
  const entries = await capture.entries();
  shop.close();
  const calls = entries.filter(({ parent }) => parent === '');
  expect(calls).toHaveLength(2 * count + 2);
  for (const call of calls.filter(({ status, target }) => status === 0 && target.endsWith('Add'))) {
    const [asked] = messagesOf(entries, call, 'request');
    const [answer] = messagesOf(entries, call, 'response');
    const { 1: name, 2: number = 0 } = asked!.request!['message'] as ValueMap;
    const { 1: total = 0, 2: text } = answer!.response!['message'] as ValueMap;
    expect([total, text]).toEqual([number, `added ${String(name)}`]);
  }
  const list = calls.find(({ target }) => target.endsWith('List'))!;
  expect(messagesOf(entries, list, 'response')).toHaveLength(listed.length);
  expect(calls.filter(({ outcome }) => outcome === 'failed')).toMatchObject([{ status: 5 }]);
});
