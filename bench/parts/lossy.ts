/** A capture without 0.1 % of its packets: no answer beside another's request, nothing else lost. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { benchCapture } from '../captures.ts';
import { median } from '../measure.ts';
import { tapFile } from '../programs.ts';
import { count, table, target } from '../report.ts';

interface Verdict {
  entries: number;
  /** With request and answer, neither touched by a loss. */
  complete: number;
  /** Request and answer carry different numbers. */
  wrong: number;
  /** Answers whose number was there to be compared. */
  compared: number;
  firstWrong: string;
}

interface Line {
  readonly target: string;
  readonly outcome: string;
  readonly incomplete: readonly string[];
}

/** Bodies are JSON within JSON: the quotes of `"number":17` are escaped in a line. */
const bodyNumber = /\\"number\\":(\d+)/g;

async function judge(file: string): Promise<Verdict> {
  const verdict: Verdict = { entries: 0, complete: 0, wrong: 0, compared: 0, firstWrong: '' };
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = JSON.parse(text) as Line;
    verdict.entries++;
    const whole = line.outcome === 'ok' || line.outcome === 'failed';
    if (whole && line.incomplete.length === 0) verdict.complete++;
    const number = /\/(\d+)$/.exec(line.target)?.[1];
    const inBodies = [...text.matchAll(bodyNumber)].map((match) => match[1]);
    if (!whole || number === undefined || inBodies.length === 0) continue;
    verdict.compared++;
    if (inBodies.every((each) => each === number)) continue;
    verdict.wrong++;
    verdict.firstWrong ||= text.slice(0, 600);
  }
  return verdict;
}

/** Every dropped packet with data can touch one exchange; those without touch none. */
export async function lossy(runs: number): Promise<void> {
  const whole = benchCapture('keepalive');
  const cut = benchCapture('lossy');
  const folder = mkdtempSync(join(tmpdir(), 'mizu-lossy-'));
  try {
    const lines = join(folder, 'entries.jsonl');
    const { summary } = await tapFile(cut.file, ['--output', 'jsonl'], lines);
    const verdict = await judge(lines);
    const speed = async (file: string) => {
      const results = [];
      for (let i = 0; i < runs; i++) results.push((await tapFile(file, ['--output', 'none'])).run);
      return whole.exchanges / median(results).cpuSeconds;
    };
    const wholeSpeed = await speed(whole.file);
    const cutSpeed = await speed(cut.file);
    const lost = cut.lostDataPackets ?? 0;
    table(
      `http-lossy: ${count(whole.packets - cut.packets)} packets are missing, ${count(lost)} of them with data`,
      ['', 'entries', 'complete', 'holes', 'compared', 'wrong pairs', 'exchanges/CPU s'],
      [
        [
          'lossy',
          ...[
            verdict.entries,
            verdict.complete,
            summary.holes,
            verdict.compared,
            verdict.wrong,
            cutSpeed,
          ].map(count),
        ],
        ['whole', count(whole.exchanges), count(whole.exchanges), '0', '', '', count(wholeSpeed)],
      ],
    );
    console.log('');
    target(
      'no wrong pair',
      verdict.wrong === 0 && verdict.compared > 0,
      `${verdict.wrong} of ${count(verdict.compared)}`,
    );
    if (verdict.firstWrong !== '') console.log(`  ${verdict.firstWrong}`);
    const least = whole.exchanges - lost;
    target(
      'untouched exchanges are complete',
      verdict.complete >= least,
      `${count(verdict.complete)}, at least ${count(least)} expected`,
    );
    const ratio = cutSpeed / wholeSpeed;
    target('speed within a third of the whole one', ratio > 2 / 3, `${(ratio * 100).toFixed(0)}%`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
