import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeObjects } from './remove-objects.ts';
import { type FakeCluster, fakeCluster, foreignObject, ownObject } from './test-support.ts';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster.close());

const names = () => [...cluster.objects.values()].map(({ metadata }) => metadata!.name);

test('everything of Mizu goes, what others made stays', async () => {
  cluster.add(foreignObject('Namespace', 'shop'));
  cluster.add(ownObject('DaemonSet', 'tapper', 'shop'));
  cluster.add(ownObject('Lease', 'session', 'shop'));
  cluster.add(ownObject('ClusterRole', 'role'));
  cluster.add(foreignObject('ServiceAccount', 'theirs', 'shop'));
  cluster.add(ownObject('ConfigMap', 'elsewhere', 'other'));
  const { leftovers } = await removeObjects(cluster.api, { namespace: 'shop', clusterWide: true });
  expect(leftovers).toEqual([]);
  expect(names().sort()).toEqual(['elsewhere', 'shop', 'theirs']);
});

test('its own namespace goes too', async () => {
  cluster.add(ownObject('Namespace', 'mizu'));
  cluster.add(ownObject('Pod', 'server', 'mizu'));
  await removeObjects(cluster.api, { namespace: 'mizu', clusterWide: true });
  expect(names()).toEqual([]);
});

test('a deletion takes along what the object owns, and only this very object', async () => {
  cluster.add(ownObject('DaemonSet', 'tapper', 'shop'));
  const { uid } = [...cluster.objects.values()][0]!.metadata!;
  await removeObjects(cluster.api, { namespace: 'shop', clusterWide: false });
  expect(cluster.bodies).toEqual([
    {
      request: 'DELETE /apis/apps/v1/namespaces/shop/daemonsets/tapper',
      body: { propagationPolicy: 'Background', preconditions: { uid } },
    },
  ]);
});

test("another namespace's cluster roles stay", async () => {
  cluster.add(ownObject('ClusterRole', 'mizu-shop-cluster-role'));
  cluster.add(ownObject('ClusterRole', 'mizu-other-cluster-role'));
  await removeObjects(cluster.api, {
    namespace: 'shop',
    clusterWide: true,
    belongs: ({ metadata }) => metadata?.name === 'mizu-shop-cluster-role',
  });
  expect(names()).toEqual(['mizu-other-cluster-role']);
});

test('where listing is not allowed, objects are found by their names', async () => {
  cluster.add(ownObject('Secret', 'secret', 'shop'));
  cluster.add(foreignObject('ServiceAccount', 'account', 'shop'));
  cluster.intercept = (request) =>
    /^GET .*\/(secrets|serviceaccounts)$/.test(request)
      ? { status: 403, body: { message: 'User "joe" cannot list' } }
      : undefined;
  const { leftovers } = await removeObjects(cluster.api, {
    namespace: 'shop',
    clusterWide: false,
    expected: [
      { kind: 'Secret', name: 'secret', namespace: 'shop' },
      { kind: 'ServiceAccount', name: 'account', namespace: 'shop' },
    ],
  });
  expect(leftovers).toEqual([]);
  expect(names()).toEqual(['account']);
});

test('what may not be deleted is left, with the reason', async () => {
  cluster.add(ownObject('Secret', 'secret', 'shop'));
  cluster.intercept = (request) =>
    request.startsWith('DELETE')
      ? { status: 403, body: { message: 'User "joe" cannot delete' } }
      : undefined;
  const { leftovers } = await removeObjects(cluster.api, { namespace: 'shop', clusterWide: false });
  expect(leftovers).toEqual([expect.stringMatching(/^secret\/secret: insufficient permissions/)]);
});

test('what takes too long is left, and impatience ends the waiting at once', async () => {
  cluster.add(ownObject('Pod', 'slow', 'shop'));
  // Accepted, but the pod goes on running.
  cluster.intercept = (request) =>
    request.startsWith('DELETE') ? { status: 200, body: {} } : undefined;
  const options = { namespace: 'shop', clusterWide: false };
  const late = await removeObjects(cluster.api, { ...options, budgetMs: 700 });
  expect(late.leftovers).toContain('pod/slow');
  const started = performance.now();
  const hasty = await removeObjects(cluster.api, { ...options, impatient: AbortSignal.abort() });
  expect(hasty.leftovers).toContain('pod/slow');
  expect(performance.now() - started).toBeLessThan(3000);
});
