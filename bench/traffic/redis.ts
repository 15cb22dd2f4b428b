/**
 * A capture of real load on Redis: redis-server and redis-benchmark. Needs what
 * `test/brokers/setup.ts` installs.
 */
import { copyFileSync } from 'node:fs';
import { Capture, run } from '../../test/brokers/capture.ts';
import { RawClient } from '../../test/brokers/redis-raw.ts';
import { startRedis } from '../../test/brokers/setup-redis.ts';
import type { CaptureResult } from './inside-namespace.ts';

export interface RedisLoad {
  /** Of each kind of command. */
  readonly commands: number;
  /** Commands that each of the 50 clients sends before it waits: 1 is how most services ask. */
  readonly pipeline: number;
}

const kinds = ['set', 'get', 'incr', 'lpush', 'lpop', 'sadd', 'hset', 'mset'];
const valueBytes = 100;

/** Makes the capture; the server counts the exchanges. */
export async function captureRedis(file: string, load: RedisLoad): Promise<CaptureResult> {
  await using server = await startRedis();
  await using capture = await Capture.start([server.port]);
  const numbers = ['-n', String(load.commands), '-P', String(load.pipeline), '-c', '50'];
  const words = [...numbers, '-r', '10000', '-d', String(valueBytes), '-t', kinds.join(','), '-q'];
  const { code, stderr } = await run('redis-benchmark', ['-p', String(server.port), ...words]);
  if (code !== 0) throw new Error(stderr);
  const made = await capture.stop();
  const witness = await RawClient.open(server.port);
  const stats = String(await witness.ask('INFO', 'stats'));
  await witness.close();
  copyFileSync(made, file);
  const { stdout } = await run('capinfos', ['-c', '-M', file]);
  return {
    // Asking is a command too, which is counted when it is done.
    exchanges: Number(/total_commands_processed:(\d+)/.exec(stats)?.[1] ?? 0),
    packets: Number(/Number of packets:\s+(\d+)/.exec(stdout)?.[1] ?? 0),
  };
}
