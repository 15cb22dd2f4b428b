/**
 * Runs inside an own network namespace (`unshare --net`): real nginx, real wrk, tcpdump → a capture.
 * The namespace goes away with this process, nothing outside of it is touched.
 *
 * Usage: inside-namespace.ts '{"folder": ..., "requests": ..., "close": ...}'; prints a JSON line.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { nginxConfiguration } from './nginx.ts';

export interface CaptureJob {
  /** Empty folder for the logs and `capture.pcap`. */
  readonly folder: string;
  readonly requests: number;
  /** One exchange per connection. */
  readonly close: boolean;
}

export interface CaptureResult {
  /** Lines of the server's access log. */
  readonly exchanges: number;
  readonly packets: number;
}

const port = 8080;
const mixScript = new URL('mix.lua', import.meta.url).pathname;

/**
 * Loopback as a card would look: packets of at most 1500 bytes. A maximum of one segment per
 * offloaded packet turns segmentation offload off without ethtool.
 */
export function setUpLoopback(): void {
  execFileSync('ip', ['link', 'set', 'dev', 'lo', 'up', 'mtu', '1500', 'gso_max_segs', '1']);
  writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', '1024 65000');
  writeFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', '1024');
}

/** Starts nginx and resolves when it accepts connections. */
export async function startNginx(folder: string, accessLog: boolean): Promise<ChildProcess> {
  writeFileSync(`${folder}/nginx.conf`, nginxConfiguration(folder, port, accessLog));
  const nginx = spawn('nginx', ['-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await accepts()) return nginx;
    await sleep(50);
  }
  throw new Error(`nginx does not answer: ${readFileSync(`${folder}/error.log`, 'utf8')}`);
}

async function accepts(): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Starts wrk with the mix of calls. */
export function startWrk(
  options: readonly string[],
  scriptArguments: readonly string[],
): ChildProcess {
  const url = `http://127.0.0.1:${port}/`;
  return spawn('wrk', [...options, '-s', mixScript, url, '--', ...scriptArguments], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** Resolves when the file has not grown for two seconds: wrk itself would sit out its duration. */
async function quiet(file: string): Promise<void> {
  let size = -1;
  for (;;) {
    await sleep(2000);
    const now = statSync(file).size;
    if (now === size && now > 0) return;
    size = now;
  }
}

export async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

async function startTcpdump(file: string): Promise<{ process: ChildProcess; text: () => string }> {
  const tcpdump = spawn(
    'tcpdump',
    ['-i', 'lo', '-U', '-s', '0', '-B', '262144', '-w', file, 'tcp', 'port', String(port)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let text = '';
  tcpdump.stderr.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  while (!text.includes('listening on')) {
    if (tcpdump.exitCode !== null) throw new Error(`tcpdump: ${text}`);
    await sleep(50);
  }
  return { process: tcpdump, text: () => text };
}

async function capture(job: CaptureJob): Promise<CaptureResult> {
  mkdirSync(job.folder, { recursive: true });
  setUpLoopback();
  const nginx = await startNginx(job.folder, true);
  const tcpdump = await startTcpdump(`${job.folder}/capture.pcap`);
  const wrk = startWrk(
    ['-t1', '-c64', '-d600s', '--timeout', '60s'],
    [String(job.requests), job.close ? 'close' : 'keep', '0'],
  );
  // This is also the pause without which the last block of tcpdump's ring is not handed over.
  await quiet(`${job.folder}/access.log`);
  await stop(wrk, 'SIGKILL');
  await sleep(1000);
  await stop(tcpdump.process, 'SIGINT');
  await stop(nginx, 'SIGQUIT');
  const text = tcpdump.text();
  if (!/\b0 packets dropped by kernel/.test(text)) throw new Error(`tcpdump lost packets: ${text}`);
  const log = readFileSync(`${job.folder}/access.log`, 'latin1');
  return {
    exchanges: log.split('\n').length - 1,
    packets: Number(/(\d+) packets captured/.exec(text)?.[1] ?? 0),
  };
}

if (import.meta.main) {
  const job = JSON.parse(process.argv[2] ?? '{}') as CaptureJob;
  console.log(JSON.stringify(await capture(job)));
}
