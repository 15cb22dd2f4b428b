import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Literal, Node, Operand, Operator, Path, Regex, Segment } from './ast.ts';
import { complete } from './complete.ts';
import { addClause, clauses } from './edit.ts';
import { explain } from './explain.ts';
import { schema } from './fixtures.ts';
import { highlight } from './highlight.ts';
import { queryLengthLimit } from './limits.ts';
import { parseQuery } from './parse.ts';
import { printNode, quote } from './print.ts';
import { requiredLiterals } from './required.ts';
import { buildSchema } from './schema.ts';
import { toSql } from './sql.ts';
import { parseDate } from './units.ts';

function printed(text: string): string {
  const result = parseQuery(text, schema, 0);
  return result.ok ? printNode(result.query.root) : `error: ${result.error.message}`;
}

/** The text with the place of its error marked: `status == [abc]`. */
function marked(text: string): string {
  const result = parseQuery(text, schema, 0);
  if (result.ok) return 'no error';
  const { from, to } = result.error;
  return `${text.slice(0, from)}[${text.slice(from, to)}]${text.slice(to)}`;
}

function suggestion(text: string): string | undefined {
  const result = parseQuery(text, schema, 0);
  return result.ok ? 'no error' : result.error.suggestion;
}

test.each([
  ['a typed == missing', 'status == 1 or status == 2 and status == 3'],
  ['and first', '(status == 1 or status == 2) and status == 3'],
  ['not', 'not (status == 1) and not outgoing'],
])('%s prints as it was written', (_, text) => {
  expect(printed(text)).toBe(text);
});

test.each([
  ['status==1&&!outgoing||http', 'status == 1 and not outgoing or http'],
  ['status == 1 AND NOT outgoing OR http', 'status == 1 and not outgoing or http'],
  ['400 <= status', 'status >= 400'],
  ['request.path.matches("^/a")', 'request.path == r"^/a"'],
  ["request.path matches r'^/a'", 'request.path == r"^/a"'],
  ['request.path == r`"a"`', 'request.path == r\'"a"\''],
  ['status not in (1, 2)', 'not (status in (1, 2))'],
  ['request["path"] == "/"', 'request.path == "/"'],
  ['(status) == 1', 'status == 1'],
  ['((request.path)).x == 1', 'error: `and` or `or` is missing here'],
  ['status == "1234"', 'status == 1234'],
  ['outgoing == "true"', 'outgoing == true'],
  ['elapsedTime > 2s', 'elapsedTime > 2s'],
  ['timestamp > days(-1)', 'timestamp > days(-1)'],
  ['', 'true'],
  ['  \n ', 'true'],
])('%s means %s', (text, meaning) => {
  expect(printed(text)).toBe(meaning);
});

describe('errors have their place', () => {
  test.each([
    ['response.status == "abc"', 'response.status == ["abc"]'],
    ['http and response.statos == 2', 'http and response.[statos] == 2'],
    ['reqest.path == "/"', '[reqest].path == "/"'],
    ['request.path.foo == 1', 'request.path.[foo] == 1'],
    ['request.path.startWith("x")', 'request.path.[startWith]("x")'],
    ['status == true', 'status == [true]'],
    ['outgoing == 5', 'outgoing == [5]'],
    ['outgoing < true', 'outgoing < [true]'],
    ['request == "x"', 'request == ["x"]'],
    ['request.path < r"x"', 'request.path < [r"x"]'],
    ['request.path == r"("', 'request.path == [r"("]'],
    ['request.path == "abc', 'request.path == ["abc]'],
    ['request.path == "a\\d"', 'request.path == "a[\\d]"'],
    ['request.path = "a"', 'request.path [=] "a"'],
    ['request.path =~ "a"', 'request.path [=~] "a"'],
    ['request.path == /a', 'request.path == [/]a'],
    ['src.ip == 10.0.0.1', 'src.ip == [10.0.0.1]'],
    ['elapsedTime > 5m', 'elapsedTime > [5m]'],
    ['(http', '[(]http'],
    ['http)', 'http[)]'],
    ['http and', 'http and[]'],
    ['and http', '[and] http'],
    ['http http', 'http [http]'],
    ['http == 1', '[http] == 1'],
    ['()', '([)]'],
    ['404', '[404]'],
    ['status == 1 == 2', 'status == 1 [==] 2'],
    ['status in ()', 'status in [(])'],
    ['status in (1, "x")', 'status in (1, ["x"])'],
    ['status in (1 2)', 'status in (1 [2])'],
    ['src.port == src.name', 'src.port == [src.name]'],
    ['timestamp > datetime("yesterday")', 'timestamp > datetime(["yesterday"])'],
    ['timestamp > yesterday()', 'timestamp > [yesterday]()'],
    ['limit(0)', 'limit([0])'],
    ['not limit(5)', 'not [limit(5)]'],
    ['http or limit(5)', 'http or [limit(5)]'],
    ['http and redact("request.path")', 'http and [redact]("request.path")'],
    ['request.headers[x] == 1', 'request.headers[[x]] == 1'],
    ['request. == 1', 'request. [==] 1'],
    ['request.path like "x"', 'request.path [like] "x"'],
  ])('%s', (text, place) => {
    expect(marked(text)).toBe(place);
  });

  test.each([
    ['reqest.path == "/"', 'request'],
    ['response.statos == 2', 'response.status'],
    ['request.query["x"] == 1', 'request.queryString'],
    ['htp and status == 1', 'http'],
    ['request.path.startWith("x")', 'request.path.startsWith(...)'],
    ['request.path like "x"', 'request.path contains ...'],
    ['status == "4xx"', 'status == r"^4"'],
    ['timestamp > "2021-10-19"', 'timestamp > datetime("2021-10-19")'],
    ['request == "x"', 'request contains "x"'],
    ['timestamp > minuts(-5)', 'minutes'],
    ['404', '"404"'],
    ['src.ip == 10.0.0.1', 'write "10.0.0.1"'],
    ['request.headers[x] == 1', '["x"]'],
    ['pathSegments[0] == "a"', 'request.pathSegments'],
  ])('%s: did you mean %s', (text, meant) => {
    expect(suggestion(text)).toBe(meant);
  });

  test('in words', () => {
    expect(printed('response.status == "abc"')).toBe(
      'error: response.status is a number, "abc" is a text',
    );
  });
});

describe('limits', () => {
  test('a text that is too long, or too deep, is an error', () => {
    expect(marked('x'.repeat(queryLengthLimit + 1))).toMatch(/^x+\[x\]$/);
    expect(printed(`${'('.repeat(200)}http${')'.repeat(200)}`)).toMatch(/more than 100 levels/);
    expect(printed(`${'not '.repeat(200)}http`)).toMatch(/more than 100 levels/);
    expect(printed(`request.path == r"(((a{500}){500}){500})"`)).toMatch(/not a valid pattern/);
  });

  test('long chains are not deep', () => {
    expect(printed(Array.from({ length: 1000 }, () => 'http').join(' or '))).toMatch(/^http or/);
  });

  test('a macro that names itself is an error', () => {
    const looped = buildSchema([], [{ fields: [], macros: { a: 'b or a', b: 'a' } }]);
    const result = parseQuery('a', looped);
    expect(result.ok ? '' : result.error.message).toMatch(/^the macro a is broken/);
  });

  test('limit(n) is kept, the smallest counts', () => {
    const result = parseQuery('http and limit(10) and (limit(5) and outgoing)', schema);
    expect(result.ok && result.query.limit).toBe(5);
  });
});

test('dates', () => {
  expect(parseDate('10/19/2021, 6:29:02.593 PM')).toBe(Date.UTC(2021, 9, 19, 18, 29, 2, 593));
  expect(parseDate('10/19/2021, 12:00:00.000 AM')).toBe(Date.UTC(2021, 9, 19));
  expect(parseDate('2021-10-19')).toBe(Date.UTC(2021, 9, 19));
  expect(parseDate('2021-10-19 18:29')).toBe(Date.UTC(2021, 9, 19, 18, 29));
  expect(parseDate('2021-10-19T18:29:02.5+02:00')).toBe(Date.UTC(2021, 9, 19, 16, 29, 2, 500));
  expect(parseDate('2021-02-30')).toBeUndefined();
  expect(parseDate('13/13/2021, 1:00:00 PM')).toBeUndefined();
  expect(parseDate('2021-10-19T25:00')).toBeUndefined();
});

// ---- properties

const words = [
  ...[
    'http',
    'request',
    '.',
    '..',
    '*',
    'path',
    'status',
    'response',
    'headers',
    '[',
    ']',
    '(',
    ')',
  ],
  ...[
    'and',
    'or',
    'not',
    'in',
    '==',
    '!=',
    '<',
    'contains',
    'startsWith',
    '"a"',
    "'",
    'r"',
    '"',
    '`',
  ],
  ...['1', '-', '5ms', 'json', 'limit', 'now', 'minutes', 'true', 'nil', ',', '!', '\\', 'é', '😀'],
];
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom(...words), { maxLength: 25 }).map((parts) => parts.join(' ')),
);

test('no text throws, and every error lies in the text', () => {
  fc.assert(
    fc.property(anyText, fc.nat(100), (text, at) => {
      const result = parseQuery(text, schema, 0);
      if (result.ok) {
        const { query } = result;
        toSql(query, {});
        requiredLiterals(query);
        explain(query, {});
        for (const clause of clauses(query)) {
          expect(text.slice(clause.from, clause.to)).toBe(clause.text);
        }
      } else {
        const { from, to, message } = result.error;
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeGreaterThanOrEqual(from);
        expect(to).toBeLessThanOrEqual(text.length);
        expect(message).not.toBe('');
      }
      for (const completion of complete(text, at, schema, () => ['x y', '5'])) {
        expect(completion.from).toBeLessThanOrEqual(completion.to);
        expect(completion.to).toBeLessThanOrEqual(text.length);
      }
      let end = 0;
      for (const token of highlight(text, schema)) {
        expect(token.from).toBeGreaterThanOrEqual(end);
        end = token.to;
      }
      addClause(text, 'status == 1', 'and');
    }),
    { numRuns: 3000 },
  );
});

const place = { from: 0, to: 0 };
const path = (segments: Segment[], type: Path['type']): Path => ({
  kind: 'path',
  segments,
  type,
  place,
});
const named = (dotted: string, type: Path['type']) =>
  path(
    dotted.split('.').map((name): Segment => ({ kind: 'name', name })),
    type,
  );
const literal = (value: Literal['value']): Literal => ({ kind: 'literal', value, place });
const someText = fc.string({ unit: 'binary', maxLength: 8 });
const openPath = fc
  .array(
    fc.oneof(
      someText.map((name): Segment => ({ kind: 'name', name })),
      fc
        .integer({ min: -3, max: 3 })
        .map((index): Segment => ({ kind: 'index', index: index || 0 })),
      fc.constantFrom<Segment>(
        { kind: 'all' },
        { kind: 'deep', name: 'x-y' },
        { kind: 'call', name: 'json' },
        { kind: 'call', name: 'xml' },
      ),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((rest) => {
    const head: Segment[] = ['request', 'headers'].map((name) => ({ kind: 'name', name }));
    // json() of a map is an error: a name comes first
    return path([...head, { kind: 'name', name: 'n' }, ...rest], 'any');
  });
const regex = fc
  .constantFrom('a.*', '^/x"y$', '\\d+\\"', '[a-z]', '\\\\')
  .map((pattern): Regex => ({ kind: 'regex', pattern, place }));
const numberLiteral = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0),
    fc.integer(),
    fc.bigInt({ min: 2n ** 60n, max: 2n ** 90n }),
  )
  .map(literal);
const textLiteral = someText.map(literal);
const comparisonNode: fc.Arbitrary<Node> = fc.oneof(
  fc
    .tuple(fc.constantFrom<Operator>('==', '!=', '<', '<=', '>', '>='), numberLiteral)
    .map(([operator, right]) => compare(operator, named('response.status', 'number'), right)),
  fc
    .tuple(
      fc.constantFrom<Operator>('==', '!=', '<', 'contains', 'startsWith', 'endsWith'),
      fc.oneof(openPath, fc.constant(named('request.path', 'text'))),
      textLiteral,
    )
    .map(([operator, left, right]) => compare(operator, left, right)),
  fc
    .tuple(fc.constantFrom<Operator>('==', '!='), openPath, regex)
    .map(([operator, left, right]) => compare(operator, left, right)),
  fc.tuple(openPath, openPath).map(([left, right]) => compare('==', left, right)),
  openPath.map((left) => compare('!=', left, literal(null))),
);
function compare(operator: Operator, left: Operand, right: Operand): Node {
  return { kind: 'compare', operator, left, right, place };
}
const leaf: fc.Arbitrary<Node> = fc.oneof(
  comparisonNode,
  fc.boolean().map((value): Node => ({ kind: 'constant', value, place })),
  openPath.map((truthy): Node => ({ kind: 'truthy', path: truthy, place })),
  fc.oneof(textLiteral, regex).map((what): Node => ({ kind: 'text', what, place })),
  fc
    .tuple(openPath, fc.array(fc.oneof(textLiteral, regex), { minLength: 1, maxLength: 3 }))
    .map(([left, items]): Node => ({ kind: 'in', left, items, place })),
);
const tree = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc
      .tuple(
        fc.constantFrom<'and' | 'or'>('and', 'or'),
        fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, items]): Node => ({ kind, items, place })),
    tie('node').map((item): Node => ({ kind: 'not', item, place })),
  ),
})).node;

function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key]) => key !== 'place' && key !== 'source' && key !== 'column' && key !== 'type',
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, shape(inner)]));
}

test('what is printed parses to the same tree', () => {
  fc.assert(
    fc.property(tree, (node) => {
      const text = printNode(node);
      fc.pre(text.length < queryLengthLimit);
      const result = parseQuery(text, schema, 0);
      if (!result.ok) throw new Error(`${text}: ${result.error.message}`);
      expect(shape(result.query.root)).toEqual(shape(node));
    }),
    { numRuns: 2000 },
  );
});

test('a quoted value reads back as itself', () => {
  fc.assert(
    fc.property(someText, (value) => {
      const result = parseQuery(`request.path == ${quote(value)}`, schema);
      const { root } = result.ok ? result.query : { root: undefined };
      expect(root?.kind === 'compare' && root.right).toMatchObject({ value });
    }),
  );
});
