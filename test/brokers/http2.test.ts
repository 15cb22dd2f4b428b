import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ValueMap } from '../../src/dissect/contract.ts';
import type { Entry } from '../../src/entry/entry.ts';
import { Capture, freePort, run, until } from './capture.ts';
import { commandPath } from './setup.ts';
import { installNghttp2 } from './setup-grpc.ts';

const isLong = process.env['MIZU_LONG_TESTS'] === '1';
const files = {
  '/small.json': '{"name":"apple","count":3}',
  '/text.txt': 'the quick brown fox '.repeat(50),
  '/large.txt': Array.from({ length: 20_000 }, (_, i) => `line ${i}`).join('\n'),
  '/empty.txt': '',
};

await installNghttp2();
const hasAll =
  (await commandPath('nghttpd')) !== undefined && (await commandPath('curl')) !== undefined;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function bodyOf(entry: Entry): string {
  return String((entry.response!['content'] as ValueMap)['text'] ?? '');
}

/** Paths of answered requests → how many there were, each with the right body. */
function expectBodies(entries: readonly Entry[], wanted: Readonly<Record<string, number>>): void {
  for (const [path, count] of Object.entries(wanted)) {
    const found = entries.filter(({ target }) => target === path);
    expect(found, path).toHaveLength(count);
    for (const entry of found) {
      expect(entry).toMatchObject({ status: 200, outcome: 'ok', incomplete: [], method: 'GET' });
      expect(digest(bodyOf(entry))).toBe(digest(files[path as keyof typeof files]));
    }
  }
}

describe.skipIf(!hasAll)('nghttpd (skipped when it or curl cannot be installed)', () => {
  let folder = '';
  let port = 0;
  let proxyPort = 0;
  let server: ChildProcess;
  let proxy: ChildProcess;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizu-nghttpd-'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    port = await freePort();
    // Padding, and a pushed file, so that these frames are there as well.
    const words = ['--no-tls', '-d', folder, '-b', '17', '-p', '/text.txt=/small.json'];
    server = spawn('nghttpd', [...words, String(port)], { stdio: 'ignore' });
    await until('nghttpd', async () => (await curl(['-sf', url('/small.json')])).code === 0);
    // Of nghttp2's servers only the proxy knows upgrades.
    proxyPort = await freePort();
    const ends = ['-f', `127.0.0.1,${proxyPort};no-tls`, '-b', `127.0.0.1,${port};;proto=h2`];
    const quiet = ['--errorlog-file=/dev/null', '--workers=1', '--conf=/dev/null'];
    proxy = spawn('nghttpx', [...ends, ...quiet], { stdio: 'ignore' });
    const asked = `http://127.0.0.1:${proxyPort}/small.json`;
    await until('nghttpx', async () => (await run('curl', ['-sf', asked])).code === 0);
  });
  afterAll(async () => {
    server.kill();
    proxy?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  const url = (path: string) => `http://127.0.0.1:${port}${path}`;
  const curl = (words: readonly string[]) => run('curl', ['--http2-prior-knowledge', ...words]);

  test('curl: prior knowledge, an error, a body that is sent', async () => {
    await using capture = await Capture.start([port]);
    for (const path of Object.keys(files)) await curl(['-sf', '-o', '/dev/null', url(path)]);
    await curl(['-s', url('/missing')]);
    await curl(['-s', '-X', 'POST', '-H', 'x-note: hëllo', '-d', 'a=1&b=two', url('/small.json')]);
    const entries = (await capture.entries()).filter(({ method }) => method !== 'POST');
    const posts = (await capture.entries()).filter(({ method }) => method === 'POST');
    expectBodies(entries, { '/text.txt': 1, '/large.txt': 1, '/empty.txt': 1 });
    expect(entries.filter(({ target }) => target === '/missing')).toMatchObject([
      { status: 404, outcome: 'failed' },
    ]);
    expect(posts).toMatchObject([
      { request: { postData: { text: 'a=1&b=two', params: [{ name: 'a' }, { name: 'b' }] } } },
    ]);
    expect(posts[0]!.request!['headers']).toMatchObject({ 'x-note': 'hëllo' });
  });

  test('nghttp and curl: an upgrade from HTTP/1, many streams at once', async () => {
    await using capture = await Capture.start([proxyPort]);
    const at = (path: string) => `http://127.0.0.1:${proxyPort}${path}`;
    const paths = ['/small.json', '/large.txt', '/empty.txt'];
    const { stderr } = await run('nghttp', ['-u', '-n', '-m', '10', ...paths.map(at)]);
    expect(stderr).not.toContain('not processed');
    // curl 7.88 breaks off some of its upgrades itself (16, an error in HTTP/2): until one goes well.
    const upgrade = ['-sf', '--http2', '-o', '/dev/null', at('/large.txt')];
    await until('an upgrade of curl', async () => (await run('curl', upgrade)).code === 0);
    const entries = await capture.entries();
    const all = entries.filter(({ status }) => status === 101);
    const upgrades = [all[0]!, all.at(-1)!];
    expect(upgrades).toMatchObject([
      { target: '/small.json', protocol: { version: '1.1' } },
      { target: '/large.txt', protocol: { version: '1.1' } },
    ]);
    const answers = upgrades.map(({ id }) => entries.find(({ parent }) => parent === id)!);
    expect(answers.map(bodyOf)).toEqual([files['/small.json'], files['/large.txt']]);
    const rest = entries.filter(
      ({ protocol, parent }) => protocol.version === '2.0' && parent === '',
    );
    expectBodies(rest, { '/small.json': 9, '/large.txt': 10, '/empty.txt': 10 });
  });

  test('h2load: every exchange, and no other', async () => {
    await using capture = await Capture.start([port]);
    const count = isLong ? 40_000 : 4000;
    const words = [
      '-n',
      String(count),
      '-c',
      '8',
      '-m',
      '16',
      url('/small.json'),
      url('/empty.txt'),
    ];
    const { stdout } = await run('h2load', words);
    expect(stdout).toContain(`${count} succeeded`);
    const entries = await capture.entries();
    expectBodies(entries, { '/small.json': count / 2, '/empty.txt': count / 2 });
    expect(entries).toHaveLength(count);
  });
});
