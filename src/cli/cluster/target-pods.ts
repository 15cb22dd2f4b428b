/** The pods that are tapped, as the terminal shows them: `+cart-7d9f`, later `-cart-7d9f`. */
import type { V1Pod } from '@kubernetes/client-node';
import { RE2JS } from 're2js';
import { type ClusterApi, isManaged, pause } from '../../cluster/access/index.ts';
import { UserError } from '../errors.ts';

export interface PodChoice {
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly regex: string;
  readonly selector: string;
  /** `deploy/cart`, `cart`; empty: any. */
  readonly workload: string;
}

/** @throws UserError when the expression is none. */
export function podFilter({ regex, workload }: PodChoice): (pod: V1Pod) => boolean {
  const pattern = compile(regex);
  const ofWorkload = workloadFilter(workload);
  return (pod) =>
    pod.status?.phase === 'Running' &&
    pod.metadata?.deletionTimestamp === undefined &&
    !isManaged(pod) &&
    pattern.matcher(pod.metadata?.name ?? '').find() &&
    ofWorkload(pod);
}

function compile(regex: string): RE2JS {
  try {
    return RE2JS.compile(regex);
  } catch (error) {
    throw new UserError(`${regex} is not a valid regex: ${(error as Error).message}`);
  }
}

const kinds: Readonly<Record<string, string>> = {
  deploy: 'Deployment',
  deployment: 'Deployment',
  deployments: 'Deployment',
  sts: 'StatefulSet',
  statefulset: 'StatefulSet',
  statefulsets: 'StatefulSet',
  ds: 'DaemonSet',
  daemonset: 'DaemonSet',
  daemonsets: 'DaemonSet',
  rs: 'ReplicaSet',
  replicaset: 'ReplicaSet',
  job: 'Job',
  jobs: 'Job',
  cj: 'CronJob',
  cronjob: 'CronJob',
  cronjobs: 'CronJob',
  pod: 'Pod',
  pods: 'Pod',
};

function workloadFilter(workload: string): (pod: V1Pod) => boolean {
  if (workload === '') return () => true;
  const [kindWord, name] = workload.includes('/') ? workload.split('/', 2) : ['', workload];
  const kind = kindWord === '' ? '' : kinds[kindWord!.toLowerCase()];
  if (kind === undefined || name === undefined || name === '') {
    throw new UserError(
      `--workload ${workload} is not understood; it is deploy/NAME, sts/NAME, ds/NAME, job/NAME, cronjob/NAME or pod/NAME`,
    );
  }
  return (pod) =>
    workloadsOf(pod).some((one) => one.name === name && (kind === '' || one.kind === kind));
}

/** The pod, its controller, and the controller's own as the names tell it without asking for it. */
function workloadsOf(pod: V1Pod): { kind: string; name: string }[] {
  const own = { kind: 'Pod', name: pod.metadata?.name ?? '' };
  const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return [own];
  const found = [own, { kind: owner.kind, name: owner.name }];
  const hash = pod.metadata?.labels?.['pod-template-hash'];
  if (owner.kind === 'ReplicaSet' && hash !== undefined && owner.name.endsWith(`-${hash}`)) {
    found.push({ kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) });
  }
  const scheduled = owner.kind === 'Job' ? /^(.+)-\d{8,}$/.exec(owner.name) : null;
  if (scheduled !== null) found.push({ kind: 'CronJob', name: scheduled[1]! });
  return found;
}

export interface PodChange {
  readonly kind: 'added' | 'removed';
  readonly namespace: string;
  readonly name: string;
}

const retryMs = 5000;

/** Keeps the set of matching pods; `onChange` hears of each that comes and goes. */
export class TargetPods {
  readonly #api: ClusterApi;
  readonly #choice: PodChoice;
  readonly #matches: (pod: V1Pod) => boolean;
  readonly #pods = new Map<string, PodChange>();
  readonly #versions = new Map<string | undefined, string>();
  onChange: (change: PodChange) => void = () => undefined;

  constructor(api: ClusterApi, choice: PodChoice) {
    this.#api = api;
    this.#choice = choice;
    this.#matches = podFilter(choice);
  }

  get names(): readonly string[] {
    return [...this.#pods.values()].map(({ name }) => name);
  }

  /** Lists once. */
  async load(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#places().map((namespace) => this.#list(namespace, signal)));
  }

  /** Follows changes from `load` on until the signal aborts. Never throws. */
  async follow(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#places().map((namespace) => this.#followOne(namespace, signal)));
  }

  #places(): readonly (string | undefined)[] {
    const { namespaces } = this.#choice;
    return namespaces.length === 0 ? [undefined] : namespaces;
  }

  #selection(namespace: string | undefined) {
    const { selector } = this.#choice;
    return { kind: 'Pod', namespace, labelSelector: selector === '' ? undefined : selector };
  }

  async #list(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    const { items, resourceVersion } = await this.#api.list<V1Pod>(this.#selection(namespace), {
      signal,
    });
    this.#versions.set(namespace, resourceVersion);
    const there = new Set(items.map((pod) => keyOf(pod)));
    for (const [key, pod] of this.#pods) {
      if (pod.namespace === (namespace ?? pod.namespace) && !there.has(key)) this.#remove(key);
    }
    for (const pod of items) this.#update(pod);
  }

  async #followOne(namespace: string | undefined, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#api.watch<V1Pod>(
          this.#selection(namespace),
          this.#versions.get(namespace) ?? '',
          ({ type, object }) => {
            const version = object.metadata?.resourceVersion;
            if (version !== undefined) this.#versions.set(namespace, version);
            if (type === 'DELETED') this.#remove(keyOf(object));
            else if (type !== 'BOOKMARK') this.#update(object);
          },
          signal,
        );
      } catch {
        await pause(retryMs, signal).catch(() => undefined);
        if (!signal.aborted) await this.#list(namespace, signal).catch(() => undefined);
      }
    }
  }

  #update(pod: V1Pod): void {
    const key = keyOf(pod);
    if (!this.#matches(pod)) {
      this.#remove(key);
      return;
    }
    if (this.#pods.has(key)) return;
    const { namespace = '', name = '' } = pod.metadata ?? {};
    const change: PodChange = { kind: 'added', namespace, name };
    this.#pods.set(key, change);
    this.onChange(change);
  }

  #remove(key: string): void {
    const pod = this.#pods.get(key);
    if (pod === undefined) return;
    this.#pods.delete(key);
    this.onChange({ ...pod, kind: 'removed' });
  }
}

function keyOf(pod: V1Pod): string {
  return pod.metadata?.uid ?? '';
}
