import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GivenSchemaFiles } from './given-schemas.ts';
import { giveSchemaFiles, readSchemaFiles } from './schema-files.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mizu-schemas-'));
  mkdirSync(join(folder, 'shop/v1'), { recursive: true });
  const text = `syntax = "proto3"; package shop.v1;
    message Item { string name = 1; int32 count = 2; }
    service Cart { rpc Add(Item) returns (Item); }`;
  writeFileSync(join(folder, 'shop/v1/cart.proto'), text);
  writeFileSync(join(folder, 'shop/notes.txt'), 'not a schema');
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  giveSchemaFiles({ files: [], problems: [] });
});

test('a folder is read with all below it, by paths within it', async () => {
  const read = await readSchemaFiles([folder]);
  expect(read.files.map(({ name }) => name)).toEqual(['shop/v1/cart.proto']);
  expect(giveSchemaFiles(read)).toMatchObject({ methods: 1, problems: [] });
});

test('what is missing or empty is said, and the rest is read', async () => {
  const read = await readSchemaFiles([
    join(folder, 'nowhere'),
    join(folder, 'shop/notes.txt'),
    folder,
  ]);
  expect(read.files).toHaveLength(2);
  const { methods, problems } = giveSchemaFiles(read);
  expect(methods).toBe(1);
  expect(problems.join('\n')).toContain('nowhere');
  expect(problems.join('\n')).toContain('notes.txt');
});

test('files given while Mizu runs outlive a restart', async () => {
  const { files } = await readSchemaFiles([join(folder, 'shop/v1')]);
  const kept = mkdtempSync(join(tmpdir(), 'mizu-kept-'));
  try {
    expect(new GivenSchemaFiles(kept).give(files)).toMatchObject({ methods: 1, problems: [] });
    giveSchemaFiles({ files: [], problems: [] });
    expect(new GivenSchemaFiles(kept).report()).toMatchObject({ methods: 1 });
  } finally {
    rmSync(kept, { recursive: true, force: true });
  }
});

test('each file is listed with what it declares, and stays when it is named without its bytes', async () => {
  const bytesOf = (text: string) => new TextEncoder().encode(text);
  const given = new GivenSchemaFiles();
  giveSchemaFiles(await readSchemaFiles([folder]));
  // Those of `--proto` are in force as well.
  expect(given.report().files).toEqual([
    expect.objectContaining({
      name: 'shop/v1/cart.proto',
      messages: ['shop.v1.Item'],
      services: [{ name: 'shop.v1.Cart', methods: ['Add'] }],
    }),
  ]);
  const order = bytesOf('syntax = "proto3"; package shop; message Order { int32 id = 1; }');
  const report = given.give([
    { name: 'shop/v1/cart.proto' },
    { name: 'order.proto', bytes: order },
    { name: 'broken.proto', bytes: bytesOf('syntax = "proto3";\nmessage {') },
    { name: 'never-given.proto' },
  ]);
  expect(report).toMatchObject({ messages: 2, methods: 1 });
  expect(report.files.map(({ name }) => name)).toEqual([
    'shop/v1/cart.proto',
    'order.proto',
    'broken.proto',
  ]);
  expect(report.files[1]?.messages).toEqual(['shop.Order']);
  expect(report.problems.join('\n')).toMatch(/never-given\.proto: .*\nbroken\.proto: .*line 2/);
  expect(given.give([]).files).toEqual([]);
});
