/** Objects → a cluster, in their order. */
import type { ClusterApi } from './cluster-api.ts';
import { type Reference, referenceOf } from './cluster-api.ts';
import { ClusterError, hasCode } from './errors.ts';
import { isManaged } from './labels.ts';
import { type ClusterObject, printedName } from './resources.ts';

/**
 * `used`: somebody made it beforehand, without Mizu's label; it is left as it is and not removed.
 * `skipped`: may not be made; Mizu works without it.
 */
export type AppliedState = 'created' | 'configured' | 'unchanged' | 'used' | 'skipped';

export interface Applied {
  readonly reference: Reference;
  /** `daemonset.apps/mizu-tapper-daemon-set` */
  readonly name: string;
  readonly state: AppliedState;
  readonly uid: string | undefined;
  /** Why it was skipped. */
  readonly reason?: string;
}

export interface ApplyOptions {
  readonly signal?: AbortSignal | undefined;
  /** `create`: what is there already and Mizu's own is an error. `upgrade`: it is changed in place. */
  readonly mode: 'create' | 'upgrade';
  readonly onApplied?: (applied: Applied) => void;
  /** With whom an object goes away by itself; taken when that one was made by Mizu. */
  readonly ownerOf?: (object: ClusterObject) => Owner | undefined;
}

export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** Mizu taps without these, but then knows fewer names. */
const optionalKinds: ReadonlySet<string> = new Set([
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
]);

/** What may be somebody else's under the same name and still do its work for Mizu. */
const usableKinds: ReadonlySet<string> = new Set([
  ...optionalKinds,
  'Namespace',
  'PersistentVolumeClaim',
]);

/** How long a namespace that is on its way out is waited for, ms. */
const terminatingMs = 60_000;
const retryMs = 1000;

/**
 * Stops at the first object that cannot be made; those before it are made, and reported through
 * `onApplied`.
 * @throws ClusterError
 */
export async function applyObjects(
  api: ClusterApi,
  objects: readonly ClusterObject[],
  options: ApplyOptions,
): Promise<Applied[]> {
  const done: Applied[] = [];
  for (const object of objects) {
    const owned = withOwner(object, options.ownerOf?.(object), done);
    const applied = await applyOne(api, owned, options);
    done.push(applied);
    options.onApplied?.(applied);
  }
  return done;
}

function withOwner(
  object: ClusterObject,
  owner: Owner | undefined,
  done: readonly Applied[],
): ClusterObject {
  const made = done.find(
    ({ reference, state }) =>
      reference.kind === owner?.kind && reference.name === owner.name && state !== 'used',
  );
  if (owner === undefined || made?.uid === undefined) return object;
  const ownerReferences = [{ ...owner, uid: made.uid }];
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

async function applyOne(
  api: ClusterApi,
  object: ClusterObject,
  options: ApplyOptions,
): Promise<Applied> {
  try {
    return options.mode === 'create'
      ? await createOne(api, object, options)
      : await upgradeOne(api, object, options);
  } catch (error) {
    if (!hasCode(error, 'forbidden') || !optionalKinds.has(object.kind ?? '')) throw error;
    return { ...applied(object, 'skipped'), reason: (error as Error).message };
  }
}

async function createOne(
  api: ClusterApi,
  object: ClusterObject,
  options: ApplyOptions,
): Promise<Applied> {
  const until = performance.now() + terminatingMs;
  for (;;) {
    try {
      return applied(await api.create(object, options), 'created', object);
    } catch (error) {
      const leaving = hasCode(error, 'conflict') || (await isLeaving(api, object, error, options));
      if (leaving && performance.now() < until) {
        await pause(retryMs, options.signal);
        continue;
      }
      if (!hasCode(error, 'exists')) throw await orUsed(api, object, error, options);
    }
    return await useExisting(api, object, options);
  }
}

/** Users with few rights may not create a namespace that is there already. */
async function orUsed(
  api: ClusterApi,
  object: ClusterObject,
  error: unknown,
  options: ApplyOptions,
): Promise<unknown> {
  if (!hasCode(error, 'forbidden') || object.kind !== 'Namespace') return error;
  const there = await api.find(referenceOf(object), options).catch(() => undefined);
  return there === undefined ? error : new ClusterError('exists', (error as Error).message);
}

async function isLeaving(
  api: ClusterApi,
  object: ClusterObject,
  error: unknown,
  options: ApplyOptions,
): Promise<boolean> {
  if (!hasCode(error, 'exists')) return false;
  const there = await api.find(referenceOf(object), options).catch(() => undefined);
  return there?.metadata?.deletionTimestamp !== undefined;
}

async function useExisting(
  api: ClusterApi,
  object: ClusterObject,
  options: ApplyOptions,
): Promise<Applied> {
  const there = await api.read(referenceOf(object), options);
  if (!isManaged(there) && usableKinds.has(object.kind ?? ''))
    return applied(there, 'used', object);
  const name = printedName(object);
  // Left over from a session that ended badly, or shared with another one, which the lease tells.
  if (object.kind === 'Namespace') return applied(there, 'unchanged', object);
  if (isManaged(there)) {
    throw new ClusterError('exists', `${name} exists already: another Mizu runs here`);
  }
  throw new ClusterError(
    'exists',
    `${name} exists already and was not made by Mizu; choose another namespace with mizu-resources-namespace`,
  );
}

async function upgradeOne(
  api: ClusterApi,
  object: ClusterObject,
  options: ApplyOptions,
): Promise<Applied> {
  const before = await api.find(referenceOf(object), options);
  if (before === undefined) return await createApplied(api, object, options);
  if (!isManaged(before)) return await useExisting(api, object, options);
  if (object.kind === 'PersistentVolumeClaim') return await upgradeClaim(api, object, options);
  const after = await api.apply(object, options);
  const same = after.metadata?.resourceVersion === before.metadata?.resourceVersion;
  return applied(after, same ? 'unchanged' : 'configured', object);
}

/** Through apply as well, so that the next upgrade can take fields away again. */
async function createApplied(
  api: ClusterApi,
  object: ClusterObject,
  options: ApplyOptions,
): Promise<Applied> {
  return applied(await api.apply(object, options), 'created', object);
}

/** A volume keeps its class and may only grow, where its class allows even that. */
async function upgradeClaim(
  api: ClusterApi,
  object: ClusterObject,
  options: ApplyOptions,
): Promise<Applied> {
  const before = await api.read(referenceOf(object), options);
  try {
    const after = await api.apply(object, options);
    const same = after.metadata?.resourceVersion === before.metadata?.resourceVersion;
    return applied(after, same ? 'unchanged' : 'configured', object);
  } catch (error) {
    if (!hasCode(error, 'refused', 'forbidden')) throw error;
    const reason = `the volume stays as it is: ${(error as Error).message}`;
    return { ...applied(before, 'unchanged', object), reason };
  }
}

function applied(
  object: ClusterObject,
  state: AppliedState,
  named: ClusterObject = object,
): Applied {
  const reference = referenceOf(named);
  return { reference, name: printedName(named), state, uid: object.metadata?.uid };
}

/** Waits; an abort ends it at once, with the signal's reason. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      signal?.removeEventListener('abort', stop);
      resolve();
    }
    function stop(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
