/**
 * The captures that the bench reads: made by real servers and a real load generator on first use, then
 * kept. `node bench/captures.ts` makes those that are missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CaptureJob, CaptureResult } from './traffic/inside-namespace.ts';
import { dropPackets } from './traffic/lossy.ts';
import { repeatCapture } from './traffic/repeat.ts';

export type CaptureName = 'keepalive' | 'short' | 'lossy' | 'fourfold';

interface CaptureFacts extends CaptureResult {
  /** Packets with data that the lossy capture lacks. */
  readonly lostDataPackets?: number;
}

export interface BenchCapture extends CaptureFacts {
  readonly file: string;
}

const keepaliveRequests = 350_000;
const shortRequests = 50_000;
/** Share of the packets that the lossy capture lacks. */
const loss = 0.001;

/** Where captures are kept; outside of version control. */
export const cacheFolder =
  process.env['MIZU_BENCH_CACHE'] ?? new URL('../.cache/bench', import.meta.url).pathname;

/** Runs this Node with `script` in a network namespace of its own. */
export function inNamespace(script: string, argument: unknown): string {
  const own = process.getuid?.() === 0 ? ['--net'] : ['--net', '--map-root-user'];
  const run = spawnSync('unshare', [...own, process.execPath, script, JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (run.error) throw new Error(`cannot run unshare: ${run.error.message}`);
  if (run.status !== 0) throw new Error(`${script} failed (${run.status ?? run.signal})`);
  return run.stdout;
}

function generate(name: 'keepalive' | 'short', file: string): CaptureResult {
  const folder = join(cacheFolder, `making-${name}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const job: CaptureJob = {
    folder,
    requests: name === 'keepalive' ? keepaliveRequests : shortRequests,
    close: name === 'short',
  };
  const script = new URL('traffic/inside-namespace.ts', import.meta.url).pathname;
  const result = JSON.parse(inNamespace(script, job)) as CaptureResult;
  renameSync(join(folder, 'capture.pcap'), file);
  rmSync(folder, { recursive: true, force: true });
  return result;
}

/** The capture of that name, made now if this machine has none yet. */
export function benchCapture(name: CaptureName): BenchCapture {
  const file = join(cacheFolder, `http-${name}.pcap`);
  const facts = `${file}.json`;
  if (existsSync(facts) && existsSync(file)) {
    return { file, ...(JSON.parse(readFileSync(facts, 'utf8')) as CaptureFacts) };
  }
  mkdirSync(cacheFolder, { recursive: true });
  const started = performance.now();
  process.stderr.write(`making ${file} ...\n`);
  let result: CaptureFacts;
  if (name === 'lossy') {
    const { packets, exchanges, file: whole } = benchCapture('keepalive');
    const { dropped, droppedWithData } = dropPackets(whole, file, loss);
    result = { exchanges, packets: packets - dropped, lostDataPackets: droppedWithData };
  } else if (name === 'fourfold') {
    const { packets, exchanges, file: once } = benchCapture('keepalive');
    repeatCapture(once, file, 4);
    result = { exchanges: exchanges * 4, packets: packets * 4 };
  } else {
    result = generate(name, file);
  }
  writeFileSync(facts, JSON.stringify(result));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(
    `made ${file} in ${seconds} s: ${result.packets} packets, ${result.exchanges} exchanges\n`,
  );
  return { file, ...result };
}

/** The capture of a protocol's load, made by `make` if this machine has none yet. */
export async function protocolCapture(
  name: string,
  make: (file: string) => Promise<CaptureResult>,
): Promise<BenchCapture> {
  const file = join(cacheFolder, `${name}.pcap`);
  const facts = `${file}.json`;
  if (!existsSync(facts) || !existsSync(file)) {
    mkdirSync(cacheFolder, { recursive: true });
    process.stderr.write(`making ${file} ...\n`);
    writeFileSync(facts, JSON.stringify(await make(file)));
  }
  return { file, ...(JSON.parse(readFileSync(facts, 'utf8')) as CaptureResult) };
}

if (import.meta.main) {
  for (const name of ['keepalive', 'short', 'lossy', 'fourfold'] as const) benchCapture(name);
}
