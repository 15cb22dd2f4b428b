import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ClusterNames, type ClusterNamesOptions } from './cluster-names.ts';
import type { Notice } from './notices.ts';
import { FakeApi, nodeObject, podObject, serviceObject, sliceObject } from './test-support.ts';

const pods = '/api/v1/pods';
const services = '/api/v1/services';
const slices = '/apis/discovery.k8s.io/v1/endpointslices';
const nodes = '/api/v1/nodes';
const replicaSets = '/apis/apps/v1/replicasets';

let api: FakeApi;
let folder: string;
const running: ClusterNames[] = [];

beforeEach(async () => {
  api = await FakeApi.start();
  folder = await mkdtemp(join(tmpdir(), 'mizu-names-'));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((names) => names.stop()));
  await api.close();
  await rm(folder, { recursive: true });
});

async function started(options: Partial<ClusterNamesOptions> = {}): Promise<ClusterNames> {
  const names = new ClusterNames({ reader: api.reader(), patience: 0.02, ...options });
  running.push(names);
  await names.start();
  return names;
}

const startedAt = Date.now() - 60_000;
const pod = (name: string, ip: string, rest = {}) => podObject(name, { ip, startedAt, ...rest });
const nameOf = (names: ClusterNames, address: string, port = 80) =>
  names.identify(address, port, Date.now())?.name;

describe('the watch', () => {
  test('reads lists in pages, then hears of what comes and goes', async () => {
    for (let i = 0; i < 600; i++) {
      api.put(pods, pod(`pod-${i}`, `10.1.${i >> 8}.${i & 255}`));
    }
    const names = await started();
    expect(names.pods()).toHaveLength(600);
    expect(nameOf(names, '10.1.2.87')).toBe('pod-599');
    expect(api.requests.filter((url) => url.includes('continue='))).toHaveLength(2);
    let told = 0;
    names.onPods(() => told++);
    api.put(pods, pod('late', '10.2.0.1'));
    await expect.poll(() => nameOf(names, '10.2.0.1')).toBe('late');
    await expect.poll(() => told).toBeGreaterThan(0);
    api.remove(pods, pod('late', '10.2.0.1'));
    await expect.poll(() => names.pods().length).toBe(600);
  });

  test('goes on where it was when its connection breaks', async () => {
    const names = await started();
    api.put(pods, pod('first', '10.1.0.1'));
    await expect.poll(() => nameOf(names, '10.1.0.1')).toBe('first');
    api.breakWatches(pods);
    const watches = () => api.requests.filter((url) => url.startsWith(`${pods}?watch`));
    await expect.poll(() => watches().length).toBe(2);
    expect(watches()[1]).toMatch(/resourceVersion=101/);
    api.put(pods, pod('second', '10.1.0.2'));
    await expect.poll(() => nameOf(names, '10.1.0.2')).toBe('second');
    expect(names.notices()).toEqual([]);
  });

  test('lists anew when its version is too old, and ends what is gone', async () => {
    const gone = pod('gone', '10.1.0.1');
    api.put(pods, gone);
    const names = await started();
    await expect.poll(() => api.collection(pods).watchers.size).toBe(1);
    // The deletion is never told.
    api.collection(pods).objects.clear();
    api.collection(pods).gone = 1;
    api.breakWatches(pods);
    await expect.poll(() => names.pods()).toEqual([]);
    expect(names.identify('10.1.0.1', 80, startedAt + 1000)?.name).toBe('gone');
  });

  test('says once, in a sentence, what it may not read, and does without', async () => {
    api.collection(nodes).refused = true;
    api.collection(replicaSets).refused = true;
    const labels = { 'pod-template-hash': '5b58f' };
    const owner = { kind: 'ReplicaSet', name: 'cart-5b58f', uid: 'rs' };
    api.put(pods, pod('cart-5b58f-x', '10.1.0.1', { labels, owner, hostIp: '10.240.0.11' }));
    const notices: Notice[] = [];
    const names = await started({ onNotice: (notice) => notices.push(notice) });
    await expect
      .poll(() => notices.map(({ text }) => text).sort())
      .toEqual([
        'No right to list and watch nodes in the cluster: names of nodes are known from their pods only.',
        'No right to list and watch replicasets in the cluster: deployments are told by the names of their pods.',
      ]);
    expect(names.identify('10.1.0.1', 80, Date.now())?.workload).toBe('deployment/cart');
    expect(nameOf(names, '10.240.0.11')).toBe('node-1');
  });

  test('says what fails when it goes on failing, until it works again', async () => {
    const names = await started();
    await expect.poll(() => api.collection(pods).watchers.size).toBe(1);
    api.collection(pods).broken = true;
    api.breakWatches(pods);
    await expect
      .poll(() => names.notices().map(({ text }) => text))
      .toEqual([
        expect.stringMatching(
          /^Cannot read pods in the cluster \(.+\): new ones have no names until/,
        ),
      ]);
    api.collection(pods).broken = false;
    await expect.poll(() => names.notices(), { timeout: 3000 }).toEqual([]);
    api.put(pods, pod('cart', '10.1.0.1'));
    await expect.poll(() => nameOf(names, '10.1.0.1')).toBe('cart');
  });

  test('of one namespace asks for nothing else', async () => {
    api.put('/api/v1/namespaces/shop/pods', pod('cart', '10.1.0.1'));
    const names = await started({ namespaces: ['shop'] });
    expect(nameOf(names, '10.1.0.1')).toBe('cart');
    expect(names.namespaces()).toEqual(['shop']);
    expect(names.notices().map(({ text }) => text)).toEqual([
      'Only namespace "shop" can be read: pods and services of others have no names.',
    ]);
    const outside = api.requests.filter((url) => !url.includes('/namespaces/shop/'));
    expect(outside.every((url) => url.startsWith(nodes))).toBe(true);
  });

  test('finds the deployment of pods whose ReplicaSet came later', async () => {
    const owner = (name: string) => ({ kind: 'ReplicaSet', name, uid: `uid-${name}` });
    const replicaSet = (name: string) => ({
      metadata: {
        name,
        uid: `uid-${name}`,
        namespace: 'shop',
        ownerReferences: [{ kind: 'Deployment', name: 'web', uid: 'd', controller: true }],
      },
    });
    api.put(replicaSets, replicaSet('listed'));
    api.put(pods, pod('one', '10.1.0.1', { owner: owner('listed') }));
    const names = await started();
    const workload = (ip: string) => names.identify(ip, 80, Date.now())?.workload;
    await expect.poll(() => workload('10.1.0.1')).toBe('deployment/web');
    api.single('/apis/apps/v1/namespaces/shop/replicasets/later', replicaSet('later'));
    api.put(pods, pod('two', '10.1.0.2', { owner: owner('later') }));
    await expect.poll(() => workload('10.1.0.2')).toBe('deployment/web');
    expect(names.pods().find(({ name }) => name === 'two')?.workload?.kind).toBe('Deployment');
  });
});

describe('names', () => {
  test('that become known are told, so that shown entries can be completed', async () => {
    const names = await started();
    const told = new Set<string>();
    names.onNames((addresses) => {
      for (const address of addresses) told.add(address);
    });
    api.put(pods, pod('late', '10.1.0.9'));
    api.put(services, serviceObject('web', { ip: '10.96.0.8' }));
    await expect.poll(() => [...told].sort()).toEqual(['10.1.0.9', '10.240.0.11', '10.96.0.8']);
  });

  test('from outside are used where the cluster knows nothing, and marked', async () => {
    api.put(pods, pod('cart', '10.1.0.1'));
    const names = await started();
    const now = Date.now();
    names.learnHost('192.0.2.7', 'Maps.Example.:443', now - 5000, 'dns');
    names.learnHost('192.0.2.7', 'tiles.example', now, 'dns');
    names.learnHost('10.1.0.1', 'evil.example', now, 'dns');
    names.learnHost('192.0.2.8', '192.0.2.8', now, 'dns');
    names.learnHost('192.0.2.9', 'not a host', now, 'dns');
    expect(names.identify('192.0.2.7', 443, now - 1000)).toEqual({
      kind: 'external',
      name: 'maps.example',
      origin: 'dns',
    });
    expect(names.identify('192.0.2.7', 443, now + 1000)?.name).toBe('tiles.example');
    expect(nameOf(names, '10.1.0.1')).toBe('cart');
    expect(nameOf(names, '192.0.2.8')).toBeUndefined();
    expect(nameOf(names, '192.0.2.9')).toBeUndefined();
  });

  test('from a node name its other addresses and sockets', async () => {
    const hostNetwork = { hostNetwork: true, node: 'node-1' };
    api.put(pods, pod('agent', '10.240.0.11', hostNetwork));
    api.put(nodes, nodeObject('node-1', ['10.240.0.11']));
    const names = await started();
    const sockets = [{ port: 7000, podUid: 'uid-agent', listening: true }];
    names.learnNode('node-1', { addresses: ['10.1.0.1', '127.0.0.1'], sockets }, Date.now());
    expect(nameOf(names, '10.1.0.1', 7000)).toBe('agent');
    expect(nameOf(names, '10.1.0.1', 7001)).toBe('node-1');
    expect(nameOf(names, '127.0.0.1')).toBeUndefined();
  });

  test('lead back to addresses, all that ever had them; too many are none', async () => {
    api.put(pods, pod('cart-1', '10.1.0.1'));
    api.put(pods, pod('cart-2', '10.1.0.2'));
    api.put(services, serviceObject('cart', { ip: '10.96.0.7' }));
    api.put(slices, sliceObject('cart', ['cart-1', 'cart-2']));
    for (let i = 0; i < 1200; i++) {
      api.put(pods, pod(`many-${i}`, `10.2.${i >> 8}.${i & 255}`, { namespace: 'many' }));
    }
    const names = await started();
    api.remove(pods, pod('cart-1', '10.1.0.1'));
    await expect.poll(() => names.pods().length).toBe(1201);
    const ofCart = names.addressesWhere(({ service }) => service === 'cart');
    expect(ofCart?.sort()).toEqual(['10.1.0.1', '10.1.0.2', '10.96.0.7']);
    expect(names.addressesWhere(({ namespace }) => namespace === 'many')).toBeUndefined();
  });
});

describe('the history', () => {
  test('survives a restart, with what ended while nobody watched', async () => {
    const gone = pod('gone', '10.1.0.1', { labels: { app: 'gone' } });
    api.put(pods, gone);
    api.put(pods, pod('stays', '10.1.0.2'));
    api.put(services, serviceObject('web', { ip: '10.96.0.8' }));
    api.put(slices, sliceObject('web', ['gone', 'stays']));
    api.put(nodes, nodeObject('node-1', ['10.240.0.11']));
    const before = await started({ folder });
    before.learnHost('192.0.2.7', 'maps.example', startedAt, 'dns');
    before.learnNodeNumber('node-1', 513);
    await before.stop();
    api.remove(pods, gone);
    api.remove(services, serviceObject('web'));
    const reused = pod('reused', '10.1.0.1', { startedAt: Date.now() });
    api.put(pods, reused);
    const after = await started({ folder });
    const past = startedAt + 1000;
    expect(after.identify('10.1.0.1', 8080, past)).toEqual({
      kind: 'pod',
      name: 'web',
      pod: 'gone',
      service: 'web',
      namespace: 'shop',
      node: 'node-1',
      labels: { app: 'gone' },
    });
    expect(after.identify('10.1.0.1', 8080, Date.now() + 1000)?.pod).toBe('reused');
    expect(after.identify('10.1.0.2', 8080, past)?.name).toBe('web');
    expect(after.identify('10.96.0.8', 80, past)?.name).toBe('web');
    expect(after.identify('10.96.0.8', 80, Date.now() + 60_000)).toBeUndefined();
    expect(after.identify('192.0.2.7', 80, past)?.name).toBe('maps.example');
    expect(after.nodeName(513)).toBe('node-1');
    expect(after.pods().map(({ name }) => name)).toEqual(['stays', 'reused']);
  });

  test('with a torn end or strange lines is read as far as it goes', async () => {
    api.put(pods, pod('cart', '10.1.0.1'));
    const before = await started({ folder });
    await before.stop();
    const file = join(folder, 'names.jsonl');
    const text = await readFile(file, 'utf8');
    await writeFile(file, `rubbish\n{"pod":{"uid":7}}\n${text}{"pod":{"uid":"x","na`);
    api.remove(pods, pod('cart', '10.1.0.1'));
    const after = await started({ folder });
    expect(after.identify('10.1.0.1', 80, startedAt + 1000)?.name).toBe('cart');
    await after.stop();
    const again = await started({ folder });
    expect(again.identify('10.1.0.1', 80, startedAt + 1000)?.name).toBe('cart');
  });

  test('is written anew when most of it is old', async () => {
    api.put(pods, pod('cart', '10.1.0.1'));
    const names = await started({ folder });
    for (let round = 0; round < 2200; round++) {
      names.learnHost(
        '192.0.2.7',
        round % 2 ? 'one.example' : 'two.example',
        startedAt + round,
        'dns',
      );
      if (round % 100 === 0) await names.save();
      if (round % 2) names.learnNodeNumber(`node-${round}`, 1 + (round % 3));
    }
    for (let round = 0; round < 400; round++) {
      names.learnHost('192.0.2.8', `h${round}.example`, startedAt + round, 'dns');
      await names.save();
    }
    const lines = (await readFile(join(folder, 'names.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.length).toBeLessThan(2100);
    expect(lines.some((line) => line.includes('"cart"'))).toBe(true);
  });
});
