/** A made-up cluster for the mock server: who is who, and what is tapped. */
import type { Endpoint } from '../../src/entry/entry.ts';
import type { TargetChoice, TargetedNode, TargetedPod, Targets } from '../../src/serve/api.ts';

interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly replicas: number;
}

// biome-ignore format: a table reads better in columns
const workloads: readonly Workload[] = [
  { namespace: 'default', name: 'toolbox', kind: 'pod', replicas: 1 },
  { namespace: 'kube-system', name: 'coredns', kind: 'deployment', replicas: 2 },
  { namespace: 'kube-system', name: 'kube-proxy', kind: 'daemonset', replicas: 3 },
  { namespace: 'mizu', name: 'mizu-api-server', kind: 'deployment', replicas: 1 },
  { namespace: 'mizu', name: 'mizu-tapper-daemon-set', kind: 'daemonset', replicas: 3 },
  { namespace: 'shop', name: 'front', kind: 'deployment', replicas: 3 },
  { namespace: 'shop', name: 'cart', kind: 'deployment', replicas: 4 },
  { namespace: 'shop', name: 'catalogue', kind: 'deployment', replicas: 2 },
  { namespace: 'shop', name: 'orders', kind: 'statefulset', replicas: 3 },
  { namespace: 'shop', name: 'recommendations-service-with-a-long-name', kind: 'deployment', replicas: 1 },
  { namespace: 'billing', name: 'payments', kind: 'deployment', replicas: 2 },
  { namespace: 'billing', name: 'invoice-run', kind: 'cronjob', replicas: 2 },
  { namespace: 'data', name: 'kafka', kind: 'statefulset', replicas: 3 },
  { namespace: 'data', name: 'redis', kind: 'statefulset', replicas: 1 },
  { namespace: 'data', name: 'rabbitmq', kind: 'statefulset', replicas: 1 },
];

const nodes = ['worker-1', 'worker-2', 'worker-3'];
const code = (n: number) =>
  (((n + 7) * 2654435761) >>> 0).toString(36).slice(0, 5).replaceAll('0', 'x');

export interface MadePod extends Omit<TargetedPod, 'tapped' | 'reason' | 'explanation'> {
  readonly ip: string;
}

function podName({ name, kind }: Workload, index: number): string {
  if (kind === 'pod') return name;
  if (kind === 'statefulset') return `${name}-${index}`;
  if (kind === 'daemonset') return `${name}-${code(name.length * 31 + index)}`;
  return `${name}-${code(name.length)}x${code(name.length * 7)}-${code(name.length * 31 + index)}`;
}

function makePods(extra: number): MadePod[] {
  const many = Array.from(
    { length: Math.ceil(extra / 20) },
    (_, i): Workload => ({
      namespace: `team-${String(i % 12).padStart(2, '0')}`,
      name: `service-${i}`,
      kind: 'deployment',
      replicas: 20,
    }),
  );
  let n = 0;
  return [...workloads, ...many].flatMap((workload) =>
    Array.from({ length: workload.replicas }, (_, index) => {
      n++;
      const { namespace, name, kind } = workload;
      const isWaiting = name === 'invoice-run' && index === 1;
      return {
        namespace,
        name: podName(workload, index),
        node: isWaiting ? '' : nodes[n % 3]!,
        phase: isWaiting ? 'Pending' : name === 'invoice-run' ? 'Succeeded' : 'Running',
        workload: kind === 'pod' ? '' : `${kind}/${name}`,
        ip: isWaiting ? '' : `10.42.${n % 3}.${10 + (n % 240)}`,
      };
    }),
  );
}

export class MadeCluster {
  readonly pods: readonly MadePod[];
  /** Made to lose its tapper, to see how that looks. */
  lostNode = '';
  notices: string[] = [];
  #choice: TargetChoice = {
    namespaces: ['shop', 'billing'],
    allNamespaces: false,
    regex: '',
    selector: '',
    workloads: [],
    include: [],
    exclude: [],
  };
  readonly #startedAt = Date.now();

  constructor(extraPods: number) {
    this.pods = makePods(extraPods);
  }

  /** One end of a call, by the name of its service. */
  endpoint(name: string, port: number, n: number): Endpoint {
    const [service = ''] = name.split('.');
    const behind = this.pods.filter((pod) => pod.workload.endsWith(`/${service}`));
    const pod = behind[n % behind.length];
    if (pod === undefined) {
      if (service !== 'export') return { ip: '192.168.1.34', port, name: '' };
      return { ip: '93.184.215.14', port, name: 'api.export.example', kind: 'external' };
    }
    const { ip, namespace, node, workload } = pod;
    const known = { pod: pod.name, namespace, node, workload };
    return { ip, port, name: service, kind: 'pod', service, ...known };
  }

  /** A sentence when the choice cannot be used. */
  choose(choice: TargetChoice): string | undefined {
    try {
      new RegExp(choice.regex);
    } catch {
      return 'The pod regex cannot be used: missing closing ): "(cart".';
    }
    if (/[^\w=!,/.() -]/.test(choice.selector))
      return 'The label selector cannot be used: "~" at 4 is no operator.';
    this.#choice = choice;
    return undefined;
  }

  report(): Targets {
    const pods = this.pods.map((pod): TargetedPod => {
      const [reason, explanation] = this.#whyNot(pod);
      const { ip: _, ...shown } = pod;
      return { ...shown, tapped: reason === '', reason, explanation };
    });
    const { namespaces, allNamespaces } = this.#choice;
    const inView = pods.filter(
      (pod) => pod.reason !== 'mizu' && (allNamespaces || namespaces.includes(pod.namespace)),
    );
    return {
      selection: this.#choice,
      summary: {
        tapped: pods.filter(({ tapped }) => tapped).length,
        pods: inView.length,
        namespaces: allNamespaces ? [] : namespaces,
        allNamespaces,
      },
      namespaces: counted(pods, ({ namespace }) => namespace),
      workloads: counted(
        pods.filter(({ workload }) => workload !== ''),
        ({ namespace, workload }) => `${namespace}/${workload}`,
      ).map(({ name, ...counts }) => {
        const at = name.indexOf('/');
        return { ...counts, namespace: name.slice(0, at), name: name.slice(at + 1) };
      }),
      pods,
      nodes: nodes.map((name, index) => this.#node(name, index, pods)),
      notices: this.notices,
    };
  }

  #whyNot(pod: MadePod): readonly [string, string] {
    const { namespaces, allNamespaces, regex, workloads: chosen, exclude } = this.#choice;
    if (pod.namespace === 'mizu') return ['mizu', 'It is part of Mizu.'];
    if (exclude.includes(`${pod.namespace}/${pod.name}`))
      return ['excluded', 'It is excluded by name.'];
    if (pod.phase !== 'Running')
      return [
        'not-running',
        pod.phase === 'Pending' ? 'It does not run yet.' : `It is not running (${pod.phase}).`,
      ];
    if (pod.workload === 'daemonset/kube-proxy')
      return [
        'host-network',
        'It uses the network of its node: its traffic cannot be told from the node’s own.',
      ];
    if (this.#choice.include.includes(`${pod.namespace}/${pod.name}`)) return ['', ''];
    if (!allNamespaces && !namespaces.includes(pod.namespace))
      return ['namespace', 'Its namespace is not chosen.'];
    if (!new RegExp(regex).test(pod.name)) return ['regex', 'Its name does not match the pattern.'];
    if (chosen.length > 0 && !chosen.includes(pod.workload))
      return ['workload', 'It belongs to none of the chosen workloads.'];
    return ['', ''];
  }

  #node(name: string, index: number, pods: readonly TargetedPod[]): TargetedNode {
    const seconds = (Date.now() - this.#startedAt) / 1_000;
    const isLost = name === this.lostNode;
    const targets = pods.filter(({ node, tapped }) => node === name && tapped).length;
    return {
      name,
      targets,
      wanted: targets > 0,
      running: !isLost,
      state: isLost ? 'gone' : 'capturing',
      reason: isLost ? 'The connection broke: no answer for 15 s.' : '',
      pod: `mizu-tapper-daemon-set-${code(index)}`,
      version: '0.1.0',
      lastSeen: isLost ? this.#startedAt - 42_000 : Date.now() - 400,
      packets: Math.round(1_000_000 * (index + 1) + seconds * 4_000),
      dropped: index === 1 ? 12 : 0,
      entries: Math.round(40_000 * (index + 1) + seconds * 300),
      shed: 0,
      memoryBytes: (96 + index * 74) * 1_048_576,
      memoryLimitBytes: 300 * 1_048_576,
      cpuMs: 3_000 + seconds * 20,
    };
  }
}

function counted<Item extends { readonly tapped: boolean }>(
  items: readonly Item[],
  nameOf: (item: Item) => string,
): { name: string; pods: number; tapped: number }[] {
  const groups = Map.groupBy(items, nameOf);
  return [...groups]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, all]) => ({
      name,
      pods: all.length,
      tapped: all.filter(({ tapped }) => tapped).length,
    }));
}
