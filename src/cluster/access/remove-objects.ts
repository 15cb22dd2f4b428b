/** Everything of Mizu in a namespace, and what goes with it cluster-wide → gone, within a budget. */
import { pause } from './apply-objects.ts';
import type { ClusterApi, Reference } from './cluster-api.ts';
import { referenceOf } from './cluster-api.ts';
import { connectionError, hasCode } from './errors.ts';
import { isManaged, managedSelector } from './labels.ts';
import { type ClusterObject, printedName } from './resources.ts';

/** What was asked to go, newest rights last: a user who may not go on leaves as little as possible. */
const namespacedKinds = [
  'DaemonSet',
  'Deployment',
  'Pod',
  'Service',
  'ConfigMap',
  'Secret',
  'PersistentVolumeClaim',
  'NetworkPolicy',
  'RoleBinding',
  'Role',
  'ServiceAccount',
  'Lease',
] as const;
const clusterKinds = ['ClusterRoleBinding', 'ClusterRole'] as const;

const defaultBudgetMs = 60_000;
const lookEveryMs = 500;

export interface RemoveOptions {
  readonly namespace: string;
  /** Also Mizu's cluster roles and, when it is Mizu's own, the namespace. */
  readonly clusterWide: boolean;
  /** Which of Mizu's cluster-wide objects belong to this namespace; default: all of them. */
  readonly belongs?: ((object: ClusterObject) => boolean) | undefined;
  /** Objects that may be there: looked up by name where listing is not allowed. */
  readonly expected?: readonly Reference[];
  readonly budgetMs?: number;
  /** Aborted: what was asked for is not waited for. */
  readonly impatient?: AbortSignal | undefined;
}

export interface Removal {
  /** Names of what was asked to go. */
  readonly removed: readonly string[];
  /** Names of what is still there, with the reason where it is known. */
  readonly leftovers: readonly string[];
}

interface Doomed {
  readonly reference: Reference;
  readonly name: string;
  readonly uid: string | undefined;
  failure?: string;
}

/** Never throws: what does not work is a leftover. */
export async function removeObjects(api: ClusterApi, options: RemoveOptions): Promise<Removal> {
  const until = performance.now() + (options.budgetMs ?? defaultBudgetMs);
  const { impatient } = options;
  const found = await findAll(api, options);
  await Promise.all(found.map((one) => deleteOne(api, one, until)));
  await waitUntilGone(api, found, until, impatient);
  const left = await stillThere(api, found);
  const pods = found.some(({ reference }) => reference.kind === 'Namespace')
    ? []
    : await waitForPods(api, options, until);
  return {
    removed: found.map(({ name }) => name),
    leftovers: [...left.map(({ name, failure }) => withReason(name, failure)), ...pods],
  };
}

function withReason(name: string, failure: string | undefined): string {
  return failure === undefined ? name : `${name}: ${failure}`;
}

async function findAll(api: ClusterApi, options: RemoveOptions): Promise<Doomed[]> {
  const { namespace, clusterWide } = options;
  const inNamespace = namespacedKinds.map((kind) => findKind(api, kind, namespace, options));
  const everywhere = clusterWide
    ? [
        ...clusterKinds.map((kind) => findKind(api, kind, undefined, options)),
        findNamespace(api, namespace),
      ]
    : [];
  return (await Promise.all([...inNamespace, ...everywhere])).flat();
}

async function findKind(
  api: ClusterApi,
  kind: string,
  namespace: string | undefined,
  options: RemoveOptions,
): Promise<Doomed[]> {
  try {
    const { items } = await api.list<ClusterObject>({
      kind,
      namespace,
      labelSelector: managedSelector,
    });
    return items
      .filter((item) => namespace !== undefined || (options.belongs?.(item) ?? true))
      .filter((item) => !isControlled(item))
      .map((item) => doomed({ ...item, kind }));
  } catch {
    // What may neither be listed nor read was not made with this user's rights either.
    const expected = (options.expected ?? []).filter((one) => one.kind === kind);
    const there = await Promise.all(
      expected.map((one) => api.find<ClusterObject>(one).catch(() => undefined)),
    );
    return there
      .filter((item) => item !== undefined && isManaged(item))
      .map((item) => doomed({ ...item, kind }));
  }
}

/** Pods of a DaemonSet go with it. */
function isControlled(object: ClusterObject): boolean {
  return object.metadata?.ownerReferences?.some(({ controller }) => controller === true) ?? false;
}

async function findNamespace(api: ClusterApi, name: string): Promise<Doomed[]> {
  const object = await api.find<ClusterObject>({ kind: 'Namespace', name }).catch(() => undefined);
  return object !== undefined && isManaged(object) ? [doomed(object)] : [];
}

function doomed(object: ClusterObject): Doomed {
  return {
    reference: referenceOf(object),
    name: printedName(object),
    uid: object.metadata?.uid,
  };
}

async function deleteOne(api: ClusterApi, one: Doomed, until: number): Promise<void> {
  const timeoutMs = Math.max(1000, until - performance.now());
  try {
    const uid = one.uid === undefined ? {} : { uid: one.uid };
    await api.delete(one.reference, { timeoutMs, ...uid });
  } catch (error) {
    // Another object under the same name by now: not ours.
    if (hasCode(error, 'conflict')) return;
    one.failure = connectionError(error, api.server).message;
  }
}

async function waitUntilGone(
  api: ClusterApi,
  found: readonly Doomed[],
  until: number,
  impatient: AbortSignal | undefined,
): Promise<void> {
  let waiting = found.filter((one) => one.failure === undefined);
  while (waiting.length > 0 && performance.now() < until && !impatient?.aborted) {
    waiting = await stillThere(api, waiting);
    if (waiting.length > 0) await pause(lookEveryMs, impatient).catch(() => undefined);
  }
}

async function stillThere(api: ClusterApi, found: readonly Doomed[]): Promise<Doomed[]> {
  const states = await Promise.all(
    found.map(async (one) => {
      try {
        const object = await api.find<ClusterObject>(one.reference);
        return object !== undefined && (one.uid ?? object.metadata?.uid) === object.metadata?.uid;
      } catch (error) {
        // Who may delete but not look takes the deletion's word.
        return one.failure !== undefined || !hasCode(error, 'forbidden');
      }
    }),
  );
  return found.filter((_, i) => states[i]);
}

/** In a namespace that stays, the pods are what still runs after their DaemonSet is gone. */
async function waitForPods(
  api: ClusterApi,
  { namespace, impatient }: RemoveOptions,
  until: number,
): Promise<string[]> {
  const selection = { kind: 'Pod', namespace, labelSelector: managedSelector };
  for (;;) {
    const { items } = await api.list<ClusterObject>(selection).catch(() => ({ items: [] }));
    const late = performance.now() >= until || impatient?.aborted === true;
    if (items.length === 0 || late) {
      return items.map((item) => printedName({ ...item, kind: 'Pod' }));
    }
    await pause(lookEveryMs, impatient).catch(() => undefined);
  }
}
