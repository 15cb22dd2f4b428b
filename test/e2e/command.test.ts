import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry/entry.ts';
import type { TapSummary } from '../../src/tap.ts';
import { hasProgram, whyNotLive, whyNotPrograms } from './machine.ts';
import { freePort, mizu, mizuCommand, Running, repository, startTap, until } from './mizu.ts';
import { Target } from './target.ts';

/** The demo shop as a pcapng file. */
const recording = gunzipSync(readFileSync(join(repository, 'src/demo/recording.pcapng.gz')));
const whyNotTapped = whyNotLive();

let folder: string;
let capture: string;
/** What the whole recording gives. */
let whole: readonly Entry[];

const linesOf = (text: string) => text.split('\n').slice(0, -1);
const entriesOf = (text: string) => linesOf(text).map((line) => JSON.parse(line) as Entry);
const tap = (...words: string[]) => mizu(['tap', '--output', 'jsonl', ...words]);
const summaryOf = (stderr: string) => JSON.parse(linesOf(stderr)[0] ?? '{}') as TapSummary;

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mizu-command-test-'));
  capture = file('shop.pcapng', recording);
  whole = entriesOf((await tap('--read', capture)).stdout);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a capture file as JSON lines', () => {
  test('gives entries with every field, sums up on standard error, and ends well', async () => {
    const { code, stdout, stderr } = await tap('--read', capture);
    expect(code).toBe(0);
    const entries = entriesOf(stdout);
    expect(entries.length).toBeGreaterThan(100);
    for (const entry of entries) {
      expect(Object.keys(entry)).toEqual(
        expect.arrayContaining([
          ...['id', 'protocol', 'capture', 'timestamp', 'elapsedTime', 'src', 'dst', 'namespace'],
          ...['node', 'outgoing', 'requestSize', 'responseSize', 'status', 'outcome'],
          ...['incomplete', 'stream', 'method', 'target'],
        ]),
      );
    }
    const post = entries.find((entry) => entry.method === 'POST' && entry.status === 201)!;
    expect(post).toMatchObject({
      protocol: { name: 'http', version: '1.1', abbr: 'HTTP' },
      capture: 'file',
      outcome: 'ok',
      src: { ip: expect.stringMatching(/^127\./), port: expect.any(Number) },
      dst: { ip: expect.stringMatching(/^127\./), port: expect.any(Number) },
      request: { headers: expect.any(Object), path: expect.stringMatching(/^\//) },
      response: { status: 201, content: { mimeType: expect.any(String) } },
    });
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(stderr).toMatch(/^packets\s+[\d,]+ \(/m);
    expect(stderr).toContain(`entries  ${entries.length.toLocaleString('en')}`);
  });

  test('gives the same whether plain, gzip or zstd, by file or by standard input', async () => {
    const gzip = file('shop.gz', gzipSync(recording));
    const zstd = file('shop-without-suffix', zstdCompressSync(recording));
    const targets = whole.map((entry) => [entry.target, entry.status]);
    for (const path of [gzip, zstd]) {
      const { code, stdout } = await tap('--read', path);
      expect(code).toBe(0);
      expect(entriesOf(stdout).map((entry) => [entry.target, entry.status])).toEqual(targets);
    }
    const piped = await mizu(['tap', '--read', '-', '--output', 'jsonl'], {
      input: gzipSync(recording),
    });
    expect(piped.code).toBe(0);
    expect(entriesOf(piped.stdout).length).toBe(targets.length);
  });

  test('shows only what matches the filter', async () => {
    const { code, stdout } = await tap('--read', capture, '--filter', 'response.status >= 400');
    expect(code).toBe(0);
    const failed = whole.filter(({ status }) => status >= 400);
    expect(failed.length).toBeGreaterThan(0);
    expect(entriesOf(stdout).map(({ id }) => id)).toEqual(failed.map(({ id }) => id));
  });

  test('tells where a filter is wrong, in one line', async () => {
    const { code, stdout, stderr } = await tap('--read', capture, '--filter', 'respnse.status > 1');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^mizu: --filter, column 1: [^\n]*respnse[^\n]*\bresponse\b[^\n]*\n$/);
  });

  test('looks only at packets that match the capture filter', async () => {
    const port = whole[0]!.dst.port;
    const { stdout } = await tap('--read', capture, '--capture-filter', `tcp port ${port}`);
    const entries = entriesOf(stdout);
    expect(entries.length).toBe(whole.filter(({ dst }) => dst.port === port).length);
    expect(entries.every(({ dst }) => dst.port === port)).toBe(true);
  });

  test('is quiet when the reader has had enough', () => {
    const script = `'${mizuCommand}' tap --read '${capture}' --output jsonl --summary none | head -1`;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(entriesOf(stdout)).toHaveLength(1);
  });

  test('hides secrets unless told not to', async () => {
    const secrets = whole.filter((entry) => JSON.stringify(entry).includes('[REDACTED]'));
    expect(secrets.length).toBeGreaterThan(0);
    const { stdout } = await tap('--read', capture, '--no-redact');
    const open = entriesOf(stdout);
    expect(stdout).not.toContain('[REDACTED]');
    expect(open.map(({ id }) => id)).toEqual(whole.map(({ id }) => id));
    for (const hidden of secrets) {
      expect(open.find(({ id }) => id === hidden.id)).not.toEqual(hidden);
    }
  });

  test('cuts bodies at the limit and keeps their true size', async () => {
    const { stdout } = await tap('--read', capture, '--body-limit', '100');
    const cut = entriesOf(stdout).filter(({ incomplete }) => incomplete.length > 0);
    expect(cut.length).toBeGreaterThan(0);
    for (const entry of cut) {
      const original = whole.find(({ id }) => id === entry.id)!;
      expect(entry.responseSize).toBe(original.responseSize);
      expect(JSON.stringify(entry).length).toBeLessThan(20_000);
    }
  });
});

describe('several files', () => {
  test('are merged by time', async () => {
    if (!hasProgram('editcap')) return expect(whyNotPrograms('editcap')).toBeTruthy();
    const [first, second] = [join(folder, 'first.pcapng'), join(folder, 'second.pcapng')];
    const middle = '1-500';
    execFileSync('editcap', ['-r', capture, first, middle], { stdio: 'ignore' });
    execFileSync('editcap', [capture, second, middle], { stdio: 'ignore' });
    // The later part stands first on the command line.
    const { code, stdout } = await tap('--read', second, first);
    expect(code).toBe(0);
    expect(entriesOf(stdout).map((entry) => [entry.target, entry.status, entry.outcome])).toEqual(
      whole.map((entry) => [entry.target, entry.status, entry.outcome]),
    );
  });
});

describe('input that is not what it should be', () => {
  test('a cut file gives what could be read, says where it ends, exit 3', async () => {
    const length = Math.floor(recording.length / 2) + 3;
    const path = file('cut.pcapng', recording.subarray(0, length));
    const { code, stdout, stderr } = await tap('--read', path);
    expect(code).toBe(3);
    const entries = entriesOf(stdout);
    expect(entries.length).toBeGreaterThan(whole.length / 5);
    expect(entries.length).toBeLessThan(whole.length);
    const place = /^mizu: (\S+) is damaged at byte (\d+): /m.exec(stderr);
    expect(place?.[1]).toBe(path);
    expect(Number(place?.[2])).toBeGreaterThan(length - 100_000);
    expect(Number(place?.[2])).toBeLessThanOrEqual(length);
  });

  test('a cut gzip file as well', async () => {
    const gzip = gzipSync(recording);
    const path = file('cut.pcapng.gz', gzip.subarray(0, gzip.length / 2));
    const { code, stdout, stderr } = await tap('--read', path);
    expect(code).toBe(3);
    expect(entriesOf(stdout).length).toBeGreaterThan(whole.length / 5);
    expect(stderr).toMatch(/^mizu: .*cut\.pcapng\.gz is damaged at byte \d+: /m);
  });

  test.each([
    ['a text', () => file('notes.txt', 'Dear diary,\n'.repeat(100))],
    ['an empty file', () => file('empty.pcap', '')],
    ['a few bytes', () => file('short.pcap', Uint8Array.of(0xd4, 0xc3))],
    ['gzip of something else', () => file('notes.gz', gzipSync('Dear diary,\n'.repeat(100)))],
    ['a missing file', () => join(folder, 'nowhere.pcap')],
    ['a folder', () => folder],
  ])('%s is one line and exit 2', async (_, path) => {
    const { code, stdout, stderr } = await tap('--read', path());
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^mizu: [^\n]+\n$/);
    expect(stderr).toContain(path());
  });

  test.each([
    ['--store', () => capture],
    ['--store', () => '/proc/nowhere'],
    ['--write', () => join(folder, 'nowhere', 'out.pcapng')],
  ])('%s where nothing can be written is one line and exit 2', async (option, path) => {
    const { code, stderr } = await mizu([
      ...['tap', '--read', capture, '--output', 'none', option, path()],
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^mizu: [^\n]+\n$/);
    expect(stderr).toContain(path());
  });

  test('one bad file among good ones is named', async () => {
    const bad = file('bad.txt', 'not a capture, only words and more words than a header has');
    const { code, stdout, stderr } = await tap('--read', capture, bad);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(bad);
  });
});

describe.skipIf(whyNotTapped !== '')(`live${whyNotTapped && `: ${whyNotTapped}`}`, () => {
  let target: Target;
  beforeAll(async () => {
    target = await Target.open();
  });
  afterAll(() => target.close());

  const call = async (path: string) => (await fetch(target.url(path))).text();

  test('tcpdump through a pipe: entries appear while it goes on', async () => {
    if (!hasProgram('tcpdump')) return expect(whyNotPrograms('tcpdump')).toBeTruthy();
    const dump = spawn(
      'tcpdump',
      ['-i', 'lo', '-U', '-w', '-', '-s', '0', 'tcp', 'port', String(target.port)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    try {
      let words = '';
      dump.stderr.on('data', (text) => {
        words += text;
      });
      await using reader = new Running(mizuCommand, ['tap', '--read', '-', '--output', 'jsonl'], {
        input: 'stream',
      });
      dump.stdout.pipe(reader.child.stdin!);
      await until('tcpdump to listen', () => words.includes('listening'));
      await call('/through-a-pipe');
      const line = await reader.until('the entry', () => linesOf(reader.stdout)[0]);
      expect(JSON.parse(line)).toMatchObject({ target: '/through-a-pipe', status: 200 });
      expect(dump.exitCode).toBeNull();
      dump.kill('SIGINT');
      expect(await reader.exited).toMatchObject({ code: 0 });
    } finally {
      dump.kill('SIGKILL');
    }
  });

  test('--write saves what was seen, for other programs to read', async () => {
    if (!hasProgram('capinfos')) return expect(whyNotPrograms('capinfos')).toBeTruthy();
    const path = join(folder, 'written.pcapng');
    await using watch = new Running(mizuCommand, [
      ...['tap', '--local', '--capture-filter', `tcp port ${target.port}`, '--output', 'jsonl'],
      ...['--write', path, '--summary', 'json'],
    ]);
    await watch.until('an entry', async () => {
      await call('/written');
      return watch.stdout.includes('/written');
    });
    expect(await watch.stop()).toMatchObject({ code: 0 });
    const { packets } = summaryOf(watch.stderr);
    expect(packets).toBeGreaterThan(1);
    const facts = execFileSync('capinfos', ['-Mc', path], { encoding: 'utf8' });
    expect(Number(/Number of packets:\s*(\d+)/.exec(facts)?.[1])).toBe(packets);
    const seen = execFileSync(
      'tshark',
      ['-r', path, '-Y', 'http.request', '-T', 'fields', '-e', 'http.request.uri'],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    );
    expect(seen.split('\n')[0]).toBe('/written');
    // And Mizu reads its own file.
    const again = await tap('--read', path);
    expect(again.code).toBe(0);
    expect(entriesOf(again.stdout).length).toBe(entriesOf(watch.stdout).length);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends everything: exit 0, no process, no folder',
    async (signal) => {
      const temporary = join(folder, `temporary-${signal}`);
      mkdirSync(temporary);
      await using watch = await startTap(['--local', '--demo'], {
        environment: { TMPDIR: temporary },
      });
      await until('calls of the demo shop', async () => (await watch.entries('demo')).length > 0);
      expect(readdirSync(temporary)).toHaveLength(1);
      using live = await watch.live('');
      await until('the live tail', () => live.states().length > 0);
      expect(await watch.stop(signal)).toEqual({ code: 0, signal: null });
      expect(watch.stderr).toMatch(/^packets /m);
      expect(watch.stderr).not.toMatch(/ at .*\.ts:\d+/);
      expect(readdirSync(temporary)).toEqual([]);
      expect(existsSync(`/proc/${watch.child.pid}`)).toBe(false);
    },
  );

  test('a store that is kept is still there after Ctrl-C', async () => {
    const store = join(folder, 'kept');
    {
      await using watch = await startTap([
        ...['--local', '--capture-filter', `tcp port ${target.port}`, '--store', store],
      ]);
      await call('/kept');
      await watch.answered('target == "/kept"', 1);
      expect(await watch.stop()).toMatchObject({ code: 0 });
    }
    await using again = await startTap(['--read', capture, '--store', store]);
    await again.answered('target == "/kept"', 1);
    const second = await mizu(['tap', '--read', capture, '--output', 'none', '--store', store]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(/^mizu: The store [^\n]+ is in use by process \d+\.[^\n]+\n$/);
  });

  test('a port that is taken is one line', async () => {
    const port = await freePort();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    try {
      for (const source of [['--local'], ['--read', capture]]) {
        const words = ['tap', ...source, '--headless', '--gui-port', String(port)];
        const { code, stdout, stderr } = await mizu(words);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        expect(stderr).toMatch(/^mizu: [^\n]+\n$/);
        expect(stderr).toContain(String(port));
        expect(stderr).toContain('--gui-port');
      }
    } finally {
      holder.close();
    }
  });

  test('an interface that does not exist is one line with those that do', async () => {
    const { code, stderr } = await tap('--local', '--interface', 'nope0');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^mizu: [^\n]*nope0[^\n]*\blo\b[^\n]*\n$/);
  });
});

/** Words that run a command without the right to capture; undefined when this cannot be had. */
function withoutRights(): string[] | undefined {
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
  const noCapability = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw'];
  return [nobody, noCapability].find(([command, ...words]) => {
    const run = spawnSync(command!, [...words, mizuCommand, 'version'], { cwd: '/' });
    return run.status === 0;
  });
}

describe('a user who may not capture', () => {
  const before = withoutRights();

  test.skipIf(before === undefined)('is told every remedy, exit 1', async () => {
    const port = String(await freePort());
    for (const output of [[], ['--output', 'jsonl']]) {
      const words = ['tap', '--local', '--headless', '--gui-port', port, ...output];
      const { code, stdout, stderr } = await mizu(words, { before: before! });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      for (const remedy of ['sudo', 'setcap cap_net_raw', '--cap-add NET_RAW', '--read -']) {
        expect(stderr).toContain(remedy);
      }
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });

  test.skipIf(before === undefined)('reads files all the same', async () => {
    execFileSync('chmod', ['-R', 'a+rX', folder]);
    const { code, stdout } = await mizu(['tap', '--read', capture, '--output', 'jsonl'], {
      before: before!,
    });
    expect(code).toBe(0);
    expect(entriesOf(stdout).length).toBe(whole.length);
  });

  test.skipIf(before === undefined)('sees the recording of the demo shop instead', async () => {
    await using shop = await startTap(['--local', '--demo'], { before: before! });
    const rows = await shop.until('recorded calls', async () => {
      const now = await shop.entries('demo');
      return now.length > 0 && now;
    });
    expect(Date.now() - rows[0]!.timestamp).toBeLessThan(60_000);
    expect(await shop.get('info')).toMatchObject({
      kind: 'recording',
      notice: expect.stringContaining('cannot be tapped'),
    });
    expect(await shop.stop()).toMatchObject({ code: 0 });
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync(join(repository, 'docs/cli.md'), 'utf8');

  test.each(['tap', 'demo'])('names every option of %s', async (command) => {
    const { stdout } = await mizu([command, '--help']);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, name]) => name!);
    expect(options.length).toBeGreaterThan(2);
    const missing = options.filter((name) => name !== '--help' && !page.includes(`\`${name}`));
    expect(missing).toEqual([]);
  });

  test('invents none', async () => {
    const help = (await mizu(['tap', '--help'])).stdout + (await mizu(['demo', '--help'])).stdout;
    const named = [...page.matchAll(/^\| `(--[\w-]+)/gm)].map(([, name]) => name!);
    expect(named.filter((name) => !help.includes(name))).toEqual([]);
  });
});
