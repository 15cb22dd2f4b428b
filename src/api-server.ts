/** The central process in a cluster: `node src/api-server.ts`, or `mizu api-server`. */
import { runApiServer, StartError } from './api-server/index.ts';

const ending = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => ending.abort());
try {
  await runApiServer(process.env, ending.signal);
} catch (error) {
  const text = error instanceof StartError ? error.message : String((error as Error).stack);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
