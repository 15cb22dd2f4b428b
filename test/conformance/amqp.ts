/**
 * Methods of AMQP 0-9-1 as Mizu sees them against what tshark found (`truth/*.jsonl`, records of type
 * `amqp`), connection by connection.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../src/entry/entry.ts';
import { entriesOf } from './http1.ts';
import { captureFiles, capturesFolder } from './http1-all.ts';

interface TruthFrame {
  readonly type: 'amqp';
  readonly stream: number;
  readonly dir: 'c2s' | 's2c';
  readonly channel: number;
  readonly kind: string;
  readonly method?: string;
  readonly args?: Readonly<Record<string, string>>;
  readonly body_size?: number | string;
}
interface TruthConnection {
  readonly type: 'tcp_stream';
  readonly stream: number;
  readonly client: string;
}

export interface AmqpComparison {
  readonly captures: number;
  readonly methods: number;
  /** What only one of the two has found. */
  readonly differences: readonly string[];
}

/** Compares all captures whose truth has AMQP. */
export async function compareAllAmqp(): Promise<AmqpComparison> {
  let captures = 0;
  let methods = 0;
  const differences: string[] = [];
  for (const file of captureFiles()) {
    const path = join(capturesFolder, 'truth', `${file}.jsonl`);
    if (!existsSync(path)) continue;
    const theirs = truthOf(path);
    if (theirs.length === 0) continue;
    captures++;
    methods += theirs.length;
    const all = await entriesOf(join(capturesFolder, file));
    const ours = all.filter(({ protocol }) => protocol.name === 'amqp').flatMap(methodsOf);
    differences.push(...without(theirs, ours).map((each) => `${file}: not found: ${each}`));
    differences.push(...without(ours, theirs).map((each) => `${file}: too much: ${each}`));
  }
  return { captures, methods, differences };
}

/** `client port, sender, channel, method, what it is about` of each method. */
function truthOf(path: string): string[] {
  const records = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TruthFrame | TruthConnection);
  const clients = new Map<number, string>();
  for (const record of records) {
    if (record.type === 'tcp_stream') clients.set(record.stream, record.client.split(' ')[1]!);
  }
  return records.flatMap((record) => {
    if (record.type !== 'amqp' || record.kind !== 'method') return [];
    const { args = {}, method = '', dir, channel, stream } = record;
    const about = [args['exchange'], args['routing_key'], args['queue'], args['virtual_host']];
    return [lineOf(clients.get(stream)!, dir === 'c2s', channel, method.toLowerCase(), about)];
  });
}

function lineOf(
  port: string | number,
  fromClient: boolean,
  channel: unknown,
  method: string,
  about: readonly unknown[],
): string {
  const words = about.filter((each) => each !== undefined && each !== '');
  return [port, fromClient ? '>' : '<', channel, method.replace('.', ' '), ...words].join(' ');
}

/** Both methods of an entry; a closing that stands for an answer is an entry of its own as well. */
function methodsOf({ src, dst, request, response }: Entry): string[] {
  const client = src.port > dst.port ? src.port : dst.port;
  return [request, response].flatMap((side, i) => {
    if (side === undefined) return [];
    if (i === 1 && / close$/.test(String(side['method']))) return [];
    const { exchange, routingKey, queue, virtualHost } = side;
    const fromClient = (client === src.port) === (i === 0);
    const about = [exchange, routingKey, queue, virtualHost];
    return [lineOf(client, fromClient, side['channel'], String(side['method']), about)];
  });
}

/** The lines of one list that the other lacks, repeats counted. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = [...others];
  return lines.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
