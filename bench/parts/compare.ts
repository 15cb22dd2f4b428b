/** Mizu against tshark on one capture: exchanges per CPU second. */
import { type BenchCapture, benchCapture } from '../captures.ts';
import { median, type Run } from '../measure.ts';
import { mizuNone, mizuStore, type Program, programs, tsharkFieldsProgram } from '../programs.ts';
import { count, table, target } from '../report.ts';

export interface CompareOptions {
  /** Times that each program is run; the median counts. */
  readonly runs: number;
  /** Leave tshark out: it takes longer than everything else together. */
  readonly withoutTshark: boolean;
}

interface Measured {
  readonly run: Run;
  readonly found: number | undefined;
}

/** Most that Mizu may use, MiB. */
export const mostRssMiB = 400;

async function measure(program: Program, file: string, runs: number): Promise<Measured> {
  const results: Measured[] = [];
  for (let i = 0; i < (program.once ? 1 : runs); i++) results.push(await program.measure(file));
  const middle = median(results.map(({ run }) => run));
  const peak = Math.max(...results.map(({ run }) => run.peakRssMiB));
  return { run: { ...middle, peakRssMiB: peak }, found: results[0]!.found };
}

/** Exchanges per CPU second. */
function speed({ run, found }: Measured): number {
  return (found ?? 0) / run.cpuSeconds;
}

function rowOf(
  program: Program,
  result: Measured,
  capture: BenchCapture,
  tshark: number,
): string[] {
  const { run, found } = result;
  const wrong = found !== undefined && found !== capture.exchanges;
  return [
    program.name,
    found === undefined ? '' : `${count(found)}${wrong ? ' !' : ''}`,
    run.cpuSeconds.toFixed(2),
    found === undefined ? '' : count(speed(result)),
    run.peakRssMiB.toFixed(0),
    found === undefined || tshark === 0 ? '' : `${(speed(result) / tshark).toFixed(1)}x`,
  ];
}

export async function compare(
  name: 'keepalive' | 'short',
  targets: { readonly none: number; readonly store: number | undefined },
  options: CompareOptions,
): Promise<void> {
  const capture = benchCapture(name);
  const results = new Map<Program, Measured>();
  for (const program of programs) {
    if (program === tsharkFieldsProgram && options.withoutTshark) continue;
    process.stderr.write(`  ${name}: ${program.name} ...\n`);
    results.set(program, await measure(program, capture.file, options.runs));
  }
  const peer = results.get(tsharkFieldsProgram);
  const tshark = peer === undefined ? 0 : speed(peer);
  table(
    `http-${name}: ${count(capture.exchanges)} exchanges in ${count(capture.packets)} packets`,
    ['program', 'found', 'CPU s', 'exchanges/CPU s', 'RSS MiB', 'tshark'],
    [...results].map(([program, result]) => rowOf(program, result, capture, tshark)),
  );
  console.log('');
  for (const program of programs.filter(({ name: text }) => text.startsWith('mizu'))) {
    const { run, found } = results.get(program)!;
    target(`${program.name}: all exchanges found`, found === capture.exchanges, count(found ?? 0));
    const rss = run.peakRssMiB;
    target(`${program.name}: below ${mostRssMiB} MiB`, rss < mostRssMiB, `${rss.toFixed(0)} MiB`);
  }
  if (tshark === 0) return;
  const ratio = (program: Program) => speed(results.get(program)!) / tshark;
  const none = ratio(mizuNone);
  target(`${targets.none}x tshark to none`, none >= targets.none, `${none.toFixed(1)}x`);
  if (targets.store === undefined) return;
  const store = ratio(mizuStore);
  target(`${targets.store}x tshark with the store`, store >= targets.store, `${store.toFixed(1)}x`);
}
