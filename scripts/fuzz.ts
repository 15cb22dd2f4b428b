/**
 * `npm run fuzz -- --minutes N` or `-- --packets N [--seed N]`: random and mutated packets through the
 * stages. Ends with an error at the first promise that is broken, naming the seed that repeats it.
 */
import { parseArgs } from 'node:util';
import { run } from '../test/fuzz/packets.ts';
import { runPipelineFuzz } from '../test/fuzz/pipeline.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    packets: { type: 'string' },
    seed: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const limit =
  values.minutes === undefined
    ? { packets: Number(values.packets ?? 1_000_000) / 2 }
    : { minutes: Number(values.minutes) / 2 };
console.log(`Fuzzing with seed ${seed} ...`);
console.log('decode and reassemble', JSON.stringify(await run({ ...limit, seed })));
console.log('whole pipeline', JSON.stringify(await runPipelineFuzz({ ...limit, seed })));
