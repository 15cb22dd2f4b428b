import { describe, expect, test } from 'vitest';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { protocols } from '../../../src/protocols/index.ts';
import { protocolInfo } from '../../../src/serve/protocol-info.ts';
import { declareProtocols, statusName, versionText } from '../data/protocol-of.ts';
import { columnsNow, seenText, statusText } from './columns.ts';
import { endFacts, endQuery, foreignNamespace, kindText, nameSource } from './ends.ts';

declareProtocols({ protocols: protocols.map(protocolInfo) });
const http = { name: 'http', version: '1.1', abbr: 'HTTP' };

const row = (changes: Partial<EntryRow>) =>
  ({
    outcome: 'ok',
    status: 200,
    parent: '',
    contentType: '',
    protocol: http,
    src: { ip: '10.0.0.1', port: 41_000, name: 'cart', pod: 'cart-7d9', namespace: 'shop' },
    dst: {
      ip: '10.0.0.2',
      port: 8_082,
      name: 'payments',
      service: 'payments',
      pod: 'payments-0',
      workload: 'statefulset/payments',
      namespace: 'billing',
      node: 'worker-1',
    },
    ...changes,
  }) as EntryRow;

describe('the status of a row', () => {
  test('a call that failed although its status says otherwise is marked', () => {
    expect(statusText(row({ outcome: 'failed' }))).toBe('200!');
    expect(statusText(row({ outcome: 'failed', status: 503 }))).toBe('503');
  });
  test('protocols without numbers say that there was an error, and nothing when there was none', () => {
    expect(statusText(row({ outcome: 'failed', status: 0 }))).toBe('error');
    expect(statusText(row({ status: 0 }))).toBe('');
  });
  test('0 is a status where the protocol declares a name for it; other names are told when pointed at', () => {
    const call = { protocol: { name: 'http', version: '2.0', abbr: 'gRPC' }, status: 0 };
    expect(statusText(row(call))).toBe('OK');
    expect(statusText(row({ ...call, outcome: 'no response' }))).toBe('—');
    expect(statusText(row({ ...call, parent: '0af3' }))).toBe('');
    const failed = row({ ...call, outcome: 'failed', status: 5 });
    expect(statusText(failed)).toBe('5');
    const status = columnsNow().find(({ id }) => id === 'status');
    expect(status?.hint(failed)).toBe('5 NOT_FOUND');
  });
  test.each([
    ['KAFKA', 'kafka', 3, 'UNKNOWN_TOPIC_OR_PARTITION'],
    ['AMQP', 'amqp', 404, 'NOT_FOUND'],
    ['WS', 'websocket', 1001, 'Going Away'],
    ['HTTP', 'http', 404, ''],
  ])('%s: %s of %i is named %s', (abbr, name, status, expected) => {
    const protocol = { abbr, name, version: '' };
    expect(statusName(row({ protocol, status, outcome: 'failed' }))).toBe(expected);
  });
  test('no answer', () => {
    expect(statusText(row({ outcome: 'pending' }))).toBe('…');
    expect(statusText(row({ outcome: 'no response' }))).toBe('—');
  });
});

test.each([
  ['HTTP', '1.1', undefined, 'HTTP 1.1'],
  ['HTTP/2', '2.0', undefined, 'HTTP/2'],
  ['gRPC', '2.0', 'HTTP', 'gRPC over HTTP/2'],
  ['GQL', '', 'SSE', 'GQL over SSE'],
  ['SSE', '', undefined, 'SSE'],
])('%s %s over %s is shown as %s', (abbr, version, below, expected) => {
  expect(versionText({ protocol: { name: '', abbr, version } }, below)).toBe(expected);
});

test('where a call was seen, when more than once', () => {
  expect(seenText(row({ node: 'a', sightings: 1 }))).toBe('a');
  expect(seenText(row({ node: 'a', seenOn: ['a', 'b'], sightings: 3 }))).toBe(
    'seen 3 times, on a and b',
  );
});

describe('the ends of a call', () => {
  test('name each other, and their namespaces where these differ', () => {
    const text = (id: string) =>
      columnsNow()
        .find((column) => column.id === id)
        ?.text(row({}));
    expect([text('source'), text('destination')]).toEqual(['cart', 'payments']);
    expect(foreignNamespace(row({}), 'dst')).toBe('billing');
    expect(foreignNamespace(row({ src: { ...row({}).dst } }), 'dst')).toBe('');
  });
  test('everything known of an end can be filtered by', () => {
    const facts = endFacts(row({ front: { ip: '10.96.0.7', port: 80 } }), 'dst');
    expect(facts.map(({ path, value }) => `${path} ${value}`)).toEqual([
      'dst.service payments',
      'dst.pod payments-0',
      'dst.workload statefulset/payments',
      'dst.namespace billing',
      'dst.node worker-1',
      'dst.ip 10.0.0.2',
      'dst.port 8082',
      'front.ip 10.96.0.7',
      'front.port 80',
    ]);
  });
  test('what has no name is found by its address', () => {
    const unnamed = row({ src: { ip: 'fd00::7', port: 9, name: '' } });
    expect(endQuery(unnamed, 'src')).toEqual(['src.ip', 'fd00::7']);
    const source = columnsNow().find(({ id }) => id === 'source');
    expect(source?.text(unnamed)).toBe('[fd00::7]:9');
  });
  test('a name that comes from the traffic is told apart', () => {
    const external = {
      ip: '93.184.215.14',
      port: 443,
      name: 'api.example',
      kind: 'external',
    } as const;
    expect(kindText(external)).toContain('comes from the traffic');
    expect(kindText({ ...external, origin: 'dns' })).toContain('DNS answer');
    expect(nameSource({ ...external, origin: 'sni' })).toContain('SNI');
    expect(nameSource({ ...row({}).dst, kind: 'pod' })).toContain('objects of the cluster');
    expect(kindText(row({}).dst)).toBe('');
  });
});
