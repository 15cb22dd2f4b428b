import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
let copy = '';

function run(command: string, ...words: string[]) {
  const path = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`;
  return spawnSync(command, words, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
}

const create = (...words: string[]) =>
  run('node', join(root, 'scripts/new-protocol.ts'), '--root', copy, ...words);

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'mizu-protocol-'));
  for (const each of ['src', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, each), join(copy, each), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** Runs in the copy: bytes of a connection through the list of protocols, what a user sees comes out. */
const probe = `
import { entriesOf, client, server } from './src/protocols/test-bench.ts';
import { protocols } from './src/protocols/index.ts';
import { buildSchema, parseQuery } from './src/filter/index.ts';
import { entryFields } from './src/entry/fields.ts';
const [entry] = entriesOf(protocols, [client('TOY get 7\\n'), server('OK seven\\n')]);
const schema = buildSchema(entryFields, protocols);
const queries = ['toy-line', 'request.command == "TOY"'].map((query) => parseQuery(query, schema).ok);
console.log(JSON.stringify({ badge: entry.protocol.abbr, target: entry.target,
  answer: entry.response.text, queries }));
`;

test('a new protocol is a folder and a line: recognised, paired, decoded, queried', () => {
  const before = readFileSync(join(copy, 'src/protocols/index.ts'), 'utf8');
  const made = create('toy-line', '--title', 'Toy', '--label', 'TOY');
  expect(made.stderr).toBe('');
  expect(made.stdout).toContain('src/protocols/toy-line/ was written');
  const after = readFileSync(join(copy, 'src/protocols/index.ts'), 'utf8');
  expect(
    after.split('\n').filter((line) => !before.includes(line.trim().replace(/,$/, ''))),
  ).toEqual(expect.arrayContaining([expect.stringContaining("from './toy-line/index.ts'")]));
  writeFileSync(join(copy, 'probe.ts'), probe);
  const seen = run('node', 'probe.ts');
  expect(seen.stderr).not.toContain('Error');
  expect(JSON.parse(seen.stdout)).toEqual({
    badge: 'TOY',
    target: 'get 7',
    answer: 'OK seven',
    queries: [true, true],
  });
});

test('a name that is taken or is none is refused in a line', () => {
  expect(create('http')).toMatchObject({
    status: 2,
    stderr: 'src/protocols/http is there already.\n',
  });
  const odd = create('Toy Line');
  expect(odd.status).toBe(2);
  expect(odd.stderr).toContain('is no name for a protocol');
});
