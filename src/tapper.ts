/** The node agent: `node src/tapper.ts`, or `mizu tapper`. */
import { EnvironmentError, runTapper } from './tapper/index.ts';

const ending = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
try {
  await runTapper(process.env, ending.signal);
} catch (error) {
  const text = error instanceof EnvironmentError ? error.message : String((error as Error).stack);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
