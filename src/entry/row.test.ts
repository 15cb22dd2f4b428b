import { describe, expect, test } from 'vitest';
import type { Protocol } from '../dissect/contract.ts';
import type { NameResolver } from '../resolve/contract.ts';
import { Batch } from '../ship/batch.ts';
import { Capture, Outcome, RowFlag } from '../ship/columns.ts';
import { packOtherNodes, parseStream, streamNumber, streamText } from './id.ts';
import { rowFromBatch, storedFromBatch } from './row.ts';
import { columnOf, entryOf, subjectOf } from './subject.ts';

const text = (value: string) => new TextEncoder().encode(value);

/** A protocol that decodes to what it was given; only what rows and subjects ask for. */
const echo = {
  code: 7,
  id: 'echo',
  label: 'ECHO',
  versionText: (version: number) => `v${version}`,
  fields: [{ path: 'request.headers', type: 'map', help: '' }],
  decode: (payload: { request: Uint8Array | undefined }) => ({
    request: payload.request && {
      headers: { 'x-trace': 'abc', 'x-count': 7 },
      bodySize: 12_345,
      charset: 'utf-8',
      body: new TextDecoder().decode(payload.request),
    },
    response: undefined,
  }),
} as unknown as Protocol;
const protocolByCode = (code: number) => (code === 7 ? echo : undefined);

function batchWithOneRow(): Batch {
  const batch = Batch.allocate(4, 4096);
  batch.rows = 1;
  let at = 0;
  const put = (bytes: Uint8Array) => {
    batch.heap.set(bytes, at);
    at += bytes.length;
    batch.heapUsed = at;
    return at - bytes.length;
  };
  const c = batch.columns;
  for (const [name, value] of [
    ['method', 'POST'],
    ['target', '/päyments'],
    ['host', 'shop'],
  ] as const) {
    const bytes = text(value);
    c[name].set([put(bytes), bytes.length], 0);
  }
  c.idTime[0] = 1_700_000_000_123_456;
  c.idSequence[0] = 42;
  c.stream[0] = streamNumber(3, 77);
  c.sourceAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 1, 2, 3], 0);
  c.destinationAddress.set([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 0);
  c.sourcePort[0] = 40_000;
  c.destinationPort[0] = 80;
  c.protocol[0] = 7;
  c.version[0] = 2;
  c.outcome[0] = Outcome.NoResponse;
  c.capture[0] = Capture.File;
  c.flags[0] = RowFlag.Demo;
  c.incomplete[0] = 4;
  c.elapsedMs[0] = Number.NaN;
  c.waitMs[0] = Number.NaN;
  const payload = text('pay 5');
  c.requestOffset[0] = put(payload);
  c.requestLength[0] = payload.length;
  return batch;
}

/** A pod and a service in front of it, true from one second before the row to one after. */
const names: NameResolver = {
  identify(address, port, timeMs) {
    if (Math.abs(timeMs - 1_700_000_000_123.456) > 1000) return undefined;
    if (address === '10.1.2.3') return { kind: 'node', name: 'worker-1', node: 'worker-1' };
    if (address === '10.96.0.9' && port === 8080) {
      return { kind: 'service', name: 'pay', service: 'pay', namespace: 'shop' };
    }
    if (address !== '2001:db8::1') return undefined;
    return {
      kind: 'pod',
      name: 'pay-headless',
      pod: 'pay-0',
      service: 'pay-headless',
      namespace: 'shop',
      workload: 'statefulset/pay',
      node: 'worker-2',
      labels: { app: 'pay' },
    };
  },
  nodeName: (node) => (node === 7 ? 'worker-7' : ''),
};

describe('a row made from a batch', () => {
  const batch = batchWithOneRow();
  const row = rowFromBatch(batch, 0, { protocolByCode, names });

  test('names everything a list shows', () => {
    expect(row).toMatchObject({
      protocol: { name: 'echo', version: 'v2', abbr: 'ECHO' },
      capture: 'file',
      timestamp: 1_700_000_000_123.456,
      elapsedTime: null,
      src: { ip: '10.1.2.3', port: 40_000, name: 'worker-1', kind: 'node', node: 'worker-1' },
      dst: {
        ip: '2001:db8::1',
        port: 80,
        name: 'pay-headless',
        pod: 'pay-0',
        service: 'pay-headless',
        workload: 'statefulset/pay',
        node: 'worker-2',
      },
      namespace: 'shop',
      node: '',
      method: 'POST',
      target: '/päyments',
      outcome: 'no response',
      incomplete: ['no response was seen'],
      stream: '3-77',
      demo: true,
      timing: { wait: null },
    });
    expect(row.id).toMatch(/^[0-9a-f]{25}$/);
  });

  test('labels are not part of a row', () => {
    expect(row.dst).not.toHaveProperty('labels');
  });

  test('a call that several nodes saw names each of them once, those without a name aside', () => {
    const seen = batchWithOneRow();
    const { idSequence, otherNodes, sightings } = seen.columns;
    idSequence[0] = 7 * 2 ** 32 + 42;
    otherNodes[0] = packOtherNodes([65_535, 9]);
    sightings[0] = 3;
    const nodes: NameResolver = {
      identify: () => undefined,
      nodeName: (node) => (node === 9 ? '' : `worker-${node}`),
    };
    const shown = rowFromBatch(seen, 0, { protocolByCode, names: nodes });
    expect(shown).toMatchObject({ node: 'worker-7', seenOn: ['worker-7', 'worker-65535'] });
    expect(shown.sightings).toBe(3);
  });

  test('outside a cluster nothing is said of nodes', () => {
    expect(row).not.toHaveProperty('seenOn');
    expect(row.sightings).toBe(1);
  });

  test('the service that the client asked for names the pod behind it', () => {
    const translated = batchWithOneRow();
    translated.columns.frontAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 96, 0, 9], 0);
    translated.columns.frontPort[0] = 8080;
    translated.columns.idSequence[0] = 7 * 2 ** 32 + 42;
    const { dst, front, node } = rowFromBatch(translated, 0, { protocolByCode, names });
    expect(dst).toMatchObject({ name: 'pay', service: 'pay', pod: 'pay-0', ip: '2001:db8::1' });
    expect(front).toEqual({ ip: '10.96.0.9', port: 8080 });
    expect(node).toBe('worker-7');
  });

  test('behind a known service an unknown pod has the name of the service', () => {
    const translated = batchWithOneRow();
    translated.columns.frontAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 96, 0, 9], 0);
    translated.columns.frontPort[0] = 8080;
    translated.columns.destinationAddress.set([0x20, 1, 0xd, 0xb8], 0);
    translated.columns.destinationAddress[15] = 9;
    const { dst, namespace } = rowFromBatch(translated, 0, { protocolByCode, names });
    expect(dst).toMatchObject({ ip: '2001:db8::9', name: 'pay', kind: 'service' });
    expect(dst.pod).toBeUndefined();
    expect(namespace).toBe('shop');
  });

  test('an entry of an unknown protocol is still shown', () => {
    const stranger = storedFromBatch(batch, 0, { protocolByCode: () => undefined });
    expect(stranger.row.protocol).toEqual({ name: 'unknown', version: '', abbr: '?' });
    expect(entryOf(stranger, () => undefined).request).toBeUndefined();
  });
});

describe('what the evaluator sees', () => {
  const stored = storedFromBatch(batchWithOneRow(), 0, { protocolByCode });

  test('columns are answered without decoding', () => {
    const subject = subjectOf(stored, protocolByCode);
    expect(subject.column('dst.ip')).toBe('2001:db8::1');
    expect(subject.column('demo')).toBe(true);
    expect(subject.decoded).toBe(false);
  });

  test('a status that was never received is missing, not 0', () => {
    expect(columnOf(stored.row, 'status')).toBeUndefined();
    expect(columnOf(stored.row, 'elapsedTime')).toBeUndefined();
    expect(columnOf(stored.row, 'constructor')).toBeUndefined();
  });

  test('the root is the whole entry', () => {
    const subject = subjectOf(stored, protocolByCode);
    expect(subject.root()).toMatchObject({ method: 'POST', request: { body: 'pay 5' } });
    expect(subject.decoded).toBe(true);
  });

  test('free text looks into names users choose and all values', () => {
    const texts = [...subjectOf(stored, protocolByCode).texts()];
    expect(texts).toEqual(['POST', '/päyments', 'shop', 'x-trace', 'abc', 'x-count', '7', 'pay 5']);
  });

  test('a protocol that breaks its promise costs only the decoded part', () => {
    const broken = {
      ...echo,
      decode: () => {
        throw new Error('bug');
      },
    } as unknown as Protocol;
    expect(entryOf(stored, () => broken)).toMatchObject({ method: 'POST', request: undefined });
  });
});

test('a stream is written as thread and connection, and read back', () => {
  expect(streamText(streamNumber(255, 2 ** 40 - 1))).toBe('255-1099511627775');
  expect(parseStream('3-77')).toBe(streamNumber(3, 77));
  expect(parseStream('x')).toBeUndefined();
});
