import { execFile, execFileSync } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry/entry.ts';
import { whyNotLive, whyNotNamespaces, whyNotPrograms } from './machine.ts';
import { mizuCommand, Running, startTap, type Tap, until } from './mizu.ts';
import { downloadBytes, Target } from './target.ts';

const whyNot = whyNotLive() || whyNotPrograms('curl');
const whyNoNamespaces = whyNot || whyNotNamespaces();

const run = promisify(execFile);
const curl = (...words: string[]) =>
  run('curl', ['-sS', '--max-time', '10', '-o', '/dev/null', ...words]);

let target: Target;
let tap: Tap;

beforeAll(async () => {
  if (whyNot !== '') return;
  target = await Target.open();
  tap = await startTap(['--local', '--capture-filter', `tcp port ${target.port}`]);
});

afterAll(async () => {
  await tap?.stop();
  await target?.close();
});

type Fields = Record<string, unknown>;
const responseOf = (entry: Entry) => entry.response as Fields & { content: Fields };

/** Sends bytes on a connection of its own and returns what came back until the server closed. */
function exchangeRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(target.port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (text) => {
      answer += text;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe.skipIf(whyNot !== '')(`curl on loopback, tapped${whyNot && `: ${whyNot}`}`, () => {
  test('HEAD has an answer without a body, and the next call on its connection is right', async () => {
    await curl('--head', target.url('/download?head'), '--next', target.url('/after-head'));
    const { entry } = await tap.details('target == "/download?head"');
    expect(entry).toMatchObject({ method: 'HEAD', status: 200, outcome: 'ok', incomplete: [] });
    expect(responseOf(entry)['bodySize']).toBe(0);
    const next = await tap.details('target == "/after-head"');
    expect(responseOf(next.entry).content['text']).toBe('answer to /after-head');
  });

  test('POST shows the body that was sent', async () => {
    const body = '{"customer":"水","amount":12.5}';
    await curl('--json', body, target.url('/echo'));
    const { entry, sections } = await tap.details('target == "/echo"');
    expect(entry).toMatchObject({ method: 'POST', status: 201 });
    expect((entry.request as Fields)['postData']).toMatchObject({
      text: body,
      mimeType: 'application/json',
      size: Buffer.byteLength(body),
    });
    expect(sections.request.map(({ kind }) => kind)).toContain('body');
    // What was found by looking into the body is the same call.
    expect(await tap.answered('request.postData.text.json().amount == 12.5', 1)).toMatchObject([
      { id: entry.id },
    ]);
  });

  test('a chunked body is put together', async () => {
    await curl(target.url('/chunked'));
    const { entry } = await tap.details('target == "/chunked"');
    expect(responseOf(entry).content['text']).toBe('first second third');
  });

  test('a gzip body is shown and searched as text', async () => {
    await curl('--compressed', target.url('/gzip'));
    const { entry } = await tap.details('target == "/gzip"');
    expect(responseOf(entry).content['text']).toBe('compressed '.repeat(200));
    expect(entry.responseSize).toBeLessThan(1000);
    await tap.answered('target == "/gzip" and "compressed compressed"', 1);
  });

  test('404 is a failed call', async () => {
    await curl(target.url('/missing/1'));
    const [row] = await tap.answered('target == "/missing/1"', 1);
    expect(row).toMatchObject({ status: 404, outcome: 'failed' });
  });

  test('calls of one keep-alive connection are entries of one stream', async () => {
    await curl(target.url('/kept/[1-5]'));
    const rows = await tap.answered('target startsWith "/kept/"', 5);
    expect(rows.map((row) => row.target)).toEqual([1, 2, 3, 4, 5].map((n) => `/kept/${n}`));
    expect(new Set(rows.map((row) => row.stream)).size).toBe(1);
  });

  test('pipelined calls get their own answers', async () => {
    const numbers = [1, 2, 3, 4];
    const requests = numbers.map((n) => `GET /pipelined/${n} HTTP/1.1\r\nHost: target\r\n`);
    const bytes = `${requests.join('\r\n')}Connection: close\r\n\r\n`;
    const answer = await exchangeRaw(bytes);
    expect(answer).toContain('answer to /pipelined/4');
    const rows = await tap.answered('target startsWith "/pipelined/"', 4);
    for (const row of rows) {
      const { entry } = await tap.details(`target == "${row.target}"`);
      expect(responseOf(entry).content['text']).toBe(`answer to ${row.target}`);
    }
  });

  test('a download above the body limit is cut and says how large it was', async () => {
    await curl(target.url('/download'));
    const { entry, sections } = await tap.details('target == "/download"');
    expect(entry.incomplete).toEqual(['the response body is longer than the limit']);
    expect(entry.outcome).toBe('ok');
    expect(entry.responseSize).toBeGreaterThan(downloadBytes);
    expect(responseOf(entry)).toMatchObject({ bodySize: downloadBytes, content: { cut: true } });
    const body = sections.response.find(({ kind }) => kind === 'body');
    expect(body).toMatchObject({ size: downloadBytes, cut: true });
  });

  test('IPv6 is IPv6', async () => {
    await curl('-g', `http://[::1]:${target.port}/six`);
    const [row] = await tap.answered('target == "/six"', 1);
    expect(row).toMatchObject({
      src: { ip: '::1' },
      dst: { ip: '::1', port: target.port },
      outcome: 'ok',
    });
  });

  test('a slow call is seen while it waits, and completed in place', async () => {
    using live = await tap.live('target == "/slow"');
    const called = curl(target.url('/slow'));
    const pending = await until('the waiting call', () => live.states()[0]);
    expect(pending).toMatchObject({ outcome: 'pending', elapsedTime: null });
    expect(await tap.entries('target == "/slow"')).toMatchObject([
      { id: pending.id, outcome: 'pending' },
    ]);
    target.release();
    await called;
    const last = await until('its completion', () =>
      live.states().find(({ outcome }) => outcome === 'ok'),
    );
    expect(last).toMatchObject({ id: pending.id, status: 200 });
    expect(last.elapsedTime).toBeGreaterThan(0);
    expect(await tap.answered('target == "/slow"', 1)).toMatchObject([{ id: pending.id }]);
  });

  test('secrets never reach the store', async () => {
    await curl('-H', 'Authorization: Bearer very-secret-value', target.url('/secret'));
    const { entry } = await tap.details('target == "/secret"');
    expect(JSON.stringify(entry)).not.toContain('very-secret-value');
    expect(JSON.stringify(entry)).toContain('[REDACTED]');
    const raw = await fetch(`${tap.origin}/api/v1/entries/${entry.id}/raw?side=request`, {
      headers: { authorization: 'Bearer end-to-end' },
    });
    expect(await raw.text()).toContain('[REDACTED]');
    expect(await tap.entries('"very-secret-value"')).toEqual([]);
  });

  test('nothing was lost or left over', async () => {
    const { capture, reassemble, store } = await tap.counters();
    expect({ ...capture, dropped: capture.dropped }).toMatchObject({ dropped: 0 });
    expect(reassemble).toMatchObject({ holes: 0, shedConnections: 0 });
    expect(store.shed).toBe(0);
    expect(await tap.entries('outcome != "ok" and outcome != "failed"')).toEqual([]);
  });
});

describe.skipIf(whyNot !== '')('the demo shop and the page', () => {
  test('demo calls are labelled; calls of the page itself are not shown', async () => {
    await using demo = await startTap(['--local', '--demo']);
    for (let n = 0; n < 5; n++) await demo.get('info');
    await curl(target.url('/beside-the-demo'));
    const [own] = await demo.answered('target == "/beside-the-demo"', 1);
    expect(own!.demo).toBe(false);
    const shop = await until('calls of the shop', async () => {
      const rows = await demo.entries('demo');
      return rows.length >= 5 && rows;
    });
    expect(new Set(shop.map(({ dst }) => dst.name))).not.toContain('');
    const { port } = demo;
    expect(await demo.entries(`dst.port == ${port} or src.port == ${port}`)).toEqual([]);
  });

  test('nor are they when the page takes any free port', async () => {
    await using watch = await startTap(['--local'], { port: 0 });
    for (let n = 0; n < 5; n++) await watch.get('info');
    await curl(target.url('/beside-the-page'));
    await watch.answered('target == "/beside-the-page"', 1);
    // By its port: another Mizu on this machine may be asked at the same time.
    const { port } = watch;
    expect(await watch.entries(`dst.port == ${port} or src.port == ${port}`)).toEqual([]);
  });
});

/**
 * Three network namespaces: Mizu and the server's host at the bridge, two hosts behind it.
 *
 *   a ── veth ──┐
 *               bridge (here Mizu listens on lo, bridge and both veths)
 *   b ── veth ──┘
 */
class Bridge {
  readonly middle = `mizu-e2e-${process.pid}`;
  readonly a = `${this.middle}-a`;
  readonly b = `${this.middle}-b`;

  constructor() {
    const { middle } = this;
    this.#ip('netns', 'add', middle);
    this.#inside(middle, 'link', 'set', 'lo', 'up');
    this.#inside(middle, 'link', 'add', 'bridge', 'type', 'bridge');
    this.#inside(middle, 'addr', 'add', '10.77.0.1/24', 'dev', 'bridge');
    this.#inside(middle, 'link', 'set', 'bridge', 'up');
    for (const [host, name, address] of [
      [this.a, 'to-a', '10.77.0.2/24'],
      [this.b, 'to-b', '10.77.0.3/24'],
    ] as const) {
      this.#ip('netns', 'add', host);
      this.#inside(middle, 'link', 'add', name, 'type', 'veth', 'peer', 'eth0', 'netns', host);
      this.#inside(middle, 'link', 'set', name, 'master', 'bridge', 'up');
      this.#inside(host, 'addr', 'add', address, 'dev', 'eth0');
      this.#inside(host, 'link', 'set', 'eth0', 'up');
    }
  }

  #ip(...words: string[]): void {
    execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  #inside(name: string, ...words: string[]): void {
    this.#ip('-n', name, ...words);
  }

  [Symbol.dispose](): void {
    for (const name of [this.a, this.b, this.middle]) {
      try {
        this.#ip('netns', 'del', name);
      } catch {
        // It was never made.
      }
    }
  }
}

const serverScript = `require('node:http').createServer((request, response) => {
  response.end('answer to ' + request.url);
}).listen(8080, '0.0.0.0', () => console.log('listening'));`;

describe.skipIf(whyNoNamespaces !== '')(
  `several interfaces that see the same packets${whyNoNamespaces && `: ${whyNoNamespaces}`}`,
  () => {
    test('each call is one entry', async () => {
      using bridge = new Bridge();
      const inside = (name: string) => ['ip', 'netns', 'exec', name];
      await using server = new Running(process.execPath, ['-e', serverScript], {
        before: inside(bridge.a),
      });
      await server.until('the server in its namespace', () => server.stdout.includes('listening'));
      await using watch = new Running(
        mizuCommand,
        ['tap', '--local', '--output', 'jsonl', '--summary', 'json'],
        { before: inside(bridge.middle) },
      );
      const entries = () =>
        watch.stdout
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Entry);
      const call = (from: string, path: string) =>
        run('ip', [
          ...['netns', 'exec', from, 'curl', '-sS', '--max-time', '5'],
          `http://10.77.0.2:8080${path}`,
        ]);
      // With jsonl nothing says that the source is open: calls are made until one is seen.
      await watch.until('the first call', async () => {
        await call(bridge.middle, '/first');
        return entries().length > 0;
      });
      await call(bridge.b, '/from-b/[1-3]');
      await call(bridge.middle, '/from-the-middle/[1-3]');
      await watch.until('the last call', () =>
        entries().some(({ target: path }) => path === '/from-the-middle/3'),
      );
      await watch.stop();
      const targets = entries().map((entry) => entry.target);
      for (const n of [1, 2, 3]) {
        expect(targets.filter((path) => path === `/from-b/${n}`)).toHaveLength(1);
        expect(targets.filter((path) => path === `/from-the-middle/${n}`)).toHaveLength(1);
      }
      expect(entries().every(({ outcome }) => outcome === 'ok')).toBe(true);
      expect(JSON.parse(watch.stderr)).toMatchObject({ holes: 0, dropped: 0 });
    });
  },
);
