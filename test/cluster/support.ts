/** What the tests on a cluster do: kubectl, Mizu's commands, its API. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, inject } from 'vitest';
import type { EntryRow } from '../../src/entry/entry.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const kubeconfig = inject('kubeconfig');
export const image = inject('image');
export const ownCluster = inject('ownCluster');
/** Why there is nothing to test on; undefined when there is. */
export const noCluster =
  kubeconfig === '' ? 'no KUBECONFIG, and no cluster beside the project' : undefined;
export const isLong = process.env['MIZU_LONG_TESTS'] === '1';

/** A home of its own: no configuration file of the developer's. */
export const home = mkdtempSync(join(tmpdir(), 'mizu-home-'));
/** Without the tests' own variables: Mizu says of those it does not know that they are ignored. */
const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MIZU_'));
export const environment = { ...Object.fromEntries(inherited), KUBECONFIG: kubeconfig, HOME: home };

export function kubectl(words: readonly string[], input = ''): string {
  const done = spawnSync('kubectl', words, {
    encoding: 'utf8',
    env: environment,
    input,
    maxBuffer: 64 << 20,
  });
  if (done.status === 0) return done.stdout;
  throw new Error(`kubectl ${words.join(' ')}: ${done.stderr}${done.error?.message ?? ''}`);
}

/** kubectl that goes on; `output` fails when it did. */
export function startKubectl(words: readonly string[]): {
  readonly stdin: ChildProcess['stdin'];
  readonly output: Promise<string>;
  readonly process: ChildProcess;
} {
  const process = spawn('kubectl', words, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  let complaint = '';
  process.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  process.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const output = once(process, 'close').then(([code]) => {
    if (code === 0) return said;
    throw new Error(`kubectl ${words.join(' ')}: ${complaint}${said.slice(-500)}`);
  });
  return { stdin: process.stdin, output, process };
}

export function apply(...objects: readonly unknown[]): void {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  kubectl(['apply', '-f', '-'], JSON.stringify(list));
}

export async function sleep(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks until there is an answer. */
export async function until<T>(
  what: string | (() => string),
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = 60_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) {
      const said = typeof what === 'string' ? what : what();
      throw new Error(`Not within ${withinMs / 1000} s: ${said}`);
    }
    await sleep(250);
  }
}

/** A namespace of its own for a test file; deleted with all in it. */
export function newNamespace(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const unique = `mizu-test-${name}-${randomBytes(2).toString('hex')}`;
  apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: unique, labels } });
  return unique;
}

export function deleteNamespace(...names: readonly string[]): void {
  kubectl(['delete', 'namespace', ...names, '--ignore-not-found', '--wait=false']);
}

/** Everything that Mizu could leave behind: `kind namespace/name`, sorted. */
export function leftovers(): string[] {
  const kinds =
    'all,cm,secret,sa,role,rolebinding,clusterrole,clusterrolebinding,pvc,lease,namespace';
  const format = 'custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name';
  return kubectl(['get', kinds, '-A', '--no-headers', '-o', format])
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line.includes('mizu') && !line.includes('mizu-test-'))
    .sort();
}

/** Everything in the cluster that has to do with a namespace: `kind namespace/name`, sorted. */
export function traces(namespace: string): string[] {
  const kinds =
    'all,cm,secret,sa,role,rolebinding,clusterrole,clusterrolebinding,pvc,lease,namespace';
  const format = 'custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name';
  return kubectl(['get', kinds, '-A', '--no-headers', '-o', format])
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line.includes(namespace))
    .sort();
}

/** A file of deploy/permissions, without its ending, or a cluster role such as view. */
export type Rights = { readonly file: string } | { readonly role: string };

/**
 * A kubeconfig of an account that was made for it, with rights in its namespace: a file of
 * deploy/permissions, or a cluster role such as view.
 */
export function kubeconfigOf(namespace: string, rights: Rights): string {
  const name = 'role' in rights ? rights.role : rights.file;
  const account = `user-${name}`;
  kubectl(['create', 'serviceaccount', account, '-n', namespace]);
  if ('file' in rights) {
    kubectl(['apply', '-n', namespace, '-f', join(root, `deploy/permissions/${name}.yaml`)]);
  }
  const kind = 'role' in rights ? `--clusterrole=${name}` : '--role=mizu-tap';
  const subject = `--serviceaccount=${namespace}:${account}`;
  kubectl(['create', 'rolebinding', account, '-n', namespace, kind, subject]);
  const token = kubectl(['create', 'token', account, '-n', namespace]).trim();
  const config = JSON.parse(
    kubectl(['config', 'view', '--raw', '--flatten', '--minify', '-o', 'json']),
  ) as { clusters: { name: string }[] };
  const file = join(home, `${account}-${namespace}`);
  const context = { cluster: config.clusters[0]!.name, user: account, namespace };
  const own = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: config.clusters,
    users: [{ name: account, user: { token } }],
    contexts: [{ name: account, context }],
    'current-context': account,
  };
  writeFileSync(file, JSON.stringify(own), { mode: 0o600 });
  return file;
}

/**
 * The image under test in the registry of our own cluster; returns the reference. With a tag of its
 * own: nodes keep what they once had under a tag.
 */
export function pushToRegistry(repository: string): string {
  const tool = (command: string, words: readonly string[]): string => {
    const done = spawnSync(command, words, { encoding: 'utf8' });
    if (done.status === 0) return done.stdout;
    throw new Error(`${command} ${words.join(' ')}: ${done.stderr}${done.error?.message ?? ''}`);
  };
  const registry = tool(join(ownCluster, 'registry'), []).trim().split('\n').at(-1)!;
  const tag = randomBytes(3).toString('hex');
  const reference = `${registry}/${repository}:${tag}`;
  tool('buildah', ['push', '--tls-verify=false', image, reference]);
  return reference;
}

/** After a failure: what Mizu's API server in a namespace said. Call it where tests are described. */
export function tellLogsOfFailures(namespace: string): void {
  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return;
    const words = ['logs', '-n', namespace, '-l', 'app=mizu-api-server', '--tail=40'];
    const { stdout } = spawnSync('kubectl', words, { encoding: 'utf8', env: environment });
    process.stdout.write(`The API server's log:\n${stdout}\n`);
  });
}

/** A figure of the report. */
export function say(line: string): void {
  process.stdout.write(`  ${line}\n`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A name for Mizu's own namespace, which Mizu makes and removes; and the options that choose it. */
export function resourcesIn(name: string): {
  readonly namespace: string;
  readonly options: string[];
} {
  const namespace = `mizu-test-res-${name}-${randomBytes(2).toString('hex')}`;
  return { namespace, options: ['--mizu-resources-namespace', namespace] };
}

/** What a test that failed did not stop. */
const running = new Set<Running>();
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((command) => command.stop()));
}
afterAll(stopAll);

/** A command of Mizu that runs. */
export class Running {
  readonly process: ChildProcess;
  /** Both outputs as a terminal shows them. */
  output = '';
  stdout = '';
  readonly ended: Promise<number>;

  constructor(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.process = spawn(join(root, 'bin/mizu'), words, {
      env: { ...environment, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const take = (chunk: Buffer) => {
      this.output += chunk.toString();
    };
    this.process.stdout!.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      take(chunk);
    });
    this.process.stderr!.on('data', take);
    this.ended = once(this.process, 'close').then(([code]) => Number(code));
    running.add(this);
    void this.ended.then(() => running.delete(this));
  }

  /** Resolves when the output matches. */
  async says(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    let code: number | undefined;
    void this.ended.then((status) => {
      code = status;
    });
    return until(
      () => `${pattern} in:\n${this.output}`,
      () => {
        const found = pattern.exec(this.output);
        if (found === null && code !== undefined) {
          throw new Error(`ended with ${code} before it said ${pattern}:\n${this.output}`);
        }
        return found ?? undefined;
      },
      withinMs,
    );
  }

  /** Ctrl-C; resolves with the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number> {
    this.process.kill(signal);
    return this.ended;
  }
}

export function mizu(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Running {
  return new Running(words, env);
}

/** Options with which every command finds the image under test. */
export const imageOptions = [
  '--set',
  `agent-image=${image}`,
  '--set',
  'image-pull-policy=IfNotPresent',
] as const;

interface Cell {
  readonly name: string;
  readonly state: string;
  readonly [name: string]: unknown;
}

/** A page that answers, and its API. */
export class Page {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async get<T>(path: string): Promise<T> {
    return await this.ask<T>('GET', path);
  }

  /** Tappers capture on as many nodes. */
  async capturing(nodes: number): Promise<void> {
    await until(`${nodes} tappers capture`, async () => {
      const { nodes: all } = await this.get<{ nodes: Cell[] }>('targets');
      return all.filter(({ state }) => state === 'capturing').length >= nodes || undefined;
    });
  }

  /** All entries that match, newest first. */
  async entries(filter: string): Promise<EntryRow[]> {
    const found: EntryRow[] = [];
    let before = '';
    for (;;) {
      const query = new URLSearchParams({ filter, limit: '1000', ...(before && { before }) });
      const page = await this.get<{ entries: EntryRow[]; end: boolean }>(`entries?${query}`);
      found.push(...page.entries);
      if (page.end || page.entries.length === 0) return found;
      before = page.entries.map(({ id }) => id).sort()[0]!;
    }
  }
}

/** A command of Mizu with a page: `tap`, `view`. */
export class Session extends Running {
  #page: Page | undefined;

  get page(): Page {
    if (this.#page === undefined) throw new Error('the page is not there yet');
    return this.#page;
  }

  async ready(): Promise<void> {
    const [, url, token] = await this.says(/available at (http:\/\/[^/]+)\/\?token=(\S+)/, 90_000);
    this.#page = new Page(url!, token!);
  }

  get = <T>(path: string): Promise<T> => this.page.get<T>(path);
  capturing = (nodes: number): Promise<void> => this.page.capturing(nodes);
  entries = (filter: string): Promise<EntryRow[]> => this.page.entries(filter);
}

/** `mizu tap` whose page answers. */
export class Tap extends Session {
  static async start(
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Tap> {
    const tap = new Tap(['tap', '--headless', '-p', '0', ...imageOptions, ...words], env);
    await tap.ready().catch(async (error: unknown) => {
      await tap.stop();
      throw error;
    });
    return tap;
  }
}
