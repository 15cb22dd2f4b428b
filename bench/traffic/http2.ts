/** A capture of real load on HTTP/2: nghttpd and h2load. Needs what `test/brokers/setup.ts` installs. */
import { spawn } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Capture, freePort, run, until } from '../../test/brokers/capture.ts';
import type { CaptureResult } from './inside-namespace.ts';

/** Files that are asked for, in turn, and their lengths: those of answers of an API. */
const files = 50;
const fileBytes = [105, 160, 240, 316, 1000];
const longestMs = 300_000;

/** Makes the capture; h2load counts the exchanges. */
export async function captureHttp2(file: string, requests: number): Promise<CaptureResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mizu-bench-http2-'));
  const port = await freePort();
  const urls: string[] = [];
  for (let i = 0; i < files; i++) {
    const text = 'the quick brown fox '.repeat(100).slice(0, fileBytes[i % fileBytes.length]! - 20);
    await writeFile(join(folder, `users-${i}`), JSON.stringify({ number: i, text }));
    urls.push(`http://127.0.0.1:${port}/users-${i}`);
  }
  const list = join(folder, 'urls');
  await writeFile(list, urls.join('\n'));
  const server = spawn('nghttpd', ['--no-tls', '-d', folder, String(port)], { stdio: 'ignore' });
  try {
    const probe = ['-sf', '--http2-prior-knowledge', urls[0]!];
    await until('nghttpd', async () => (await run('curl', probe)).code === 0);
    await using capture = await Capture.start([port]);
    const words = ['-n', String(requests), '-c', '10', '-m', '10', '-i', list];
    const headers = ['-H', 'accept: application/json', '-H', 'user-agent: bench/1.0'];
    const { stdout } = await run('h2load', [...words, ...headers], { longestMs });
    copyFileSync(await capture.stop(), file);
    return {
      exchanges: Number(/(\d+) succeeded/.exec(stdout)?.[1] ?? 0),
      packets: await packetsOf(file),
    };
  } finally {
    server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

export async function packetsOf(file: string): Promise<number> {
  const { stdout } = await run('capinfos', ['-c', '-M', file]);
  return Number(/Number of packets:\s+(\d+)/.exec(stdout)?.[1] ?? 0);
}
