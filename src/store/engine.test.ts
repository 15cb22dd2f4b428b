import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredEntry } from '../entry/entry.ts';
import { entryFields } from '../entry/fields.ts';
import { columnOf, subjectOf } from '../entry/subject.ts';
import { compileQuery, parseQuery, quote } from '../filter/index.ts';
import type { Identity, NameResolver } from '../resolve/contract.ts';
import { Capture, Outcome, RowFlag } from '../ship/columns.ts';
import type { Store } from './contract.ts';
import { filterEngine, openStore } from './index.ts';
import { protocolByCode, schema, trafficBatch } from './test-support.ts';

/** Rows with everything that is seldom: no answer, other protocols, flags, IPv6, empty texts. */
function oddBatch() {
  const batch = trafficBatch({ rows: 400, first: 0 });
  const c = batch.columns;
  for (let row = 0; row < 400; row += 3) {
    c.outcome[row] = Outcome.NoResponse;
    c.status[row] = 0;
    c.elapsedMs[row] = Number.NaN;
    c.waitMs[row] = Number.NaN;
    c.contentType[row * 2 + 1] = 0;
  }
  for (let row = 0; row < 400; row += 7) {
    c.outcome[row] = Outcome.NoRequest;
    c.flags[row] = RowFlag.Outgoing | RowFlag.Demo;
    c.capture[row] = Capture.Ebpf;
    c.protocol[row] = 99;
    c.sourceAddress.set(
      [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, row & 0xff],
      row * 16,
    );
    c.requestSize[row] = 5_000_000_000;
    c.stream[row] = 2 ** 40 * 3 + row;
    c.method[row * 2 + 1] = 0;
  }
  for (let row = 0; row < 400; row += 5) {
    c.destinationAddress[row * 16 + 15] = 8;
    c.idSequence[row] = c.idSequence[row]! + 2 * 2 ** 32;
  }
  for (let row = 0; row < 400; row += 4) {
    c.frontAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 96, 0, row % 3], row * 16);
    c.frontPort[row] = 80;
  }
  return batch;
}

const pod = (name: string, rest: Partial<Identity> = {}): Identity => ({
  kind: 'pod',
  name,
  pod: name,
  namespace: 'shop',
  node: "it's here",
  ...rest,
});
const service = (name: string, namespace = 'shop'): Identity => ({
  kind: 'service',
  name,
  service: name,
  namespace,
});
/** Some addresses with names, some of them in turn with time; others without. */
const identities: Readonly<Record<string, readonly Identity[]>> = {
  '10.0.0.1': [pod('a-1'), pod('b-1', { namespace: 'other', service: 'b' })],
  '10.0.0.2': [pod('a-2', { workload: 'deployment/a' })],
  '10.0.0.3': [{ kind: 'node', name: "it's here", node: "it's here" }],
  '10.0.0.4': [{ kind: 'external', name: 'maps.example' }],
  '10.0.1.7': [pod('pay-0', { service: 'pay', name: 'pay', workload: 'statefulset/pay' })],
  '10.96.0.1': [service('pay-front')],
  '10.96.0.2': [service('kube', 'default')],
};
const nodes = [[2, "it's here"]] as const;
const names: NameResolver = {
  identify(address, _port, timeMs) {
    const list = identities[address] ?? [];
    return list[Math.floor(timeMs * 100) % list.length];
  },
  nodeName: (node) => nodes.find(([number]) => number === node)?.[1] ?? '',
  nodeNames: () => nodes,
  addressesWhere: (predicate) =>
    Object.keys(identities).filter((address) => identities[address]!.some(predicate)),
};

let store: Store;
let all: readonly StoredEntry[];
beforeAll(async () => {
  store = await openStore({ limitBytes: 20_000_000, protocolByCode, schema, names });
  store.append(oddBatch());
  all = (await store.page({ filter: '', limit: 1000 })).entries;
});
afterAll(() => store.close());

const operators = {
  number: ['==', '!=', '<', '<=', '>', '>='],
  text: ['==', '!=', '<', '>=', 'contains', 'startsWith', 'endsWith', 'matches'],
  boolean: ['==', '!='],
} as const;

/** Filters on a column with a value that some entries have. */
function filtersOn(path: string, type: string, column: string): string[] {
  // Row 1 has names at both ends.
  const rows = (/^(src|dst)\./.test(path) ? [1] : [3, 7, 50]).map((row) =>
    columnOf(all[row]!.row, column),
  );
  const values = [...new Set(rows)];
  const filters = [path, `not ${path}`, `${path} == nil`, `${path} != nil`];
  for (const value of values) {
    if (value === undefined) continue;
    for (const operator of operators[type as keyof typeof operators]) {
      const isPattern = operator === 'matches';
      if (isPattern && typeof value === 'string' && !/^[\w.]*$/.test(value)) continue;
      filters.push(`${path} ${operator} ${isPattern ? `r"${value}"` : quote(value)}`);
    }
  }
  return [...filters, ...filters.slice(2).map((filter) => `not (${filter})`)];
}

test('for every column, the store finds what the evaluator accepts', {
  timeout: 120_000,
}, async () => {
  let exact = 0;
  const engine = filterEngine(schema, protocolByCode, names);
  const fields = new Map([...entryFields, ...schema.fields].map((field) => [field.path, field]));
  for (const { path, type, column } of fields.values()) {
    if (column === undefined) continue;
    for (const filter of filtersOn(path, type, column)) {
      const parsed = parseQuery(filter, schema);
      if (!parsed.ok) continue;
      const matches = compileQuery(parsed.query);
      const expected = all.filter((entry) => matches(subjectOf(entry, protocolByCode)));
      const { entries } = await store.page({ filter, limit: 1000 });
      expect([filter, entries.map((e) => e.row.id)]).toEqual([
        filter,
        expected.map((e) => e.row.id),
      ]);
      if (engine.prepare(filter).exact) exact++;
    }
  }
  expect(exact).toBeGreaterThan(200);
});

test('names narrow to the addresses that had them', () => {
  const engine = filterEngine(schema, protocolByCode, names);
  const where = (filter: string) => engine.prepare(filter).where;
  expect(where('dst.service == "pay-front"')).toBe(
    `("destination" IN ('10.96.0.1') or "front" IN ('10.96.0.1'))`,
  );
  expect(where('src.namespace in ("shop", "other") and src.workload startsWith "deploy"')).toBe(
    `(("source" IN ('10.0.0.1', '10.0.0.2', '10.0.1.7', '10.96.0.1')) and ("source" IN ('10.0.0.2')))`,
  );
  expect(where('src.pod == "nobody"')).toBe('false');
  // What entries without a name satisfy as well narrows nothing.
  expect(where('not src.pod == "a-1"')).toBe('true');
  expect(where('dst.name == ""')).toBe('true');
  expect(where('src.namespace == dst.namespace')).toBe('true');
});

test('free text and decoded paths give the same in the store', async () => {
  for (const filter of ['"users/30/"', '"order 2"', 'response.body contains "number"', '"zebra"']) {
    const parsed = parseQuery(filter, schema);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const matches = compileQuery(parsed.query);
    const expected = all.filter((entry) => matches(subjectOf(entry, protocolByCode)));
    const { entries } = await store.page({ filter, limit: 1000 });
    expect([filter, entries.length]).toEqual([filter, expected.length]);
  }
});
