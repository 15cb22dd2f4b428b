/**
 * `npm run fuzz -- --streams N | --packets N | --minutes N [--seed S] [--protocol NAME] [--round R]`: mutated
 * streams of every protocol (or of one) through the driver, random and mutated packets through the stages.
 * Long runs tell twice a minute how far they are. Ends with an error at the first promise that is broken,
 * naming the seed that repeats it, and the round with which to begin then.
 */
import { parseArgs } from 'node:util';
import { run } from '../test/fuzz/packets.ts';
import { runPipelineFuzz } from '../test/fuzz/pipeline.ts';
import { runStreamFuzz, type StreamFuzzResult } from '../test/fuzz/streams.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    packets: { type: 'string' },
    streams: { type: 'string' },
    seed: { type: 'string' },
    protocol: { type: 'string' },
    round: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const onlyStreams = values.streams !== undefined || values.protocol !== undefined;
console.log(`Fuzzing with seed ${seed} ...`);

/** What each of `parts` gets of the packets or minutes asked for. */
function share(parts: number): { packets?: number; minutes?: number } {
  if (values.minutes !== undefined) return { minutes: Number(values.minutes) / parts };
  return { packets: Number(values.packets ?? 1_000_000) / parts };
}

function progress(result: StreamFuzzResult): string {
  const { streams, recognised, rows, decoded, cpuMs, slowestMs, slowest, grownBytes } = result;
  return [
    `${count(streams)} streams in ${count(cpuMs / 1000)} s of CPU time`,
    `${count((streams * 1000) / cpuMs)}/s`,
    `${Math.round((recognised * 100) / streams)} % recognised`,
    `${count(rows)} rows (${count(decoded)} decoded)`,
    `slowest ${slowestMs.toFixed(1)} ms (${slowest})`,
    `grown by ${count(grownBytes / 1024)} KiB`,
  ].join(', ');
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

if (!onlyStreams) {
  console.log('decode and reassemble', JSON.stringify(await run({ ...share(3), seed })));
  console.log('whole pipeline', JSON.stringify(await runPipelineFuzz({ ...share(3), seed })));
}
const { minutes } = share(onlyStreams ? 1 : 3);
const result = await runStreamFuzz({
  seed,
  round: Number(values.round ?? 0),
  report: (so) => console.log(progress(so)),
  ...(minutes === undefined ? { streams: Number(values.streams ?? 300_000) } : { minutes }),
  ...(values.protocol === undefined ? {} : { protocol: values.protocol }),
});
console.log(`Done: ${progress(result)}`);
console.log('streams of each protocol', JSON.stringify(result));
