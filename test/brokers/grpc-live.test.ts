/**
 * A tap that runs while a client of gRPC keeps its connection open: every call, and every message of a call
 * that goes on, is on the page half a second after it was made, with no wait for an end.
 */
import { expect, test } from 'vitest';
import { openShop, ShopClient } from '../../src/protocols/grpc/test-shop.ts';
import { whyNotLive } from '../e2e/machine.ts';
import { startTap } from '../e2e/mizu.ts';
import { delay } from './capture.ts';

const missing = whyNotLive();
const because = missing ? `: skipped, ${missing}` : '';
const longestMs = 500;
const rounds = 12;

test.skipIf(Boolean(missing))(
  `calls, and messages of a call that is open, are shown within half a second${because}`,
  async () => {
    const shop = await openShop();
    await using tap = await startTap(['--local', '--capture-filter', `tcp port ${shop.port}`]);
    const client = new ShopClient(shop.port);
    using live = await tap.live('grpc');
    const waits: number[] = [];
    const shown = async (isThere: () => boolean) => {
      const before = performance.now();
      while (!isThere() && performance.now() - before < 5000) await delay(5);
      waits.push(performance.now() - before);
    };
    const ended = (path: string) =>
      live.states().filter(({ target, status, method, outcome }) => {
        return method === 'POST' && target === path && status === 0 && outcome === 'ok';
      }).length;
    await delay(1000);
    for (let i = 1; i <= rounds; i++) {
      await client.add({ name: `item ${i}`, count: i });
      await shown(() => ended('/shop.Cart/Add') >= i);
    }
    const messages = () =>
      live.states().filter(({ target, method }) => {
        return method === 'message' && target === '/shop.Cart/Talk';
      }).length;
    const items = [1, 2, 3].map((count) => ({ name: `said ${count}`, count }));
    await client.talk(items, async () => {
      // Each was answered, and the call is still open.
      await shown(() => messages() === 2 * items.length);
      expect(ended('/shop.Cart/Talk')).toBe(0);
    });
    await shown(() => ended('/shop.Cart/Talk') === 1);
    client.close();
    shop.close();
    const sorted = waits.sort((a, b) => a - b).map(Math.round);
    // One may meet with whatever else this machine does.
    expect(sorted.at(-2), `${sorted} ms`).toBeLessThan(longestMs);
  },
);
