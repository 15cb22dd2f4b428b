/** Workloads as users name them: `deploy/cart`, with kubectl's short names. */
import type { PodFact, Workload } from '../resolve/cluster/facts.ts';

const kinds: Readonly<Record<string, readonly string[]>> = {
  Pod: ['pod', 'pods', 'po'],
  Deployment: ['deployment', 'deployments', 'deploy'],
  StatefulSet: ['statefulset', 'statefulsets', 'sts'],
  DaemonSet: ['daemonset', 'daemonsets', 'ds'],
  ReplicaSet: ['replicaset', 'replicasets', 'rs'],
  ReplicationController: ['replicationcontroller', 'replicationcontrollers', 'rc'],
  Job: ['job', 'jobs'],
  CronJob: ['cronjob', 'cronjobs', 'cj'],
};

const byWord = new Map(
  Object.entries(kinds).flatMap(([kind, words]) => words.map((word) => [word, kind] as const)),
);

export type ParsedWorkload =
  | { readonly ok: true; readonly workload: Workload }
  | { readonly ok: false; readonly message: string };

/** `kind/name`; the kind may be short, plural, or with its group (`deployment.apps`). */
export function parseWorkload(text: string): ParsedWorkload {
  const [word = '', name = '', ...rest] = text.trim().split('/');
  const isName = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/.test(name) && rest.length === 0;
  if (!isName) {
    return { ok: false, message: `"${text}" is no workload: write kind/name, as in deploy/cart` };
  }
  const [plain = ''] = word.toLowerCase().split('.');
  const kind = byWord.get(plain);
  // Kinds of others (rollout.argoproj.io) are taken by their name.
  if (kind !== undefined) return { ok: true, workload: { kind, name } };
  if (/^[a-z]+$/.test(plain)) return { ok: true, workload: { kind: plain, name } };
  return { ok: false, message: `"${word}" is no kind of workload` };
}

/** Whether the pod belongs to the workload: its topmost owner, its next one, or itself. */
export function belongsTo(pod: PodFact, { kind, name }: Workload): boolean {
  const wanted = kind.toLowerCase();
  if (wanted === 'pod') return pod.name === name;
  const owners = [pod.workload, pod.owner];
  return owners.some((owner) => owner?.name === name && owner.kind.toLowerCase() === wanted);
}
