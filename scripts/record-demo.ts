/**
 * Records the demo shop for machines that cannot be tapped → src/demo/recording.pcapng.gz. Runs the
 * shop for a while, taps it with Mizu itself and keeps the packets. Needs the right to capture.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { openDemo } from '../src/demo/index.ts';
import { runTap } from '../src/tap.ts';

const seconds = 30;
const rate = 8;
/** Just above the default body limit: a cut body is in the recording, and the file stays small. */
const downloadBytes = 1_100_000;
const maxFileBytes = 400_000;
const target = fileURLToPath(new URL('../src/demo/recording.pcapng.gz', import.meta.url));

const demo = await openDemo({ downloadBytes });
if (demo.ports.join() !== demo.usualPorts.join()) {
  throw new Error(`the ports ${demo.usualPorts.join(', ')} must be free for a recording`);
}
const folder = mkdtempSync(join(tmpdir(), 'mizu-record-'));
const file = join(folder, 'recording.pcapng');
const driving = new AbortController();
const tapping = new AbortController();
const summary = await runTap({
  source: {
    kind: 'local',
    interfaces: ['lo'],
    captureFilter: demo.ports.map((port) => `tcp port ${port}`).join(' or '),
    ignorePorts: [],
  },
  output: 'none',
  store: 'none',
  bodyLimitBytes: 1 << 20,
  redact: true,
  write: file,
  guiPort: 0,
  proxyHost: '127.0.0.1',
  demoPorts: demo.ports,
  signal: tapping.signal,
  onStarted: () => {
    record().catch((error: unknown) => {
      throw error;
    });
  },
});

async function record(): Promise<void> {
  const customers = demo.drive({ rate, signal: driving.signal });
  await sleep(seconds * 1000);
  driving.abort();
  await customers;
  await demo.close();
  await sleep(500);
  tapping.abort();
}

const bytes = gzipSync(readFileSync(file), { level: 9 });
rmSync(folder, { recursive: true });
if (bytes.length > maxFileBytes) {
  throw new Error(`${bytes.length} bytes are too many for the repository`);
}
writeFileSync(target, bytes);
console.log(
  `${target}: ${bytes.length} bytes, ${summary.packets} packets, ${summary.entries} entries`,
);
