/**
 * Pod → the workload that a user made: ReplicaSet → Deployment, Job → CronJob, by owner references.
 * Both in between are listed once, as metadata only; later ones are read when a pod names them. They
 * change with every scaling and every run, so watching them would cost more than all pods.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { ApiError, type ApiReader } from './api-reader.ts';
import type { Labels, OwnedFact, OwnerFact, PodFact, Workload } from './facts.ts';
import { listOnce } from './list-watch.ts';
import { ownedFact } from './trim.ts';

/** Owners remembered; the one learned longest ago makes room. */
const maxOwners = 50_000;
/** Owners read at once. */
const concurrency = 4;
/** A failed reading is tried again after this. */
const retryMs = 5000;
/** Owners that wait to be read; pods beyond have no workload until they are seen again. */
const maxWaiting = 20_000;

const metadataList =
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
const metadataOne = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';

/** The kinds that stand between pods and what users made. */
const between: Readonly<Record<string, { readonly group: string; readonly plural: string }>> = {
  ReplicaSet: { group: '/apis/apps/v1', plural: 'replicasets' },
  Job: { group: '/apis/batch/v1', plural: 'jobs' },
};

/** The label that a Deployment puts on its pods; its ReplicaSet's name ends with it. */
const templateHash = 'pod-template-hash';

interface Asked extends OwnerFact {
  readonly namespace: string;
  /** Of a pod that it owns. */
  readonly labels: Labels;
}

export interface OwnersOptions {
  readonly reader: ApiReader;
  /** Undefined: the whole cluster. */
  readonly namespaces: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Pods with this owner have another workload now. */
  readonly onKnown: (ownerUid: string) => void;
  readonly onTrouble: (kind: string, namespace: string, error: ApiError) => void;
}

export class Owners {
  readonly #options: OwnersOptions;
  /** Uid → what its owner is; itself when it has none. */
  readonly #known = new Map<string, Workload>();
  readonly #waiting = new Map<string, Asked>();
  readonly #reading = new Set<string>();
  /** Kinds that may not be read. */
  readonly #refused = new Set<string>();
  #listed = false;

  constructor(options: OwnersOptions) {
    this.#options = options;
  }

  /** Never rejects: what is refused is told to `onTrouble`. */
  async list(): Promise<void> {
    const { namespaces, reader, signal } = this.#options;
    const scopes = namespaces ?? [''];
    const lists = scopes.flatMap((namespace) =>
      Object.entries(between).map(async ([name, { group, plural }]) => {
        const scope = namespace === '' ? '' : `/namespaces/${namespace}`;
        const kind = { name: plural, path: `${group}${scope}/${plural}` };
        try {
          await listOnce(
            { ...reader, get: (r) => reader.get({ ...r, accept: metadataList }) },
            kind,
            (object) => {
              const fact = ownedFact(object);
              if (fact) this.#learn(name, fact);
              return undefined;
            },
            signal,
          );
        } catch (error) {
          if (!signal.aborted) this.#options.onTrouble(plural, namespace, asApiError(error));
        }
      }),
    );
    await Promise.all(lists);
    this.#listed = true;
    this.#readNext();
  }

  /** The workload as far as it is known; what is not is read, then `onKnown` is called. */
  workloadOf({ owner, namespace, labels }: PodFact): Workload | undefined {
    if (owner === undefined) return undefined;
    if (between[owner.kind] === undefined) return { kind: owner.kind, name: owner.name };
    const known = this.#known.get(owner.uid);
    if (known) return known;
    const isAsked = this.#refused.has(owner.kind) || this.#reading.has(owner.uid);
    if (!isAsked && this.#waiting.size < maxWaiting) {
      this.#waiting.set(owner.uid, { ...owner, namespace, labels });
      this.#readNext();
    }
    return byName(owner, labels);
  }

  /** It is being read: `onKnown` will be called. */
  isAwaited(ownerUid: string): boolean {
    if (this.#known.has(ownerUid)) return false;
    return this.#waiting.has(ownerUid) || this.#reading.has(ownerUid);
  }

  #learn(kind: string, fact: OwnedFact): void {
    const { uid, name, owner } = fact;
    this.#remember(uid, owner ? { kind: owner.kind, name: owner.name } : { kind, name });
  }

  #remember(uid: string, workload: Workload): void {
    this.#known.delete(uid);
    this.#known.set(uid, workload);
    if (this.#known.size <= maxOwners) return;
    const [oldest = ''] = this.#known.keys();
    this.#known.delete(oldest);
  }

  #readNext(): void {
    while (this.#listed && this.#reading.size < concurrency) {
      const [next] = this.#waiting.values();
      if (!next || this.#options.signal.aborted) return;
      this.#waiting.delete(next.uid);
      if (this.#known.has(next.uid)) {
        this.#options.onKnown(next.uid);
        continue;
      }
      this.#reading.add(next.uid);
      void this.#read(next).finally(() => {
        this.#reading.delete(next.uid);
        this.#readNext();
      });
    }
  }

  async #read(asked: Asked): Promise<void> {
    const { kind, name, uid, namespace } = asked;
    const { reader, signal, onKnown, onTrouble } = this.#options;
    const { group, plural } = between[kind]!;
    const path = `${group}/namespaces/${namespace}/${plural}/${name}`;
    try {
      const fact = ownedFact(await reader.get({ path, accept: metadataOne, signal }));
      // Another of the same name is not the pod's owner.
      if (fact?.uid === uid) this.#learn(kind, fact);
      else this.#remember(uid, byName(asked, asked.labels));
    } catch (error) {
      const problem = asApiError(error);
      if (problem.status === 403) {
        this.#refused.add(kind);
        onTrouble(plural, namespace, problem);
      }
      const isTransient = problem.status !== 403 && problem.status !== 404;
      if (isTransient) await wait(retryMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      if (isTransient) this.#waiting.set(uid, asked);
      else this.#remember(uid, byName(asked, asked.labels));
      if (isTransient) return;
    }
    onKnown(uid);
  }
}

/** Until it is read, and where reading is not allowed: how a Deployment names its ReplicaSet. */
function byName({ kind, name }: OwnerFact, labels: Labels): Workload {
  const hash = labels[templateHash];
  if (kind === 'ReplicaSet' && hash && name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
  }
  return { kind, name };
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(String(error), 0);
}
