import { spawn } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Store } from './contract.ts';
import { openStore, type StoreOptions } from './index.ts';
import { protocolByCode, schema, trafficBatch, trafficStart, trafficTime } from './test-support.ts';

const limitBytes = 200_000_000;
const folders: string[] = [];
const stores: Store[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'mizu-store-test-'));
  folders.push(path);
  return path;
}

async function open(options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ limitBytes, protocolByCode, schema, ...options });
  stores.push(store);
  return store;
}

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  for (const path of folders.splice(0)) rmSync(path, { recursive: true, force: true });
});

const numberOf = (target: string) => Number(/\/users\/(\d+)\//.exec(target)?.[1]);
const numbersOf = (page: { entries: readonly { row: { target: string } }[] }) =>
  page.entries.map((entry) => numberOf(entry.row.target));
const bytesIn = (path: string) =>
  readdirSync(path).reduce((sum, name) => {
    const stat = statSync(join(path, name), { throwIfNoEntry: false });
    return sum + (stat?.size ?? 0);
  }, 0);
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe('what was appended is found again', () => {
  test('with all its columns and its payload', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 10, first: 0 }));
    const { entries, end } = await store.page({ filter: '', limit: 100 });
    expect(end).toBe(true);
    expect(entries).toHaveLength(10);
    expect(entries[5]!.row).toMatchObject({
      protocol: { name: 'http', version: '1.1', abbr: 'HTTP' },
      timestamp: trafficTime(5) / 1000,
      elapsedTime: 1.05,
      src: { ip: '10.0.0.5', port: 40_005 },
      dst: { ip: '10.0.1.7', port: 8080 },
      method: 'POST',
      target: '/api/users/5/orders?page=5',
      host: 'shop.example.internal',
      contentType: 'application/json',
      status: 200,
      outcome: 'ok',
      stream: '0-5',
      packets: { request: 10, response: 11 },
      timing: { wait: 1 },
    });
    expect(text(entries[5]!.payload.request)).toContain('X-Request-Id: 5\r\n');
    expect(text(entries[5]!.payload.response)).toContain('"number":5');
    const again = await store.get(entries[5]!.row.id);
    expect(again?.row).toEqual(entries[5]!.row);
    expect(text(again?.payload.response)).toContain('"number":5');
  });

  test('the batch may be reused at once', async () => {
    const store = await open();
    const batch = trafficBatch({ rows: 3000, first: 0 });
    store.append(batch);
    new Uint8Array(batch.buffer).fill(0xee);
    const { entries } = await store.page({ filter: '', limit: 3000 });
    expect(numbersOf({ entries })).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    expect(text(entries[2999]!.payload.response)).toContain('"number":2999');
  });

  test('pending rows are left out', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 100, first: 0, pending: (number) => number % 2 === 0 }));
    const page = await store.page({ filter: '', limit: 100 });
    expect(numbersOf(page)).toEqual(Array.from({ length: 50 }, (_, i) => i * 2 + 1));
  });

  test('an id nobody has, or that is none, finds nothing', async () => {
    const store = await open();
    expect(await store.get('0'.repeat(25))).toBeUndefined();
    expect(await store.get('nonsense')).toBeUndefined();
  });

  test('texts that are not UTF-8 do no harm', async () => {
    const store = await open();
    const batch = trafficBatch({ rows: 20, first: 0 });
    const { target, method } = batch.columns;
    for (let row = 0; row < 20; row++) {
      batch.heap[target[row * 2]! + 6] = 0x80 + row;
      batch.heap[method[row * 2]!] = 0xff;
    }
    // A text that points outside the heap reads as empty.
    target[2 * 7] = 0xffff_0000;
    store.append(batch);
    const { entries } = await store.page({
      filter: 'target contains "users" or target == ""',
      limit: 50,
    });
    expect(entries.length).toBe(1);
    const all = await store.page({ filter: '', limit: 50 });
    expect(all.entries.length).toBe(20);
    expect(all.entries[0]!.row.method).toContain('\ufffd');
  });

  test('one exchange larger than a block is kept whole', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 2, first: 0, bodyBytes: 3_000_000 }));
    store.append(trafficBatch({ rows: 2, first: 2 }));
    const { entries } = await store.page({ filter: '', limit: 10 });
    expect(entries[1]!.payload.response!.length).toBeGreaterThan(3_000_000);
    expect(text(entries[3]!.payload.response)).toContain('"number":3');
  });
});

/** Numbers of all entries, read page after page from the newest or the oldest. */
async function walk(
  store: Store,
  filter: string,
  sizes: readonly number[],
  backwards: boolean,
): Promise<number[]> {
  const seen: number[] = [];
  let cursor: string | undefined = backwards ? undefined : '0'.repeat(25);
  for (let i = 0; ; i++) {
    const limit = sizes[i % sizes.length]! + (i > 30 ? 4000 : 0);
    const bound = cursor === undefined ? {} : { [backwards ? 'before' : 'after']: cursor };
    const page = await store.page({ filter, limit, ...bound });
    if (backwards) seen.unshift(...numbersOf(page));
    else seen.push(...numbersOf(page));
    cursor = (backwards ? page.entries[0] : page.entries.at(-1))?.row.id;
    if (page.end || cursor === undefined) return seen;
    expect(page.entries.length).toBe(limit);
  }
}

describe('a page', () => {
  test('is narrowed by columns in the store', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 1000, first: 0 }));
    const failed = await store.page({ filter: 'response.status >= 400', limit: 5 });
    expect(numbersOf(failed)).toEqual([750, 800, 850, 900, 950]);
    expect(failed).toMatchObject({ end: false, decoded: 0 });
    const one = await store.page({
      filter: 'src.ip == "10.0.0.3" and elapsedTime > 9',
      limit: 500,
    });
    for (const { row } of one.entries) {
      expect(row.src.ip).toBe('10.0.0.3');
      expect(row.elapsedTime).toBeGreaterThan(9);
    }
    expect(one.entries.length).toBe(
      await store.count('src.ip == "10.0.0.3" and elapsedTime > 9', 999),
    );
  });

  test('is narrowed by what only the payload knows', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 2000, first: 0 }));
    const filter = 'response.body contains "\\"number\\":123"';
    const page = await store.page({ filter, limit: 100 });
    expect(numbersOf(page)).toEqual([123, ...Array.from({ length: 10 }, (_, i) => 1230 + i)]);
    expect(await store.count(filter, 5)).toBe(5);
    const both = await store.page({ filter: `${filter} and method == "POST"`, limit: 100 });
    expect(numbersOf(both)).toEqual([1230, 1235]);
  });

  test('is bounded by time', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 1000, first: 0 }));
    const since = trafficStart + 2;
    const page = await store.page({ filter: '', limit: 1000, since, until: since + 1 });
    expect(numbersOf(page)).toEqual(Array.from({ length: 100 }, (_, i) => 200 + i));
  });

  test('is given up when nobody waits for it any more', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 5000, first: 0 }));
    const stop = new AbortController();
    const page = store.page({ filter: '"nowhere"', limit: 10, signal: stop.signal });
    stop.abort(new Error('gone'));
    await expect(page).rejects.toThrow('gone');
    expect((await store.page({ filter: '', limit: 1 })).entries).toHaveLength(1);
  });

  test('a filter that is none is refused with a sentence', async () => {
    const store = await open();
    await expect(store.page({ filter: 'status ==', limit: 1 })).rejects.toThrow(/filter/);
  });

  test('pages of any size show each entry once and in order, both ways', async () => {
    const store = await open({ limitBytes: 10_000_000 });
    const rows = 12_000;
    for (let first = 0; first < rows; first += 1000) {
      store.append(trafficBatch({ rows: 1000, first, lateEvery: 97, random: true }));
      await store.room();
    }
    const expected = Array.from({ length: rows }, (_, number) => number).sort(
      (a, b) => trafficTime(a, { lateEvery: 97 }) - trafficTime(b, { lateEvery: 97 }) || a - b,
    );
    const held = numbersOf(await store.page({ filter: '', limit: rows }));
    expect(held.length).toBeGreaterThan(2000);
    const kept = new Set(held);
    expect(held).toEqual(expected.filter((number) => kept.has(number)));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        fc.constantFrom('', 'method == "POST"', 'protocol.version == "1.1"'),
        async (sizes, backwards, filter) => {
          const seen = await walk(store, filter, sizes, backwards);
          const all = filter.startsWith('method')
            ? held.filter((number) => number % 5 === 0)
            : held;
          expect(seen).toEqual(all);
        },
      ),
      { numRuns: 6 },
    );
  });
});

describe('counts over time', () => {
  test('the histogram counts calls and failures per bucket', async () => {
    const store = await open();
    store.append(trafficBatch({ rows: 1000, first: 0 }));
    await store.page({ filter: '', limit: 1 });
    const buckets = await store.histogram('', trafficStart, trafficStart + 10, 5);
    expect(buckets).toEqual(
      [0, 1, 2, 3, 4].map((i) => ({ start: trafficStart + i * 2, count: 200, failed: 4 })),
    );
    expect(await store.count('', 300)).toBe(300);
    expect(await store.count('method == "POST"', 1000)).toBe(200);
  });
});

describe('the limit', () => {
  test('too small a one is refused', async () => {
    await expect(open({ limitBytes: 1000 })).rejects.toThrow('at least 10MB');
  });

  test.each([
    ['bodies that compress', false, 600],
    ['bodies that do not', true, 600],
    ['large bodies', true, 200_000],
  ])('is kept, with %s', async (_name, random, bodyBytes) => {
    const directory = folder();
    const store = await open({ directory, limitBytes: 10_000_000 });
    let full = false;
    let largest = 0;
    let smallest = Number.POSITIVE_INFINITY;
    const look = () => {
      const bytes = bytesIn(directory);
      largest = Math.max(largest, bytes);
      full ||= store.counters().expired > 0;
      if (full) smallest = Math.min(smallest, bytes);
    };
    const watch = setInterval(look, 1);
    const rows = bodyBytes > 10_000 ? 20 : 1000;
    for (let first = 0; store.counters().expired < rows * 5; first += rows) {
      store.append(trafficBatch({ rows, first, random, bodyBytes }));
      await store.room();
      if ((first / rows) % 10 === 0) await store.page({ filter: '', limit: 1 });
      look();
    }
    clearInterval(watch);
    expect(largest).toBeLessThan(10_500_000);
    expect(smallest).toBeGreaterThan(8_000_000);
    const all = numbersOf(await store.page({ filter: '', limit: 1_000_000 }));
    const { entries, appended, expired, shed } = store.counters();
    expect(entries + expired).toBe(appended);
    expect(shed).toBe(0);
    expect(all.length).toBe(entries);
    expect(all.at(-1)).toBe(appended - 1);
  });
});

describe('a kept folder', () => {
  test('is reopened with all it held, and goes on', async () => {
    const directory = folder();
    const first = await open({ directory });
    first.append(trafficBatch({ rows: 3000, first: 0 }));
    await first.close();
    const second = await open({ directory });
    expect(second.repairs).toEqual([]);
    second.append(trafficBatch({ rows: 3000, first: 3000 }));
    const { entries } = await second.page({ filter: '', limit: 10_000 });
    expect(numbersOf({ entries })).toEqual(Array.from({ length: 6000 }, (_, i) => i));
    for (const number of [0, 2999, 3000, 5999]) {
      expect(text(entries[number]!.payload.response)).toContain(`"number":${number}`);
    }
    expect(readdirSync(directory).filter((name) => name.endsWith('.duckdb'))).toHaveLength(1);
  });

  test('a temporary one is removed', async () => {
    const before = new Set(readdirSync(tmpdir()).filter((name) => name.startsWith('mizu-store-')));
    const store = await open();
    const made = readdirSync(tmpdir()).filter(
      (name) => /^mizu-store-(?!test)/.test(name) && !before.has(name),
    );
    store.append(trafficBatch({ rows: 10, first: 0 }));
    await store.close();
    expect(made.length).toBeGreaterThan(0);
    expect(made.some((name) => existsSync(join(tmpdir(), name, 'mizu.lock')))).toBe(false);
  });

  test('is not opened twice, and a lock left behind is taken over', async () => {
    const directory = folder();
    const store = await open({ directory });
    await expect(open({ directory })).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining('already open'),
    });
    await store.close();
    writeFileSync(join(directory, 'mizu.lock'), '999999999 1\n');
    await (await open({ directory })).close();
    writeFileSync(join(directory, 'mizu.lock'), `${process.ppid} \n`);
    await expect(open({ directory })).rejects.toMatchObject({
      code: 'locked',
      message: expect.stringContaining(`in use by process ${process.ppid}`),
    });
  });

  test('where no folder can be made is refused with a sentence', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    for (const directory of [file, join(file, 'below'), '/proc/nope', '/proc/nope/below']) {
      const refused = { code: 'bad_store', message: expect.stringMatching(/^The store .*\.$/) };
      await expect(open({ directory })).rejects.toMatchObject(refused);
    }
    await (await open({ directory: join(folder(), 'several', 'below') })).close();
  });

  test('is empty after it was cleared, even while it is searched', async () => {
    const directory = folder();
    const store = await open({ directory });
    for (let i = 0; i < 20; i++) store.append(trafficBatch({ rows: 1000, first: i * 1000 }));
    await store.page({ filter: '', limit: 1 });
    const searches = Array.from({ length: 5 }, () => store.page({ filter: '"nowhere"', limit: 5 }));
    store.append(trafficBatch({ rows: 1000, first: 90_000 }));
    await store.clear();
    await Promise.all(searches);
    expect((await store.page({ filter: '', limit: 10 })).entries).toEqual([]);
    expect(store.counters()).toMatchObject({ entries: 0, oldestTimestamp: 0 });
    expect(bytesIn(directory)).toBeLessThan(500_000);
    store.append(trafficBatch({ rows: 10, first: 0 }));
    expect((await store.page({ filter: '', limit: 10 })).entries).toHaveLength(10);
    await store.close();
    expect(
      (await (await open({ directory })).page({ filter: '', limit: 100 })).entries,
    ).toHaveLength(10);
  });
});

/** A folder with 6,000 entries, as a process leaves it that was killed: log not folded in. */
async function killedFolder(): Promise<{ directory: string; durable: number }> {
  const directory = folder();
  const script = fileURLToPath(new URL('./test-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const started = Date.now();
  // Numbers appended, with the time when.
  const written: [number, number][] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const [number, time] = line.split(' ');
      written.push([Number(number), Number(time)]);
    }
  });
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      if ((written.at(-1)?.[0] ?? 0) > 6000 && Date.now() - started > 2500) {
        clearInterval(timer);
        resolve();
      }
    }, 20);
  });
  const killedAt = Date.now();
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const durable = written.filter(([, time]) => time <= killedAt - 1000).at(-1)?.[0] ?? 0;
  return { directory, durable };
}

describe('after kill -9', () => {
  test('at most the last second is missing', async () => {
    const { directory, durable } = await killedFolder();
    expect(durable).toBeGreaterThan(0);
    const store = await open({ directory });
    const { entries } = await store.page({ filter: '', limit: 10_000_000 });
    const numbers = numbersOf({ entries });
    expect(numbers.length).toBeGreaterThanOrEqual(durable);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i));
    for (const at of [0, numbers.length >> 1, numbers.length - 1]) {
      expect(text(entries[at]!.payload.response)).toContain(`"number":${at}`);
    }
    store.append(trafficBatch({ rows: 10, first: numbers.length }));
    const page = await store.page({ filter: '', limit: 10 });
    expect(text(page.entries[9]!.payload.response)).toContain(`"number":${numbers.length + 9}`);
  });

  test('whatever has happened to the files, the rest is shown and the damage said', async () => {
    const { directory } = await killedFolder();
    const before = new Map(
      readdirSync(directory).map((name) => [name, readFileSync(join(directory, name))]),
    );
    const newest = [...before.keys()]
      .filter((name) => name.endsWith('.payload'))
      .sort()
      .at(-1)!;
    const base = newest.slice(0, -'.payload'.length);
    const restore = () => {
      for (const name of readdirSync(directory)) rmSync(join(directory, name));
      for (const [name, bytes] of before) writeFileSync(join(directory, name), bytes);
    };
    const wal = `${base}.duckdb.wal`;
    const columns = `${base}.duckdb`;
    const scramble = (name: string, from: number, length: number) => {
      const bytes = Buffer.from(before.get(name)!);
      bytes.fill(0x5a, from, from + length);
      writeFileSync(join(directory, name), bytes);
    };
    const sizeOf = (name: string) => before.get(name)?.length ?? 0;
    const damages: [string, () => void][] = [
      ['payload cut', () => truncateSync(join(directory, newest), sizeOf(newest) - 1000)],
      ['payload scrambled', () => scramble(newest, sizeOf(newest) >> 1, 5000)],
      [
        'payload with a tail of rubbish',
        () => appendFileSync(join(directory, newest), 'x'.repeat(5000)),
      ],
      ['payload gone', () => rmSync(join(directory, newest))],
      ['columns cut', () => truncateSync(join(directory, columns), sizeOf(columns) >> 1)],
      ['columns scrambled', () => scramble(columns, 0, 10_000)],
      ['columns empty', () => truncateSync(join(directory, columns), 0)],
      ['columns gone', () => rmSync(join(directory, columns))],
    ];
    if (sizeOf(wal) > 0) {
      damages.push(
        ['log cut', () => truncateSync(join(directory, wal), sizeOf(wal) - 100)],
        ['log scrambled', () => scramble(wal, sizeOf(wal) >> 1, 2000)],
        ['log scrambled at its start', () => scramble(wal, 0, 100)],
      );
    }
    for (const [name, damage] of damages) {
      restore();
      damage();
      const store = await open({ directory });
      expect([name, store.repairs.length > 0 || name === 'log cut']).toEqual([name, true]);
      const { entries } = await store.page({ filter: '', limit: 1_000_000 });
      for (const entry of entries)
        expect([name, numberOf(entry.row.target) >= 0]).toEqual([name, true]);
      expect(text(entries.at(-1)?.payload.response)).not.toBeNull();
      await store.page({ filter: 'response.body contains "number"', limit: 10 });
      store.append(trafficBatch({ rows: 10, first: 10_000_000 }));
      expect([name, numbersOf(await store.page({ filter: '', limit: 1 }))]).toEqual([
        name,
        [10_000_009],
      ]);
      await store.close();
      const again = await open({ directory });
      expect([name, (await again.page({ filter: '', limit: 10 })).entries.length]).toEqual([
        name,
        10,
      ]);
      await again.close();
    }
  }, 60_000);
});
