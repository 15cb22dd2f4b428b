/** HTTP/1 of all captures beside the project. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareHttp1, type Difference } from './http1.ts';

export const capturesFolder = fileURLToPath(new URL('../../../shared/pcaps', import.meta.url));
const knownFile = new URL('./http1-known-differences.json', import.meta.url);

interface Known {
  /** Part of the capture's name. */
  readonly capture: string;
  /** `stream/n/side`, or `*` for all of the capture. */
  readonly message: string;
  readonly reason: string;
}

export interface AllHttp1 {
  captures: number;
  messages: number;
  agreeing: number;
  /** Differences for which the list of known ones has a reason. */
  excused: number;
  differences: (Difference & { readonly file: string; readonly reason: string | undefined })[];
  /** Entries that tshark has no message for. */
  extra: string[];
}

/** Names of all captures of the collection. */
export function captureFiles(): string[] {
  return readdirSync(capturesFolder)
    .filter((file) => /\.(pcap|pcapng|cap|trace|gz)$/.test(file))
    .sort();
}

/** Compares every capture, or those whose names contain one of `names`. */
export async function compareAllHttp1(names: readonly string[] = []): Promise<AllHttp1> {
  const known = JSON.parse(readFileSync(knownFile, 'utf8')) as Known[];
  const all: AllHttp1 = {
    captures: 0,
    messages: 0,
    agreeing: 0,
    excused: 0,
    differences: [],
    extra: [],
  };
  for (const file of captureFiles()) {
    if (names.length > 0 && !names.some((name) => file.includes(name))) continue;
    const result = await compareHttp1(capturesFolder, file);
    if (result === undefined) continue;
    all.captures++;
    all.messages += result.messages;
    all.agreeing += result.agreeing;
    for (const difference of result.differences) {
      const excuse = known.find(
        ({ capture, message }) =>
          file.includes(capture) && (message === '*' || message === difference.message),
      );
      if (excuse !== undefined) all.excused++;
      all.differences.push({ ...difference, file, reason: excuse?.reason });
    }
    for (const extra of result.extra) all.extra.push(`${file}  ${extra}`);
  }
  return all;
}
