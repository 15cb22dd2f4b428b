/**
 * A capture of real load on Kafka: its own performance tool as a service that sends each event at once,
 * and kcat reading them in small fetches, without compression and with it. Needs what
 * `test/brokers/setup.ts` installs.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { Capture } from '../../test/brokers/capture.ts';
import { KafkaBroker } from '../../test/brokers/kafka-broker.ts';
import { newKafka } from '../../test/brokers/setup-kafka.ts';
import type { CaptureResult } from './inside-namespace.ts';

const recordBytes = 200;
const fetchBytes = 1500;

/** Makes the capture; `records` for each of the two codecs: as many Produce, and a Fetch for some of them. */
export async function captureKafka(file: string, records: number): Promise<CaptureResult> {
  await using broker = await KafkaBroker.start(newKafka);
  await using capture = await Capture.start([broker.port]);
  for (const codec of ['none', 'lz4']) {
    await produce(broker, records, codec);
    await consume(broker, records, codec);
  }
  copyFileSync(await capture.stop(), file);
  return countWithTshark(file, broker.port);
}

async function produce(broker: KafkaBroker, records: number, codec: string): Promise<void> {
  const words = [
    '--topic',
    `load-${codec}`,
    '--num-records',
    String(records),
    '--throughput',
    '-1',
  ];
  const settings = [`bootstrap.servers=${broker.address}`, 'batch.size=1'];
  const more = ['linger.ms=0', 'acks=1', `compression.type=${codec}`, 'enable.idempotence=false'];
  const size = ['--record-size', String(recordBytes), '--producer-props', ...settings, ...more];
  const { code, stderr } = await broker.tool('ProducerPerformance', [...words, ...size]);
  if (code !== 0) throw new Error(stderr);
}

async function consume(broker: KafkaBroker, records: number, codec: string): Promise<void> {
  const { code, stderr } = await broker.kcat([
    ...['-C', '-t', `load-${codec}`, '-o', 'beginning', '-c', String(records), '-q'],
    ...['-X', `fetch.message.max.bytes=${fetchBytes}`, '-X', 'fetch.wait.max.ms=10', '-f', '%k\n'],
  ]);
  if (code !== 0) throw new Error(stderr);
}

function countWithTshark(file: string, port: number): CaptureResult {
  const count = (filter: string) => {
    const words = ['-n', '-r', file, '-d', `tcp.port==${port},kafka`, '-Y', filter];
    const run = spawnSync('tshark', [...words, '-T', 'fields', '-e', 'kafka.api_key'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return run.stdout;
  };
  const keys = count(`tcp.dstport == ${port} and kafka.api_key`).split(/[\s,]+/);
  const packets = count('tcp').split('\n').length - 1;
  return { exchanges: keys.filter((key) => key !== '').length, packets };
}
