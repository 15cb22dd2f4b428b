import { describe, expect, test } from 'vitest';
import { AddressBook } from './address-book.ts';
import {
  type KubeObject,
  nodeObject,
  type PodOptions,
  podObject,
  serviceObject,
  sliceObject,
} from './test-support.ts';
import { nodeFact, podFact, serviceFact, sliceFact } from './trim.ts';

const minute = 60_000;
/** The pods of these tests start here. */
const start = 1_000_000_000;

class Cluster {
  readonly book = new AddressBook({ ended: 100, ageMs: 60 * minute });
  now = start + minute;

  pod(name: string, options: PodOptions = {}): this {
    this.book.putPod(podFact(podObject(name, { startedAt: start, ...options }))!, this.now);
    return this;
  }

  endPod(name: string, at: number): this {
    this.book.removePod(`uid-${name}`, at);
    return this;
  }

  service(object: KubeObject): this {
    this.book.putService(serviceFact(object)!, this.now);
    return this;
  }

  slice(object: KubeObject): this {
    this.book.putSlice(sliceFact(object)!, this.now);
    return this;
  }

  node(object: KubeObject): this {
    this.book.putNode(nodeFact(object)!);
    return this;
  }

  name(address: string, port = 40_000, at = this.now): string | undefined {
    return this.book.identify(address, port, at)?.name;
  }
}

describe('an address of a pod', () => {
  test('has the names of the pod, its workload and its node', () => {
    const owner = { kind: 'StatefulSet', name: 'cart', uid: 'o' };
    const cluster = new Cluster();
    const fact = podFact(podObject('cart-0', { ip: '10.1.0.5', startedAt: start, owner }))!;
    cluster.book.putPod({ ...fact, workload: owner }, cluster.now);
    expect(cluster.book.identify('10.1.0.5', 8080, cluster.now)).toEqual({
      kind: 'pod',
      name: 'cart-0',
      pod: 'cart-0',
      namespace: 'shop',
      workload: 'statefulset/cart',
      node: 'node-1',
      labels: {},
    });
  });

  test('that is used again belongs to whom it belonged at the time of the packet', () => {
    const cluster = new Cluster()
      .pod('old', { ip: '10.1.0.5' })
      .endPod('old', start + 10 * minute)
      .pod('new', { ip: '10.1.0.5', startedAt: start + 10 * minute + 5000 });
    expect(cluster.name('10.1.0.5', 1, start + minute)).toBe('old');
    expect(cluster.name('10.1.0.5', 1, start + 10 * minute + 6000)).toBe('new');
    expect(cluster.name('10.1.0.5', 1, start + 60 * minute)).toBe('new');
  });

  test('goes to its next owner although the end of the former was never seen', () => {
    const cluster = new Cluster()
      .pod('old', { ip: '10.1.0.5' })
      .pod('new', { ip: '10.1.0.5', startedAt: start + 10 * minute });
    expect(cluster.name('10.1.0.5', 1, start + 11 * minute)).toBe('new');
    expect(cluster.name('10.1.0.5', 1, start + 9 * minute)).toBe('old');
  });

  test('is free when the pod has finished, although the pod can still be listed', () => {
    const cluster = new Cluster()
      .pod('job-1', { ip: '10.1.0.5', phase: 'Succeeded', finishedAt: start + minute })
      .pod('job-2', { ip: '10.1.0.5', startedAt: start + 2 * minute });
    expect(cluster.name('10.1.0.5', 1, start + 30_000)).toBe('job-1');
    expect(cluster.name('10.1.0.5', 1, start + 3 * minute)).toBe('job-2');
  });

  test('has no name long before and long after its pod', () => {
    const cluster = new Cluster().pod('cart', { ip: '10.1.0.5' }).endPod('cart', start + minute);
    expect(cluster.name('10.1.0.5', 1, start - minute)).toBeUndefined();
    expect(cluster.name('10.1.0.5', 1, start + 10 * minute)).toBeUndefined();
    // Clocks differ by seconds, and connections are closed after their pod.
    expect(cluster.name('10.1.0.5', 1, start - 2000)).toBe('cart');
    expect(cluster.name('10.1.0.5', 1, start + minute + 5000)).toBe('cart');
  });

  test('becomes known for packets that came before the pod was seen', () => {
    const cluster = new Cluster();
    expect(cluster.name('10.1.0.5', 1, start + 1000)).toBeUndefined();
    cluster.pod('late', { ip: '10.1.0.5' });
    expect(cluster.name('10.1.0.5', 1, start + 1000)).toBe('late');
  });

  test('may be of version 6, however it is written', () => {
    const cluster = new Cluster().pod('cart', { ips: ['10.1.0.5', 'FD00:0:0::0005'] });
    expect(cluster.name('fd00::5')).toBe('cart');
    expect(cluster.name('10.1.0.5')).toBe('cart');
  });

  test('that changes while the pod lives is given back', () => {
    const cluster = new Cluster().pod('cart', { ip: '10.1.0.5' });
    cluster.now = start + 10 * minute;
    cluster.pod('cart', { ip: '10.1.0.6' });
    expect(cluster.name('10.1.0.5', 1, start + 5 * minute)).toBe('cart');
    expect(cluster.name('10.1.0.5', 1, start + 15 * minute)).toBeUndefined();
    expect(cluster.name('10.1.0.6', 1, start + 15 * minute)).toBe('cart');
  });
});

describe('services', () => {
  test('name their addresses and their pods, in whatever order they become known', () => {
    const cluster = new Cluster()
      .slice(sliceObject('cart', ['cart-1']))
      .pod('cart-1', { ip: '10.1.0.5' })
      .service(serviceObject('cart', { ip: '10.96.0.7' }));
    expect(cluster.book.identify('10.96.0.7', 80, cluster.now)).toMatchObject({
      kind: 'service',
      name: 'cart',
      namespace: 'shop',
    });
    expect(cluster.book.identify('10.1.0.5', 8080, cluster.now)).toMatchObject({
      kind: 'pod',
      name: 'cart',
      service: 'cart',
      pod: 'cart-1',
    });
    // As a client its port says nothing, its service still does.
    expect(cluster.name('10.1.0.5', 51_234)).toBe('cart');
  });

  test('of one pod are told apart by the port', () => {
    const cluster = new Cluster()
      .pod('db-0', { ip: '10.1.0.5' })
      .slice(sliceObject('db', ['db-0'], { ports: [5432] }))
      .slice(sliceObject('db-metrics', ['db-0'], { ports: [9187] }))
      .slice(sliceObject('a-headless', ['db-0'], { ports: [5432], headless: true }));
    expect(cluster.name('10.1.0.5', 9187)).toBe('db-metrics');
    expect(cluster.name('10.1.0.5', 5432)).toBe('db');
    expect(cluster.name('10.1.0.5', 51_234)).toBe('db');
  });

  test('that a pod leaves do not name it any more, but still its past', () => {
    const cluster = new Cluster()
      .pod('cart-1', { ip: '10.1.0.5' })
      .slice(sliceObject('cart', ['cart-1']));
    cluster.now = start + 10 * minute;
    cluster.slice(sliceObject('cart', []));
    expect(cluster.name('10.1.0.5', 8080, start + 5 * minute)).toBe('cart');
    expect(cluster.name('10.1.0.5', 8080, start + 20 * minute)).toBe('cart-1');
  });

  test('keep pods that move from one slice to another', () => {
    const cluster = new Cluster()
      .pod('cart-1', { ip: '10.1.0.5' })
      .slice(sliceObject('cart', ['cart-1'], { name: 'cart-a' }))
      .slice(sliceObject('cart', ['cart-1'], { name: 'cart-b' }));
    cluster.now = start + 10 * minute;
    cluster.slice(sliceObject('cart', [], { name: 'cart-a' }));
    expect(cluster.name('10.1.0.5', 8080, start + 20 * minute)).toBe('cart');
  });

  test('are found by NodePort on every node, and by external address only with their port', () => {
    const ports = [{ port: 80, nodePort: 30_080 }];
    const cluster = new Cluster()
      .node(nodeObject('node-1', ['10.240.0.11']))
      .node(nodeObject('node-2', ['10.240.0.12']))
      .service(serviceObject('web', { ip: '10.96.0.8', ports, externalIps: ['192.0.2.80'] }));
    expect(cluster.name('10.240.0.12', 30_080)).toBe('web');
    expect(cluster.name('10.240.0.12', 30_081)).toBe('node-2');
    expect(cluster.name('192.0.2.80', 80)).toBe('web');
    expect(cluster.name('192.0.2.80', 443)).toBeUndefined();
  });

  test('without pods name the addresses that their user wrote', () => {
    const cluster = new Cluster().slice(
      sliceObject('legacy', [{ address: '192.0.2.9' }], { ports: [3306] }),
    );
    expect(cluster.book.identify('192.0.2.9', 3306, cluster.now)).toMatchObject({
      kind: 'service',
      name: 'legacy',
    });
    cluster.now = start + 10 * minute;
    cluster.slice(sliceObject('legacy', [{ address: '192.0.2.10' }], { ports: [3306] }));
    expect(cluster.name('192.0.2.9', 3306, start + 5 * minute)).toBe('legacy');
    expect(cluster.name('192.0.2.9', 3306, start + 20 * minute)).toBeUndefined();
    expect(cluster.name('192.0.2.10', 3306, start + 20 * minute)).toBe('legacy');
  });

  test('the Kubernetes API has its name in front and behind', () => {
    const api = sliceObject('kubernetes', [{ address: '10.240.0.2' }], {
      namespace: 'default',
      ports: [6443],
    });
    const cluster = new Cluster()
      .service(serviceObject('kubernetes', { namespace: 'default', ip: '10.96.0.1' }))
      .slice(api);
    for (const [address, port] of [
      ['10.96.0.1', 443],
      ['10.240.0.2', 6443],
      ['10.240.0.2', 51_234],
    ] as const) {
      expect(cluster.book.identify(address, port, cluster.now)).toMatchObject({
        kind: 'kubernetes',
        name: 'kubernetes',
      });
    }
  });
});

describe('the address of a node', () => {
  const ports = [
    { containerPort: 9100, protocol: 'TCP' },
    { containerPort: 53, protocol: 'UDP' },
  ];
  const exporter: PodOptions = { ip: '10.240.0.11', hostNetwork: true, ports };

  test('is the node, its kubelet by port', () => {
    const cluster = new Cluster().node(nodeObject('node-1', ['10.240.0.11', 'node-1.example']));
    expect(cluster.name('10.240.0.11', 51_234)).toBe('node-1');
    expect(cluster.book.identify('10.240.0.11', 10_250, cluster.now)).toMatchObject({
      kind: 'node',
      name: 'kubelet',
      node: 'node-1',
    });
  });

  test('is a host-network pod only at ports that the pod declares', () => {
    const cluster = new Cluster().pod('exporter', exporter);
    expect(cluster.name('10.240.0.11', 9100)).toBe('exporter');
    expect(cluster.name('10.240.0.11', 53)).toBe('node-1');
    expect(cluster.name('10.240.0.11', 51_234)).toBe('node-1');
    cluster.endPod('exporter', start + 10 * minute);
    expect(cluster.name('10.240.0.11', 9100, start + 20 * minute)).toBe('node-1');
  });

  test('is a pod with a hostPort at that port', () => {
    const cluster = new Cluster().pod('edge', {
      ip: '10.1.0.5',
      ports: [{ containerPort: 8080, hostPort: 80 }],
    });
    expect(cluster.book.identify('10.240.0.11', 80, cluster.now)).toMatchObject({ pod: 'edge' });
    expect(cluster.name('10.240.0.11', 8080)).toBe('node-1');
  });

  test('is the pod that owns the socket, as long as it does', () => {
    const cluster = new Cluster().pod('agent', { ...exporter, ports: [] });
    const node = cluster.book.node('node-1');
    const listening = { port: 7000, podUid: 'uid-agent', listening: true };
    const client = { port: 51_234, podUid: 'uid-agent', listening: false };
    cluster.book.learnSocket(node, listening, start + 5 * minute);
    cluster.book.learnSocket(node, client, start + 5 * minute);
    expect(cluster.name('10.240.0.11', 7000, start + minute)).toBe('agent');
    expect(cluster.name('10.240.0.11', 7000, start + 60 * minute)).toBe('agent');
    expect(cluster.name('10.240.0.11', 51_234, start + 5 * minute)).toBe('agent');
    // The port of a client is somebody else's minutes later.
    expect(cluster.name('10.240.0.11', 51_234, start + 60 * minute)).toBe('node-1');
    cluster.endPod('agent', start + 90 * minute);
    expect(cluster.name('10.240.0.11', 7000, start + 95 * minute)).toBe('node-1');
  });

  test('that another pod listens on later is that pod’s from then on', () => {
    const cluster = new Cluster().pod('one', exporter).pod('two', { ...exporter, ports: [] });
    const node = cluster.book.node('node-1');
    cluster.book.learnSocket(
      node,
      { port: 9100, podUid: 'uid-two', listening: true },
      start + 9 * minute,
    );
    expect(cluster.name('10.240.0.11', 9100, start + minute)).toBe('one');
    expect(cluster.name('10.240.0.11', 9100, start + 10 * minute)).toBe('two');
  });
});

describe('the past', () => {
  test('is bounded: the oldest is forgotten first', () => {
    const cluster = new Cluster();
    for (let i = 0; i < 150; i++) {
      cluster.pod(`pod-${i}`, { ip: `10.1.0.${i}` }).endPod(`pod-${i}`, start + minute);
    }
    expect(cluster.book.addresses).toBeLessThanOrEqual(101);
    expect(cluster.book.pods.size).toBe(100);
    expect(cluster.name('10.1.0.149', 1, start + 1000)).toBe('pod-149');
    expect(cluster.name('10.1.0.0', 1, start + 1000)).toBeUndefined();
    cluster.book.sweep(start + 100 * minute);
    expect(cluster.book.pods.size).toBe(0);
  });

  test('does not grow by services that are listed again unchanged', () => {
    const cluster = new Cluster();
    for (let i = 0; i < 20; i++) cluster.service(serviceObject('web', { ip: '10.96.0.8' }));
    const owners = [...cluster.book.identities()].filter(([address]) => address === '10.96.0.8');
    expect(owners).toHaveLength(1);
  });
});
