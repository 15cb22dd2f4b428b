/**
 * Runs inside an own network namespace: nginx, wrk at a bounded rate, and Mizu tapping the loopback
 * interface. Prints what each of them counted as a JSON line.
 *
 * Usage: inside-live.ts '{"folder": ..., "seconds": 30, "store": true}'
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TapSummary } from '../../src/tap.ts';
import { mizuProgram, type Run, start, summaryOf } from '../measure.ts';
import { setUpLoopback, startNginx, startWrk, stop } from './inside-namespace.ts';

export interface LiveJob {
  readonly folder: string;
  readonly seconds: number;
  readonly store: boolean;
  /** wrk's connections, and how long each waits before a request, ms: together they bound the rate. */
  readonly connections: number;
  readonly waitMs: number;
}

export interface LiveResult {
  /** Lines of the server's access log. */
  readonly served: number;
  readonly summary: TapSummary;
  readonly run: Run;
}

async function live(job: LiveJob): Promise<LiveResult> {
  mkdirSync(job.folder, { recursive: true });
  setUpLoopback();
  const nginx = await startNginx(job.folder, true);
  const store = job.store ? ['--store', join(job.folder, 'store')] : [];
  const tap = start([
    ...[mizuProgram, 'tap', '--local', '--interface', 'lo', '--capture-filter', 'tcp port 8080'],
    ...['--output', 'none', '--summary', 'json', ...store],
  ]);
  // Without a page nothing says when the ring is there.
  await sleep(3000);
  const wrk = startWrk(
    ['-t1', `-c${job.connections}`, `-d${job.seconds}s`],
    ['0', 'keep', String(job.waitMs)],
  );
  await sleep(job.seconds * 1000 + 2500);
  await stop(wrk, 'SIGKILL');
  tap.process.kill('SIGINT');
  const run = await tap.done;
  await stop(nginx, 'SIGQUIT');
  const log = readFileSync(join(job.folder, 'access.log'), 'latin1');
  return { served: log.split('\n').length - 1, summary: summaryOf(run.stderr), run };
}

console.log(JSON.stringify(await live(JSON.parse(process.argv[2] ?? '{}') as LiveJob)));
