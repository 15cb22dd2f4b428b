import { afterEach, expect, test } from 'vitest';
import { TapperNodes } from './tapper-nodes.ts';

let nodes: TapperNodes | undefined;
afterEach(() => nodes?.stop());

test('who applies the objects again does not take the tappers away', async () => {
  const written: unknown[] = [];
  const asApplied = {
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
    template: { spec: { affinity: { nodeAffinity: {} } } },
  };
  let daemonSet: { spec: unknown } = { spec: asApplied };
  const api = {
    read: async () => daemonSet,
    merge: async (_: unknown, patch: { spec: unknown }) => {
      written.push(patch);
      daemonSet = patch;
      return patch;
    },
  };
  nodes = new TapperNodes({
    api: api as never,
    namespace: 'mizu',
    daemonSet: 'mizu-tapper-daemon-set',
    wanted: null,
    onNotice: () => undefined,
    lookEveryMs: 10,
  });
  const patches = async (count: number) =>
    expect.poll(() => written.length, { interval: 5 }).toBe(count);
  nodes.set(['node-2', 'node-1']);
  await patches(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(written, 'what is as it should be is left alone').toHaveLength(1);
  daemonSet = { spec: asApplied };
  await patches(2);
  expect(written[1]).toEqual(written[0]);
  expect(JSON.stringify(daemonSet)).toMatch(/OnDelete.*node-1.*node-2/);
});
