/** Apache Kafka of two ages with Java, librdkafka and kafkajs: all that they did is seen, with its values. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Value, ValueMap } from '../../src/dissect/contract.ts';
import type { Entry } from '../../src/entry/entry.ts';
import { Capture, readEntries, run } from './capture.ts';
import { KafkaBroker, user } from './kafka-broker.ts';
import {
  consumeWithJava,
  consumeWithKcat,
  type DoneWithKafkajs,
  type Known,
  logIn,
  orders,
  produceWithJava,
  produceWithKcat,
  shareWithJava,
  useKafkajs,
  useOldJava,
} from './kafka-clients.ts';
import { missingForKafka, newKafka, oldKafka } from './setup-kafka.ts';

const missing = await missingForKafka();
const because = missing === undefined ? '' : `: skipped, ${missing}`;
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const perCodec = 40;
const fetchKey = 1;
const shareFetchKey = 78;

const isMap = (value: Value): value is ValueMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const maps = (value: Value): ValueMap[] => (Array.isArray(value) ? value.filter(isMap) : []);

/** Batches of a Produce or a Fetch, with their topics. */
function batchesOf({ method, request, response }: Entry): { topic: string; batch: ValueMap }[] {
  const isProduce = method === 'Produce';
  const payload = (isProduce ? request : response)?.['payload'];
  if (!isMap(payload)) return [];
  const topics = maps(payload[isProduce ? 'topicData' : 'responses']);
  return topics.flatMap(({ topic, topicName, partitions, partitionResponses }) =>
    maps(partitionResponses ?? partitions).flatMap((partition) => {
      const { partitionData, recordSet } = partition;
      const shared = partition['records'];
      const records = isMap(partitionData) ? partitionData['records'] : (recordSet ?? shared);
      const batch = isMap(records) ? records['recordBatch'] : undefined;
      return isMap(batch) ? [{ topic: String(topic ?? topicName), batch }] : [];
    }),
  );
}

function recordsOf(entries: readonly Entry[], method: string, topic: string): ValueMap[] {
  return entries
    .filter((entry) => entry.method === method)
    .flatMap(batchesOf)
    .filter((each) => each.topic === topic)
    .flatMap(({ batch }) => maps(batch['record']));
}

const line = (record: { readonly key?: Value; readonly value?: Value }) =>
  `${record.key ?? null}\t${record.value ?? null}`;
const linesOf = (records: readonly { readonly key?: Value; readonly value?: Value }[]) =>
  records.map(line).sort();
const unique = (records: readonly string[]) => [...new Set(records)];

function produced(entries: readonly Entry[], known: readonly Known[]): void {
  const topic = known[0]!.topic;
  expect(linesOf(recordsOf(entries, 'Produce', topic)), topic).toEqual(linesOf(known));
}

function fetched(entries: readonly Entry[], known: readonly Known[], method = 'Fetch'): void {
  const topic = known[0]!.topic;
  const records = recordsOf(entries, method, topic).filter(({ control }) => control === undefined);
  expect(unique(linesOf(records)), topic).toEqual(linesOf(known));
}

/** Clients leave in the middle of the last fetch of a connection. */
const leaving = [['no response was seen'], ['the connection ended within the response']];

/** Nothing else is wrong with any of them. */
function faultless(entries: readonly Entry[]): void {
  for (const { protocol, method, incomplete, request, response } of entries) {
    expect(protocol.name).toBe('kafka');
    const problems = request?.['problems'] ?? response?.['problems'];
    if (incomplete.length === 0) expect(problems, method).toBeUndefined();
    if (incomplete.length > 0)
      expect([method, leaving]).toEqual(['Fetch', expect.arrayContaining([incomplete])]);
  }
}

/** Requests as tshark counts them, by the number of their API. */
async function tsharkRequests(
  file: string,
  ports: readonly number[],
): Promise<Map<number, number>> {
  const decodeAs = ports.flatMap((port) => ['-d', `tcp.port==${port},kafka`]);
  const filter = ports.map((port) => `tcp.dstport == ${port}`).join(' or ');
  const words = ['-r', file, ...decodeAs, '-Y', `kafka.api_key and (${filter})`];
  const { stdout } = await run('tshark', [...words, '-T', 'fields', '-e', 'kafka.api_key']);
  const counts = new Map<number, number>();
  for (const key of stdout.split(/[\s,]+/).filter((text) => text !== '')) {
    counts.set(Number(key), (counts.get(Number(key)) ?? 0) + 1);
  }
  return counts;
}

describe.skipIf(missing !== undefined)(`Kafka ${newKafka}${because}`, () => {
  let broker: KafkaBroker;
  let capture: Capture;
  let entries: Entry[] = [];
  let js: DoneWithKafkajs;
  const java = codecs.map((codec) => orders(`java-${codec}`, perCodec));
  const kcat = codecs.map((codec) => orders(`kcat-${codec}`, perCodec));
  const logins: boolean[] = [];

  beforeAll(async () => {
    broker = await KafkaBroker.start(newKafka);
    capture = await Capture.start([broker.port, broker.saslPort]);
    for (const [i, codec] of codecs.entries()) {
      await produceWithJava(broker, java[i]!, codec);
      await produceWithKcat(broker, kcat[i]!, codec);
      const withKcat = await consumeWithKcat(broker, kcat[i]![0]!.topic);
      expect(withKcat.sort()).toEqual(linesOf(kcat[i]!));
    }
    const withJava = await consumeWithJava(broker, 'java-zstd', perCodec);
    expect(withJava.sort()).toEqual(linesOf(java.at(-1)!));
    const options = ['--consumer-property', 'group.protocol=consumer'];
    await consumeWithJava(broker, 'java-gzip', perCodec, options);
    const shared = await shareWithJava(broker, 'java-lz4', perCodec);
    expect(shared.sort()).toEqual(linesOf(java[codecs.indexOf('lz4')]!));
    await broker.tool('consumer.group.ConsumerGroupCommand', [
      '--bootstrap-server',
      broker.address,
      '--describe',
      '--all-groups',
    ]);
    js = await useKafkajs(broker);
    logins.push(await logIn(broker, 'plain'), await logIn(broker, 'scram-sha-256'));
    logins.push(await logIn(broker, 'plain', 'wrong-password'));
    entries = await capture.entries();
  });
  afterAll(async () => {
    await capture?.[Symbol.asyncDispose]();
    await broker?.[Symbol.asyncDispose]();
  });

  test('nothing is missing or damaged', async () => {
    faultless(entries);
    const wanted = await tsharkRequests(capture.file, [broker.port, broker.saslPort]);
    const seen = new Map<number, number>();
    for (const { request } of entries) {
      const key = Number(request?.['apiKey']);
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    // Empty ones are folded.
    for (const key of [fetchKey, shareFetchKey]) {
      expect(seen.get(key)).toBeLessThanOrEqual(wanted.get(key) ?? 0);
      wanted.delete(key);
      seen.delete(key);
    }
    const byKey = (counts: Map<number, number>) => [...counts].sort(([a], [b]) => a - b);
    expect(byKey(seen)).toEqual(byKey(wanted));
  });

  test.each(codecs)('records that Java produced, %s', (codec) => {
    produced(entries, java[codecs.indexOf(codec)]!);
    const used = entries
      .filter(({ method }) => method === 'Produce')
      .flatMap(batchesOf)
      .filter(({ topic }) => topic === `java-${codec}`);
    expect(unique(used.map(({ batch }) => String(batch['compression'])))).toEqual([codec]);
  });

  test.each(codecs)('records that kcat produced and consumed, %s', (codec) => {
    produced(entries, kcat[codecs.indexOf(codec)]!);
    fetched(entries, kcat[codecs.indexOf(codec)]!);
  });

  test('records that Java consumed, in groups of both protocols, by the names of their topics', () => {
    fetched(entries, java.at(-1)!);
    fetched(entries, java[codecs.indexOf('gzip')]!);
    const methods = unique(entries.map(({ method }) => method));
    expect(methods).toEqual(
      expect.arrayContaining(['JoinGroup', 'SyncGroup', 'ConsumerGroupHeartbeat', 'OffsetCommit']),
    );
    const byId = entries.filter(
      ({ method, request }) => method === 'Fetch' && Number(request?.['apiVersion']) > 12,
    );
    expect(byId.length).toBeGreaterThan(1);
    for (const { target } of byId) expect(target).toMatch(/^java-/);
  });

  test('records that a share group took', () => {
    fetched(entries, java[codecs.indexOf('lz4')]!, 'ShareFetch');
    const targets = (method: string) =>
      unique(entries.filter((entry) => entry.method === method).map(({ target }) => target));
    expect(targets('ShareFetch')).toContain('share-java-lz4 (java-lz4)');
    expect(targets('ShareGroupHeartbeat')).toContain('share-java-lz4 (java-lz4)');
  });

  test('what kafkajs did: headers, tombstones, acks=0', () => {
    for (const topic of ['js-plain', 'js-unsure', 'js-money']) {
      produced(
        entries,
        js.sent.filter((each) => each.topic === topic),
      );
    }
    expect(recordsOf(entries, 'Produce', 'js-plain')).toMatchObject([
      { key: 'a', value: '{"a":1}', headers: { trace: 'trace-a' } },
      { key: 'b', value: null, headers: { trace: 'trace-b' } },
    ]);
    const unsure = entries.filter(
      ({ method, target }) => method === 'Produce' && target === 'js-unsure',
    );
    expect(unsure).toMatchObject([{ outcome: 'ok', incomplete: [] }]);
    expect(unsure[0]?.response).toBeUndefined();
    const failed = entries.filter(({ target }) => target === 'no-such-topic');
    expect(failed).toMatchObject([{ method: 'Metadata', status: 3, outcome: 'failed' }]);
  });

  test('transactions: who, what, and how each ended', () => {
    const ends = entries.filter(({ method }) => method === 'EndTxn');
    expect(ends.map(({ target }) => target)).toEqual(['payments', 'payments', 'payments']);
    const results = ends.map(({ request }) =>
      isMap(request?.['payload']) ? request['payload']['committed'] : undefined,
    );
    expect(results).toEqual([true, false, true]);
    const records = recordsOf(entries, 'Fetch', 'js-money');
    const read = new Map(records.map((record) => [record['offset'], record]));
    expect([...read.values()].map((record) => record['control'] ?? record['key'])).toEqual([
      'paid',
      'COMMIT',
      'failed',
      'ABORT',
      'again',
      'COMMIT',
    ]);
    expect(js.received.map(({ key }) => key)).toEqual(['paid', 'again']);
  });

  test('logins: users are named, secrets are nowhere', async () => {
    expect(logins).toEqual([true, true, false]);
    const tokens = entries.filter(({ method }) => method === 'SaslAuthenticate');
    expect(tokens.map(({ target, status }) => `${target} ${status}`)).toEqual([
      `${user.name} 0`,
      `${user.name} 0`,
      `${user.name} 0`,
      `${user.name} 58`,
    ]);
    expect(JSON.stringify(entries)).not.toMatch(new RegExp(`${user.password}|wrong-password`));
    const whole = await readEntries(capture.file, ['--no-redact']);
    expect(JSON.stringify(whole)).toMatch(new RegExp(`"password":"${user.password}"`));
  });

  test('the wire had what was compressed compressed', async () => {
    const bytes = (await readFile(capture.file)).toString('latin1');
    expect(bytes).toContain('again and again and');
  });
});

describe.skipIf(missing !== undefined)(`Kafka ${oldKafka} with clients of old${because}`, () => {
  let broker: KafkaBroker;
  let capture: Capture;
  let entries: Entry[] = [];
  const ages = ['0.8.2', '0.9.0'];
  const used = ['none', 'gzip', 'snappy', 'lz4'];
  const sets = ages.flatMap((age) =>
    used.map((codec) => ({ age, codec, records: orders(`old-${age}-${codec}`, perCodec) })),
  );
  const java = used.map((codec) => ({ codec, records: orders(`old-java-${codec}`, perCodec) }));
  const secured = orders('old-java-secured', 3);
  const settings = (age: string) => ['api.version.request=false', `broker.version.fallback=${age}`];

  beforeAll(async () => {
    broker = await KafkaBroker.start(oldKafka);
    capture = await Capture.start([broker.port, broker.saslPort]);
    for (const { age, codec, records } of sets) {
      await produceWithKcat(broker, records, codec, settings(age));
      const consumed = await consumeWithKcat(broker, records[0]!.topic, settings(age));
      expect(consumed.sort(), `${age} ${codec}`).toEqual(linesOf(records));
    }
    for (const { codec, records } of java) {
      const consumed = await useOldJava(broker.address, records, codec);
      expect(consumed.sort(), codec).toEqual(linesOf(records));
    }
    const login = [user.name, user.password];
    await useOldJava(`127.0.0.1:${broker.saslPort}`, secured, 'none', login);
    entries = await capture.entries();
  });
  afterAll(async () => {
    await capture?.[Symbol.asyncDispose]();
    await broker?.[Symbol.asyncDispose]();
  });

  test('nothing is damaged', () => faultless(entries));

  function inFormat(magic: string, codec: string, records: readonly Known[]): void {
    produced(entries, records);
    fetched(entries, records);
    const own = entries.flatMap(batchesOf).filter(({ topic }) => topic === records[0]!.topic);
    const batches = own.map(({ batch }) => batch).filter((batch) => batch['magic'] !== undefined);
    expect(unique(batches.map((batch) => String(batch['magic'])))).toEqual([magic]);
    expect(unique(batches.map((batch) => String(batch['compression'])))).toEqual([codec]);
  }

  test.each(sets)('message sets of $age, $codec', ({ codec, records }) => {
    inFormat('0', codec, records);
  });

  test.each(java)('message sets of a Java client of 2017, $codec', ({ codec, records }) => {
    inFormat('1', codec, records);
  });

  test('bare tokens behind a handshake of version 0', () => {
    produced(entries, secured);
    fetched(entries, secured);
    const tokens = entries.filter(({ method }) => method === 'SaslAuthenticate');
    expect(tokens.length).toBeGreaterThan(1);
    for (const { target, outcome, request } of tokens) {
      expect([target, outcome, request?.['bareToken']]).toEqual([user.name, 'ok', true]);
    }
    expect(JSON.stringify(entries)).not.toContain(user.password);
  });
});
