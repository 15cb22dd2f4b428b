/** First page of a filter over everything stored, through the REST API. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Counters, EntriesPage } from '../../src/serve/api.ts';
import { benchCapture } from '../captures.ts';
import { mizuProgram, start } from '../measure.ts';
import { count, table, target } from '../report.ts';

const token = 'bench-token-0123456789abcdef';
const repeats = 7;
const mostMs = 100;
const patienceMs = 120_000;

const filters = [
  '',
  'response.status == 404',
  'method == "DELETE"',
  'response.status >= 400 and method == "GET"',
  'target startsWith "/reports/"',
  'elapsedTime > 5',
  'response.status == 299',
];

export async function query(): Promise<void> {
  const capture = benchCapture('keepalive');
  const words = [mizuProgram, 'tap', '--read', capture.file, '--gui-port', '0', '--headless'];
  const tap = start([...words, '--max-entries-db-size', '2GB', '--summary', 'none'], {
    environment: { MIZU_TOKEN: token },
  });
  try {
    const base = await pageAddress(tap.stdout);
    const stored = await untilStored(base, capture.exchanges);
    const rows: string[][] = [];
    let worst = 0;
    for (const filter of filters) {
      const times: number[] = [];
      let page: EntriesPage | undefined;
      for (let i = 0; i < repeats; i++) {
        const started = performance.now();
        page = await get<EntriesPage>(
          `${base}/api/v1/entries?limit=100&filter=${encodeURIComponent(filter)}`,
        );
        times.push(performance.now() - started);
      }
      const [first] = times;
      const middle = times.toSorted((a, b) => a - b)[Math.floor(repeats / 2)]!;
      worst = Math.max(worst, first!);
      rows.push([
        filter || '(none)',
        String(page!.entries.length),
        first!.toFixed(1),
        middle.toFixed(1),
      ]);
    }
    table(
      `query: first page of 100 over ${count(stored)} entries, REST`,
      ['filter', 'entries', 'first ms', 'median ms'],
      rows,
    );
    console.log('');
    target(
      `a filter on columns answers within ${mostMs} ms`,
      worst < mostMs,
      `${worst.toFixed(0)} ms at worst`,
    );
  } finally {
    tap.process.kill('SIGINT');
    await tap.done;
  }
}

async function pageAddress(stdout: () => string): Promise<string> {
  for (let waited = 0; waited < patienceMs; waited += 50) {
    const address = /available at (http:\/\/[^/\s]+)/.exec(stdout())?.[1];
    if (address !== undefined) return address;
    await sleep(50);
  }
  throw new Error('the page does not start');
}

async function untilStored(base: string, expected: number): Promise<number> {
  let entries = 0;
  for (let waited = 0; waited < patienceMs; waited += 200) {
    const counters = await get<Counters>(`${base}/api/v1/counters`);
    entries = counters.store.entries;
    if (counters.capture.ended && entries >= expected) break;
    await sleep(200);
  }
  return entries;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
