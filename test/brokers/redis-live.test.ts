/**
 * A tap that runs while clients of Redis keep their connections open: every exchange, and every message
 * of a channel, is on the page half a second after its client has it, with no wait for a pause or for the
 * end of the connection.
 */
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { whyNotLive } from '../e2e/machine.ts';
import { type Live, startTap } from '../e2e/mizu.ts';
import { delay, until } from './capture.ts';
import { redisServer, startRedis } from './setup-redis.ts';

const missing =
  (await redisServer()) === undefined ? 'redis-server is not installed' : whyNotLive();
const because = missing ? `: skipped, ${missing}` : '';
const longestMs = 500;
const rounds = 12;

const finals = (live: Live, method: string) =>
  live.states().filter((row) => row.method === method && row.outcome === 'ok').length;

test.skipIf(Boolean(missing))(
  `answers, messages and what a blocked client gets are shown within half a second${because}`,
  async () => {
    await using server = await startRedis();
    await using tap = await startTap(['--local', '--capture-filter', `tcp port ${server.port}`]);
    const client = new Redis({ port: server.port });
    const subscriber = new Redis({ port: server.port });
    const worker = new Redis({ port: server.port });
    let received = 0;
    subscriber.on('message', () => {
      received++;
    });
    await subscriber.subscribe('news');
    using live = await tap.live('redis');
    const waits: number[] = [];
    const shown = async (method: string, count: number) => {
      const before = performance.now();
      while (finals(live, method) < count && performance.now() - before < 5000) await delay(5);
      waits.push(performance.now() - before);
    };
    await delay(1000);
    for (let i = 1; i <= rounds; i++) {
      await client.set(`live:${i}`, 'x');
      await shown('SET', i);
      await client.publish('news', `${i}`);
      await until('the message', () => received === i);
      await shown('MESSAGE', i);
      const job = worker.blpop('live:jobs', 0);
      await client.lpush('live:jobs', 'job');
      await job;
      await shown('BLPOP', i);
    }
    client.disconnect();
    subscriber.disconnect();
    worker.disconnect();
    const sorted = waits.sort((a, b) => a - b).map(Math.round);
    // One may meet with whatever else this machine does.
    expect(sorted.at(-2), `${sorted} ms`).toBeLessThan(longestMs);
  },
);
