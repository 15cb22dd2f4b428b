/**
 * `npm run fuzz -- --streams N | --packets N | --minutes N [--seed S] [--protocol NAME]`: mutated streams of
 * every protocol through the driver, random and mutated packets through the stages. Ends with an error at
 * the first promise that is broken, naming the seed that repeats it.
 */
import { parseArgs } from 'node:util';
import { run } from '../test/fuzz/packets.ts';
import { runPipelineFuzz } from '../test/fuzz/pipeline.ts';
import { runStreamFuzz } from '../test/fuzz/streams.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    packets: { type: 'string' },
    streams: { type: 'string' },
    seed: { type: 'string' },
    protocol: { type: 'string' },
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

if (!onlyStreams) {
  console.log('decode and reassemble', JSON.stringify(await run({ ...share(3), seed })));
  console.log('whole pipeline', JSON.stringify(await runPipelineFuzz({ ...share(3), seed })));
}
const { minutes } = share(onlyStreams ? 1 : 3);
const result = await runStreamFuzz({
  seed,
  ...(minutes === undefined ? { streams: Number(values.streams ?? 300_000) } : { minutes }),
  ...(values.protocol === undefined ? {} : { protocol: values.protocol }),
});
console.log('streams of each protocol', JSON.stringify(result));
