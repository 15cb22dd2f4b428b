/** A command line in a test: what it printed, what it asked of the stages. */
import type { Demo } from '../demo/index.ts';
import type { TapOptions, TapSummary } from '../tap.ts';
import { main } from './main.ts';

export const emptySummary: TapSummary = {
  packets: 0,
  bytes: 0,
  streams: 0,
  entries: 0,
  holes: 0,
  holeBytes: 0,
  dropped: 0,
  shed: 0,
  ignored: 0,
  notUnderstood: {},
  damage: [],
  saved: undefined,
  elapsedMs: 0,
  pipelineCpuMs: 0,
  storeCpuMs: 0,
};

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Options of each tap that was run. */
  readonly taps: readonly TapOptions[];
  readonly opened: readonly string[];
}

export interface World {
  readonly environment?: Record<string, string>;
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  readonly impatient?: AbortSignal;
  /** Somebody looks at the page. */
  onOpen?(url: string): unknown;
  tap?(options: TapOptions, call: number): Promise<TapSummary>;
}

const fakeDemo: Demo = {
  services: [],
  ports: [8801, 8802],
  usualPorts: [8801, 8802],
  drive: async () => undefined,
  close: async () => undefined,
};

/** Runs `mizu WORDS` with a tap that does what the test says. */
export async function mizu(words: readonly string[], world: World = {}): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const taps: TapOptions[] = [];
  const opened: string[] = [];
  const output = (name: 'stdout' | 'stderr') => ({
    isTTY: world.isTTY ?? false,
    columns: 100,
    write(text: string) {
      written[name] += text;
    },
  });
  const exitCode = await main(words, {
    stdout: output('stdout'),
    stderr: output('stderr'),
    // Whoever runs the tests has a configuration, which is none of theirs.
    environment: { HOME: '/nonexistent', ...world.environment },
    signal: world.signal ?? new AbortController().signal,
    impatient: world.impatient ?? new AbortController().signal,
    allowToEnd: () => undefined,
    loadTap: async () => async (options) => {
      taps.push(options);
      return world.tap?.(options, taps.length) ?? emptySummary;
    },
    loadDemo: async () => ({ openDemo: async () => fakeDemo, runDemo: async () => undefined }),
    openBrowser: (url) => {
      opened.push(url);
      void world.onOpen?.(url);
    },
  });
  return { exitCode, ...written, taps, opened };
}
