/** Live on loopback under load: nothing dropped, no hole, every exchange seen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inNamespace } from '../captures.ts';
import { count, table, target } from '../report.ts';
import type { LiveJob, LiveResult } from '../traffic/inside-live.ts';

const script = new URL('../traffic/inside-live.ts', import.meta.url).pathname;
const wantedRate = 20_000;

export async function live(seconds: number): Promise<void> {
  const rows: string[][] = [];
  const results: (readonly [string, LiveResult])[] = [];
  for (const store of [false, true]) {
    const folder = mkdtempSync(join(tmpdir(), 'mizu-live-'));
    const job: LiveJob = { folder, seconds, store, connections: 144, waitMs: 5 };
    process.stderr.write(`  live: ${seconds} s ${store ? 'with' : 'without'} a store ...\n`);
    const result = JSON.parse(inNamespace(script, job)) as LiveResult;
    rmSync(folder, { recursive: true, force: true });
    const name = store ? 'with a store' : 'no store';
    results.push([name, result]);
    const { summary, run, served } = result;
    rows.push([
      name,
      count(served / seconds),
      ...[served, summary.entries, summary.dropped, summary.holes, summary.shed].map(count),
      run.cpuSeconds.toFixed(2),
      (summary.pipelineCpuMs / 1000).toFixed(2),
      (summary.storeCpuMs / 1000).toFixed(2),
      run.peakRssMiB.toFixed(0),
    ]);
  }
  table(
    `live: wrk and nginx on loopback for ${seconds} s`,
    [
      '',
      'requests/s',
      'served',
      'seen',
      'dropped',
      'holes',
      'given up',
      'CPU s',
      'pipeline',
      'store',
      'RSS MiB',
    ],
    rows,
  );
  console.log('');
  for (const [name, { summary, served }] of results) {
    const rate = served / seconds;
    target(
      `${name}: about ${count(wantedRate)} requests/s were made`,
      rate > wantedRate * 0.9,
      count(rate),
    );
    const lost = `${summary.dropped} dropped, ${summary.holes} holes, ${summary.shed} given up`;
    target(`${name}: nothing lost`, summary.dropped + summary.holes + summary.shed === 0, lost);
    target(
      `${name}: all seen`,
      summary.entries >= served,
      `${count(summary.entries)} of ${count(served)}`,
    );
  }
}
