import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CaptureTargets, openLive } from '../capture/index.ts';
import type { LinkHub } from '../link/index.ts';
import { newSecret, startHub, type TestSecret, testSettings, until } from '../link/test-support.ts';
import { Batch, textAt } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { runTapper } from './run.ts';

function whyNot(): string {
  try {
    openLive({ ringBytes: 1 << 20 }).close();
    return '';
  } catch (error) {
    return String(error);
  }
}
const reason = whyNot();
const live = it.skipIf(reason !== '');
if (reason !== '') it.skip(`a tapper that captures is not tested: ${reason}`, () => undefined);

let secret: TestSecret;
let folder: string;
beforeAll(async () => {
  secret = await newSecret();
  folder = mkdtempSync(path.join(os.tmpdir(), 'mizu-tapper-'));
  writeFileSync(path.join(folder, 'key'), `${secret.key}\n`);
  writeFileSync(path.join(folder, 'tls.crt'), secret.certificate);
});
afterAll(() => rmSync(folder, { recursive: true }));

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Seen {
  readonly target: string;
  readonly stream: number;
}

/** Collects the final rows. */
function taker() {
  const seen: Seen[] = [];
  const take = (buffer: ArrayBuffer) => {
    const batch = Batch.open(buffer)!;
    for (let row = 0; row < batch.rows; row++) {
      if (batch.columns.outcome[row] === Outcome.Pending) continue;
      const target = textAt(batch, batch.columns.target, row);
      seen.push({ target, stream: batch.columns.stream[row]! });
    }
    return undefined;
  };
  return { seen, take };
}

async function hubWith(take: (buffer: ArrayBuffer) => undefined, port = 0) {
  const { hub } = await startHub(secret, { take, port });
  endings.push(() => hub.close());
  return hub;
}

function tapperFor(hub: LinkHub, more: Record<string, string> = {}) {
  const ending = new AbortController();
  const lines: string[] = [];
  const environment = {
    API_SERVER_ADDRESS: `127.0.0.1:${hub.port}`,
    SECRET_FOLDER: folder,
    NODE_NAME: 'node-1',
    POD_NAME: 'tapper-1',
    ...more,
  };
  const ended = runTapper(environment, ending.signal, (line) => lines.push(line));
  const end = async () => {
    ending.abort();
    await ended;
  };
  endings.push(end);
  return { lines, end };
}

async function webServer() {
  const server = http.createServer((request, response) => response.end(`for ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  endings.push(async () => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const get = (target: string) =>
    new Promise<void>((resolve, reject) => {
      const request = http.get({ host: '127.0.0.1', port, path: target, agent }, (response) => {
        response.resume().on('end', resolve);
      });
      request.on('error', reject);
    });
  return { port, get };
}

const tapping = (version: number, ...ports: number[]): CaptureTargets => ({
  version,
  addresses: [],
  endpoints: ports.map((port) => ({ address: '127.0.0.1', port })),
  ignored: [],
});
const state = (hub: LinkHub) => hub.tappers()[0]?.capture;

describe('a tapper', () => {
  live(
    'ships the calls of targets, and takes new targets without losing a connection',
    async () => {
      const [one, other] = [await webServer(), await webServer()];
      const { seen, take } = taker();
      const hub = await hubWith(take);
      hub.setTargets(() => tapping(1, one.port));
      tapperFor(hub);
      await until(() => state(hub)?.state === 'capturing');
      await one.get('/first');
      await other.get('/not-a-target');
      await until(() => seen.some(({ target }) => target === '/first'));

      hub.setTargets(() => tapping(2, one.port, other.port));
      const changedAt = performance.now();
      while (!seen.some(({ target }) => target === '/other')) {
        expect(performance.now() - changedAt).toBeLessThan(2000);
        await other.get('/other');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await one.get('/second');
      await until(() => seen.some(({ target }) => target === '/second'));
      const streamOf = (wanted: string) => seen.find(({ target }) => target === wanted)!.stream;
      expect(streamOf('/second')).toBe(streamOf('/first'));
      expect(seen.map(({ target }) => target)).not.toContain('/not-a-target');

      hub.setTargets(() => tapping(3, other.port));
      await until(() => state(hub)?.targets === 3);
      await one.get('/no-longer');
      await other.get('/last');
      await until(() => seen.some(({ target }) => target === '/last'));
      expect(seen.map(({ target }) => target)).not.toContain('/no-longer');
      await until(() => (hub.tappers()[0]!.counters?.entries ?? 0) >= 4);
      expect(hub.tappers()[0]!.counters).toMatchObject({ dropped: 0, shedRows: 0 });
    },
  );

  live('keeps what it captures while the API server is away', async () => {
    const server = await webServer();
    const before = taker();
    const first = await hubWith(before.take);
    first.setTargets(() => tapping(1, server.port));
    const { port } = first;
    tapperFor(first);
    await until(() => state(first)?.state === 'capturing');
    await server.get('/before');
    await until(() => before.seen.length === 1);
    await first.close();
    for (let call = 0; call < 20; call++) await server.get(`/meanwhile/${call}`);
    const after = taker();
    const second = await hubWith(after.take, port);
    // Another API server counts the versions of its targets anew.
    const other = await webServer();
    second.setTargets(() => tapping(1, server.port, other.port));
    await until(() => after.seen.length === 20 && state(second)?.state === 'capturing');
    await server.get('/after');
    await until(() => after.seen.length === 21);
    expect(new Set(after.seen.map(({ target }) => target)).size).toBe(21);
    // The same capture has gone on all the time.
    expect(new Set([...before.seen, ...after.seen].map(({ stream }) => stream)).size).toBe(1);
    await other.get('/other');
    await until(() => after.seen.at(-1)?.target === '/other');
  });

  live('stops and starts capturing as the API server says', async () => {
    const server = await webServer();
    const { seen, take } = taker();
    const hub = await hubWith(take);
    hub.setTargets(() => tapping(1, server.port));
    tapperFor(hub);
    await until(() => state(hub)?.state === 'capturing');
    hub.setSettings({ ...testSettings, capturing: false });
    await until(() => state(hub)?.state === 'stopped');
    expect(state(hub)!.reason).toBe('the API server says so');
    await server.get('/unseen');
    hub.setSettings(testSettings);
    await until(() => state(hub)?.state === 'capturing');
    await server.get('/seen');
    await until(() => seen.length > 0);
    expect(seen.map(({ target }) => target)).toEqual(['/seen']);
  });

  live('stops capturing when the API server has been gone for too long', async () => {
    const { take } = taker();
    const hub = await hubWith(take);
    hub.setSettings({ ...testSettings, limits: { ...testSettings.limits, absentMs: 500 } });
    const { lines } = tapperFor(hub);
    await until(() => state(hub)?.state === 'capturing');
    await hub.close();
    await until(() => lines.some((line) => /capture stopped: .*gone for/.test(line)));
  });

  live('shares the traffic between several threads and counts it once', async () => {
    const server = await webServer();
    const { seen, take } = taker();
    const hub = await hubWith(take);
    hub.setSettings({ ...testSettings, threads: 2 });
    hub.setTargets(() => tapping(1, server.port));
    tapperFor(hub);
    await until(() => state(hub)?.state === 'capturing');
    const targets = Array.from({ length: 40 }, (_, index) => `/call/${index}`);
    for (const target of targets) {
      await fetch(`http://127.0.0.1:${server.port}${target}`, { headers: { connection: 'close' } });
    }
    await until(() => seen.length >= 40);
    expect(seen.map(({ target }) => target).sort()).toEqual(targets.sort());
    expect(new Set(seen.map(({ stream }) => Math.floor(stream / 2 ** 40))).size).toBe(2);
  });

  live('hands over the last calls and says good-bye when it is ended', async () => {
    const server = await webServer();
    const { seen, take } = taker();
    const hub = await hubWith(take);
    hub.setTargets(() => tapping(1, server.port));
    const { lines, end } = tapperFor(hub);
    await until(() => state(hub)?.state === 'capturing');
    await server.get('/last');
    const endedAt = performance.now();
    await end();
    expect(performance.now() - endedAt).toBeLessThan(4000);
    await until(() => hub.tappers()[0]!.farewell !== '');
    expect(seen.map(({ target }) => target)).toEqual(['/last']);
    expect(hub.tappers()[0]!.counters!.entries).toBe(1);
    expect(lines.at(-1)).toMatch(/info {2}ended: .*"entries":1/);
    expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
    expect(lines.join('')).not.toContain(secret.key);
  });

  it('says what is missing in its environment', async () => {
    const run = (environment: Record<string, string>) =>
      runTapper(environment, AbortSignal.abort(), () => undefined);
    await expect(run({})).rejects.toThrow('API_SERVER_ADDRESS is not set');
    await expect(run({ API_SERVER_ADDRESS: 'mizu', NODE_NAME: 'n' })).rejects.toThrow(
      'API_SERVER_ADDRESS is "mizu", not NAME:PORT',
    );
    await expect(run({ API_SERVER_ADDRESS: 'mizu:8898' })).rejects.toThrow('NODE_NAME is not set');
  });

  it('goes on trying when the secret is not there, and says so once', async () => {
    const { take } = taker();
    const hub = await hubWith(take);
    const { lines } = tapperFor(hub, { SECRET_FOLDER: path.join(folder, 'nowhere') });
    const complaints = () => lines.filter((line) => /key cannot be read \(ENOENT\)/.test(line));
    await until(() => complaints().length > 0);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(complaints()).toHaveLength(1);
  });
});
