import { afterEach, describe, expect, it } from 'vitest';
import type { CaptureTargets } from '../capture/targets.ts';
import { batchOf, type Seen } from '../join/test-support.ts';
import { until } from '../link/test-support.ts';
import type { Counters, EntriesPage, TargetChoice } from '../serve/api.ts';
import { Batch } from '../ship/batch.ts';
import { Scene } from './test-support.ts';

const everything: TargetChoice = {
  namespaces: ['shop'],
  allNamespaces: false,
  regex: '',
  selector: '',
  workloads: [],
  include: [],
  exclude: [],
};

const atClient: Seen = {
  node: 1,
  stream: 1,
  counter: 1,
  timeMs: Date.now(),
  source: '10.0.1.2:40000',
  destination: '10.96.0.1:80',
  requestSequence: 1000,
  responseSequence: 2000,
  request: 'GET /cart HTTP/1.1\r\nhost: server\r\n\r\n',
  response: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
  waitMs: 5,
};
const atServer: Seen = { ...atClient, node: 2, destination: '10.0.2.1:8080' };
const sent = (...rows: Seen[]) => Batch.open(batchOf(rows))!;

let scene: Scene | undefined;
afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

async function open(...changes: Parameters<typeof Scene.open>): Promise<Scene> {
  scene = await Scene.open(...changes);
  await scene.start();
  return scene;
}

describe('tappers of two nodes', () => {
  it('see one call: it is stored once, from the client to the pod, with the service in front', async () => {
    const { tapper, ask } = bound(await open());
    const tappers = [tapper('node-1'), tapper('node-2')] as const;
    tappers[0].send(sent(atClient));
    tappers[1].send(sent(atServer));
    const entries = async () => (await ask<EntriesPage>('entries')).entries;
    await expect.poll(entries, { timeout: 5000 }).toHaveLength(1);
    const [entry] = await entries();
    expect(entry).toMatchObject({
      src: { ip: '10.0.1.2', pod: 'client' },
      dst: { ip: '10.0.2.1', port: 8080, pod: 'server-2' },
    });
    expect(JSON.stringify(entry)).toContain('10.96.0.1');
    const counters = await ask<Counters>('counters');
    expect(counters.join).toMatchObject({ sightings: 2, joined: 1 });
    expect(counters.dissect.entries).toBe(1);
    // Both tappers have dropped three packets each, which must not be lost from sight.
    await expect.poll(async () => (await ask<Counters>('counters')).capture.dropped).toBe(6);
    for (const one of tappers) await one.close('', 0);
  });

  it('read their own targets, and the service in front of them', async () => {
    const { tapper } = bound(await open());
    const told: CaptureTargets[] = [];
    const link = tapper('node-1', { onWelcome: ({ targets }) => told.push(targets) });
    await until(() => told.length > 0);
    expect(told[0]?.addresses).toEqual(['10.0.1.1', '10.0.1.2']);
    expect(told[0]?.endpoints).toEqual([{ address: '10.96.0.1', port: 80 }]);
    await link.close('', 0);
  });

  it('that come again after a restart bring nothing twice', async () => {
    const one = await open({ mode: 'install', lease: null });
    const { tapper, ask } = bound(one);
    const first = tapper('node-1');
    first.send(sent(atClient));
    await expect
      .poll(async () => (await ask<EntriesPage>('entries')).entries.length, { timeout: 5000 })
      .toBe(1);
    await first.close('', 0);
    await one.stop();
    await one.start();
    const second = tapper('node-2');
    second.send(sent(atServer));
    await expect
      .poll(async () => (await ask<Counters>('counters')).join?.late, { timeout: 5000 })
      .toBe(1);
    expect((await ask<EntriesPage>('entries')).entries).toHaveLength(1);
    await second.close('', 0);
  });
});

describe('a store that a newer Mizu wrote', () => {
  it('is moved aside and said in log, page and health; the API server runs', async () => {
    const one = await Scene.open({ mode: 'install', lease: null });
    scene = one;
    one.writeData('entries/mizu-store.json', '{"format":99,"mizu":"9.9.9"}');
    one.writeData('entries/000001.duckdb', 'columns of the future');
    await one.start();
    const said = /written by Mizu 9\.9\.9 in format 99; .*moved to .*set-aside-format-99/;
    expect(one.lines.join('')).toMatch(said);
    expect(await one.ask('health')).toMatchObject({
      status: 'ok',
      notice: expect.stringMatching(said),
    });
    expect(await one.ask('info')).toMatchObject({ notice: expect.stringMatching(said) });
    expect((await one.targets()).notices.join()).toMatch(said);
    const { store } = await one.ask<Counters>('counters');
    expect(store.entries).toBe(0);
    const moved = one.readData('entries/set-aside-format-99/000001.duckdb');
    expect(moved).toBe('columns of the future');
  });
});

describe('targets', () => {
  it('are told with their reasons and nodes; tappers run on these nodes only', async () => {
    const one = await open();
    await until(() => one.daemonSet.includes('node-2'));
    expect(one.daemonSet).toContain('OnDelete');
    const { summary, pods, nodes } = await one.targets();
    expect(summary).toEqual({
      tapped: 3,
      pods: 3,
      namespaces: ['shop'],
      allNamespaces: false,
      silentNodes: [],
    });
    expect(pods.map(({ name, tapped }) => [name, tapped])).toContainEqual(['server-1', true]);
    expect(nodes).toMatchObject([
      { name: 'node-1', targets: 2, wanted: true, running: false, state: 'missing' },
      { name: 'node-2', targets: 1 },
    ]);
  });

  it('are changed while tappers run, and the choice outlives a restart', async () => {
    const one = await open({ mode: 'install', lease: null });
    const told: CaptureTargets[] = [];
    const link = one.tapper('node-1', { onTargets: (targets) => told.push(targets) });
    await until(() => one.lines.some((line) => line.includes('tapper on node-1')));
    const answer = await one.ask<{ nodes: unknown[] }>('targets', {
      ...everything,
      exclude: ['shop/client', 'shop/server-2'],
    });
    expect(answer.nodes).toMatchObject([{ name: 'node-1', targets: 1 }]);
    await until(() => told.length > 0);
    expect(told[0]).toMatchObject({ addresses: ['10.0.1.1'], endpoints: [] });
    await until(() => !one.daemonSet.includes('node-2'));
    await link.close('', 0);
    await one.stop();
    await one.start();
    expect((await one.targets()).summary.tapped).toBe(1);
    expect(JSON.stringify(one.cluster.bodies)).toContain('targets.json');
  });

  it('that cannot be used are refused with a sentence, and nothing changes', async () => {
    const one = await open();
    const answer = await one.ask('targets', { ...everything, regex: '(' });
    expect(answer).toMatchObject({ error: { code: 'bad_parameter' } });
    expect((await one.targets()).summary.tapped).toBe(3);
  });
});

describe('a session', () => {
  it('that nobody renews ends: its objects go, and so does the process', async () => {
    const one = await open({ lease: { name: 'mizu-session', seconds: 0.5 } });
    await one.ended;
    expect(one.lines.join('')).toContain('nobody has renewed the session');
    expect(one.cluster.requests).toContain('DELETE /api/v1/namespaces/mizu');
  }, 15_000);
});

describe('without what it needs', () => {
  it('says which file is missing', async () => {
    const one = await Scene.open({ ports: { http: 0, tapper: -1 } });
    scene = one;
    await one.start();
    expect(one.lines.at(-1)).toContain('mizu-config.json: ports.tapper');
  });
});

function bound(one: Scene) {
  return { tapper: one.tapper.bind(one), ask: one.ask.bind(one) as Scene['ask'] };
}
