/** The watches of a cluster, or of some of its namespaces, feeding the book; and the pods there are now. */
import type { AddressBook } from './address-book.ts';
import type { ApiError, ApiReader } from './api-reader.ts';
import type { PodFact } from './facts.ts';
import { type Kind, listAndWatch, type WatchSink } from './list-watch.ts';
import { Notices } from './notices.ts';
import { Owners } from './owners.ts';
import { nodeFact, podFact, recordOf, serviceFact, sliceFact, textOf } from './trim.ts';

export interface ClusterWatchOptions {
  readonly reader: ApiReader;
  /** Only these namespaces, for reduced rights; undefined: the whole cluster. */
  readonly namespaces: readonly string[] | undefined;
  /** Waits are multiplied by it; tests wait less. */
  readonly patience: number;
  /** Pods changed. */
  readonly onPods: () => void;
}

/** What a kind's watch does with its facts; `trouble` is the same for all. */
type Intake<Fact> = Omit<WatchSink<Fact>, 'trouble'>;

const endless = Number.POSITIVE_INFINITY;

export class ClusterWatch {
  readonly notices = new Notices();
  readonly pods = new Map<string, PodFact>();
  readonly namespaces = new Set<string>();
  readonly #options: ClusterWatchOptions;
  readonly #book: AddressBook;
  readonly #owners: Owners;
  readonly #stopping = new AbortController();
  readonly #watches: Promise<void>[] = [];
  /** Uid of an owner that is being read → pods that wait for it. */
  readonly #waiting = new Map<string, Set<string>>();

  constructor(book: AddressBook, options: ClusterWatchOptions) {
    this.#book = book;
    this.#options = options;
    this.#owners = new Owners({
      reader: options.reader,
      namespaces: options.namespaces,
      signal: this.#stopping.signal,
      onKnown: (uid) => this.#ownerKnown(uid),
      onTrouble: (...trouble) => this.notices.trouble(...trouble),
    });
  }

  /** Resolves when each kind was listed, or could not be. */
  async start(): Promise<void> {
    const { namespaces } = this.#options;
    if (namespaces) this.#announcePartial(namespaces);
    this.#endUnwatched(namespaces);
    const lists = (namespaces ?? ['']).flatMap((namespace) => this.#watchNamespaced(namespace));
    const nodes = { name: 'nodes', path: '/api/v1/nodes' };
    lists.push(this.#owners.list(), this.#watch(nodes, '', this.#nodes()));
    const all = { name: 'namespaces', path: '/api/v1/namespaces' };
    if (namespaces) for (const name of namespaces) this.namespaces.add(name);
    else lists.push(this.#watch(all, '', this.#allNamespaces()));
    await Promise.all(lists);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#watches);
  }

  #watchNamespaced(namespace: string): Promise<void>[] {
    const scope = namespace === '' ? '' : `/namespaces/${namespace}`;
    const slices = `/apis/discovery.k8s.io/v1${scope}/endpointslices`;
    const pods = { name: 'pods', path: `/api/v1${scope}/pods` };
    const services = { name: 'services', path: `/api/v1${scope}/services` };
    return [
      this.#watch(pods, namespace, this.#podsOf(namespace)),
      this.#watch(services, namespace, this.#servicesOf(namespace)),
      this.#watch({ name: 'endpointslices', path: slices }, namespace, this.#slicesOf(namespace)),
    ];
  }

  /** Starts a watch; resolves at its first list or refusal. */
  #watch<Fact>(kind: Kind, namespace: string, intake: Intake<Fact>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const sink: WatchSink<Fact> = {
      ...intake,
      trouble: (error: ApiError | undefined) => {
        this.notices.trouble(kind.name, namespace, error);
        resolve();
      },
    };
    const { reader, patience } = this.#options;
    const { signal } = this.#stopping;
    this.#watches.push(listAndWatch(reader, kind, sink, { signal, patience }).then(resolve));
    return promise;
  }

  #podsOf(namespace: string): Intake<PodFact> {
    return {
      trim: podFact,
      put: (fact) => this.#putPod(fact),
      remove: (fact) => this.#removePod(fact.uid),
      listed: (facts) => {
        const listed = new Set(facts.map(({ uid }) => uid));
        const known = [...this.#book.pods.values(), ...this.pods.values()];
        for (const pod of known) {
          const isHere = namespace === '' || pod.namespace === namespace;
          if (isHere && !listed.has(pod.uid)) this.#removePod(pod.uid);
        }
        this.#options.onPods();
      },
    };
  }

  #putPod(trimmed: PodFact): void {
    const workload = this.#owners.workloadOf(trimmed);
    const fact = workload ? { ...trimmed, workload } : trimmed;
    if (fact.owner && this.#owners.isAwaited(fact.owner.uid)) {
      const waiting = this.#waiting.get(fact.owner.uid) ?? new Set();
      this.#waiting.set(fact.owner.uid, waiting.add(fact.uid));
    }
    this.pods.set(fact.uid, fact);
    this.#book.putPod(fact, Date.now());
    this.#options.onPods();
  }

  #removePod(uid: string): void {
    this.#book.removePod(uid, Date.now());
    if (this.pods.delete(uid)) this.#options.onPods();
  }

  #ownerKnown(ownerUid: string): void {
    const waiting = this.#waiting.get(ownerUid) ?? [];
    this.#waiting.delete(ownerUid);
    for (const uid of waiting) {
      const fact = this.pods.get(uid);
      if (fact) this.#putPod(fact);
    }
  }

  #servicesOf(namespace: string): Intake<NonNullable<ReturnType<typeof serviceFact>>> {
    const book = this.#book;
    return {
      trim: serviceFact,
      put: (fact) => book.putService(fact, Date.now()),
      remove: ({ uid }) => book.removeService(uid, Date.now()),
      listed: (facts) => {
        const listed = new Set(facts.map(({ uid }) => uid));
        for (const { fact } of [...book.services.values()]) {
          const isHere = namespace === '' || fact.namespace === namespace;
          if (isHere && !listed.has(fact.uid)) book.removeService(fact.uid, Date.now());
        }
      },
    };
  }

  #slicesOf(namespace: string): Intake<NonNullable<ReturnType<typeof sliceFact>>> {
    const book = this.#book;
    return {
      trim: sliceFact,
      put: (fact) => book.putSlice(fact, Date.now()),
      remove: ({ key }) => book.removeSlice(key, Date.now()),
      listed: (facts) => {
        const listed = new Set(facts.map(({ key }) => key));
        for (const key of [...book.sliceKeys()]) {
          const isHere = namespace === '' || key.startsWith(`${namespace}/`);
          if (isHere && !listed.has(key)) book.removeSlice(key, Date.now());
        }
        book.endUnlistedMemberships(namespace, Date.now());
      },
    };
  }

  #nodes(): Intake<NonNullable<ReturnType<typeof nodeFact>>> {
    const book = this.#book;
    return {
      trim: nodeFact,
      put: (fact) => book.putNode(fact),
      remove: ({ name }) => book.removeNode(name, Date.now()),
      listed: (facts) => {
        const listed = new Set(facts.map(({ name }) => name));
        for (const name of [...book.nodes.keys()]) {
          if (!listed.has(name)) book.removeNode(name, Date.now());
        }
      },
    };
  }

  #allNamespaces(): Intake<string> {
    return {
      trim: (object) => textOf(recordOf(recordOf(object)['metadata'])['name']) || undefined,
      put: (name) => {
        this.namespaces.add(name);
      },
      remove: (name) => {
        this.namespaces.delete(name);
      },
      listed: (names) => {
        const listed = new Set(names);
        for (const name of this.namespaces) if (!listed.has(name)) this.namespaces.delete(name);
      },
    };
  }

  #announcePartial(namespaces: readonly string[]): void {
    const names = namespaces.map((name) => `"${name}"`).join(', ');
    const text = `Only ${namespaces.length === 1 ? 'namespace' : 'namespaces'} ${names} can be read: pods and services of others have no names.`;
    this.notices.add({ resource: 'others', namespace: '', kind: 'partial', text });
  }

  /** What the history has of namespaces that are not watched any more: nobody would say when it ends. */
  #endUnwatched(namespaces: readonly string[] | undefined): void {
    if (!namespaces) return;
    const now = Date.now();
    for (const pod of this.#book.pods.values()) {
      if (pod.to === endless && !namespaces.includes(pod.namespace)) {
        this.#book.removePod(pod.uid, now);
      }
    }
    for (const { fact, to } of this.#book.services.values()) {
      if (to === endless && !namespaces.includes(fact.namespace)) {
        this.#book.removeService(fact.uid, now);
      }
    }
  }
}
