/** What every protocol declares for the page, for queries and for the documentation. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { entryFields } from '../entry/fields.ts';
import { complete } from '../filter/complete.ts';
import { buildSchema, parseQuery } from '../filter/index.ts';
import { protocols } from './index.ts';

const root = join(import.meta.dirname, '../..');

/** Colours by which users of the original know them. */
const known = [
  ['HTTP', '#205cf5'],
  ['HTTP/2', '#244c5a'],
  ['gRPC', '#244c5a'],
  ['GQL', '#e10098'],
  ['AMQP', '#ff6600'],
  ['KAFKA', '#000000'],
  ['REDIS', '#a41e11'],
] as const;

test.each(known)('%s has its colour', (label, colour) => {
  const own = protocols.filter((protocol) => protocol.label === label);
  expect(own.length).toBeGreaterThan(0);
  for (const protocol of own) expect(protocol.colour).toBe(colour);
});

/** Relative luminance of `#rrggbb` (WCAG 2.2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

describe.each(protocols.map((protocol) => [protocol.id, protocol] as const))('%s', (_, own) => {
  test('has a badge that can be read (WCAG AA)', () => {
    const [dark, light] = [luminance(own.colour), luminance(own.textColour)].toSorted(
      (a, b) => a - b,
    );
    expect((light! + 0.05) / (dark! + 0.05)).toBeGreaterThanOrEqual(4.5);
  });

  test('has a word in queries, and a specification to read', () => {
    const words = protocols
      .filter(({ label }) => label === own.label)
      .flatMap(({ macros }) => Object.keys(macros));
    expect(words.length).toBeGreaterThan(0);
    expect(own.specification).toMatch(/^https:\/\//);
  });

  test('has fields of both sides that can be typed, completed and explained, none twice', () => {
    const schema = buildSchema(entryFields, [own]);
    const paths = own.fields.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.some((path) => path.startsWith('request.'))).toBe(
      own.id !== 'sse' && own.id !== 'graphql-event',
    );
    expect(paths.some((path) => path.startsWith('response.'))).toBe(true);
    for (const { path, help, type, values = [] } of own.fields) {
      expect(help, path).not.toBe('');
      expect(parseQuery(`${path} != null`, schema).ok, path).toBe(true);
      expect(
        complete(path, path.length, schema).map(({ label }) => label),
        path,
      ).toContain(path);
      for (const value of values)
        expect(typeof value, path).toBe(type === 'number' ? 'number' : 'string');
    }
  });
});

/** Names by which code could tell protocols apart. */
const names = new Set(
  protocols.flatMap(({ id, name, label, title }) => [id, name ?? id, label, title]),
);

test.each(
  [
    ...globSync('web/src/**/*.{ts,tsx}', { cwd: root }),
    ...globSync('src/{entry,join,serve,ship,store}/**/*.ts', { cwd: root }),
  ].filter((file) => !/test/.test(file)),
)('%s names no protocol: all comes from declarations', (file) => {
  const code = readFileSync(join(root, file), 'utf8').replaceAll(
    // Comments, imports, and the scheme of OpenAPI that is called so.
    /\/\*[\s\S]*?\*\/|\/\/.*|from '[^']*'|import\('[^']*'\)|type: 'http', scheme/g,
    '',
  );
  const literals = [...code.matchAll(/(['"`])([^'"`\n]*)\1/g)].map((match) => match[2]!);
  expect(literals.filter((literal) => names.has(literal))).toEqual([]);
});
