import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryRow } from '../../src/entry/entry.ts';
import { clientObject, nodeNames, pinnedServer, podsOf, startStream } from './shop.ts';
import {
  apply,
  deleteNamespace,
  isLong,
  kubectl,
  newNamespace,
  noCluster,
  type Page,
  resourcesIn,
  say,
  sleep,
  startKubectl,
  Tap,
  traces,
  until,
} from './support.ts';

interface Report {
  readonly pods: { readonly name: string; readonly tapped: boolean; readonly node: string }[];
  readonly nodes: { readonly name: string; readonly running: boolean; readonly pod: string }[];
  readonly summary: { readonly tapped: number };
}

const runs = noCluster === undefined && isLong;

describe.skipIf(!runs)('targets follow the cluster', () => {
  let shop: string;
  let outside: string;
  let tap: Tap;
  let resources: ReturnType<typeof resourcesIn>;
  const [here, there] = runs ? (nodeNames() as [string, string]) : ['', ''];

  beforeAll(async () => {
    shop = newNamespace('moves');
    // Who calls is not tapped: only the called pod's being a target makes a call seen.
    outside = newNamespace('caller');
    apply(...pinnedServer(shop, 'steady', here), clientObject(outside, here));
    apply(...pinnedServer(shop, 'far', there), ...pinnedServer(outside, 'other', there));
    await until('pods run', () => running(shop, 2) && running(outside, 2));
    resources = resourcesIn('moves');
    tap = await Tap.start(['-n', shop, ...resources.options]);
    await tap.capturing(2);
  });
  afterAll(async () => {
    expect(await tap.stop()).toBe(0);
    deleteNamespace(shop, outside);
    await until('nothing is left', () => traces(resources.namespace).length === 0 || undefined);
  });

  test('a pod that appears is read within 2 s, one that vanishes goes; no stream is lost', async () => {
    const stream = startStream(outside, 20, { steady: `http://${addressOf(shop, 'steady')}:8080` });
    await sleep(1000);
    const watch = watchPods(shop, 'late');
    const calls = callAsSoonAsPossible(outside, shop, 'late');
    apply(...pinnedServer(shop, 'late', here));
    const firstCall = await calls;
    const first = await until('a call of the new pod is seen', async () =>
      oldest(await tap.entries('request.path startsWith "/late/"')),
    );
    const knownMs = (await watch.seen).getTime();
    const waitedMs = first.timestamp - Math.max(knownMs, firstCall);
    say(`new pod: its first call was read ${Math.round(waitedMs)} ms after its watch event`);
    expect(waitedMs).toBeLessThan(2000);
    expect(tap.output).toMatch(/\+late-/);

    kubectl(['delete', 'deployment', 'late', '-n', shop, '--wait=true']);
    await until('it is no target any more', async () => !tapped(await report(tap), 'late'), 5000);
    await tap.says(/-late-/, 5000);
    const done = await stream.end();
    expect(done.failed).toEqual([]);
    await expectAll(tap.page, 'steady', done.done);
  });

  test('one that moves to the other node is read there; streams of others go on', async () => {
    const stream = startStream(outside, 20, {
      steady2: `http://${addressOf(shop, 'steady')}:8080`,
      far: `http://${addressOf(shop, 'far')}:8080`,
    });
    apply(...pinnedServer(shop, 'mover', here));
    await until('it is tapped here', async () => nodeOf(await report(tap), 'mover') === here);
    apply(...pinnedServer(shop, 'mover', there));
    const calls = callAsSoonAsPossible(outside, shop, 'mover', there);
    const firstCall = await calls;
    await until('it is tapped there', async () => nodeOf(await report(tap), 'mover') === there);
    const first = await until('calls are seen there', async () =>
      oldest(await tap.entries('request.path startsWith "/mover/"')),
    );
    say(
      `moved pod: its first call was read ${Math.round(first.timestamp - firstCall)} ms after it answered`,
    );
    expect(first.timestamp - firstCall).toBeLessThan(2000);
    const done = await stream.end();
    expect(done.failed).toEqual([]);
    await expectAll(tap.page, 'steady2', Math.ceil(done.done / 2), 1);
    await expectAll(tap.page, 'far', Math.floor(done.done / 2), 1);
  });

  test('chosen through the API: reaches tappers in 2 s, and tappers run where targets are', async () => {
    const choice = { namespaces: [shop], regex: 'steady' };
    await tap.page.ask('PUT', 'targets', choice);
    expect((await report(tap)).summary.tapped).toBe(1);
    await until(
      'only the node with the target has a tapper',
      async () => {
        const pods = podsOf(resources.namespace).filter(({ metadata }) =>
          metadata.name.includes('tapper'),
        );
        return pods.length === 1 && pods[0]!.spec.nodeName === here;
      },
      30_000,
    );
    const stream = startStream(outside, 50, {
      chosen: `http://${addressOf(shop, 'steady')}:8080`,
      other: `http://${addressOf(outside, 'other')}:8080`,
    });
    await sleep(1000);
    expect(await tap.entries('request.path startsWith "/other/"')).toEqual([]);
    const at = Date.now();
    await tap.page.ask('PUT', 'targets', { namespaces: [shop, outside] });
    const first = await until('the new target is read', async () =>
      oldest(await tap.entries('request.path startsWith "/other/"')),
    );
    say(`chosen through the API: first call read ${Math.round(first.timestamp - at)} ms later`);
    // The caller on this node is a target now, too: its tapper runs already.
    expect(first.timestamp - at).toBeLessThan(2000);
    const done = await stream.end();
    await expectAll(tap.page, 'chosen', Math.ceil(done.done / 2), 1);
    await expect(
      tap.page.ask('PUT', 'targets', { namespaces: [shop], regex: '[' }),
    ).rejects.toThrow(/400/);
  });
});

const oldest = (entries: readonly EntryRow[]) =>
  entries.toSorted((one, other) => one.timestamp - other.timestamp)[0];
const report = (tap: Tap) => tap.get<Report>('targets');
const named = (name: string) => (pod: { readonly name: string }) => pod.name.startsWith(name);
const tapped = ({ pods }: Report, name: string) => pods.find(named(name))?.tapped ?? false;
const nodeOf = ({ pods }: Report, name: string) =>
  pods.findLast((pod) => named(name)(pod) && pod.tapped)?.node;

function running(namespace: string, count: number): true | undefined {
  const all = podsOf(namespace).filter(({ status }) => status.phase === 'Running');
  return all.length === count || undefined;
}

function addressOf(namespace: string, name: string): string {
  return podsOf(namespace).find(({ metadata }) => metadata.name.startsWith(name))!.status.podIP!;
}

/** When the cluster first said that the pod has an address. */
function watchPods(namespace: string, name: string): { readonly seen: Promise<Date> } {
  const format = '{.metadata.name} {.status.podIP}{"\\n"}';
  const words = ['get', 'pods', '-n', namespace, '-w', '-o', `jsonpath=${format}`];
  const watch = startKubectl(words);
  watch.output.catch(() => undefined);
  const seen = new Promise<Date>((resolve) => {
    let text = '';
    watch.process.stdout!.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!new RegExp(`^${name}\\S* \\d`, 'm').test(text)) return;
      watch.process.kill();
      resolve(new Date());
    });
  });
  return { seen };
}

/** Calls a pod every 50 ms from its start on; when the first call was answered. */
async function callAsSoonAsPossible(
  from: string,
  namespace: string,
  name: string,
  node?: string,
): Promise<number> {
  const address = await until('the pod has an address', () => {
    const pod = podsOf(namespace).find(
      ({ metadata, spec }) =>
        metadata.name.startsWith(name) && (node === undefined || spec.nodeName === node),
    );
    return pod?.status.podIP;
  });
  const code = `
    let first;
    for (let i = 0, end = Date.now() + 6000; Date.now() < end; i++) {
      const url = 'http://${address}:8080/${name}/' + i;
      const ok = await fetch(url, { headers: { connection: 'close' } }).then((r) => r.text(), () => '');
      if (ok !== '') first ??= Date.now();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    console.log(first);
  `;
  const words = ['exec', '-n', from, 'client', '--', 'node', '--input-type=module', '-e', code];
  return Number(await startKubectl(words).output);
}

/** All calls of a stream are stored, each once. */
async function expectAll(page: Page, name: string, count: number, tolerance = 0): Promise<void> {
  let paths: string[] = [];
  await until(
    () => `${paths.length} of ${count} calls ${name} stored`,
    async () => {
      paths = (await page.entries(`request.path startsWith "/${name}/"`)).map(
        ({ target }) => target,
      );
      return paths.length >= count - tolerance || undefined;
    },
    15_000,
  );
  expect(new Set(paths).size).toBe(paths.length);
  expect(Math.abs(paths.length - count)).toBeLessThanOrEqual(tolerance);
}
