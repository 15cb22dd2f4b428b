/** Why a pod of Mizu does not run: what pods and events say → one sentence, within seconds. */
import type { CoreV1Event, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { pause } from './apply-objects.ts';
import type { ClusterApi } from './cluster-api.ts';
import { ClusterError } from './errors.ts';

/** What is known of a workload's pods at one time. */
export interface Observation {
  readonly pods: readonly V1Pod[];
  /** Of the namespace; those of the workload are picked out by name. */
  readonly events: readonly CoreV1Event[];
}

export interface Trouble {
  /** A word of Kubernetes: `ImagePullBackOff`, `FailedScheduling`. */
  readonly reason: string;
  readonly note: string;
  /** What to change, in words of Mizu's configuration. */
  readonly remedy?: string;
  /** Waiting longer is of no use once it has been so for this long, ms. */
  readonly afterMs: number;
  /** Of the container whose last log lines tell more. */
  readonly crashed?: { readonly pod: string; readonly container: string };
}

/** Trouble that often passes by itself gets more time. */
const soon = 3000;
const later = 10_000;

const imageReasons: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'ErrImageNeverPull',
  'RegistryUnavailable',
]);
const containerReasons: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
]);

const imageRemedy =
  'check image.registry, image.repository and image.tag (or agent-image), image.pull-secrets and image-pull-policy; mizu check --image-pull tries it on the nodes';

export function isReady(pod: V1Pod): boolean {
  if (pod.metadata?.deletionTimestamp !== undefined || pod.status?.phase !== 'Running')
    return false;
  return (
    pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
    false
  );
}

/** The pod that counts: not on its way out, the newest. */
export function newestPod(pods: readonly V1Pod[]): V1Pod | undefined {
  const created = (pod: V1Pod) => Date.parse(String(pod.metadata?.creationTimestamp ?? '')) || 0;
  return pods
    .filter((pod) => pod.metadata?.deletionTimestamp === undefined)
    .toSorted((a, b) => created(b) - created(a))[0];
}

/** What keeps the workload's pod from running; undefined while nothing speaks against it. */
export function findTrouble(workload: string, seen: Observation): Trouble | undefined {
  const pod = newestPod(seen.pods);
  if (pod === undefined) return creationTrouble(workload, seen.events);
  if (isReady(pod)) return undefined;
  return (
    containerTrouble(pod) ?? schedulingTrouble(pod) ?? endedTrouble(pod) ?? mountTrouble(pod, seen)
  );
}

/** Quota, Pod Security, a missing service account: the controller cannot make the pod. */
function creationTrouble(workload: string, events: readonly CoreV1Event[]): Trouble | undefined {
  const event = newestEvent(events, ({ reason, involvedObject }) => {
    const { name = '' } = involvedObject;
    return reason === 'FailedCreate' && (name === workload || name.startsWith(`${workload}-`));
  });
  if (event === undefined) return undefined;
  return { reason: 'FailedCreate', note: event.message ?? '', afterMs: soon };
}

function containerTrouble(pod: V1Pod): Trouble | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  for (const status of [...initContainerStatuses, ...containerStatuses]) {
    const trouble = statusTrouble(pod, status);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}

function statusTrouble(pod: V1Pod, status: V1ContainerStatus): Trouble | undefined {
  const { reason = '', message = '' } = status.state?.waiting ?? {};
  if (imageReasons.has(reason)) {
    const note = `the image ${status.image} cannot be pulled: ${message}`;
    // The first failure may be the network's; the second is believed.
    const afterMs = reason === 'ErrImagePull' ? later : soon;
    return { reason, note, remedy: imageRemedy, afterMs };
  }
  if (containerReasons.has(reason)) return { reason, note: message, afterMs: soon };
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  if (reason !== 'CrashLoopBackOff' && (ended === undefined || ended.exitCode === 0)) {
    return undefined;
  }
  const crashed = { pod: pod.metadata?.name ?? '', container: status.name };
  const note = endText(status.name, ended);
  if (ended !== undefined && containerReasons.has(ended.reason ?? '')) {
    return { reason: ended.reason!, note: ended.message ?? note, afterMs: soon };
  }
  return { reason: reason || 'Error', note, crashed, afterMs: soon };
}

function endText(name: string, ended: { exitCode: number; reason?: string } | undefined): string {
  if (ended === undefined) return `the container ${name} ends again and again`;
  if (ended.reason === 'OOMKilled') {
    return `the container ${name} was killed because it needed more memory than its limit`;
  }
  return `the container ${name} ended with exit code ${ended.exitCode}`;
}

function schedulingTrouble(pod: V1Pod): Trouble | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return undefined;
  return {
    reason: 'FailedScheduling',
    note: condition.message ?? 'no node can run it',
    remedy:
      'make room, or change its resources, node-selector, affinity or tolerations in the configuration',
    afterMs: later,
  };
}

function endedTrouble(pod: V1Pod): Trouble | undefined {
  const { phase, reason, message } = pod.status ?? {};
  if (phase !== 'Failed' && phase !== 'Succeeded') return undefined;
  return { reason: reason ?? phase, note: message ?? 'the pod has ended', afterMs: 0 };
}

/** A volume that cannot be mounted is said only in events. */
function mountTrouble(pod: V1Pod, { events }: Observation): Trouble | undefined {
  const event = newestEvent(
    events,
    ({ involvedObject, reason = '' }) =>
      involvedObject.uid === pod.metadata?.uid &&
      ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox'].includes(reason),
  );
  if (event === undefined) return undefined;
  return { reason: event.reason!, note: event.message ?? '', afterMs: later };
}

function newestEvent(
  events: readonly CoreV1Event[],
  fits: (event: CoreV1Event) => boolean,
): CoreV1Event | undefined {
  const at = ({ lastTimestamp, eventTime, metadata }: CoreV1Event) =>
    Date.parse(String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '')) || 0;
  return events.filter(fits).toSorted((a, b) => at(b) - at(a))[0];
}

export interface ReadinessOptions {
  readonly namespace: string;
  /** Name of the pod, Deployment or DaemonSet. */
  readonly workload: string;
  readonly labelSelector: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Trouble that may still pass, once each. */
  readonly onTrouble?: (trouble: Trouble) => void;
  /** The pod has been there and is gone: it will not come back by itself (a bare pod). */
  readonly mayVanish: boolean;
  /** Whether the ready pod is the one that is waited for, not its predecessor. */
  readonly accept?: (pod: V1Pod) => Promise<boolean>;
}

const lookEveryMs = 700;
const lastLines = 10;
const logTimeoutMs = 5000;

/**
 * Waits for a pod that is ready.
 * @throws ClusterError `not-ready` with what is wrong.
 */
export async function waitUntilReady(api: ClusterApi, options: ReadinessOptions): Promise<V1Pod> {
  const { workload, signal } = options;
  const until = performance.now() + options.timeoutMs;
  let trouble: Trouble | undefined;
  let since = 0;
  let appeared = false;
  for (;;) {
    const seen = await observe(api, options);
    const ready = seen.pods.find(isReady);
    if (ready !== undefined && ((await options.accept?.(ready)) ?? true)) return ready;
    appeared ||= seen.pods.length > 0;
    if (appeared && options.mayVanish && newestPod(seen.pods) === undefined) {
      throw new ClusterError('not-ready', `${workload} removed`);
    }
    const now = performance.now();
    const found = findTrouble(workload, seen);
    if (found !== undefined && !isSame(found, trouble)) {
      since = now;
      options.onTrouble?.(found);
    }
    trouble = found;
    if (trouble !== undefined && now - since >= trouble.afterMs) {
      throw new ClusterError('not-ready', await explain(api, options.namespace, trouble));
    }
    if (now >= until) throw new ClusterError('not-ready', 'Mizu API server was not ready in time');
    await pause(lookEveryMs, signal);
  }
}

/** `ErrImagePull` and `ImagePullBackOff` take turns: one trouble. */
function isSame(a: Trouble, b: Trouble | undefined): boolean {
  if (b === undefined) return false;
  return a.reason === b.reason || (imageReasons.has(a.reason) && imageReasons.has(b.reason));
}

/** Who may not read events learns less, but is not stopped. */
export async function observe(
  api: ClusterApi,
  {
    namespace,
    labelSelector,
    signal,
  }: Pick<ReadinessOptions, 'namespace' | 'labelSelector' | 'signal'>,
): Promise<Observation> {
  const [pods, events] = await Promise.all([
    api.list<V1Pod>({ kind: 'Pod', namespace, labelSelector }, { signal }),
    api
      .list<CoreV1Event>({ kind: 'Event', namespace, fieldSelector: 'type!=Normal' }, { signal })
      .catch(() => ({ items: [] as CoreV1Event[] })),
  ]);
  return { pods: pods.items, events: events.items };
}

/** `Mizu API Server status: REASON - NOTE`, what to do, and the last log lines of what crashed. */
async function explain(api: ClusterApi, namespace: string, trouble: Trouble): Promise<string> {
  const { reason, note, remedy, crashed } = trouble;
  const parts = [`Mizu API Server status: ${reason} - ${note}`];
  if (remedy !== undefined) parts[0] += `; ${remedy}`;
  if (crashed !== undefined) {
    const log = await lastLog(api, namespace, crashed);
    if (log !== '') parts.push('Its last lines:', ...log.split('\n').map((line) => `  ${line}`));
  }
  return parts.join('\n');
}

/** The log of a container that has ended; of the run before when it was started again. */
export async function lastLog(
  api: ClusterApi,
  namespace: string,
  { pod, container }: { readonly pod: string; readonly container: string },
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const wanted = { verb: 'get', resource: 'pods/log', name: pod, namespace };
  const call = { timeoutMs: logTimeoutMs };
  for (const previous of [true, false]) {
    const query = { container, tailLines: lastLines, previous };
    const text = await api.text(path, wanted, query, call).catch(() => '');
    if (text.trim() !== '') return text.trimEnd();
  }
  return '';
}
