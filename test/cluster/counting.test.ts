import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryRow } from '../../src/entry/entry.ts';
import { callShop, openShop, type Shop } from './shop.ts';
import {
  deleteNamespace,
  isLong,
  leftovers,
  newNamespace,
  noCluster,
  sleep,
  startKubectl,
  Tap,
  until,
} from './support.ts';

/** Calls of each kind: by five ways, over kept and over fresh connections. */
const callsPerWay = isLong ? 1000 : 100;

describe.skipIf(noCluster !== undefined)(`each call once (${noCluster ?? 'a cluster'})`, () => {
  let shop: Shop;
  let before: string[];

  beforeAll(async () => {
    before = leftovers();
    shop = await openShop(newNamespace('count'));
  });
  afterAll(() => deleteNamespace(shop.namespace));

  test('by pod, service and node port, on one node and across: none missing, none twice', async () => {
    const tap = await Tap.start(['-n', shop.namespace]);
    try {
      await tap.capturing(2);
      const [here, there] = shop.nodes.map((node) => shop.pods[node]!);
      const done = callShop(shop, callsPerWay, {
        same: `http://${here!.ip}:8080`,
        across: `http://${there!.ip}:8080`,
        service: 'http://cart',
        port1: `http://${shop.nodeAddresses[0]}:${shop.nodePort}`,
        port2: `http://${shop.nodeAddresses[1]}:${shop.nodePort}`,
      });
      expect(done).toEqual({ done: callsPerWay * 10, failed: [] });
      let entries: EntryRow[] = [];
      let counters: unknown;
      await until(
        () => `${entries.length} of ${done.done} calls stored, ${JSON.stringify(counters)}`,
        async () => {
          entries = await tap.entries('http');
          counters = await tap.get('counters');
          return entries.length >= done.done || undefined;
        },
        20_000,
      );
      // Late sightings would come now.
      await sleep(2000);
      expect(timesSeen(await tap.entries('http'))).toEqual(new Map([[1, done.done]]));
      checkNames(entries, shop);
    } finally {
      expect(await tap.stop()).toBe(0);
    }
    expect(tap.output).toContain('Removing mizu resources');
    await until('nothing is left', () => leftovers().join() === before.join() || undefined);
  });

  test.skipIf(!isLong)(
    'an answer after 30 s: one entry, which waits and is completed',
    async () => {
      const tap = await Tap.start(['-n', shop.namespace]);
      try {
        await tap.capturing(2);
        const ways = {
          service: 'http://cart',
          port1: `http://${shop.nodeAddresses[0]}:${shop.nodePort}`,
          port2: `http://${shop.nodeAddresses[1]}:${shop.nodePort}`,
        };
        // Services choose among pods of both nodes.
        const urls = Object.entries(ways).flatMap(([way, url]) =>
          Array.from({ length: 8 }, (_, i) => `${url}/late/${way}/${i}/after/30000`),
        );
        const client = ['exec', '-n', shop.namespace, 'client', '--', 'node', '-e', waitingCode];
        const calls = startKubectl([...client, ...urls]);
        const late = () => tap.entries('request.path startsWith "/late/"');
        const outcomes = (entries: readonly EntryRow[]) => new Set(entries.map((e) => e.outcome));
        await sleep(10_000);
        const waiting = await late();
        expect(timesSeen(waiting)).toEqual(new Map([[1, urls.length]]));
        expect(outcomes(waiting)).toEqual(new Set(['pending']));
        expect((await calls.output).trim()).toBe(String(urls.length));
        await until('all are answered', async () => {
          const known = outcomes(await late());
          return (known.size === 1 && known.has('ok')) || undefined;
        });
        await sleep(3000);
        const entries = await late();
        expect(timesSeen(entries)).toEqual(new Map([[1, urls.length]]));
        expect(entries.map(({ id }) => id).sort()).toEqual(waiting.map(({ id }) => id).sort());
        checkNames(entries, shop);
        expect(new Set(entries.map(({ dst }) => dst.pod)).size).toBe(2);
      } finally {
        expect(await tap.stop()).toBe(0);
      }
    },
  );
});

/** Calls all of these at once; resolves when all are answered. */
const waitingCode = `
Promise.all(process.argv.slice(1).map((url) => fetch(url).then((answer) => answer.text())))
  .then((texts) => console.log(texts.length));
`;

/** How often a path was seen → how many paths. */
function timesSeen(entries: readonly EntryRow[]): Map<number, number> {
  const paths = new Map<string, number>();
  for (const { target } of entries) paths.set(target, (paths.get(target) ?? 0) + 1);
  const times = new Map<number, number>();
  for (const count of paths.values()) times.set(count, (times.get(count) ?? 0) + 1);
  return times;
}

function checkNames(entries: readonly EntryRow[], { pods, namespace, nodeAddresses }: Shop): void {
  const servers = new Set(Object.values(pods).map(({ name }) => name));
  for (const { src, dst, target, status, outcome, front } of entries) {
    const what = JSON.stringify({ target, src, dst, front });
    expect({ status, outcome }, what).toEqual({ status: 200, outcome: 'ok' });
    expect(src.pod, what).toBe('client');
    expect(servers, what).toContain(dst.pod);
    expect(dst, what).toMatchObject({ service: 'cart', namespace, workload: 'deployment/cart' });
    const [, way] = target.split('/');
    if (way === 'same' || way === 'across') expect(front, what).toBeUndefined();
    else if (target.includes('/service/')) expect(front?.port, what).toBe(80);
    else expect(nodeAddresses, what).toContain(front?.ip);
  }
}
