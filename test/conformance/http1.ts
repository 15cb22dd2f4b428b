/**
 * HTTP/1 messages of a capture as Mizu sees them against what tshark found (`truth/*.jsonl`, records of
 * type `http1`). A message agrees when its start line, header list, body length and partner do.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFiles } from '../../src/capture/index.ts';
import type { ValueMap } from '../../src/dissect/contract.ts';
import type { Entry } from '../../src/entry/entry.ts';
import { storedFromBatch } from '../../src/entry/row.ts';
import { entryOf } from '../../src/entry/subject.ts';
import { Pipeline } from '../../src/pipeline.ts';
import { protocolByCode } from '../../src/protocols/index.ts';
import { Capture, Outcome } from '../../src/ship/columns.ts';

/** Bodies are compared whole: no capture of the collection has a longer one. */
const bodyLimitBytes = 64 << 20;

interface TruthMessage {
  readonly method?: string;
  readonly uri?: string;
  readonly status?: number;
  readonly header_list: readonly (readonly [string, string])[];
  readonly body_len?: number;
  readonly body_incomplete?: boolean;
  readonly malformed?: unknown;
}

interface TruthPair {
  readonly type: 'http1';
  readonly stream: number;
  readonly n: number;
  readonly request: TruthMessage | null;
  readonly response: TruthMessage | null;
}

interface TruthStream {
  readonly type: 'tcp_stream';
  readonly stream: number;
  readonly client: string;
  readonly server: string;
}

/** One message on which Mizu and tshark differ. */
export interface Difference {
  /** `stream/n/side`: what the list of known differences names. */
  readonly message: string;
  readonly what: string;
}

export interface Comparison {
  readonly messages: number;
  readonly agreeing: number;
  readonly differences: readonly Difference[];
  /** Entries of Mizu that tshark has no message for: told, not counted. */
  readonly extra: readonly string[];
}

/** All final entries of a capture, in order of time. */
export async function entriesOf(path: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  const pipeline = new Pipeline(
    {
      thread: 0,
      node: 0,
      capture: Capture.File,
      bodyLimitBytes,
      redact: false,
      demoPorts: [],
      windowBytes: 1 << 30,
    },
    (batch) => {
      for (let row = 0; row < batch.rows; row++) {
        if (batch.columns.outcome[row] === Outcome.Pending) continue;
        const stored = storedFromBatch(batch, row, { protocolByCode });
        entries.push(structuredClone(entryOf(stored, protocolByCode)));
      }
    },
  );
  const source = await openFiles([path], {});
  try {
    while ((await source.read(pipeline, 0)) >= 0);
  } finally {
    source.close();
  }
  pipeline.end();
  return entries.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function readTruth(path: string): { pairs: TruthPair[]; streams: Map<number, TruthStream> } {
  const pairs: TruthPair[] = [];
  const streams = new Map<number, TruthStream>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line) as TruthPair | TruthStream | { type: '' };
    if (record.type === 'http1') pairs.push(record);
    else if (record.type === 'tcp_stream') streams.set(record.stream, record);
  }
  return { pairs, streams };
}

/** The two ends of a connection, whoever is the client. */
function connectionKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

/** Compares one capture; undefined when its truth holds no HTTP/1. */
export async function compareHttp1(folder: string, file: string): Promise<Comparison | undefined> {
  const truthPath = join(folder, 'truth', `${file}.jsonl`);
  if (!existsSync(truthPath)) return undefined;
  const { pairs, streams } = readTruth(truthPath);
  if (pairs.length === 0) return undefined;
  const entries = (await entriesOf(join(folder, file))).filter(
    ({ protocol }) => protocol.name === 'http' && protocol.version !== '2.0',
  );
  const ours = Map.groupBy(entries, ({ src, dst }) =>
    connectionKey(`${src.ip} ${src.port}`, `${dst.ip} ${dst.port}`),
  );
  const theirs = Map.groupBy(pairs, ({ stream }) => {
    const { client, server } = streams.get(stream)!;
    return connectionKey(client, server);
  });
  const differences: Difference[] = [];
  const extra: string[] = [];
  let messages = 0;
  for (const [key, truth] of theirs) {
    const { matched, left } = align(truth, ours.get(key) ?? []);
    ours.delete(key);
    for (const entry of left) extra.push(nameOf(entry));
    for (const [pair, entry] of matched) {
      for (const side of ['request', 'response'] as const) {
        if (pair[side] === null) continue;
        messages++;
        const what = compareSide(pair, entry, side);
        if (what !== undefined) {
          differences.push({ message: `${pair.stream}/${pair.n}/${side}`, what });
        }
      }
    }
  }
  for (const rest of ours.values()) for (const entry of rest) extra.push(nameOf(entry));
  return { messages, agreeing: messages - differences.length, differences, extra };
}

function nameOf(entry: Entry): string {
  return `${entry.src.ip}:${entry.src.port} ${entry.method} ${entry.target} ${entry.status}`;
}

/** Truth pair ↔ entry, in order: the longest common sequence by start lines. */
function align(truth: readonly TruthPair[], entries: readonly Entry[]) {
  const width = entries.length + 1;
  const best = new Uint32Array((truth.length + 1) * width);
  for (let t = truth.length - 1; t >= 0; t--) {
    for (let e = entries.length - 1; e >= 0; e--) {
      const score = likeness(truth[t]!, entries[e]!);
      best[t * width + e] = Math.max(
        best[(t + 1) * width + e]!,
        best[t * width + e + 1]!,
        score > 0 ? score + best[(t + 1) * width + e + 1]! : 0,
      );
    }
  }
  const matched: [TruthPair, Entry | undefined][] = [];
  const left: Entry[] = [];
  let t = 0;
  let e = 0;
  while (t < truth.length) {
    const here = best[t * width + e]!;
    const score = e < entries.length ? likeness(truth[t]!, entries[e]!) : 0;
    if (score > 0 && here === score + best[(t + 1) * width + e + 1]!) {
      matched.push([truth[t++]!, entries[e++]]);
    } else if (e < entries.length && here === best[t * width + e + 1]!) {
      left.push(entries[e++]!);
    } else matched.push([truth[t++]!, undefined]);
  }
  left.push(...entries.slice(e));
  return { matched, left };
}

/** 2 for both sides alike, 1 for one of them, 0 for neither. */
function likeness(pair: TruthPair, entry: Entry): number {
  const request =
    pair.request !== null &&
    entry.request?.['method'] === pair.request.method &&
    targetOf(entry) === pair.request.uri;
  const response = pair.response !== null && entry.response?.['status'] === pair.response.status;
  if (pair.request !== null) return request ? (response ? 3 : 2) : 0;
  return response ? 2 : 0;
}

/** As on the wire: the row of a refinement has more. */
function targetOf({ request, target }: Entry): string {
  return String(request?.['targetUri'] ?? target);
}

function compareSide(
  pair: TruthPair,
  entry: Entry | undefined,
  side: 'request' | 'response',
): string | undefined {
  const truth = pair[side]!;
  const seen = entry?.[side];
  if (seen === undefined) return `not seen: ${truth.method ?? truth.status} ${truth.uri ?? ''}`;
  if (side === 'request') {
    if (seen['method'] !== truth.method) return `method ${String(seen['method'])}`;
    if (targetOf(entry!) !== truth.uri) return `target ${targetOf(entry!)} for ${truth.uri}`;
  } else if (seen['status'] !== truth.status) {
    return `status ${String(seen['status'])} for ${truth.status}`;
  }
  const headers = headersDiffer(truth, seen);
  if (headers !== undefined) return headers;
  const cut = truth.body_incomplete === true || truth.body_len === undefined;
  if (!cut && seen['bodySize'] !== truth.body_len) {
    return `body of ${String(seen['bodySize'])} bytes for ${truth.body_len}`;
  }
  const other = side === 'request' ? 'response' : 'request';
  if ((pair[other] === null) !== (entry?.[other] === undefined)) {
    return pair[other] === null ? `has a ${other}, tshark has none` : `has no ${other}`;
  }
  return undefined;
}

function headersDiffer(truth: TruthMessage, seen: ValueMap): string | undefined {
  const list = (seen['headerList'] ?? []) as { name: string; value: string }[];
  if (list.length !== truth.header_list.length) {
    return `${list.length} headers for ${truth.header_list.length}`;
  }
  for (const [i, [name, value]] of truth.header_list.entries()) {
    const ours = list[i]!;
    if (ours.name !== name || ours.value.trim() !== value.trim()) {
      return `header ${i}: "${ours.name}: ${ours.value}" for "${name}: ${value}"`;
    }
  }
  return undefined;
}
