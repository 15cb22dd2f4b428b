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
});

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
    else if (way === 'service') expect(front?.port, what).toBe(80);
    else expect(nodeAddresses, what).toContain(front?.ip);
  }
}
