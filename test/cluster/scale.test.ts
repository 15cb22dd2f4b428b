import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { usageOf } from './cgroup.ts';
import {
  deleteNamespace,
  environment,
  isLong,
  kubectl,
  newNamespace,
  noCluster,
  resourcesIn,
  say,
  sleep,
  Tap,
  traces,
  until,
} from './support.ts';

const runs = noCluster === undefined && isLong;
const podCount = Number(process.env['MIZU_SCALE_PODS'] ?? 5000);
const serviceCount = podCount / 5;
/** Requests under way at once. */
const parallel = 12;
const fakeNode = 'mizu-test-fake';
const taint = 'mizu-test-fake';

/**
 * 5,000 pods and 1,000 services that are objects only: bound to a node that nobody runs, said to be
 * running by whoever made them. The control plane, and what watches it, cannot tell.
 */
describe.skipIf(!runs)(`${podCount} pods, ${serviceCount} services`, () => {
  let namespace: string;
  let proxy: KubeProxy;
  const resources = resourcesIn('scale');

  beforeAll(async () => {
    namespace = newNamespace('scale');
    proxy = await KubeProxy.start();
    await proxy.call('POST', '/api/v1/nodes', {
      metadata: { name: fakeNode, labels: { [taint]: 'true' } },
      spec: { taints: [{ key: taint, effect: 'NoSchedule' }], podCIDR: undefined },
    });
    const startedAt = performance.now();
    const core = `/api/v1/namespaces/${namespace}`;
    await each(serviceCount, (i) => proxy.call('POST', `${core}/services`, service(i)));
    await each(podCount, async (i) => {
      await proxy.call('POST', `${core}/pods`, pod(i));
      await proxy.call('PATCH', `${core}/pods/shop-${i}/status`, { status: runningStatus(i) });
    });
    await until(
      'endpoints are known',
      () => {
        const slices = kubectl(['get', 'endpointslices', '-n', namespace, '--no-headers']);
        return slices.split('\n').length > serviceCount || undefined;
      },
      120_000,
    );
    say(`scale: made in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  }, 400_000);

  afterAll(async () => {
    const core = `/api/v1/namespaces/${namespace}`;
    const now = { gracePeriodSeconds: 0, propagationPolicy: 'Background' };
    await proxy.call('DELETE', `${core}/pods`, now).catch(() => undefined);
    await proxy.call('DELETE', `${core}/services`, now).catch(() => undefined);
    await proxy.call('DELETE', `/api/v1/nodes/${fakeNode}`).catch(() => undefined);
    proxy.stop();
    deleteNamespace(namespace);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined, 200_000);
  }, 300_000);

  test('mizu tap -A: ready in under 30 s, API server under 300 MiB', async () => {
    const startedAt = performance.now();
    const tap = await Tap.start(['-A', ...resources.options]);
    const pageSeconds = (performance.now() - startedAt) / 1000;
    try {
      const summary = await until(
        'all pods are targets',
        async () => {
          const { summary: found } = await tap.get<Report>('targets');
          return found.tapped >= podCount ? found : undefined;
        },
        60_000,
      );
      const targetSeconds = (performance.now() - startedAt) / 1000;
      await tap.capturing(2);
      say(
        `scale: page after ${pageSeconds.toFixed(1)} s, ${summary.tapped} of ${summary.pods} pods are ` +
          `targets after ${targetSeconds.toFixed(1)} s, tappers capture after ` +
          `${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
      );
      await sleep(5000);
      const use = usageOf(resources.namespace, 'mizu-api-server');
      say(
        `scale: API server ${use.workingSetMiB.toFixed(0)} MiB working set ` +
          `(${use.anonymousMiB.toFixed(0)} anonymous), ${use.cpuSeconds.toFixed(1)} s of CPU`,
      );
      await quiet(tap);
      expect(use.workingSetMiB).toBeLessThan(300);
      expect(targetSeconds).toBeLessThan(30);
    } finally {
      expect(await tap.stop()).toBe(0);
    }
    await until(
      'nothing is left',
      () => traces(resources.namespace).length === 0 || undefined,
      90_000,
    );
  });

  /** Nothing changes: next to nothing is read from the control plane. */
  async function quiet(tap: Tap): Promise<void> {
    const first = usageOf(resources.namespace, 'mizu-api-server');
    const received = () => {
      const words = ['exec', '-n', resources.namespace, 'mizu-api-server', '--', 'cat'];
      const line = /eth0:\s*(\d+)/.exec(kubectl([...words, '/proc/net/dev']));
      return Number(line![1]);
    };
    const before = received();
    await sleep(10_000);
    const second = usageOf(resources.namespace, 'mizu-api-server');
    const kilobytes = (received() - before) / 1000;
    const cpu = second.cpuSeconds - first.cpuSeconds;
    say(
      `scale: at rest ${(kilobytes / 10).toFixed(0)} kB/s received by the API server, ` +
        `${(cpu / 10).toFixed(2)} cores`,
    );
    expect(kilobytes / 10).toBeLessThan(200);
    const { summary } = await tap.get<Report>('targets');
    expect(summary.tapped).toBeGreaterThanOrEqual(podCount);
  }
});

interface Report {
  readonly summary: { readonly tapped: number; readonly pods: number };
}

/** The Kubernetes API without a login, through kubectl. */
class KubeProxy {
  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.#url = url;
  }

  static async start(): Promise<KubeProxy> {
    const child = spawn('kubectl', ['proxy', '--port=0'], { env: environment });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const address = /\d+\.\d+\.\d+\.\d+:\d+/.exec(line.toString())![0];
    return new KubeProxy(child, `http://${address}`);
  }

  async call(method: string, path: string, body?: unknown): Promise<void> {
    const patch = 'application/strategic-merge-patch+json';
    const response = await fetch(this.#url + path, {
      method,
      headers: { 'content-type': method === 'PATCH' ? patch : 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(120_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text.slice(0, 500)}`);
  }

  stop(): void {
    this.#process.kill();
  }
}

async function each(count: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

const labelsOf = (i: number) => ({
  app: `svc-${i % serviceCount}`,
  team: `team-${i % 20}`,
  'app.kubernetes.io/version': '1.2.3',
});

function pod(i: number): unknown {
  return {
    metadata: { name: `shop-${i}`, labels: labelsOf(i) },
    spec: {
      nodeName: fakeNode,
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      tolerations: [{ operator: 'Exists' }],
      containers: [
        {
          name: 'shop',
          image: 'registry.example/shop:1',
          ports: [{ containerPort: 8080 }],
          env: [{ name: 'A_SETTING', value: 'as pods have them' }],
        },
      ],
    },
  };
}

function runningStatus(i: number): unknown {
  const podIP = `10.250.${Math.floor(i / 250)}.${(i % 250) + 1}`;
  const startedAt = new Date().toISOString();
  const ready = ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  return {
    phase: 'Running',
    podIP,
    podIPs: [{ ip: podIP }],
    hostIP: '10.249.0.1',
    startTime: startedAt,
    conditions: ready.map((type) => ({ type, status: 'True', lastTransitionTime: startedAt })),
    containerStatuses: [
      {
        name: 'shop',
        ready: true,
        started: true,
        restartCount: 0,
        image: 'registry.example/shop:1',
        imageID: 'none',
        state: { running: { startedAt } },
      },
    ],
  };
}

function service(i: number): unknown {
  return {
    metadata: { name: `svc-${i}` },
    spec: { selector: { app: `svc-${i}` }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}
