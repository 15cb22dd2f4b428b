/** Mizu against tshark on a capture of real load for each protocol: exchanges per CPU second. */
import { spawnSync } from 'node:child_process';
import { type BenchCapture, protocolCapture } from '../captures.ts';
import { median, run } from '../measure.ts';
import { tapFile } from '../programs.ts';
import { count, table, target } from '../report.ts';
import { captureAmqp } from '../traffic/amqp.ts';
import { captureGrpc } from '../traffic/grpc.ts';
import { captureHttp2 } from '../traffic/http2.ts';
import type { CaptureResult } from '../traffic/inside-namespace.ts';
import { captureKafka } from '../traffic/kafka.ts';
import { captureRedis } from '../traffic/redis.ts';
import type { CompareOptions } from './compare.ts';
import { mostRssMiB } from './compare.ts';

interface ProtocolLoad {
  readonly make: (file: string) => Promise<CaptureResult>;
  /** What tshark calls the protocol, what it lists, and the fields that a row of Mizu shows. */
  readonly dissector: string;
  readonly filter: string;
  readonly fields: readonly string[];
}

/** Each makes about 350 MB, as much as the HTTP/1 captures have (Kafka, which is larger per exchange, 500). */
const loads: Readonly<Record<string, ProtocolLoad>> = {
  http2: {
    make: (file) => captureHttp2(file, 800_000),
    dissector: 'http2',
    filter: 'http2',
    fields: [
      'http2.streamid',
      'http2.headers.method',
      'http2.headers.path',
      'http2.headers.status',
    ],
  },
  grpc: {
    make: (file) => captureGrpc(file, 900_000),
    dissector: 'http2',
    filter: 'http2',
    fields: ['http2.streamid', 'http2.headers.path', 'grpc.message_length'],
  },
  amqp: {
    make: (file) => captureAmqp(file, { messages: 450_000, pairs: 4 }),
    dissector: 'amqp',
    filter: 'amqp',
    fields: ['amqp.channel', 'amqp.method.method', 'amqp.method.arguments.routing_key'],
  },
  kafka: {
    make: (file) => captureKafka(file, 300_000),
    dissector: 'kafka',
    filter: 'kafka',
    fields: ['kafka.api_key', 'kafka.correlation_id', 'kafka.topic_name', 'kafka.error'],
  },
  redis: {
    make: (file) => captureRedis(file, { commands: 100_000, pipeline: 1 }),
    dissector: 'resp',
    filter: 'resp',
    fields: ['resp.bulk_string.value', 'resp.string', 'resp.error'],
  },
};
export const protocolNames = Object.keys(loads);
const wantedRatio = 15;

/** The server's port: the first packet is the client's. */
function portOf(file: string): string {
  const words = ['-r', file, '-c', '1', '-T', 'fields', '-e', 'tcp.dstport'];
  return spawnSync('tshark', words, { encoding: 'utf8' }).stdout.trim();
}

async function tshark(file: string, { dissector, filter, fields }: ProtocolLoad) {
  const as = ['-d', `tcp.port==${portOf(file)},${dissector}`];
  const shown = ['frame.time_epoch', 'ip.src', 'ip.dst', 'tcp.srcport', 'tcp.dstport', ...fields];
  const words = ['-n', '-r', file, ...as, '-Y', filter, '-T', 'fields'];
  return run(['tshark', ...words, ...shown.flatMap((name) => ['-e', name])], {
    stdoutFile: '/dev/null',
  });
}

async function mizu(capture: BenchCapture, output: 'none' | 'jsonl', runs: number) {
  const results = [];
  for (let i = 0; i < runs; i++) results.push(await tapFile(capture.file, ['--output', output]));
  const usage = median(results.map((result) => result.run));
  const peakRssMiB = Math.max(...results.map((result) => result.run.peakRssMiB));
  return { cpuSeconds: usage.cpuSeconds, peakRssMiB, found: results[0]!.found };
}

/** One protocol: what was found, how fast, in how much memory. */
export async function protocol(name: string, options: CompareOptions): Promise<void> {
  const load = loads[name]!;
  const capture = await protocolCapture(name, load.make);
  const rows: string[][] = [];
  const add = (program: string, cpuSeconds: number, rss: number, found: string, peer: number) => {
    const speed = capture.exchanges / cpuSeconds;
    const ratio = peer === 0 ? '' : `${(speed / peer).toFixed(1)}x`;
    rows.push([program, found, cpuSeconds.toFixed(2), count(speed), rss.toFixed(0), ratio]);
    return speed;
  };
  const peer = options.withoutTshark ? undefined : await tshark(capture.file, load);
  const peerSpeed = peer === undefined ? 0 : capture.exchanges / peer.cpuSeconds;
  const none = await mizu(capture, 'none', options.runs);
  const lines = await mizu(capture, 'jsonl', 1);
  const entries = count(none.found ?? 0);
  const speed = add('mizu --output none', none.cpuSeconds, none.peakRssMiB, entries, peerSpeed);
  add(
    'mizu --output jsonl',
    lines.cpuSeconds,
    lines.peakRssMiB,
    count(lines.found ?? 0),
    peerSpeed,
  );
  if (peer !== undefined) {
    add(`tshark -Y ${load.filter} -T fields`, peer.cpuSeconds, peer.peakRssMiB, '', peerSpeed);
  }
  table(
    `${name}: ${count(capture.exchanges)} exchanges in ${count(capture.packets)} packets`,
    ['program', 'entries', 'CPU s', 'exchanges/CPU s', 'RSS MiB', 'tshark'],
    rows,
  );
  console.log('');
  target(
    `${name}: every exchange is an entry`,
    (none.found ?? 0) >= capture.exchanges,
    `${entries} of ${count(capture.exchanges)}`,
  );
  const rss = none.peakRssMiB;
  target(`${name}: below ${mostRssMiB} MiB`, rss < mostRssMiB, `${rss.toFixed(0)} MiB`);
  if (peer === undefined) return;
  const ratio = speed / peerSpeed;
  target(`${name}: ${wantedRatio}x tshark`, ratio >= wantedRatio, `${ratio.toFixed(1)}x`);
}
