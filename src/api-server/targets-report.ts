/** What is tapped, what is not and why, and how each node's tapper is: the body of `/api/v1/targets`. */
import type { TapperState } from '../link/index.ts';
import { type PodFact, workloadText } from '../resolve/cluster/index.ts';
import type {
  TargetedNode,
  TargetedPod,
  Targets,
  TargetsSummary,
  WorkloadTargets,
} from '../serve/api.ts';
import type { NotTargeted, TargetSelection, TargetSet } from '../targets/index.ts';
import { isHeard } from './silent-nodes.ts';

/** Ports that are named of one pod. */
const mostPorts = 5;

export interface ReportInput {
  readonly selection: TargetSelection;
  readonly targets: TargetSet;
  /** All that are known, also those without pods. */
  readonly namespaces: readonly string[];
  readonly nodes: readonly string[];
  readonly tappers: readonly TapperState[];
  readonly notices: readonly string[];
  readonly silentNodes: readonly string[];
  /** Ports that are read of a host-network pod, by its uid. */
  readonly hostPorts: (podUid: string) => readonly number[];
  readonly nowMs: number;
}

export function summaryOf({
  selection,
  targets,
  silentNodes,
}: Pick<ReportInput, 'selection' | 'targets' | 'silentNodes'>): TargetsSummary {
  const tapped = targets.targets.length;
  const chosen = selection.allNamespaces
    ? undefined
    : new Set([...selection.namespaces, ...targets.targets.map(({ pod }) => pod.namespace)]);
  const others = targets.notTargeted.filter(
    ({ pod, reason }) => reason !== 'mizu' && (chosen?.has(pod.namespace) ?? true),
  );
  return {
    tapped,
    pods: tapped + others.length,
    namespaces: chosen === undefined ? [] : [...chosen].sort(),
    allNamespaces: chosen === undefined,
    silentNodes: [...silentNodes],
  };
}

export function targetsReport(input: ReportInput): Targets {
  const { selection, targets, namespaces, nodes, tappers, notices, nowMs } = input;
  const pods: TargetedPod[] = [
    ...targets.targets.map(({ pod }) => podOf(pod, '', '')),
    ...targets.notTargeted.map((not) => podOf(not.pod, not.reason, explain(not, input))),
  ];
  return {
    selection: {
      namespaces: [...selection.namespaces],
      allNamespaces: selection.allNamespaces ?? false,
      regex: selection.regex ?? '',
      selector: selection.selector ?? '',
      workloads: [...(selection.workloads ?? [])],
      include: [...(selection.include ?? [])],
      exclude: [...(selection.exclude ?? [])],
    },
    summary: summaryOf(input),
    namespaces: counted(namespaces, pods),
    workloads: workloadsOf(pods),
    pods,
    nodes: nodesOf(nodes, tappers, targets, nowMs),
    notices: [...notices],
  };
}

/** Of a host-network pod whose ports are known these are read. */
function explain({ pod, reason, explanation }: NotTargeted, { hostPorts, nodes }: ReportInput) {
  const ports = reason === 'host-network' && nodes.includes(pod.node) ? hostPorts(pod.uid) : [];
  if (ports.length === 0) return explanation;
  const list = ports.slice(0, mostPorts).join(', ');
  const more = ports.length > mostPorts ? ` and ${ports.length - mostPorts} more` : '';
  return `It uses the network of its node: what is read are calls to its ports ${list}${more}.`;
}

function podOf(pod: PodFact, reason: string, explanation: string): TargetedPod {
  const { namespace, name, node, phase, workload } = pod;
  return {
    namespace,
    name,
    node,
    phase,
    workload: workload === undefined ? '' : workloadText(workload),
    tapped: reason === '',
    reason,
    explanation,
  };
}

function counted(
  namespaces: readonly string[],
  pods: readonly TargetedPod[],
): Targets['namespaces'] {
  const counts = new Map(namespaces.map((name) => [name, { name, pods: 0, tapped: 0 }]));
  for (const { namespace, tapped } of pods) {
    const count = counts.get(namespace) ?? { name: namespace, pods: 0, tapped: 0 };
    count.pods++;
    if (tapped) count.tapped++;
    counts.set(namespace, count);
  }
  return [...counts.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function workloadsOf(pods: readonly TargetedPod[]): WorkloadTargets[] {
  const counts = new Map<
    string,
    { namespace: string; name: string; pods: number; tapped: number }
  >();
  for (const { namespace, workload, tapped } of pods) {
    if (workload === '') continue;
    const key = `${namespace}/${workload}`;
    const count = counts.get(key) ?? { namespace, name: workload, pods: 0, tapped: 0 };
    count.pods++;
    if (tapped) count.tapped++;
    counts.set(key, count);
  }
  return [...counts].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, count]) => count);
}

function nodesOf(
  wanted: readonly string[],
  tappers: readonly TapperState[],
  targets: TargetSet,
  nowMs: number,
): TargetedNode[] {
  const known = new Map(tappers.map((tapper) => [tapper.nodeName, tapper]));
  const names = [...new Set([...wanted, ...known.keys()])].sort();
  const podsOn = Map.groupBy(targets.targets, ({ pod }) => pod.node);
  return names.map((name) => {
    const targetPods = podsOn.get(name)?.length ?? 0;
    const tapper = known.get(name);
    return tapper === undefined
      ? { ...missing, name, targets: targetPods }
      : { ...stateOf(tapper, nowMs), name, targets: targetPods, wanted: wanted.includes(name) };
  });
}

const missing: Omit<TargetedNode, 'name' | 'targets'> = {
  wanted: true,
  running: false,
  state: 'missing',
  reason: 'Its tapper has not connected yet.',
  pod: '',
  version: '',
  lastSeen: 0,
  packets: 0,
  dropped: 0,
  entries: 0,
  shed: 0,
  memoryBytes: 0,
  memoryLimitBytes: 0,
  cpuMs: 0,
};

function stateOf(
  tapper: TapperState,
  nowMs: number,
): Omit<TargetedNode, 'name' | 'targets' | 'wanted'> {
  const { counters, capture, lastSeen, farewell } = tapper;
  const running = isHeard(tapper, nowMs);
  return {
    running,
    state: running ? capture.state : 'gone',
    reason: running ? capture.reason : farewell,
    pod: tapper.podName,
    version: tapper.version,
    lastSeen,
    packets: counters?.packets ?? 0,
    dropped: counters?.dropped ?? 0,
    entries: counters?.entries ?? 0,
    shed:
      (counters?.shedRows ?? 0) + (counters?.shedBodies ?? 0) + (counters?.shedConnections ?? 0),
    memoryBytes: counters?.memoryBytes ?? 0,
    memoryLimitBytes: counters?.memoryLimitBytes ?? 0,
    cpuMs: counters?.cpuMs ?? 0,
  };
}
