/**
 * Streams of HTTP/2 as Mizu sees them against what tshark found (`truth/*.jsonl`, records of type
 * `http2_stream`). A side of a stream agrees when its headers, trailers and length of data do.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../src/entry/entry.ts';
import { type Comparison, type Difference, entriesOf } from './http1.ts';
import { captureFiles, capturesFolder } from './http1-all.ts';

type Fields = readonly (readonly [name: string, value: string])[];

interface TruthStream {
  readonly type: 'http2_stream';
  readonly stream: number;
  readonly id: number;
  readonly req_header_list: Fields | null;
  readonly resp_header_list: Fields | null;
  readonly trailers: Fields | null;
  readonly data?: { readonly c2s?: number; readonly s2c?: number };
  readonly undecoded_headers?: unknown;
}

interface TruthConnection {
  readonly type: 'tcp_stream';
  readonly stream: number;
  readonly client: string;
  readonly server: string;
}

interface Truth {
  readonly streams: readonly TruthStream[];
  readonly connections: ReadonlyMap<number, TruthConnection>;
}

function readTruth(path: string): Truth {
  const streams: TruthStream[] = [];
  const connections = new Map<number, TruthConnection>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line) as TruthStream | TruthConnection | { type: '' };
    if (record.type === 'http2_stream') streams.push(record);
    else if (record.type === 'tcp_stream') connections.set(record.stream, record);
  }
  return { streams, connections };
}

/** Compares one capture; undefined when its truth holds no HTTP/2. */
async function compareHttp2(file: string): Promise<Comparison | undefined> {
  const path = join(capturesFolder, 'truth', `${file}.jsonl`);
  if (!existsSync(path)) return undefined;
  const { streams, connections } = readTruth(path);
  if (streams.length === 0) return undefined;
  const all = await entriesOf(join(capturesFolder, file));
  // Messages within a call are not tshark's streams.
  const entries = all.filter(
    ({ protocol, method }) => protocol.version === '2.0' && method !== 'message',
  );
  const differences: Difference[] = [];
  const matched = new Set<Entry>();
  let messages = 0;
  for (const truth of streams) {
    const { client, server } = connections.get(truth.stream)!;
    const entry = entries.find(
      (each) =>
        idOf(each) === truth.id &&
        `${each.src.ip} ${each.src.port}` === client &&
        `${each.dst.ip} ${each.dst.port}` === server,
    );
    if (entry !== undefined) matched.add(entry);
    for (const side of ['request', 'response'] as const) {
      const fields = side === 'request' ? truth.req_header_list : truth.resp_header_list;
      if (fields === null || fields.length === 0) continue;
      messages++;
      const what = compareSide(truth, entry, side, fields);
      if (what !== undefined) {
        differences.push({ message: `${truth.stream}/${truth.id}/${side}`, what });
      }
    }
  }
  const extra = entries
    .filter((entry) => !matched.has(entry))
    .map((entry) => `${entry.src.ip}:${entry.src.port} ${entry.method} ${entry.target}`);
  return { messages, agreeing: messages - differences.length, differences, extra };
}

function idOf({ request, response }: Entry): number | undefined {
  const figures = (request ?? response)?.['http2'] as { streamId?: number } | undefined;
  return figures?.streamId;
}

function compareSide(
  truth: TruthStream,
  entry: Entry | undefined,
  side: 'request' | 'response',
  fields: Fields,
): string | undefined {
  const seen = entry?.[side];
  if (seen === undefined) return 'not seen';
  const list = seen['headerList'] as { name: string; value: string }[];
  const ours = list.map(({ name, value }) => `${name}: ${value}`).join('\n');
  const theirs = fields.map(([name, value]) => `${name}: ${value}`).join('\n');
  if (ours !== theirs) return `headers:\n${ours}\nfor:\n${theirs}`;
  const bytes = (side === 'request' ? truth.data?.c2s : truth.data?.s2c) ?? 0;
  const { dataBytes = 0 } = seen['http2'] as { dataBytes?: number };
  return dataBytes === bytes ? undefined : `${dataBytes} bytes of data for ${bytes}`;
}

export interface AllHttp2 {
  captures: number;
  messages: number;
  agreeing: number;
  differences: (Difference & { readonly file: string })[];
  /** Entries that tshark has no stream for. */
  extra: string[];
}

/** Compares every capture, or those whose names contain one of `names`. */
export async function compareAllHttp2(names: readonly string[] = []): Promise<AllHttp2> {
  const all: AllHttp2 = { captures: 0, messages: 0, agreeing: 0, differences: [], extra: [] };
  for (const file of captureFiles()) {
    if (names.length > 0 && !names.some((name) => file.includes(name))) continue;
    const result = await compareHttp2(file);
    if (result === undefined) continue;
    all.captures++;
    all.messages += result.messages;
    all.agreeing += result.agreeing;
    for (const difference of result.differences) all.differences.push({ ...difference, file });
    for (const extra of result.extra) all.extra.push(`${file}  ${extra}`);
  }
  return all;
}
