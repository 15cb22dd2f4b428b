/**
 * Compares the reassembled streams of the captures in ../shared/pcaps with their ground truth: bytes
 * and SHA-256 of both directions of every connection.
 *
 *     node test/conformance/streams.ts [PART OF A FILE NAME]
 *
 * prints each difference. Those where the truth is wrong, or a choice, stand with their reason in
 * streams-known-differences.json.
 */
import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Connection, End, StreamSink } from '../../src/reassemble/index.ts';
import { readCapture } from '../fuzz/read-capture.ts';

const captures = path.join(import.meta.dirname, '../../../shared/pcaps');
const knownFile = path.join(import.meta.dirname, 'streams-known-differences.json');

/** Compressed or not, whatever has a truth file is a capture. */
const captureName = /\.(pcap|pcapng|cap)(\.gz)?$/;

interface Side {
  bytes: number;
  sha256: string;
  /** Places and lengths of the holes; the offset counts what came and what did not. */
  holes: [number, number][];
}

interface Talk {
  /** `address port`, both ends sorted. */
  readonly key: string;
  /** By `address port` of the sender. */
  readonly sides: Map<string, Side>;
}

interface Difference {
  readonly capture: string;
  readonly stream: number;
  readonly text: string;
  /** From the file of known differences. */
  readonly reason: string | undefined;
}

export interface Result {
  streams: number;
  agreed: number;
  differences: Difference[];
}

export function captureNames(): string[] {
  if (!fs.existsSync(captures)) return [];
  return fs.readdirSync(captures).filter((name) => captureName.test(name));
}

/** Reads a capture whole and returns its connections in the order of their first packet. */
async function readStreams(file: string): Promise<Talk[]> {
  const sink = new Collector();
  await readCapture(file, sink);
  return sink.talks;
}

interface Running {
  hash: Hash;
  bytes: number;
  at: number;
  holes: [number, number][];
}

interface Open {
  readonly names: readonly [string, string];
  readonly streams: readonly [Running, Running];
  readonly talk: Talk;
}

/** Hashes what each end sent. */
class Collector implements StreamSink<Open> {
  readonly talks: Talk[] = [];

  open(connection: Connection<Open>): void {
    const names = [
      `${addressText(connection.address0)} ${connection.port0}`,
      `${addressText(connection.address1)} ${connection.port1}`,
    ] as const;
    const talk: Talk = { key: keyOf(names), sides: new Map() };
    this.talks.push(talk);
    connection.context = { names, streams: [newRunning(), newRunning()], talk };
  }

  data(
    connection: Connection<Open>,
    from: End,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const running = connection.context.streams[from];
    running.hash.update(bytes.subarray(start, end));
    running.bytes += end - start;
    running.at += end - start;
  }

  hole(connection: Connection<Open>, from: End, length: number): void {
    const running = connection.context.streams[from];
    running.holes.push([running.at, length]);
    running.at += Math.max(0, length);
  }

  finish(): void {}

  close(connection: Connection<Open>): void {
    const { names, streams, talk } = connection.context;
    for (const end of [0, 1] as const) {
      const { hash, bytes, holes } = streams[end];
      talk.sides.set(names[end], { bytes, sha256: hash.digest('hex'), holes });
    }
  }
}

function newRunning(): Running {
  return { hash: createHash('sha256'), bytes: 0, at: 0, holes: [] };
}

function keyOf(names: readonly string[]): string {
  return names.toSorted().join(' ');
}

/** IPv4 dotted, IPv6 as eight groups in full: only for comparing. */
function addressText(words: Uint32Array): string {
  const bytes = [...words].flatMap((word) => [
    word >>> 24,
    (word >> 16) & 255,
    (word >> 8) & 255,
    word & 255,
  ]);
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return bytes.slice(12).join('.');
  return [...words]
    .map((word) => `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`)
    .join(':');
}

/** An end as the truth files write it, in the form of `addressText`. */
function canonical(end: string): string {
  const [address = '', port = ''] = end.split(' ');
  if (!address.includes(':')) return end;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const last = after.at(-1) ?? before.at(-1) ?? '';
  if (last.includes('.')) {
    const [a = 0, b = 0, c = 0, d = 0] = last.split('.').map(Number);
    (after.length > 0 ? after : before).splice(
      -1,
      1,
      ((a << 8) | b).toString(16),
      ((c << 8) | d).toString(16),
    );
  }
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) =>
    Number.parseInt(group, 16).toString(16),
  );
  return `${groups.join(':')} ${port}`;
}

interface TruthSide {
  bytes: number;
  sha256: string;
  gaps?: [number, number][];
}

interface TruthStream {
  type: string;
  stream: number;
  client: string;
  server: string;
  c2s: TruthSide;
  s2c: TruthSide;
}

/** Compares one capture; `known` maps `capture#stream` to a reason. */
export async function compare(capture: string, known: Record<string, string>): Promise<Result> {
  const ours = Map.groupBy(await readStreams(path.join(captures, capture)), (talk) => talk.key);
  const truth = readTruth(capture);
  const result: Result = { streams: truth.length, agreed: 0, differences: [] };
  const byKey = Map.groupBy(truth, (stream) =>
    keyOf([canonical(stream.client), canonical(stream.server)]),
  );
  for (const [key, streams] of byKey) {
    const candidates = (ours.get(key) ?? []).filter(hasBytes);
    for (const stream of streams) {
      const isEmpty = stream.c2s.bytes === 0 && stream.s2c.bytes === 0;
      const talk = isEmpty ? undefined : candidates.shift();
      const text = describe(stream, talk);
      if (text === '') result.agreed++;
      else {
        const reason = known[`${capture}#${stream.stream}`];
        result.differences.push({ capture, stream: stream.stream, text, reason });
      }
    }
    for (const extra of candidates) {
      const last = streams.at(-1)!.stream;
      const text = `one more connection: ${sidesText(extra)}`;
      result.differences.push({
        capture,
        stream: last,
        text,
        reason: known[`${capture}#${last}+`],
      });
    }
  }
  return result;
}

function hasBytes(talk: Talk): boolean {
  return [...talk.sides.values()].some((side) => side.bytes > 0);
}

function sidesText(talk: Talk): string {
  return [...talk.sides].map(([name, { bytes }]) => `${name} ${bytes} B`).join(', ');
}

function describe(stream: TruthStream, talk: Talk | undefined): string {
  const texts: string[] = [];
  for (const [name, end] of [
    ['c2s', stream.client],
    ['s2c', stream.server],
  ] as const) {
    const expected = stream[name];
    const side = talk?.sides.get(canonical(end));
    const bytes = side?.bytes ?? 0;
    if (bytes !== expected.bytes) texts.push(`${name} ${bytes} bytes, not ${expected.bytes}`);
    else if (bytes > 0 && side?.sha256 !== expected.sha256)
      texts.push(`${name} other bytes (${bytes})`);
    if (bytes !== expected.bytes && side) {
      texts.push(
        `(holes ${JSON.stringify(side.holes)}, truth ${JSON.stringify(expected.gaps ?? [])})`,
      );
    }
  }
  return texts.join(' ');
}

function readTruth(capture: string): TruthStream[] {
  const file = path.join(captures, 'truth', `${capture}.jsonl`);
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"tcp_stream"'))
    .map((line): TruthStream => JSON.parse(line));
}

export function knownDifferences(): Record<string, string> {
  return JSON.parse(fs.readFileSync(knownFile, 'utf8'));
}

async function main(part: string): Promise<void> {
  const known = knownDifferences();
  const total: Result = { streams: 0, agreed: 0, differences: [] };
  for (const capture of captureNames().filter((name) => name.includes(part))) {
    const result = await compare(capture, known);
    total.streams += result.streams;
    total.agreed += result.agreed;
    total.differences.push(...result.differences);
  }
  for (const { capture, stream, text, reason } of total.differences) {
    console.log(
      `${capture} stream ${stream}: ${text}${reason === undefined ? '' : ` [known: ${reason}]`}`,
    );
  }
  const unknown = total.differences.filter(({ reason }) => reason === undefined).length;
  console.log(
    `${total.agreed} of ${total.streams} streams agree (${((100 * total.agreed) / total.streams).toFixed(2)} %), ` +
      `${total.differences.length - unknown} differences are explained, ${unknown} are not`,
  );
  process.exitCode = unknown === 0 ? 0 : 1;
}

if (process.argv[1] === import.meta.filename) await main(process.argv[2] ?? '');
