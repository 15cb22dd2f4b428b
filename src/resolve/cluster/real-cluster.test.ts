/** The watch against a real control plane. Makes a namespace of its own and deletes it. */
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listTargets } from '../../targets/index.ts';
import { apiReader } from './api-reader.ts';
import { ClusterNames } from './cluster-names.ts';
import { listPods } from './list-pods.ts';

const kubeconfig = process.env['KUBECONFIG'];
const image = process.env['MIZU_TEST_IMAGE'] ?? 'busybox:local';
const namespace = `h-names-${process.pid}`;
const patient = { timeout: 40_000, interval: 100 };

describe.skipIf(!kubeconfig)('on a real cluster (needs KUBECONFIG)', { timeout: 90_000 }, () => {
  let core: CoreV1Api;
  let apps: AppsV1Api;
  let names: ClusterNames;
  const config = new KubeConfig();

  beforeAll(async () => {
    config.loadFromDefault();
    core = config.makeApiClient(CoreV1Api);
    apps = config.makeApiClient(AppsV1Api);
    await core.createNamespace({ body: { metadata: { name: namespace } } });
    names = new ClusterNames({ reader: apiReader(config) });
    await names.start();
  }, 30_000);

  afterAll(async () => {
    await names.stop();
    await core.deleteNamespace({ name: namespace });
  }, 30_000);

  const mine = () => names.pods().filter((pod) => pod.namespace === namespace);
  const now = (address: string, port: number) => names.identify(address, port, Date.now());

  test('pods come with service, workload and node, and go', async () => {
    const labels = { app: 'cart' };
    const container = {
      name: 'web',
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', 'trap exit TERM; httpd -f -p 8080 & wait'],
      ports: [{ containerPort: 8080 }],
    };
    const spec = { containers: [container], terminationGracePeriodSeconds: 1 };
    await apps.createNamespacedDeployment({
      namespace,
      body: {
        metadata: { name: 'cart' },
        spec: {
          replicas: 2,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec },
        },
      },
    });
    const service = await core.createNamespacedService({
      namespace,
      body: {
        metadata: { name: 'cart-front' },
        spec: { selector: labels, type: 'NodePort', ports: [{ port: 80, targetPort: 8080 }] },
      },
    });
    const running = () =>
      mine().filter(({ phase, addresses }) => phase === 'Running' && addresses[0]);
    await expect.poll(() => running().length, patient).toBe(2);
    const pod = running()[0]!;
    const address = pod.addresses[0]!;
    await expect.poll(() => now(address, 8080)?.service, patient).toBe('cart-front');
    expect(now(address, 8080)).toMatchObject({
      kind: 'pod',
      name: 'cart-front',
      pod: pod.name,
      namespace,
      workload: 'deployment/cart',
      node: pod.node,
      labels,
    });
    expect(now(service.spec!.clusterIP!, 80)).toMatchObject({
      kind: 'service',
      name: 'cart-front',
    });
    const nodePort = service.spec!.ports![0]!.nodePort!;
    expect(now(pod.hostAddresses[0]!, nodePort)?.name).toBe('cart-front');
    expect(names.addressesWhere((of) => of.namespace === namespace)).toContain(address);

    const listed = await listPods(apiReader(config), {
      namespaces: [namespace],
      withWorkloads: true,
    });
    expect(listed.map(({ workload }) => workload?.name)).toEqual(['cart', 'cart']);
    const selection = {
      namespaces: [namespace],
      workloads: ['deploy/cart'],
      selector: 'app in (cart)',
    };
    expect((await listTargets(apiReader(config), selection)).targets).toHaveLength(2);

    const seenAt = Date.now();
    await apps.deleteNamespacedDeployment({ name: 'cart', namespace });
    await expect.poll(() => mine().length, patient).toBe(0);
    expect(names.identify(address, 8080, seenAt)?.pod).toBe(pod.name);
    const muchLater = Date.now() + 600_000;
    expect(names.identify(address, 8080, muchLater)).toBeUndefined();
  });

  /** A pod of a node that is not there, so that its address is what the test says. */
  async function madePod(name: string, address: string) {
    await core.createNamespacedPod({
      namespace,
      body: {
        metadata: { name, labels: { made: 'yes' } },
        spec: { nodeName: 'no-such-node', containers: [{ name: 'none', image }] },
      },
    });
    const pod = await core.readNamespacedPod({ name, namespace });
    await core.replaceNamespacedPodStatus({
      name,
      namespace,
      body: {
        ...pod,
        status: {
          phase: 'Running',
          podIP: address,
          podIPs: [{ ip: address }],
          startTime: new Date(),
        },
      },
    });
  }

  test('an address that is used again belongs to each pod in its time, version 6 as well', async () => {
    const address = 'fd00:99::5';
    await madePod('first', address);
    await expect.poll(() => now(address, 80)?.pod, patient).toBe('first');
    const timeOfFirst = Date.now();
    await core.deleteNamespacedPod({ name: 'first', namespace, gracePeriodSeconds: 0 });
    await expect.poll(() => mine().some(({ name }) => name === 'first'), patient).toBe(false);
    // Times of Kubernetes are whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await madePod('second', address);
    await expect.poll(() => now(address, 80)?.pod, patient).toBe('second');
    expect(names.identify(address, 80, timeOfFirst)?.pod).toBe('first');
  });

  test('the Kubernetes API, nodes and kubelets have names', async () => {
    const api = await core.readNamespacedService({ name: 'kubernetes', namespace: 'default' });
    expect(now(api.spec!.clusterIP!, 443)).toMatchObject({
      kind: 'kubernetes',
      name: 'kubernetes',
    });
    const { items } = await core.listNode();
    const name = items[0]!.metadata!.name!;
    const address = items[0]!.status!.addresses!.find(({ type }) => type === 'InternalIP')!.address;
    expect(now(address, 1)).toMatchObject({ kind: 'node', name });
    expect(now(address, 10_250)).toMatchObject({ name: 'kubelet', node: name });
    expect(names.notices()).toEqual([]);
  });
});
