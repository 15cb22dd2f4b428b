import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Counters } from '../../src/serve/api.ts';
import { whyNotLive } from './machine.ts';
import { repository, startTap } from './mizu.ts';
import { Target } from './target.ts';

const whyNot = whyNotLive();
/** What may be missing: the last second, and the time until packets become rows. */
const mayBeMissingMs = 1500;
const trafficMs = 3500;
const requestsAtOnce = 4;

let folder: string;
let target: Target;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mizu-kill-test-'));
  target = await Target.open();
});
afterAll(async () => {
  await target.close();
  rmSync(folder, { recursive: true, force: true });
});

const recording = join(repository, 'src/demo/recording.pcapng.gz');

/** Calls `/numbered/0`, `/numbered/1`, ... until told to stop; when each was answered, by number. */
class Traffic {
  readonly answeredAt: number[] = [];
  readonly #done: Promise<unknown>;
  #next: number;
  #running = true;

  constructor(first: number) {
    this.#next = first;
    this.#done = Promise.all(Array.from({ length: requestsAtOnce }, () => this.#call()));
  }

  async #call(): Promise<void> {
    while (this.#running) {
      const number = this.#next++;
      await (await fetch(target.url(`/numbered/${number}`))).text();
      this.answeredAt[number] = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }
}

describe.skipIf(whyNot !== '')(`kill -9 while capturing${whyNot && `: ${whyNot}`}`, () => {
  test('leaves a store that has all but the last second, twice over, nothing doubled', async () => {
    const store = join(folder, 'store');
    const words = [...['--local', '--capture-filter', `tcp port ${target.port}`, '--store', store]];
    const kept: number[] = [];
    for (const round of [0, 1]) {
      await using tap = await startTap(words);
      const traffic = new Traffic(round * 1_000_000);
      await new Promise((resolve) => setTimeout(resolve, trafficMs));
      const killedAt = Date.now();
      await tap.stop('SIGKILL');
      await traffic.stop();
      traffic.answeredAt.forEach((at, number) => {
        if (at < killedAt - mayBeMissingMs) kept.push(number);
      });
      expect(kept.length).toBeGreaterThan(100 * (round + 1));
    }

    await using again = await startTap(['--read', recording, '--store', store]);
    await again.until('the end of the file', async () => (await again.counters()).capture.ended);
    const rows = await again.entries('target startsWith "/numbered/"');
    const seen = new Map<number, number>();
    for (const row of rows) {
      const number = Number(row.target.slice('/numbered/'.length));
      seen.set(number, (seen.get(number) ?? 0) + 1);
    }
    expect(kept.filter((number) => !seen.has(number))).toEqual([]);
    expect([...seen].filter(([, times]) => times > 1)).toEqual([]);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    // Every one of them can still be opened.
    for (const row of [rows[0]!, rows.at(-1)!]) {
      const { entry } = await again.details(`target == "${row.target}"`);
      expect(entry.response).toMatchObject({ content: { text: `answer to ${row.target}` } });
    }
    // What was read now stands beside what was kept.
    const { store: state } = await again.get<Counters>('counters');
    expect(state.entries).toBeGreaterThan(rows.length);
  });
});
