import { expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import { requestPlan, responsePlan } from './parse-plan.ts';
import { skimProduce, skimProduced } from './parse-produce.ts';
import { seen, skim } from './parse-skim.ts';
import { requestLayout, responseLayout } from './schema.ts';
import { randomValues, request, response } from './test-encode.ts';

const versions = [9, 10, 11, 12, 13];
const clientIdEnd = 14 + 'tester'.length;
const answerHead = 8;

/** What a row is made of. */
function outcome() {
  const { ending, error, acks, groupTo, transactionTo, epoch, recordBytes, topics } = seen;
  const spans = topics === 1 ? [...seen.topicSpans.subarray(0, 2)] : [];
  return { ending, error, acks, groupTo, transactionTo, epoch, recordBytes, topics, spans };
}

/** Both ways to read one body; undefined where the quick one leaves it to the other. */
function bothWays(bytes: Uint8Array, version: number, isRequest: boolean) {
  const at = isRequest ? clientIdEnd : answerHead;
  const quick = isRequest ? skimProduce : skimProduced;
  if (!quick(bytes, at, bytes.length, version)) return undefined;
  const read = outcome();
  const plan = isRequest ? requestPlan(0, version) : responsePlan(0, version);
  skim(plan!, bytes, at, bytes.length, !isRequest);
  return { read, walked: outcome() };
}

function produce(version: number, sizes: readonly number[], acks = 1): Uint8Array {
  const partitions = sizes.map((size, partition) => ({
    partition,
    records: Buffer.alloc(size, 7),
  }));
  const topic = {
    topic: 'orders',
    topicId: 'AAECAwQFBgcICQoLDA0ODw'.replace('A', 'B'),
    partitions,
  };
  const payload = { transactionalID: null, requiredAcks: acks, timeout: 9, topicData: [topic] };
  return request({ key: 0, version, correlation: 1, payload: payload as never });
}

test.each(versions)(
  'version %i: what one topic is sent is read in one go, whatever its size',
  (version) => {
    for (const sizes of [[0], [10], [126, 127], [300, 20_000], [70_000, 1, 2_000_000]]) {
      const both = bothWays(produce(version, sizes, -1), version, true);
      expect(both?.read).toEqual(both?.walked);
      expect(both?.read).toMatchObject({ acks: -1, topics: 1 });
      expect(both?.read.recordBytes).toBe(sizes.reduce((sum, size) => sum + size));
    }
  },
);

test.each(versions)(
  'version %i: random messages, and damaged ones, are read as they are walked over',
  (version) => {
    const random = seededRandom(version);
    let read = 0;
    for (let i = 0; i < 3000; i++) {
      const isRequest = i % 2 === 0;
      const layout = isRequest ? requestLayout(0, version)! : responseLayout(0, version)!;
      const values = randomValues(layout, random);
      const bytes = isRequest
        ? request({ key: 0, version, correlation: 1, payload: values })
        : response(0, version, 1, values);
      if (i % 3 === 0) bytes[Math.floor(random() * bytes.length)]! = Math.floor(random() * 256);
      const both = bothWays(i % 5 === 0 ? bytes.subarray(0, -1) : bytes, version, isRequest);
      if (both === undefined) continue;
      expect(both.read).toEqual(both.walked);
      read++;
    }
    expect(read).toBeGreaterThan(5);
  },
);
