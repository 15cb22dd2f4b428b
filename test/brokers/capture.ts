/**
 * What happens on loopback ports, recorded by tcpdump and read by `mizu tap --read`: the tests against
 * real servers compare the entries with what their clients did.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Entry } from '../../src/entry/entry.ts';

const mizuCommand = fileURLToPath(new URL('../../bin/mizu', import.meta.url));
/** Kernel buffer of tcpdump, KiB: nothing may be dropped, since everything is compared. */
const bufferKiB = 65_536;
/** What a client sent last may still be on its way when its program has ended. */
const settleMs = 100;
const longestStartMs = 10_000;
const longestWriteMs = 60_000;
/** The end mark is looked for in this much of the end of the file; one packet of loopback is at most 64 KiB. */
const tailBytes = 256 << 10;
/** Entries of one recording are a few thousand; more text than this is a mistake. */
const maxOutputBytes = 512 << 20;

export const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A TCP port that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Asks until the answer is neither undefined nor false; an error counts as no answer. */
export async function until<Answer>(
  what: string,
  ask: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  longestMs = 60_000,
): Promise<Answer> {
  const end = Date.now() + longestMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`, { cause: last });
    await delay(100);
  }
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
  readonly input?: string;
  readonly longestMs?: number;
}

/** Runs a program to its end. Rejects only when it cannot be started or takes too long. */
export function run(
  command: string,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const { environment, folder, input, longestMs = 120_000 } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      ...(folder !== undefined && { cwd: folder }),
      env: { ...process.env, ...environment },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let stderr = '';
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} took longer than ${longestMs} ms: ${stderr.slice(-2000)}`));
    }, longestMs);
    child.stdin?.on('error', () => undefined);
    if (input !== undefined) child.stdin?.end(input);
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxOutputBytes) chunks.push(chunk);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code, stdout: Buffer.concat(chunks).toString('utf8'), stderr });
    });
  });
}

/** The entries of a capture file as `mizu tap --read FILE --output jsonl WORDS` writes them. */
export async function readEntries(file: string, words: readonly string[] = []): Promise<Entry[]> {
  const { code, stdout, stderr } = await run(mizuCommand, [
    'tap',
    '--read',
    file,
    '--output',
    'jsonl',
    ...words,
  ]);
  if (code !== 0) throw new Error(`mizu ended with ${code}: ${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Entry);
}

async function tailOf(file: string): Promise<Buffer> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const tail = Buffer.alloc(Math.min(size, tailBytes));
  const { bytesRead } = await handle.read(tail, 0, tail.length, size - tail.length);
  return tail.subarray(0, bytesRead);
}

/** A recording that runs: `await using capture = await Capture.start([port])`. */
export class Capture {
  /** The capture file, for tshark as a witness. */
  readonly file: string;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #markPort: number;
  #stderr = '';
  #stopped = false;

  private constructor(folder: string, ports: readonly number[], markPort: number) {
    this.#folder = folder;
    this.#markPort = markPort;
    this.file = join(folder, 'capture.pcap');
    const wanted = ports.map((port) => `tcp port ${port}`);
    const filter = [...wanted, `udp dst port ${markPort}`].join(' or ');
    const words = ['-i', 'lo', '-n', '-s', '0', '-U', '-B', String(bufferKiB), '-Z', 'root'];
    this.#child = spawn('tcpdump', [...words, '-w', this.file, filter], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', () => resolve());
      this.#child.on('close', () => resolve());
    });
  }

  /** Records TCP of these loopback ports from now on. Needs tcpdump and the right to capture. */
  static async start(ports: readonly number[]): Promise<Capture> {
    const folder = await mkdtemp(join(tmpdir(), 'mizu-brokers-'));
    const capture = new Capture(folder, ports, await freePort());
    await until(
      'tcpdump to listen',
      () => capture.#stderr.includes('listening on'),
      longestStartMs,
    );
    return capture;
  }

  /** Ends the recording. Fails when the kernel dropped packets: nothing could be compared then. */
  async stop(): Promise<string> {
    if (!this.#stopped) {
      await delay(settleMs);
      await this.#writtenSoFar();
      this.#stopped = true;
      this.#child.kill('SIGINT');
      await this.#ended;
      const dropped = /(\d+) packets? dropped by kernel/.exec(this.#stderr)?.[1];
      if (dropped !== '0') throw new Error(`tcpdump lost packets: ${this.#stderr}`);
    }
    return this.file;
  }

  /**
   * Waits until tcpdump has written all that was captured before this call. tcpdump is handed packets in
   * blocks, seconds late on a busy machine, and forgets what it has not read when it is told to end; so a
   * datagram that nothing else sends is put behind the traffic and waited for.
   */
  async #writtenSoFar(): Promise<void> {
    const mark = randomBytes(16);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.on('error', () => resolve());
      socket.send(mark, this.#markPort, '127.0.0.1', () => resolve());
    });
    socket.close();
    const isWritten = async () => (await tailOf(this.file)).includes(mark);
    await until('tcpdump to write what it captured', isWritten, longestWriteMs);
  }

  /** Ends the recording and reads it. */
  async entries(words: readonly string[] = []): Promise<Entry[]> {
    return readEntries(await this.stop(), words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#stopped) {
      this.#child.kill('SIGKILL');
      await this.#ended;
    }
    if (process.env['MIZU_KEEP_CAPTURES'] === undefined) {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }
}
