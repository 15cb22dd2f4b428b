import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Database } from './duckdb.ts';
import { openStore } from './index.ts';
import { segmentPaths } from './segment.ts';
import { protocolByCode, schema, trafficBatch } from './test-support.ts';

const options = { limitBytes: 200_000_000, protocolByCode, schema };
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mizu-upgrade-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('what an older Mizu stored is read and added to, though it had fewer columns', async () => {
  const before = await openStore({ ...options, directory });
  before.append(trafficBatch({ rows: 3, first: 0 }));
  await before.close();
  const database = Database.open({ threads: '1' });
  const connection = database.connect();
  await connection.run(`ATTACH '${segmentPaths(directory, 1).columns}' AS old`);
  for (const name of ['otherNodes', 'sightings']) {
    await connection.run(`ALTER TABLE old.entries DROP COLUMN "${name}"`);
  }
  await connection.run('DETACH old');
  rmSync(join(directory, 'mizu-store.json'));
  connection.close();
  database.close();

  const after = await openStore({ ...options, directory });
  try {
    expect(after.repairs).toEqual([]);
    const more = trafficBatch({ rows: 2, first: 3 });
    more.columns.sightings.fill(2);
    after.append(more);
    const { entries } = await after.page({ filter: '', limit: 10 });
    expect(entries.map(({ row }) => row.sightings)).toEqual([1, 1, 1, 2, 2]);
    const twice = await after.page({ filter: 'sightings > 1', limit: 10 });
    expect(twice.entries).toHaveLength(2);
  } finally {
    await after.close();
  }
});
