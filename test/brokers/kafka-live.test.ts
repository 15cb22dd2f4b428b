/**
 * A tap that runs while clients of Kafka keep their connections open: every exchange is on the page half a
 * second after its client has its answer, with no wait for a pause or for the end of the connection.
 */
import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { whyNotLive } from '../e2e/machine.ts';
import { type Live, startTap } from '../e2e/mizu.ts';
import { delay, until } from './capture.ts';
import { KafkaBroker } from './kafka-broker.ts';
import { missingForKafka, newKafka } from './setup-kafka.ts';

const missing = (await missingForKafka()) ?? (whyNotLive() || undefined);
const because = missing === undefined ? '' : `: skipped, ${missing}`;
const longestMs = 500;
const sends = 12;

const finals = (live: Live, method: string) =>
  live.states().filter((row) => row.method === method && row.outcome === 'ok').length;

test.skipIf(missing !== undefined)(
  `produced and fetched records are shown within half a second${because}`,
  async () => {
    await using broker = await KafkaBroker.start(newKafka);
    await using tap = await startTap(['--local', '--capture-filter', `tcp port ${broker.port}`]);
    const brokers = [broker.address];
    const kafka = new Kafka({ clientId: 'shop', brokers, logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'live', numPartitions: 1 }] });
    const consumer = kafka.consumer({ groupId: 'live-group' });
    const producer = kafka.producer();
    await Promise.all([consumer.connect(), producer.connect()]);
    await consumer.subscribe({ topics: ['live'], fromBeginning: true });
    let received = 0;
    await consumer.run({
      eachMessage: async () => {
        received++;
      },
    });
    await producer.send({ topic: 'live', messages: [{ value: 'the first finds the way' }] });
    await until('the first record', () => received === 1);
    using live = await tap.live('kafka and (method == "Produce" or method == "Fetch")');
    const waits: number[] = [];
    const shownAfter = async (method: string, count: number) => {
      const before = performance.now();
      while (finals(live, method) < count && performance.now() - before < 5000) await delay(5);
      waits.push(performance.now() - before);
    };
    await delay(1000);
    const earlier = { Produce: finals(live, 'Produce'), Fetch: finals(live, 'Fetch') };
    for (let i = 1; i <= sends; i++) {
      await producer.send({ topic: 'live', messages: [{ key: `${i}`, value: `record ${i}` }] });
      await shownAfter('Produce', earlier.Produce + i);
      while (received <= i) await delay(1);
      await shownAfter('Fetch', earlier.Fetch + i);
    }
    await Promise.all([admin.disconnect(), consumer.disconnect(), producer.disconnect()]);
    const sorted = waits.sort((a, b) => a - b).map(Math.round);
    // One may meet with whatever else this machine does.
    expect(sorted.at(-2), `${sorted} ms`).toBeLessThan(longestMs);
  },
);
