/** The programs that are compared on one capture. */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { mizuProgram, type Run, run, summaryOf } from './measure.ts';

export interface Program {
  readonly name: string;
  /** Slow ones are run once. */
  readonly once?: boolean;
  /** Runs on a capture; returns the exchanges found, undefined when it finds none by design. */
  measure(file: string): Promise<{ readonly run: Run; readonly found: number | undefined }>;
}

const folder = new URL('.', import.meta.url).pathname;

/** The fields that a row of Mizu shows, as tshark calls them. */
const tsharkFields = [
  ...['frame.number', 'frame.time_epoch', 'ip.src', 'ip.dst', 'tcp.srcport', 'tcp.dstport'],
  ...['tcp.stream', 'http.request.method', 'http.request.uri', 'http.host'],
  ...['http.response.code', 'http.content_type', 'http.content_length', 'http.time'],
];

function node(name: string, script: string): Program {
  return {
    name,
    async measure(file) {
      const result = await run([process.execPath, join(folder, script), file]);
      return { run: result, found: undefined };
    },
  };
}

async function inFolder<T>(use: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), 'mizu-bench-'));
  try {
    return await use(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** Runs `mizu tap --read` with options and takes the number of entries from its summary. */
export async function tapFile(file: string, options: readonly string[], stdoutFile?: string) {
  const words = [mizuProgram, 'tap', '--read', file, '--summary', 'json', ...options];
  const result = await run(words, { stdoutFile: stdoutFile ?? '/dev/null' });
  const summary = summaryOf(result.stderr);
  return { run: result, found: summary.entries, summary };
}

async function tshark(file: string) {
  return inFolder(async (path) => {
    const out = join(path, 'fields.tsv');
    const fields = tsharkFields.flatMap((name) => ['-e', name]);
    const result = await run(
      ['tshark', '-n', '-r', file, '-Y', 'http', '-T', 'fields', ...fields],
      {
        stdoutFile: out,
      },
    );
    let found = 0;
    const status = tsharkFields.indexOf('http.response.code');
    for await (const line of createInterface({ input: createReadStream(out) })) {
      const codes = line.split('\t')[status];
      if (codes) found += codes.split(',').length;
    }
    return { run: result, found };
  });
}

export const mizuNone: Program = {
  name: 'mizu --output none',
  measure: (file) => tapFile(file, ['--output', 'none']),
};
export const mizuStore: Program = {
  name: 'mizu with the store',
  measure: (file) =>
    inFolder((path) => tapFile(file, ['--output', 'none', '--store', join(path, 'store')])),
};
export const mizuLines: Program = {
  name: 'mizu --output jsonl',
  measure: (file) => tapFile(file, ['--output', 'jsonl']),
};
export const tsharkFieldsProgram: Program = {
  name: 'tshark -Y http -T fields',
  once: true,
  measure: tshark,
};

export const programs: readonly Program[] = [
  node('read the file', 'read-only.ts'),
  node('walk the packets', 'walk-packets.ts'),
  mizuNone,
  mizuStore,
  mizuLines,
  tsharkFieldsProgram,
];
