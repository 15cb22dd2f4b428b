import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ValueMap } from '../dissect/contract.ts';
import { compileQuery } from './evaluate.ts';
import { explain } from './explain.ts';
import { columnOf, httpEntry, schema, subjectOf } from './fixtures.ts';
import { parseQuery } from './parse.ts';
import { type SqlColumns, toSql } from './sql.ts';

/** Column → type in the table of this test; `namespace` is left out: a column the store does not have. */
const stored = {
  timestamp: 'DOUBLE',
  elapsedTime: 'FLOAT',
  'protocol.name': 'VARCHAR',
  'protocol.abbr': 'VARCHAR',
  'src.port': 'USMALLINT',
  'src.name': 'VARCHAR',
  'dst.name': 'VARCHAR',
  outgoing: 'BOOLEAN',
  status: 'INTEGER',
  method: 'VARCHAR',
  target: 'VARCHAR',
  outcome: 'VARCHAR',
} as const;
const names = Object.keys(stored) as (keyof typeof stored)[];
const columns: SqlColumns = Object.fromEntries(
  names.map((name) => {
    const kind = stored[name];
    const type = kind === 'VARCHAR' ? 'text' : kind === 'BOOLEAN' ? 'boolean' : 'number';
    return [name, { expression: `"${name}"`, type }];
  }),
);

const texts = [
  '',
  'a',
  'GET',
  'get',
  'a\nb',
  'ü',
  '\u{1f600}',
  '\uffee',
  "it's",
  '200',
  'x.y',
  'PUT',
];
const numbers = [0, 1, 200, 404, 0.1, 12.5, 65_535, 1e12, -1];

function entryOf(pick: <T>(from: readonly T[]) => T): ValueMap {
  const name = pick(['http', 'http', 'redis', 'amqp']);
  const outcome = pick(['ok', 'failed', 'pending', 'no response', 'no request']);
  const method = pick(texts);
  const target = pick(texts);
  const status = pick([0, 200, 404, 500]);
  const hasResponse = outcome !== 'pending' && outcome !== 'no response';
  return httpEntry({
    timestamp: pick([1.5e12, 0, 1]),
    elapsedTime: pick([null, ...[0.1, 12.5, 1, 100].map(Math.fround)]),
    protocol: { name, version: '1', abbr: pick(['HTTP', 'gRPC']) },
    src: { ip: '', port: pick([0, 1, 80, 65_535]), name: pick(texts) },
    dst: { ip: '', port: 1, name: pick(texts) },
    outgoing: pick([true, false]),
    namespace: pick(texts),
    status,
    method,
    target,
    outcome,
    request:
      outcome === 'no request'
        ? undefined
        : { method, path: target, headers: { a: pick(texts), n: 5 }, command: method, key: target },
    response: hasResponse ? { status, headers: { a: pick(texts) } } : undefined,
  });
}

function random(seed: number): <T>(from: readonly T[]) => T {
  let state = seed;
  return (from) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return from[Math.floor((state / 2 ** 32) * from.length)] as (typeof from)[number];
  };
}

const entries = Array.from({ length: 300 }, (_, at) => entryOf(random(at * 7_919 + 1)));
const textList = fc.constantFrom(...texts).map((value) => JSON.stringify(value));
const textPath = fc.constantFrom(
  ...['request.method', 'request.path', 'src.name', 'dst.name', 'namespace', 'outcome', 'method'],
  ...[
    'request.headers["a"]',
    'response.headers.a',
    'request.command',
    'request.httpVersion',
    'host',
  ],
);
const numberPath = fc.constantFrom(
  'status',
  'response.status',
  'elapsedTime',
  'src.port',
  'timestamp',
);
const pattern = fc.constantFrom(
  '^a',
  'a.b',
  'T$',
  '^$',
  '[a-z]',
  '\\d+',
  '(?i)get',
  'a|G',
  '[^a]',
  '.',
);
const leaf = fc.oneof(
  fc.constantFrom('http', 'redis', 'outgoing', 'outgoing == false', 'outgoing != true', 'true'),
  fc.constantFrom('elapsedTime == nil', 'elapsedTime != nil', 'response.status == nil', '"free"'),
  fc.constantFrom('response', 'elapsedTime', 'src.name == dst.name', 'src.name < request.path'),
  fc.constantFrom('status in (200, nil)', 'elapsedTime in (nil, 1)', 'status == r"^4"', 'false'),
  fc.constantFrom(
    'src.port == response.status',
    'elapsedTime > src.port',
    'request.queryString["x"]',
  ),
  fc
    .tuple(textPath, fc.constantFrom('==', '!=', '<', '<=', '>', '>='), textList)
    .map((parts) => parts.join(' ')),
  fc
    .tuple(textPath, fc.constantFrom('contains', 'startsWith', 'endsWith'), textList)
    .map((parts) => parts.join(' ')),
  fc
    .tuple(
      numberPath,
      fc.constantFrom('==', '!=', '<', '<=', '>', '>='),
      fc.constantFrom(...numbers),
    )
    .map((parts) => parts.join(' ')),
  fc.tuple(textPath, fc.constantFrom('==', '!='), pattern).map(([p, o, r]) => `${p} ${o} r"${r}"`),
  fc.tuple(textPath, textList, textList).map(([p, a, b]) => `${p} in (${a}, ${b})`),
  fc.tuple(textPath).map(([p]) => p),
);
const queryText = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .tuple(tie('query'), fc.constantFrom('and', 'or'), tie('query'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
    tie('query').map((query) => `not (${query})`),
  ),
})).query;

function parsed(text: string) {
  const result = parseQuery(text, schema, 0);
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`);
  return result.query;
}

describe('the store narrows and never loses a hit', async () => {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();

  beforeAll(async () => {
    const declared = names.map((name) => `"${name}" ${stored[name]}`).join(', ');
    await connection.run(`create table entries (n INTEGER, ${declared})`);
    const slots = names.map(() => '?').join(', ');
    for (const [at, entry] of entries.entries()) {
      const values = names.map((name) => columnOf(entry, name) ?? null);
      await connection.run(`insert into entries values (${at}, ${slots})`, values);
    }
  });
  afterAll(() => connection.closeSync());

  async function selected(text: string): Promise<{ rows: Set<number>; exact: boolean }> {
    const { where, parameters, exact } = toSql(parsed(text), columns);
    const sql = `select n from entries where ${where}`;
    const reader = await connection.runAndReadAll(sql, [...parameters] as string[]);
    return { rows: new Set(reader.getRows().map(([n]) => Number(n))), exact };
  }

  test('for any query, on any entry; and where it claims to be exact, it is', async () => {
    let exactQueries = 0;
    let narrowed = 0;
    await fc.assert(
      fc.asyncProperty(queryText, async (text) => {
        const { rows, exact } = await selected(text);
        const matches = compileQuery(parsed(text));
        const wanted = entries.flatMap((entry, at) => (matches(subjectOf(entry)) ? [at] : []));
        for (const at of wanted) expect(rows, `${text} on entry ${at}`).toContain(at);
        if (exact) {
          exactQueries++;
          expect([...rows].sort((a, b) => a - b)).toEqual(wanted);
        }
        if (rows.size < entries.length) narrowed++;
      }),
      { numRuns: 400 },
    );
    expect(exactQueries).toBeGreaterThan(40);
    expect(narrowed).toBeGreaterThan(100);
  });
});

describe('what the store can decide', () => {
  test.each([
    ['http', true],
    ['http and response.status >= 500', true],
    ['request.method == "GET" and not outgoing', true],
    ['elapsedTime > 100 and src.name != dst.name', true],
    ['request.path.startsWith("/api") or request.path == r"^/v[0-9]+/"', true],
    ['status in (200, 201)', true],
    ['http and limit(10)', true],
    ['', true],
    ['namespace == "default"', false],
    ['"payment"', false],
    ['request.headers["a"] == "b"', false],
    ['status == r"^4"', false],
    ['http and request.headers["a"] == "b"', false],
  ])('%s: %s', (text, exact) => {
    expect(toSql(parsed(text), columns).exact).toBe(exact);
  });

  test('the SQL of a column filter is plain', () => {
    const { where, parameters } = toSql(
      parsed('status >= 500 and "x" and src.name == "a"'),
      columns,
    );
    expect(where).toBe('("status" >= ?::DOUBLE and "src.name" = ?)');
    expect(parameters).toEqual([500, 'a']);
    expect(toSql(parsed('status >= 500 or "x"'), columns)).toEqual({
      where: 'true',
      parameters: [],
      exact: false,
    });
  });

  test('explain says who decides what', () => {
    const text = 'http and request.headers["Accept"] == "application/json" and namespace == "a"';
    expect(explain(parsed(`${text} and limit(5)`), columns)).toEqual([
      'The store decides http.',
      'The evaluator decides request.headers["Accept"] == "application/json" on decoded entries.',
      'The evaluator decides namespace == "a" on columns, without decoding.',
      'Only payloads that contain "application", "accept", "json", or hide it by compression, are decoded.',
      'At most 5 entries are shown.',
    ]);
    expect(explain(parsed(''), columns)).toEqual(['Every entry matches.']);
  });
});
