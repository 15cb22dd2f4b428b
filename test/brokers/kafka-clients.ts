/** What clients of Kafka do in the tests, each with its own account of it. */
import { fileURLToPath } from 'node:url';
import { CompressionTypes, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import { run, until } from './capture.ts';
import { type KafkaBroker, user } from './kafka-broker.ts';
import { oldClientPath } from './setup-kafka.ts';

const oldClient = fileURLToPath(new URL('kafka-old-client.java', import.meta.url));

/** A record as a client knows it. */
export interface Known {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
}

/** Long enough to be worth compressing. */
export function orders(topic: string, count: number): Known[] {
  return Array.from({ length: count }, (_, i) => ({
    topic,
    key: `key-${i}`,
    value: JSON.stringify({
      order: i,
      customer: `customer ${i % 7}`,
      note: 'again and '.repeat(30),
    }),
  }));
}

const lines = (records: readonly Known[]) =>
  `${records.map(({ key, value }) => `${key}\t${value}`).join('\n')}\n`;

/** The console producer of Java. */
export async function produceWithJava(
  broker: KafkaBroker,
  records: readonly Known[],
  codec: string,
): Promise<void> {
  const words = ['--bootstrap-server', broker.address, '--topic', records[0]!.topic];
  const more = ['--reader-property', 'parse.key=true', '--compression-codec', codec];
  const { code, stderr } = await broker.tool(
    'ConsoleProducer',
    [...words, ...more],
    lines(records),
  );
  if (code !== 0) throw new Error(stderr);
}

/** The console consumer of Java, in a group of its own. */
export async function consumeWithJava(
  broker: KafkaBroker,
  topic: string,
  count: number,
  options: readonly string[] = [],
): Promise<string[]> {
  const words = ['--bootstrap-server', broker.address, '--topic', topic, '--from-beginning'];
  const more = ['--group', `java-${topic}`, '--max-messages', String(count), ...options];
  const limits = ['--timeout-ms', '30000', '--formatter-property', 'print.key=true'];
  const name = 'consumer.ConsoleConsumer';
  const { stdout } = await broker.tool(name, [...words, ...more, ...limits]);
  return stdout.split('\n').filter((line) => line.includes('\t'));
}

/** The console consumer of Java for share groups (queues), which takes each record once. */
export async function shareWithJava(
  broker: KafkaBroker,
  topic: string,
  count: number,
): Promise<string[]> {
  const server = ['--bootstrap-server', broker.address];
  const group = `share-${topic}`;
  const earliest = ['--add-config', 'share.auto.offset.reset=earliest'];
  const entity = ['--entity-type', 'groups', '--entity-name', group];
  await broker.tool('ConfigCommand', [...server, '--alter', ...entity, ...earliest]);
  const words = [...server, '--topic', topic, '--group', group, '--max-messages', String(count)];
  const more = ['--timeout-ms', '30000', '--formatter-property', 'print.key=true'];
  const { stdout } = await broker.tool('consumer.ConsoleShareConsumer', [...words, ...more]);
  return stdout.split('\n').filter((line) => line.includes('\t'));
}

/** A Java client of 2017: produces, and consumes what it has produced. */
export async function useOldJava(
  address: string,
  records: readonly Known[],
  codec: string,
  login: readonly string[] = [],
): Promise<string[]> {
  const words = ['-cp', await oldClientPath(), oldClient, address, records[0]!.topic, codec];
  const { stdout, stderr } = await run('java', [...words, ...login], { input: lines(records) });
  const consumed = stdout.split('\n').filter((line) => line !== '');
  if (consumed.length !== records.length) throw new Error(stderr.slice(-2000));
  return consumed;
}

/** kcat, with settings of librdkafka: `api.version.request=false`. */
export async function produceWithKcat(
  broker: KafkaBroker,
  records: readonly Known[],
  codec: string,
  settings: readonly string[] = [],
): Promise<void> {
  const words = ['-P', '-t', records[0]!.topic, '-K', '\t', '-z', codec];
  const options = settings.flatMap((setting) => ['-X', setting]);
  const { code, stderr } = await broker.kcat([...words, ...options], lines(records));
  if (code !== 0) throw new Error(stderr);
}

export async function consumeWithKcat(
  broker: KafkaBroker,
  topic: string,
  settings: readonly string[] = [],
): Promise<string[]> {
  const words = ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%k\t%s\n'];
  const options = settings.flatMap((setting) => ['-X', setting]);
  const { code, stdout, stderr } = await broker.kcat([...words, ...options]);
  if (code !== 0) throw new Error(stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

function kafkajs(port: number, retries: number, sasl?: SASLOptions): Kafka {
  return new Kafka({
    clientId: 'shop',
    brokers: [`127.0.0.1:${port}`],
    logLevel: logLevel.NOTHING,
    retry: { retries },
    ...(sasl !== undefined && { sasl }),
  });
}

export interface DoneWithKafkajs {
  readonly sent: readonly Known[];
  readonly received: readonly Known[];
}

/** Headers, tombstones, gzip, acks=0, transactions that commit and that do not, a group, an admin. */
export async function useKafkajs(broker: KafkaBroker): Promise<DoneWithKafkajs> {
  const kafka = kafkajs(broker.port, 8);
  const admin = kafka.admin();
  await admin.connect();
  const topics = ['js-plain', 'js-unsure', 'js-money'];
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: 1 })) });
  const sent: Known[] = [];
  const note = (topic: string, messages: readonly { key: string; value: string | null }[]) => {
    for (const { key, value } of messages) sent.push({ topic, key, value });
    return [...messages];
  };
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const first = note('js-plain', [
    { key: 'a', value: '{"a":1}' },
    { key: 'b', value: null },
  ]);
  const withHeaders = first.map((each) => ({ ...each, headers: { trace: `trace-${each.key}` } }));
  await producer.send({
    topic: 'js-plain',
    compression: CompressionTypes.GZIP,
    messages: withHeaders,
  });
  await producer.send({
    topic: 'js-unsure',
    acks: 0,
    messages: note('js-unsure', [{ key: 'u', value: 'who knows' }]),
  });
  await producer.disconnect();
  await transact(kafka, note);
  const received = await receive(kafka, 2);
  await admin.fetchOffsets({ groupId: 'js-group' });
  await admin.describeGroups(['js-group']);
  await admin.deleteTopics({ topics: ['js-unsure'] });
  await admin.fetchTopicMetadata({ topics: ['no-such-topic'] }).catch(() => undefined);
  await admin.disconnect();
  return { sent, received };
}

type Note = (
  topic: string,
  messages: readonly { key: string; value: string | null }[],
) => { key: string; value: string | null }[];

async function transact(kafka: Kafka, note: Note): Promise<void> {
  const producer = kafka.producer({
    transactionalId: 'payments',
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  const paid = await producer.transaction();
  await paid.send({
    topic: 'js-money',
    messages: note('js-money', [{ key: 'paid', value: '100' }]),
  });
  await paid.commit();
  const failed = await producer.transaction();
  await failed.send({
    topic: 'js-money',
    messages: note('js-money', [{ key: 'failed', value: '200' }]),
  });
  await failed.abort();
  const again = await producer.transaction();
  await again.send({
    topic: 'js-money',
    messages: note('js-money', [{ key: 'again', value: '300' }]),
  });
  await again.commit();
  await producer.disconnect();
}

/** Reads committed records until `count` are there. */
async function receive(kafka: Kafka, count: number): Promise<Known[]> {
  const received: Known[] = [];
  const consumer = kafka.consumer({ groupId: 'js-group', readUncommitted: false });
  await consumer.connect();
  await consumer.subscribe({ topics: ['js-money'], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ topic, message }) => {
      const key = message.key?.toString() ?? null;
      received.push({ topic, key, value: message.value?.toString() ?? null });
    },
  });
  await until('committed records', () => received.length >= count);
  await consumer.disconnect();
  return received;
}

/** Logs in and asks for the topics; false when it is refused. */
export async function logIn(
  broker: KafkaBroker,
  mechanism: 'plain' | 'scram-sha-256',
  password: string = user.password,
): Promise<boolean> {
  const sasl = { mechanism, username: user.name, password } as SASLOptions;
  const admin = kafkajs(broker.saslPort, 0, sasl).admin();
  try {
    await admin.connect();
    await admin.listTopics();
    return true;
  } catch {
    return false;
  } finally {
    await admin.disconnect();
  }
}
