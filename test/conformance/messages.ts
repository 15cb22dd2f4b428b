/**
 * Messages as Mizu sees them against those of the ground truth (`truth/*.jsonl`), for protocols whose
 * messages can be written as a line of text each. The lines of one sender on one connection are compared
 * in their order: what only one of the two lists has is a difference.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '../../src/entry/entry.ts';
import { entriesOf } from './http1.ts';
import { captureFiles, capturesFolder } from './http1-all.ts';

/** One message. */
export interface Line {
  /** `ip port` of who sent it, and of who received it. */
  readonly from: string;
  readonly to: string;
  /** Everything that is compared. */
  readonly text: string;
  /** For the list of known differences: `stream/n/kind`. Empty for what Mizu has seen. */
  readonly name: string;
}

export interface TruthRecord {
  readonly type: string;
  readonly stream: number;
}

/** The ends of the connections of a capture. */
export interface Ends {
  /** Sender and receiver of a message in this direction. */
  of(stream: number, dir: string): { readonly from: string; readonly to: string };
}

/** What a protocol gives to be compared. */
export interface Comparable {
  /** As printed. */
  readonly title: string;
  /** Types of the truth's records. */
  readonly types: readonly string[];
  theirs(records: readonly TruthRecord[], ends: Ends): Line[];
  ours(entries: readonly Entry[]): Line[];
}

/** A difference that has an explanation. */
interface Known {
  /** Part of the capture's name. */
  readonly capture: string;
  /** `Line.name`, `*` for all of the capture, or `+` and the text of a message that only Mizu has. */
  readonly message: string;
  readonly reason: string;
}

interface LineDifference {
  readonly file: string;
  readonly message: string;
  readonly what: string;
  readonly reason: string | undefined;
}

export interface LinesResult {
  captures: number;
  /** Messages of the truth, and those that only Mizu has. */
  messages: number;
  agreeing: number;
  excused: number;
  readonly differences: LineDifference[];
}

const knownFile = new URL('./messages-known-differences.json', import.meta.url);

/** Compares every capture whose truth has the protocol, or those whose names contain one of `names`. */
export async function compareLines(
  protocol: Comparable,
  names: readonly string[] = [],
): Promise<LinesResult> {
  const known = JSON.parse(readFileSync(knownFile, 'utf8')) as Record<string, Known[]>;
  const excuses = known[protocol.title] ?? [];
  const result = { captures: 0, messages: 0, agreeing: 0, excused: 0, differences: [] };
  for (const file of captureFiles()) {
    if (names.length > 0 && !names.some((name) => file.includes(name))) continue;
    const theirs = truthOf(protocol, file);
    if (theirs.length === 0) continue;
    result.captures++;
    const ours = protocol.ours(await entriesOf(join(capturesFolder, file)));
    compareCapture(file, theirs, ours, excuses, result);
  }
  return result;
}

function truthOf(protocol: Comparable, file: string): Line[] {
  const path = join(capturesFolder, 'truth', `${file}.jsonl`);
  if (!existsSync(path)) return [];
  const records: TruthRecord[] = [];
  const connections = new Map<number, { client: string; server: string }>();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue;
    const record = JSON.parse(line) as TruthRecord & { client: string; server: string };
    if (record.type === 'tcp_stream') connections.set(record.stream, record);
    else if (protocol.types.includes(record.type)) records.push(record);
  }
  return protocol.theirs(records, {
    of(stream, dir) {
      const { client, server } = connections.get(stream)!;
      return dir === 'c2s' ? { from: client, to: server } : { from: server, to: client };
    },
  });
}

function compareCapture(
  file: string,
  theirs: readonly Line[],
  ours: readonly Line[],
  excuses: readonly Known[],
  result: LinesResult,
): void {
  const say = (message: string, what: string) => {
    const excuse = excuses.find(
      (each) => file.includes(each.capture) && (each.message === '*' || each.message === message),
    );
    if (excuse !== undefined) result.excused++;
    result.differences.push({ file, message, what, reason: excuse?.reason });
  };
  const speaker = ({ from, to }: Line) => `${from} > ${to}`;
  const wanted = Map.groupBy(theirs, speaker);
  const seen = Map.groupBy(ours, speaker);
  for (const key of new Set([...wanted.keys(), ...seen.keys()])) {
    const { common, missing, extra } = inOrder(wanted.get(key) ?? [], seen.get(key) ?? []);
    result.agreeing += common;
    result.messages += common + missing.length + extra.length;
    for (const line of missing) say(line.name, `not found: ${key}  ${line.text}`);
    for (const line of extra) say(`+${line.text}`, `too much: ${key}  ${line.text}`);
  }
}

/** The longest common sequence of both lists, and what it leaves of each. */
function inOrder(wanted: readonly Line[], seen: readonly Line[]) {
  const width = seen.length + 1;
  const best = new Uint32Array((wanted.length + 1) * width);
  const isSame = (w: number, s: number) => wanted[w]?.text === seen[s]?.text;
  for (let w = wanted.length - 1; w >= 0; w--) {
    for (let s = seen.length - 1; s >= 0; s--) {
      best[w * width + s] = isSame(w, s)
        ? 1 + best[(w + 1) * width + s + 1]!
        : Math.max(best[(w + 1) * width + s]!, best[w * width + s + 1]!);
    }
  }
  const missing: Line[] = [];
  const extra: Line[] = [];
  let w = 0;
  let s = 0;
  while (w < wanted.length || s < seen.length) {
    if (w < wanted.length && isSame(w, s)) {
      w++;
      s++;
    } else if (
      s === seen.length ||
      (w < wanted.length && best[(w + 1) * width + s]! >= best[w * width + s + 1]!)
    ) {
      missing.push(wanted[w++]!);
    } else extra.push(seen[s++]!);
  }
  return { common: best[0]!, missing, extra };
}

/** The lines of entries in the order in which their messages were on the wire. */
export function linesOf(
  entries: readonly Entry[],
  textOf: (entry: Entry, side: 'request' | 'response') => string | undefined,
): Line[] {
  const lines: { packet: number; line: Line }[] = [];
  for (const entry of entries) {
    const src = `${entry.src.ip} ${entry.src.port}`;
    const dst = `${entry.dst.ip} ${entry.dst.port}`;
    for (const side of ['request', 'response'] as const) {
      const text = entry[side] === undefined ? undefined : textOf(entry, side);
      if (text === undefined) continue;
      const [from, to] = side === 'request' ? [src, dst] : [dst, src];
      lines.push({ packet: entry.packets[side], line: { from, to, text, name: '' } });
    }
  }
  return lines.sort((a, b) => a.packet - b.packet).map(({ line }) => line);
}
