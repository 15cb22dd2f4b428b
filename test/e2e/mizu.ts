/** Runs `bin/mizu` as a user does: a process of its own, its output, its exit code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import type { EntryRow } from '../../src/entry/entry.ts';
import type {
  Counters,
  EntriesPage,
  EntryDetails,
  LiveServerMessage,
} from '../../src/serve/api.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));
export const mizuCommand = fileURLToPath(new URL('../../bin/mizu', import.meta.url));
/** The token of every Mizu that these tests start. */
export const token = 'end-to-end';

const longestWaitMs = 20_000;
const askAgainMs = 25;
const home = join(tmpdir(), 'mizu-test-home');

const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until the answer is neither undefined nor false; says what was waited for when it never is. */
export async function until<Answer>(
  what: string,
  ask: () => Answer | undefined | false | Promise<Answer | undefined | false>,
): Promise<Answer> {
  const end = Date.now() + longestWaitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`);
    await delay(askAgainMs);
  }
}

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

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Bytes for standard input, or a stream that the test writes; without, it is closed. */
  readonly input?: Uint8Array | 'stream';
  /** Words before the command: `ip netns exec x`, `setpriv ...`. */
  readonly before?: readonly string[];
}

/** A program that runs; ended with the block that declares it by `await using`. */
export class Running {
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  #ended = false;

  constructor(command: string, words: readonly string[], options: RunOptions = {}) {
    const [first = command, ...rest] = [...(options.before ?? []), command, ...words];
    this.child = spawn(first, rest, {
      cwd: repository,
      // Not that of whoever runs the tests: the command keeps a log there.
      env: { ...process.env, HOME: home, MIZU_TOKEN: token, ...options.environment },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    // Whoever goes away first: a closed pipe is part of what is tested.
    this.child.stdin?.on('error', () => undefined);
    if (options.input instanceof Uint8Array) this.child.stdin?.end(options.input);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (code, signal) => {
        this.#ended = true;
        resolve({ code, signal });
      });
    });
  }

  /** Waits for `condition`; when the program ends before, says with which last words. */
  until<Answer>(
    what: string,
    ask: () => Answer | undefined | false | Promise<Answer | undefined | false>,
  ): Promise<Answer> {
    return until(what, async () => {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      if (this.#ended) throw new Error(`ended before ${what}: ${this.stderr}${this.stdout}`);
      return undefined;
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<Exit> {
    if (!this.#ended) this.child.kill(signal);
    return this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hard = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.stop();
    clearTimeout(hard);
  }
}

export interface Finished extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `mizu WORDS` to its end. */
export async function mizu(words: readonly string[], options?: RunOptions): Promise<Finished> {
  await using running = new Running(mizuCommand, words, options);
  const exit = await running.exited;
  return { ...exit, stdout: running.stdout, stderr: running.stderr };
}

/** A Mizu whose page answers. */
export class Tap extends Running {
  constructor(words: readonly string[], port: number, options: RunOptions = {}) {
    super(mizuCommand, ['tap', ...words, '--headless', '--gui-port', String(port)], options);
  }

  /** Where the page is, from the line that the user sees. */
  get origin(): string {
    return /Mizu is available at (http:\/\/[^/]+)/.exec(this.stdout)?.[1] ?? 'http://not-yet';
  }

  get port(): number {
    return Number(new URL(this.origin).port);
  }

  /** The answer of the API, of which the caller knows the shape. */
  async get<Answer>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const url = `${this.origin}/api/v1/${path}?${new URLSearchParams(query)}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  /** All entries that match, oldest first. */
  async entries(filter: string): Promise<EntryRow[]> {
    const found: EntryRow[] = [];
    for (let before: string | undefined; ; ) {
      const query = { filter, limit: '1000', ...(before !== undefined && { before }) };
      const page = await this.get<EntriesPage>('entries', query);
      found.unshift(...page.entries);
      before = page.entries[0]?.id;
      if (page.end || before === undefined) return found;
    }
  }

  /** Waits until `count` answered entries match, and fails when there are more. */
  async answered(filter: string, count: number): Promise<EntryRow[]> {
    const rows = await this.until(`${count} entries with ${filter}`, async () => {
      const now = await this.entries(filter);
      const whole = now.length >= count && now.every(({ outcome }) => outcome !== 'pending');
      return whole && now;
    });
    if (rows.length > count) throw new Error(`${rows.length} entries with ${filter}, not ${count}`);
    return rows;
  }

  /** The one entry that matches, decoded. */
  async details(filter: string): Promise<EntryDetails> {
    const [row] = await this.answered(filter, 1);
    return this.get<EntryDetails>(`entries/${row!.id}`);
  }

  counters(): Promise<Counters> {
    return this.get<Counters>('counters');
  }

  /** Opens the live tail; resolves when entries from now on will come. */
  async live(filter: string): Promise<Live> {
    const live = new Live(
      `ws://localhost:${this.port}/api/v1/live?${new URLSearchParams({ filter })}`,
    );
    await until('the live tail to open', () => live.messages.length > 0);
    return live;
  }
}

/** What a program sees on the live WebSocket. */
export class Live {
  readonly messages: LiveServerMessage[] = [];
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    this.#socket.on('error', () => undefined);
    this.#socket.on('message', (data) => this.messages.push(JSON.parse(String(data))));
  }

  /** Every state of every entry, in the order in which they came. */
  states(): EntryRow[] {
    return this.messages.flatMap((message) => (message.type === 'entries' ? message.entries : []));
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

/** Starts `mizu tap WORDS` and waits until page and source are open. */
export async function startTap(
  words: readonly string[],
  options: RunOptions & { readonly port?: number } = {},
): Promise<Tap> {
  const tap = new Tap(words, options.port ?? (await freePort()), options);
  try {
    await tap.until('the address of the page', () => tap.stdout.includes('Mizu is available at'));
  } catch (error) {
    await tap.stop('SIGKILL');
    throw error;
  }
  return tap;
}
