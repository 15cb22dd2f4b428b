/** Runs commands and says what they used. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TapSummary } from '../src/tap.ts';

export interface Usage {
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  /** Not below the about 50 MiB of the process that starts the program. */
  readonly peakRssMiB: number;
  readonly elapsedSeconds: number;
}

export interface Run extends Usage {
  readonly stderr: string;
  readonly code: number | null;
}

export interface Started {
  readonly process: ChildProcess;
  /** What was written to standard error so far. */
  stderr(): string;
  stdout(): string;
  readonly done: Promise<Run>;
}

const wrapper = new URL('measure-child.ts', import.meta.url).pathname;
export const mizuProgram = new URL('../bin/mizu', import.meta.url).pathname;

export interface StartOptions {
  /** File that standard output goes to; otherwise it is kept. */
  readonly stdoutFile?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a command; `done` resolves with its usage. */
export function start(words: readonly string[], options: StartOptions = {}): Started {
  const folder = mkdtempSync(join(tmpdir(), 'mizu-measure-'));
  const resultFile = join(folder, 'usage.json');
  const stdout = options.stdoutFile === undefined ? 'pipe' : openSync(options.stdoutFile, 'w');
  const child = spawn(process.execPath, [wrapper, resultFile, ...words], {
    stdio: ['ignore', stdout, 'pipe'],
    env: { ...process.env, ...options.environment },
  });
  const text = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (more: string) => {
      text[name] += more;
    });
  }
  const finish = async (): Promise<Run> => {
    const [code] = (await once(child, 'close')) as [number | null];
    const usage = JSON.parse(readFileSync(resultFile, 'utf8')) as Usage;
    rmSync(folder, { recursive: true });
    return { ...usage, stderr: text.stderr, code };
  };
  return {
    process: child,
    stderr: () => text.stderr,
    stdout: () => text.stdout,
    done: finish(),
  };
}

/** Runs a command to its end; throws with its last words when it failed. */
export async function run(words: readonly string[], options: StartOptions = {}): Promise<Run> {
  const result = await start(words, options).done;
  if (result.code !== 0) {
    throw new Error(
      `${words.join(' ')}\nended with ${result.code}:\n${result.stderr.slice(-2000)}`,
    );
  }
  return result;
}

/** The summary that `--summary json` prints. */
export function summaryOf(stderr: string): TapSummary {
  const line = stderr.split('\n').find((each) => each.startsWith('{'));
  if (line === undefined) throw new Error(`no summary in: ${stderr.slice(-2000)}`);
  return JSON.parse(line) as TapSummary;
}

/** The one with the middle CPU time. */
export function median<T extends Usage>(runs: readonly T[]): T {
  const sorted = [...runs].sort((a, b) => a.cpuSeconds - b.cpuSeconds);
  return sorted[Math.floor((sorted.length - 1) / 2)]!;
}
