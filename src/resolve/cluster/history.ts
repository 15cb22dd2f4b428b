/**
 * The book's history in one file of JSON lines, so that stored entries keep their names when the API
 * server starts again. A line holds a whole record and replaces earlier ones of the same key; the file
 * is written anew when most of it is replaced. A torn last line is left out.
 */
import { appendFile, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { nameOrigins } from '../contract.ts';

const fileName = 'names.jsonl';

/** Larger files are not read: they cannot be ours. */
const maxFileBytes = 256 << 20;
/** Lines beyond the living records before the file is written anew. */
const slackLines = 2000;

const time = z.number().nullable();
const labels = z.record(z.string(), z.string());
const spanned = z.tuple([z.string(), z.number(), time]);
const strings = z.array(z.string());
const numbers = z.array(z.number());

const lineSchema = z.union([
  z.object({
    pod: z.object({
      uid: z.string(),
      name: z.string(),
      namespace: z.string(),
      node: z.string(),
      labels,
      workload: z.string().exactOptional(),
      hostNetwork: z.boolean(),
      from: z.number(),
      to: time,
      /** address, from, to */
      addresses: z.array(spanned),
      /** port of the node, from, to */
      nodePorts: z.array(z.tuple([z.number(), z.number(), time])),
      /** service, headless, ports, from, to */
      memberships: z.array(z.tuple([z.string(), z.boolean(), numbers, z.number(), time])),
    }),
  }),
  z.object({
    service: z.object({
      uid: z.string(),
      name: z.string(),
      namespace: z.string(),
      labels,
      headless: z.boolean(),
      clusterAddresses: strings,
      outerAddresses: strings,
      ports: numbers,
      nodePorts: numbers,
      createdAt: z.number(),
    }),
    to: time,
  }),
  z.object({
    node: z.object({
      name: z.string(),
      kubeletPort: z.number(),
      labels,
      to: time,
      addresses: z.array(spanned),
    }),
  }),
  /** address, name, first and last time */
  z.object({
    host: z.tuple([z.string(), z.string(), z.number(), z.number(), z.enum(nameOrigins)]),
  }),
  /** Number of a node in entry ids, its name. */
  z.object({ number: z.tuple([z.number().int().min(1).max(0xffff), z.string()]) }),
]);
export type HistoryLine = z.infer<typeof lineSchema>;
export type SavedPod = Extract<HistoryLine, { pod: unknown }>['pod'];

export class HistoryFile {
  readonly #path: string;
  readonly #folder: string;
  #lines = 0;
  /** One write at a time. */
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, fileName);
  }

  /** What was saved, in order. A file that cannot be read is none: names are learned again. */
  async load(): Promise<HistoryLine[]> {
    await mkdir(this.#folder, { recursive: true });
    const size = await stat(this.#path).then(
      (stats) => stats.size,
      () => 0,
    );
    if (size === 0 || size > maxFileBytes) return [];
    const lines: HistoryLine[] = [];
    for (const text of (await readFile(this.#path, 'utf8')).split('\n')) {
      const line = lineOf(text);
      if (line) lines.push(line);
    }
    this.#lines = lines.length;
    return lines;
  }

  /** Adds lines; when too many are replaced, the file is made anew of `all`. Rejects when the disk does. */
  save(lines: readonly HistoryLine[], records: number, all: () => Iterable<HistoryLine>) {
    this.#writing = this.#writing
      .catch(() => {})
      .then(async () => {
        if (this.#lines + lines.length > 2 * records + slackLines) return this.#rewrite(all());
        if (lines.length === 0) return;
        await appendFile(this.#path, `${textOf(lines)}\n`);
        this.#lines += lines.length;
      });
    return this.#writing;
  }

  async #rewrite(all: Iterable<HistoryLine>): Promise<void> {
    const temporary = `${this.#path}.new`;
    const lines = [...all];
    await rm(temporary, { force: true });
    await using file = await open(temporary, 'w');
    await file.write(lines.length === 0 ? '' : `${textOf(lines)}\n`);
    await file.sync();
    await rename(temporary, this.#path);
    this.#lines = lines.length;
  }
}

/** Each line also ends one that was torn before it. */
function textOf(lines: readonly HistoryLine[]): string {
  return lines.map((line) => JSON.stringify(line)).join('\n');
}

function lineOf(text: string): HistoryLine | undefined {
  if (text === '') return undefined;
  try {
    const result = lineSchema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}
