import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Value, ValueMap } from '../dissect/contract.ts';
import { compileQuery } from './evaluate.ts';
import { httpEntry, schema, subjectOf } from './fixtures.ts';
import { parseQuery } from './parse.ts';
import { requiredLiterals } from './required.ts';

function parsed(text: string) {
  const result = parseQuery(text, schema, 0);
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`);
  return result.query;
}

test('literals that every hit contains', () => {
  const of = (text: string) => requiredLiterals(parsed(text));
  expect(of('"Payment failed"')).toEqual(['payment', 'failed']);
  expect(of('http and "tea" and "milk"')).toEqual(['milk', 'tea']);
  expect(of('"tea" or "milk"')).toEqual([]);
  expect(of('"green tea" or "black tea"')).toEqual(['tea']);
  expect(of('not "tea"')).toEqual([]);
  expect(of('request.headers["X-Id"] == "abc/7f"')).toEqual(['x-id', 'abc', '7f']);
  expect(of('request.headers["X-Id"] != "abc"')).toEqual(['x-id']);
  expect(of('request.headers["X-Id"] == nil')).toEqual([]);
  expect(of('request.headers["n"] == 5')).toEqual([]);
  expect(of('response.content.text contains "out of stock"')).toEqual(['stock', 'out', 'of']);
  // JSON may write any letter as an escape
  expect(of('response.content.text.json().name == "ann"')).toEqual([]);
  // columns are decided by SQL
  expect(of('request.path == "/catalogue"')).toEqual([]);
  expect(of('request.headers["a"] in ("tea pot", "tea cup")')).toEqual(['tea']);
  expect(of('r"tea"')).toEqual([]);
  expect(of('"größe"')).toEqual(['gr']);
});

const words = [
  'tea',
  'Tea',
  'milk tea',
  'x-id',
  'X-Id',
  'a/b',
  'größe',
  '5',
  '5.0',
  '',
  '\u212a',
  'K',
];
const word = fc.constantFrom(...words);

function texts(value: Value): string[] {
  if (Array.isArray(value)) return value.flatMap(texts);
  if (typeof value !== 'object' || value === null) return [String(value)];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...texts(inner)]);
}

const entry = fc
  .record({ name: word, value: fc.oneof(word, fc.array(word, { maxLength: 3 })), body: word })
  .map(
    ({ name, value, body }): ValueMap => ({
      ...httpEntry(),
      request: { headers: { [name]: value }, postData: { text: body } },
      response: { headers: { [name]: body }, content: { text: String(value) } },
    }),
  );
const path = fc.oneof(
  fc.constantFrom('request.postData.text', 'response.content.text'),
  word.map((name) => `request.headers[${JSON.stringify(name)}]`),
  word.map((name) => `response.headers[${JSON.stringify(name)}][0]`),
);
const operator = fc.constantFrom('==', '!=', '<', 'contains', 'startsWith', 'endsWith');
const leaf = fc.oneof(
  word.map((text) => JSON.stringify(text)),
  fc.tuple(path, operator, word).map(([p, o, w]) => `${p} ${o} ${JSON.stringify(w)}`),
  fc
    .tuple(path, word, word)
    .map(([p, a, b]) => `${p} in (${JSON.stringify(a)}, ${JSON.stringify(b)})`),
  path,
  path.map((p) => `${p} == nil`),
  path.map((p) => `${p} == 5`),
);
const query = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc
      .tuple(tie('query'), fc.constantFrom('and', 'or'), tie('query'))
      .map((parts) => `(${parts.join(' ')})`),
    tie('query').map((inner) => `not (${inner})`),
  ),
})).query;

test('no hit lacks a literal that is said to be required', () => {
  let hits = 0;
  fc.assert(
    fc.property(query, entry, (text, subject) => {
      const checked = parsed(text);
      const readable = Object.entries(subject)
        .filter(([name]) => name === 'request' || name === 'response')
        .flatMap(([, side]) => texts(side));
      if (!compileQuery(checked)(subjectOf(subject, readable))) return;
      const payload = readable.join('\n').replace(/[A-Z]/g, (letter) => letter.toLowerCase());
      for (const literal of requiredLiterals(checked)) {
        hits++;
        expect(payload, text).toContain(literal);
      }
    }),
    { numRuns: 8000 },
  );
  expect(hits).toBeGreaterThan(50);
});
