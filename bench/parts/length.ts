/** Memory does not grow with the length of the input: the same capture once and four times over. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchCapture } from '../captures.ts';
import { tapFile } from '../programs.ts';
import { count, table, target } from '../report.ts';
import { mostRssMiB } from './compare.ts';

/** Noise of a garbage-collected process. */
const allowedGrowth = 1.2;
/** Small enough to be filled by one copy: the store is then at its limit in both. */
const storeLimit = '30MB';

export async function length(): Promise<void> {
  const once = benchCapture('keepalive');
  const fourfold = benchCapture('fourfold');
  const folder = mkdtempSync(join(tmpdir(), 'mizu-length-'));
  try {
    const rows: string[][] = [];
    const peaks: number[][] = [];
    for (const kept of [false, true]) {
      const pair: number[] = [];
      for (const capture of [once, fourfold]) {
        const store = ['--store', join(folder, 'store'), '--max-entries-db-size', storeLimit];
        const { run, found } = await tapFile(capture.file, [
          '--output',
          'none',
          ...(kept ? store : []),
        ]);
        rmSync(join(folder, 'store'), { recursive: true, force: true });
        pair.push(run.peakRssMiB);
        const name = `${capture === once ? '1x' : '4x'}${kept ? ' with a store' : ''}`;
        rows.push([name, count(found), run.cpuSeconds.toFixed(2), run.peakRssMiB.toFixed(0)]);
      }
      peaks.push(pair);
    }
    table(
      'length: http-keepalive once and four times over',
      ['', 'found', 'CPU s', 'RSS MiB'],
      rows,
    );
    console.log('');
    for (const [i, [short, long]] of peaks.entries()) {
      const name = i === 0 ? 'to none' : 'with a store';
      const figure = `${short!.toFixed(0)} → ${long!.toFixed(0)} MiB`;
      target(`no growth ${name}`, long! < mostRssMiB && long! < short! * allowedGrowth, figure);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
