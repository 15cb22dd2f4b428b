import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeFormat } from './format.ts';
import { openStore } from './index.ts';
import { storedColumns } from './table.ts';
import { protocolByCode, schema, trafficBatch } from './test-support.ts';

const options = { limitBytes: 10_000_000, protocolByCode, schema };
const formatFile = 'mizu-store.json';
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mizu-format-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function stored(rows: number, bodyBytes = 600): Promise<void> {
  const store = await openStore({ ...options, directory });
  store.append(trafficBatch({ rows, first: 0, bodyBytes, random: true }));
  await store.close();
}
const writeFormat = (text: string) => writeFileSync(join(directory, formatFile), text);
const contentOf = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name !== formatFile)
    .map((name) => {
      const hash = createHash('sha256').update(readFileSync(join(folder, name)));
      return `${name} ${hash.digest('hex')}`;
    });
const bytesIn = (folder: string): number =>
  readdirSync(folder, { recursive: true }).reduce((sum, name) => {
    const stat = statSync(join(folder, String(name)));
    return sum + (stat.isFile() ? stat.size : 0);
  }, 0);

it('a change of what is stored is another format: raise `storeFormat` with this line', () => {
  const columns = JSON.stringify(storedColumns);
  const hash = createHash('sha256').update(columns).digest('hex').slice(0, 12);
  expect({ storeFormat, hash }).toEqual({ storeFormat: 2, hash: '18a33c6ffc20' });
});

it('a folder says its format, and an older one is brought up to date', async () => {
  await stored(3);
  const format = readFileSync(join(directory, formatFile), 'utf8');
  expect(JSON.parse(format)).toMatchObject({ format: storeFormat });
  rmSync(join(directory, formatFile));
  const store = await openStore({ ...options, directory });
  expect(store.counters().entries).toBe(3);
  expect(store.notice).toBeUndefined();
  await store.close();
  expect(readFileSync(join(directory, formatFile), 'utf8')).toBe(format);
});

describe('a store of another format', () => {
  it.each([
    ['{"format":9,"mizu":"4.5.6"}', /Mizu 4\.5\.6 in format 9; .*Use Mizu 4\.5\.6 or a newer one/],
    ['{"format":0}', /another Mizu in format 0; .*Use the Mizu that wrote it/],
    ['{"format":', /in a format that it does not say/],
    ['[]', /in a format that it does not say/],
  ])('is refused with one line, untouched: %s', async (text, reason) => {
    await stored(3);
    writeFormat(text);
    const before = contentOf(directory);
    const refused = await openStore({ ...options, directory }).catch((error: Error) => error);
    expect(refused).toMatchObject({ code: 'other_format' });
    const { message } = refused as Error;
    expect(message).toMatch(reason);
    expect(message).toMatch(/this Mizu \S+ reads formats 1 to 2.*move the folder away.*--store/);
    expect(message).not.toContain('\n');
    expect(contentOf(directory)).toEqual(before);
    expect(readFileSync(join(directory, formatFile), 'utf8')).toBe(text);
  });

  it('is set aside whole where that is wanted, and another begins', async () => {
    await stored(3);
    const before = contentOf(directory);
    writeFormat('{"format":9,"mizu":"4.5.6"}');
    const store = await openStore({ ...options, directory, otherFormat: 'set aside' });
    expect(store.notice).toMatch(/Mizu 4\.5\.6 in format 9.*moved to .*set-aside-format-9/);
    expect(store.counters().entries).toBe(0);
    store.append(trafficBatch({ rows: 2, first: 0 }));
    expect((await store.page({ filter: '', limit: 10 })).entries).toHaveLength(2);
    const aside = join(directory, 'set-aside-format-9');
    expect(contentOf(aside)).toEqual(before);
    expect(readdirSync(aside)).toContain(formatFile);
    await store.close();

    const again = await openStore({ ...options, directory, otherFormat: 'set aside' });
    expect(again.notice).toBeUndefined();
    expect(again.counters().entries).toBe(2);
    await again.clear();
    await again.close();
    expect(readdirSync(directory).join()).not.toContain('set-aside');
  });

  it('counts for the limit, and goes oldest first when space is needed', async () => {
    for (let i = 0; i < 4; i++) await stored(300, 6000);
    writeFormat('{"format":9}');
    const store = await openStore({ ...options, directory, otherFormat: 'set aside' });
    const aside = join(directory, 'set-aside-format-9');
    const before = readdirSync(aside);
    expect(store.counters().bytes).toBeGreaterThan(3_000_000);
    const left: string[][] = [];
    for (let i = 0; i < 12; i++) {
      store.append(trafficBatch({ rows: 300, first: i * 300, bodyBytes: 6000, random: true }));
      await store.page({ filter: '', limit: 1 });
      expect(bytesIn(directory)).toBeLessThan(options.limitBytes * 1.05);
      left.push(
        readdirSync(directory).some((name) => name.startsWith('set')) ? readdirSync(aside) : [],
      );
    }
    await store.close();
    expect(left.at(-1)).toEqual([]);
    const partly = left.find((names) => names.length > 0 && names.length < before.length);
    expect(partly).toEqual(before.slice(before.length - (partly?.length ?? 0)));
    expect(readdirSync(directory).join()).not.toContain('set-aside');
  });
});
