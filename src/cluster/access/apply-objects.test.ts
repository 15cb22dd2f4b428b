import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Applied, applyObjects } from './apply-objects.ts';
import type { ClusterObject } from './resources.ts';
import { type FakeCluster, fakeCluster, foreignObject, ownObject } from './test-support.ts';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster.close());

const account = () => ownObject('ServiceAccount', 'account', 'mizu');
const configMap = (value = 'a') =>
  ({ ...ownObject('ConfigMap', 'config', 'mizu'), data: { value } }) as ClusterObject;

function apply(objects: ClusterObject[], mode: 'create' | 'upgrade'): Promise<Applied[]> {
  return applyObjects(cluster.api, objects, { mode });
}

function forbidden(request: string) {
  cluster.intercept = (one) =>
    one.includes(request)
      ? { status: 403, body: { message: 'User "joe" cannot do it' } }
      : undefined;
}

describe('a session', () => {
  test('makes its objects in their order', async () => {
    const done = await apply([ownObject('Namespace', 'mizu'), account(), configMap()], 'create');
    expect(done.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'namespace/mizu created',
      'serviceaccount/account created',
      'configmap/config created',
    ]);
    expect(cluster.requests).toEqual([
      'POST /api/v1/namespaces',
      'POST /api/v1/namespaces/mizu/serviceaccounts',
      'POST /api/v1/namespaces/mizu/configmaps',
    ]);
  });

  test('uses an account that somebody made beforehand, as it is', async () => {
    cluster.add(foreignObject('ServiceAccount', 'account', 'mizu'));
    const [done] = await apply([account()], 'create');
    expect(done!.state).toBe('used');
    expect([...cluster.objects.values()][0]!.metadata!.labels).toBeUndefined();
  });

  test('does not touch a ConfigMap of somebody else', async () => {
    cluster.add(foreignObject('ConfigMap', 'config', 'mizu'));
    await expect(apply([configMap()], 'create')).rejects.toMatchObject({
      code: 'exists',
      message: expect.stringContaining('not made by Mizu'),
    });
  });

  test('stops where another session was first', async () => {
    cluster.add(account());
    const made: string[] = [];
    const objects = [configMap(), account(), ownObject('Secret', 'secret', 'mizu')];
    const onApplied = ({ name }: Applied) => void made.push(name);
    await expect(
      applyObjects(cluster.api, objects, { mode: 'create', onApplied }),
    ).rejects.toMatchObject({ code: 'exists' });
    expect(made).toEqual(['configmap/config']);
  });

  test('goes on without the roles that the user may not make', async () => {
    forbidden('clusterroles');
    const role = ownObject('ClusterRole', 'role');
    const [first, second] = await apply([role, configMap()], 'create');
    expect(first).toMatchObject({
      state: 'skipped',
      reason: expect.stringContaining('clusterroles'),
    });
    expect(second!.state).toBe('created');
  });

  test('ends where the user may not make what it needs', async () => {
    forbidden('configmaps');
    await expect(apply([configMap()], 'create')).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('lets objects go with their owner, unless that is not its own', async () => {
    const lease = ownObject('Lease', 'session', 'mizu');
    const ownerOf = (object: ClusterObject) =>
      object.kind === 'Lease'
        ? undefined
        : { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'session' };
    const [made] = await applyObjects(cluster.api, [lease, configMap()], {
      mode: 'create',
      ownerOf,
    });
    const stored = cluster.objects.get('/api/v1/namespaces/mizu/configmaps/config');
    expect(stored!.metadata!.ownerReferences).toEqual([
      { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: 'session', uid: made!.uid },
    ]);
  });
});

describe('an installation', () => {
  test('says what it made, changed and left', async () => {
    await apply([account(), configMap()], 'upgrade');
    const again = await apply([account(), configMap('b')], 'upgrade');
    expect(again.map(({ state }) => state)).toEqual(['unchanged', 'configured']);
  });

  test('keeps a volume that cannot grow, and says why', async () => {
    const claim = ownObject('PersistentVolumeClaim', 'data', 'mizu');
    await apply([claim], 'upgrade');
    cluster.intercept = (request) =>
      request.startsWith('PATCH')
        ? { status: 403, body: { message: 'only dynamically provisioned pvc can be resized' } }
        : undefined;
    const [done] = await apply([claim], 'upgrade');
    expect(done).toMatchObject({ state: 'unchanged', reason: expect.stringContaining('resized') });
  });
});
