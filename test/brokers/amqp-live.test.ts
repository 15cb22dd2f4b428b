/**
 * A tap that runs while a client of RabbitMQ keeps its connection open: publishes, deliveries and what
 * answers them are on the page half a second after the client knows of them.
 */
import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { whyNotLive } from '../e2e/machine.ts';
import { type Live, startTap } from '../e2e/mizu.ts';
import { delay } from './capture.ts';
import { rabbitScript, startRabbit } from './setup-amqp.ts';

const noRabbit = (await rabbitScript()) === undefined ? 'RabbitMQ is not installed' : '';
const missing = noRabbit || whyNotLive();
const because = missing === '' ? '' : `: skipped, ${missing}`;
const longestMs = 500;
const sends = 12;

/** Entries that are now in this state. */
function count(live: Live, method: string, outcome: string): number {
  const newest = new Map(live.states().map((row) => [row.id, row]));
  return [...newest.values()].filter((row) => row.method === method && row.outcome === outcome)
    .length;
}

test.skipIf(missing !== '')(
  `publishes and deliveries are shown within half a second${because}`,
  async () => {
    await using broker = await startRabbit();
    await using tap = await startTap(['--local', '--capture-filter', `tcp port ${broker.port}`]);
    using live = await tap.live('amqp and method.startsWith("basic")');
    const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker.port}/`);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('live', { durable: false });
    let received: () => void = () => undefined;
    await channel.consume('live', (message) => {
      if (message === null) return;
      // The last is never acknowledged: it is shown while it waits.
      if (message.content[0]! < sends) channel.ack(message);
      received();
    });
    const waits: number[] = [];
    const shownAfter = async (method: string, outcome: string, wanted: number) => {
      const before = performance.now();
      while (count(live, method, outcome) < wanted && performance.now() - before < 5000)
        await delay(5);
      waits.push(performance.now() - before);
    };
    for (let i = 0; i < sends; i++) {
      const delivered = new Promise<void>((resolve) => {
        received = resolve;
      });
      channel.sendToQueue('live', Buffer.from([i]));
      await channel.waitForConfirms();
      await shownAfter('basic publish', 'ok', i + 1);
      await delivered;
      await shownAfter('basic deliver', 'ok', i + 1);
    }
    channel.sendToQueue('live', Buffer.from([sends]));
    await channel.waitForConfirms();
    await shownAfter('basic deliver', 'pending', 1);
    await connection.close();
    const sorted = waits.sort((a, b) => a - b).map(Math.round);
    // One may meet with whatever else this machine does.
    expect(sorted.at(-2), `${sorted} ms`).toBeLessThan(longestMs);
  },
);
