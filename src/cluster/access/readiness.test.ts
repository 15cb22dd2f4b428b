import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findTrouble, waitUntilReady } from './readiness.ts';
import type { ClusterObject } from './resources.ts';
import { type FakeCluster, fakeCluster, runningPod } from './test-support.ts';

const name = 'mizu-api-server';

function pod(status: object): V1Pod {
  return {
    kind: 'Pod',
    metadata: { name, namespace: 'mizu', uid: 'u', labels: { app: name } },
    status: { phase: 'Pending', ...status },
  } as V1Pod;
}

function container(state: object, lastState?: object): V1Pod {
  return pod({ containerStatuses: [{ name: 'main', image: 'mizu:9', state, lastState }] });
}

function event(reason: string, message: string, about = `${name}-5d8`): CoreV1Event {
  return {
    kind: 'Event',
    metadata: { name: 'e', namespace: 'mizu' },
    involvedObject: { name: about, uid: 'u' },
    reason,
    message,
  } as CoreV1Event;
}

describe('what keeps a pod from running', () => {
  test.each([
    [
      'an image that is not there',
      [container({ waiting: { reason: 'ImagePullBackOff', message: 'not found' } })],
      [],
      'ImagePullBackOff',
      'the image mizu:9 cannot be pulled: not found',
    ],
    [
      'no node with room',
      [
        pod({
          conditions: [
            {
              type: 'PodScheduled',
              status: 'False',
              reason: 'Unschedulable',
              message: '0/2 nodes',
            },
          ],
        }),
      ],
      [],
      'FailedScheduling',
      '0/2 nodes',
    ],
    [
      'a quota that is used up',
      [],
      [event('FailedCreate', 'exceeded quota: q')],
      'FailedCreate',
      'exceeded quota: q',
    ],
    [
      'a program that ends',
      [
        container(
          { waiting: { reason: 'CrashLoopBackOff' } },
          { terminated: { exitCode: 3, reason: 'Error' } },
        ),
      ],
      [],
      'CrashLoopBackOff',
      'exit code 3',
    ],
    [
      'too little memory',
      [
        container(
          { waiting: { reason: 'CrashLoopBackOff' } },
          { terminated: { exitCode: 137, reason: 'OOMKilled' } },
        ),
      ],
      [],
      'CrashLoopBackOff',
      'more memory than its limit',
    ],
    [
      'a volume that cannot be mounted',
      [pod({})],
      [event('FailedMount', 'secret "x" not found', name)],
      'FailedMount',
      'secret "x" not found',
    ],
    [
      'an eviction',
      [pod({ phase: 'Failed', reason: 'Evicted', message: 'low' })],
      [],
      'Evicted',
      'low',
    ],
  ])('%s', (_, pods, events, reason, note) => {
    const trouble = findTrouble(name, { pods, events });
    expect(trouble?.reason).toBe(reason);
    expect(trouble?.note).toContain(note);
  });

  test('nothing, while it starts', () => {
    const starting = container({ waiting: { reason: 'ContainerCreating' } });
    expect(findTrouble(name, { pods: [starting], events: [] })).toBeUndefined();
    const others = [event('FailedCreate', 'exceeded quota', 'somebody-else')];
    expect(findTrouble(name, { pods: [], events: others })).toBeUndefined();
  });
});

describe('waiting for it', () => {
  let cluster: FakeCluster;
  beforeEach(async () => {
    cluster = await fakeCluster();
  });
  afterEach(() => cluster.close());

  const wait = (more: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
    waitUntilReady(cluster.api, {
      namespace: 'mizu',
      workload: name,
      labelSelector: `app=${name}`,
      timeoutMs: 20_000,
      signal: new AbortController().signal,
      mayVanish: true,
      ...more,
    });

  test('ends with the pod once it is ready', async () => {
    cluster.add(pod({}) as ClusterObject);
    setTimeout(() => cluster.update(runningPod(name, 'mizu', { app: name })), 200);
    expect((await wait()).metadata?.name).toBe(name);
  });

  test('ends with the last log lines of a program that crashes', async () => {
    const crashed = container(
      { waiting: { reason: 'CrashLoopBackOff' } },
      { terminated: { exitCode: 1 } },
    );
    cluster.add(crashed as ClusterObject);
    await expect(wait()).rejects.toMatchObject({
      code: 'not-ready',
      message:
        'Mizu API Server status: CrashLoopBackOff - the container main ended with exit code 1\nIts last lines:\n  first line\n  last line',
    });
  }, 10_000);

  test('ends when the pod is deleted', async () => {
    cluster.add(pod({}) as ClusterObject);
    setTimeout(() => cluster.remove(pod({}) as ClusterObject), 200);
    await expect(wait()).rejects.toThrow('mizu-api-server removed');
  });

  test('has an end', async () => {
    await expect(wait({ timeoutMs: 100 })).rejects.toThrow('was not ready in time');
  });

  test('ends with Ctrl-C', async () => {
    await expect(wait({ signal: AbortSignal.timeout(100) })).rejects.toThrow();
  });
});
