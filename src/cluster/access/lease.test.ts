import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pause } from './apply-objects.ts';
import { findSession, keepLease, sessionLives } from './lease.ts';
import type { ClusterObject } from './resources.ts';
import { type FakeCluster, fakeCluster, foreignObject, ownObject } from './test-support.ts';

let cluster: FakeCluster;
beforeEach(async () => {
  cluster = await fakeCluster();
});
afterEach(() => cluster.close());

const place = { namespace: 'mizu', name: 'session' };
const started = Date.parse('2026-01-01T00:00:00Z');

function lease(renewTime: string): ClusterObject {
  return {
    ...ownObject('Lease', 'session', 'mizu'),
    spec: {
      holderIdentity: 'ann@desk',
      leaseDurationSeconds: 300,
      acquireTime: '2026-01-01T00:00:00.000000Z',
      renewTime,
    },
  } as ClusterObject;
}

const stored = () =>
  cluster.objects.get('/apis/coordination.k8s.io/v1/namespaces/mizu/leases/session')!;

test('says who started it and when', async () => {
  cluster.add(lease('2026-01-01T00:05:00.000000Z'));
  expect(await findSession(cluster.api, place)).toEqual({
    holder: 'ann@desk',
    startedAt: started,
    renewedAt: started + 300_000,
    seconds: 300,
  });
});

test('a lease of somebody else is no session', async () => {
  cluster.add(foreignObject('Lease', 'session', 'mizu'));
  expect(await findSession(cluster.api, place)).toBeUndefined();
});

describe('a session lives', () => {
  const lives = async (own: boolean, ageMs: number) => {
    const session = (await findSession(cluster.api, place))!;
    return await sessionLives(cluster.api, place, session, {
      own,
      now: session.renewedAt + ageMs,
      waitMs: 1500,
    });
  };

  test('when it was just renewed', async () => {
    cluster.add(lease('2026-01-01T00:05:00.000000Z'));
    expect(await lives(false, 5000)).toBe(true);
  });

  test('not when nobody renews it', async () => {
    cluster.add(lease('2026-01-01T00:05:00.000000Z'));
    expect(await lives(false, 3_600_000)).toBe(false);
  });

  test('not when it is our own and was killed a moment ago', async () => {
    cluster.add(lease('2026-01-01T00:05:00.000000Z'));
    expect(await lives(true, 1000)).toBe(false);
  });

  test('when it is renewed before our eyes, whatever the clocks say', async () => {
    cluster.add(lease('2026-01-01T00:05:00.000000Z'));
    const answer = lives(false, 3_600_000);
    await pause(300);
    cluster.update(lease('2026-01-01T00:05:10.000000Z'));
    expect(await answer).toBe(true);
  });
});

describe('keeping it', () => {
  test('renews, and goes on after a failure', async () => {
    cluster.add(lease('2026-01-01T00:00:00.000000Z'));
    let failures = 1;
    cluster.intercept = () => (failures-- > 0 ? { status: 500, body: {} } : undefined);
    const keeper = keepLease(cluster.api, { ...place, uid: stored().metadata!.uid }, 30);
    await pause(200);
    keeper.stop();
    const { spec } = stored() as { spec?: { renewTime: string } };
    expect(Date.now() - Date.parse(spec!.renewTime)).toBeLessThan(5000);
  });

  test('ends when it is removed, or another one took its place', async () => {
    cluster.add(lease('2026-01-01T00:00:00.000000Z'));
    const keeper = keepLease(cluster.api, { ...place, uid: stored().metadata!.uid }, 30);
    cluster.remove(lease(''));
    cluster.add(lease('2026-01-02T00:00:00.000000Z'));
    await keeper.ended;
    const { spec } = stored() as { spec?: { renewTime: string } };
    expect(spec!.renewTime).toBe('2026-01-02T00:00:00.000000Z');
  });
});
