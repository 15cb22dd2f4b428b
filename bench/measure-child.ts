/**
 * Runs a command and writes what it used, as the kernel counts it (getrusage for ended children):
 * user and system time of all its threads and peak memory. Signals are handed on.
 *
 * Usage: measure-child.ts RESULT-FILE COMMAND ARGUMENT...
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const [resultFile, command, ...words] = process.argv.slice(2);
const started = performance.now();
const child = spawn(command!, words, { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => child.kill(signal));
}
child.on('error', (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.on('exit', (code, signal) => {
  const elapsedSeconds = (performance.now() - started) / 1000;
  childUsage()
    .then((usage) => {
      writeFileSync(resultFile!, JSON.stringify({ ...usage, elapsedSeconds, code, signal }));
      process.exit(code ?? 1);
    })
    .catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(126);
    });
});

/** struct rusage: two timevals (seconds, microseconds), then longs beginning with the peak in KiB. */
async function childUsage(): Promise<{ cpuSeconds: number; peakRssMiB: number }> {
  const { default: koffi } = await import('koffi');
  const library = koffi.load(process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6');
  const getrusage = library.func('int getrusage(int who, void *usage)');
  const usage = Buffer.alloc(144);
  const ofChildren = -1;
  if (getrusage(ofChildren, usage) !== 0) throw new Error('getrusage failed');
  const long = (index: number) => Number(usage.readBigInt64LE(index * 8));
  const peakUnits = process.platform === 'darwin' ? 1 << 20 : 1 << 10;
  return {
    cpuSeconds: long(0) + long(2) + (long(1) + long(3)) / 1e6,
    peakRssMiB: long(4) / peakUnits,
  };
}
