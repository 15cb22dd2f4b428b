/**
 * The cluster as one resolver: watches it once, keeps the book of addresses with its history, and tells
 * others what changed. In: the Kubernetes API, and what tappers and traffic say. Out: identities, pods.
 */
import { canonicalAddress } from '../address.ts';
import type { Identity, NameOrigin, NameResolver } from '../contract.ts';
import { Hosts } from '../hosts.ts';
import { AddressBook, type HistoryLimits } from './address-book.ts';
import type { ApiReader } from './api-reader.ts';
import { ClusterWatch } from './cluster-watch.ts';
import type { PodFact, ServiceFact } from './facts.ts';
import { HistoryFile, type HistoryLine } from './history.ts';
import type { Notice } from './notices.ts';
import { lineOfRecord, restoreRecord } from './saved-records.ts';
import type { SocketFact } from './sockets.ts';

/** Changes are saved, and told to others, this long after the first of them. */
const saveAfterMs = 1000;
const tellAfterMs = 250;
const sweepEveryMs = 60_000;
/** More addresses than this narrow nothing: a query then looks at all entries. */
const maxNarrowing = 1000;
/** Changed addresses that are remembered one by one between two times of telling. */
const maxTouched = 10_000;

export interface ClusterNamesOptions {
  readonly reader: ApiReader;
  /** Only these namespaces, for reduced rights; undefined: the whole cluster. */
  readonly namespaces?: readonly string[];
  /** Where the history is kept; undefined: in memory only. */
  readonly folder?: string;
  readonly limits?: HistoryLimits;
  /** What cannot be read, once each. */
  readonly onNotice?: (notice: Notice) => void;
  /** Saving failed: the disk is full, or not ours. Said once. */
  readonly onSaveFailed?: (error: unknown) => void;
  /** Waits are multiplied by it; tests wait less. */
  readonly patience?: number;
}

/** What only a node knows; its tapper finds it in /proc. */
export interface NodeFacts {
  /** Of its interfaces; loopback is everybody's and left out. */
  readonly addresses: readonly string[];
  /** Of the node's own network. */
  readonly sockets: readonly SocketFact[];
}

export class ClusterNames implements NameResolver {
  readonly #options: ClusterNamesOptions;
  readonly #book: AddressBook;
  readonly #watch: ClusterWatch;
  readonly #hosts = new Hosts();
  readonly #history: HistoryFile | undefined;
  readonly #nodeNames = new Map<number, string>();
  readonly #unsavedNumbers = new Set<number>();
  readonly #touched = new Set<string>();
  readonly #podListeners = new Set<() => void>();
  readonly #nameListeners = new Set<(addresses: ReadonlySet<string>) => void>();
  #podsChanged = false;
  #saveFailed = false;
  #saving: NodeJS.Timeout | undefined;
  #telling: NodeJS.Timeout | undefined;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(options: ClusterNamesOptions) {
    this.#options = options;
    this.#book = new AddressBook(options.limits);
    this.#book.onTouched = (address) => this.#touch(address);
    this.#watch = new ClusterWatch(this.#book, {
      reader: options.reader,
      namespaces: options.namespaces,
      patience: options.patience ?? 1,
      onPods: () => {
        this.#podsChanged = true;
        this.#tellSoon();
      },
    });
    this.#watch.notices.onNotice = (notice) => options.onNotice?.(notice);
    this.#history = options.folder === undefined ? undefined : new HistoryFile(options.folder);
  }

  /** Reads the history, then the cluster. Resolves when each kind was listed, or could not be. */
  async start(): Promise<void> {
    const now = Date.now();
    for (const line of (await this.#history?.load()) ?? []) this.#restore(line, now);
    this.#book.unsaved.clear();
    this.#hosts.unsaved.clear();
    this.#sweeping = setInterval(() => this.#book.sweep(Date.now()), sweepEveryMs);
    this.#sweeping.unref();
    await this.#watch.start();
  }

  /** Ends the watches and saves what is not saved yet. */
  async stop(): Promise<void> {
    await this.#watch.stop();
    for (const timer of [this.#telling, this.#sweeping]) clearTimeout(timer);
    await this.save();
  }

  identify(address: string, port: number, timeMs: number): Identity | undefined {
    return this.#book.identify(address, port, timeMs) ?? this.#hosts.identify(address, timeMs);
  }

  nodeName(node: number): string {
    return this.#nodeNames.get(node) ?? '';
  }

  nodeNames(): Iterable<readonly [number, string]> {
    return this.#nodeNames;
  }

  /** Ids of the node's entries begin with this number; it is remembered with the history. */
  learnNodeNumber(name: string, number: number): void {
    if (this.#nodeNames.get(number) === name) return;
    this.#nodeNames.set(number, name);
    this.#unsavedNumbers.add(number);
    this.#saveSoon();
  }

  addressesWhere(predicate: (identity: Identity) => boolean): string[] | undefined {
    const verdicts = new Map<Identity, boolean>();
    const accepts = (identity: Identity) => {
      let verdict = verdicts.get(identity);
      if (verdict === undefined) {
        verdict = predicate(identity);
        verdicts.set(identity, verdict);
      }
      return verdict;
    };
    const found = new Set<string>();
    for (const [address, owner] of this.#book.identities()) {
      if (!found.has(address) && [...owner.identities()].some(accepts)) found.add(address);
      if (found.size > maxNarrowing) return undefined;
    }
    for (const [address, identity] of this.#hosts.identities()) {
      if (accepts(identity)) found.add(address);
      if (found.size > maxNarrowing) return undefined;
    }
    return [...found];
  }

  /** The pods there are now, with their workloads. */
  pods(): PodFact[] {
    return [...this.#watch.pods.values()];
  }

  services(): ServiceFact[] {
    const live = [...this.#book.services.values()].filter(({ to }) => to > Date.now());
    return live.map(({ fact }) => fact);
  }

  /** Namespaces by name, also those without pods where they may be listed. */
  namespaces(): string[] {
    const ofPods = [...this.#watch.pods.values()].map(({ namespace }) => namespace);
    return [...new Set([...this.#watch.namespaces, ...ofPods])].sort();
  }

  /** What cannot be read now. */
  notices(): Notice[] {
    return this.#watch.notices.list();
  }

  /** Called after pods changed, once for many changes; returns what ends it. */
  onPods(listener: () => void): () => void {
    this.#podListeners.add(listener);
    return () => this.#podListeners.delete(listener);
  }

  /** Called with addresses whose answer may be another now: entries shown without names can be completed. */
  onNames(listener: (addresses: ReadonlySet<string>) => void): () => void {
    this.#nameListeners.add(listener);
    return () => this.#nameListeners.delete(listener);
  }

  /** A DNS answer, Host or SNI text said what an address is. The cluster's own names win over it. */
  learnHost(address: string, host: string, timeMs: number, origin: NameOrigin): void {
    if (this.#book.identify(address, 0, timeMs) !== undefined) return;
    if (this.#hosts.learn(address, host, timeMs, origin)) this.#touch(address);
  }

  /** What a tapper found on its node at a time (ms since 1970). */
  learnNode(name: string, { addresses, sockets }: NodeFacts, timeMs: number): void {
    const node = this.#book.node(name);
    const own = addresses
      .map(canonicalAddress)
      .filter((address) => address !== undefined)
      .filter((address) => !address.startsWith('127.') && address !== '::1');
    this.#book.placeNode(node, own, 0);
    for (const socket of sockets) this.#book.learnSocket(node, socket, timeMs);
  }

  /** Ports of its node on which a host-network pod listens, as its tapper found them. */
  socketPorts(podUid: string): number[] {
    return this.#book.socketPorts(podUid);
  }

  /** Saves what changed since the last time. */
  async save(): Promise<void> {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    if (!this.#history) return;
    const { pods, services, nodes, unsaved } = this.#book;
    const lines = [...this.#lines(unsaved, this.#hosts.unsaved, this.#unsavedNumbers)];
    unsaved.clear();
    this.#hosts.unsaved.clear();
    this.#unsavedNumbers.clear();
    const records = pods.size + services.size + nodes.size;
    try {
      await this.#history.save(lines, records, () => this.#allLines());
    } catch (error) {
      if (!this.#saveFailed) this.#options.onSaveFailed?.(error);
      this.#saveFailed = true;
    }
  }

  *#allLines(): Iterable<HistoryLine> {
    const { pods, services, nodes } = this.#book;
    const records = [...nodes.values(), ...pods.values(), ...services.values()];
    yield* this.#lines(records, undefined, this.#nodeNames.keys());
  }

  *#lines(
    records: Iterable<Parameters<typeof lineOfRecord>[0]>,
    hosts: Iterable<string> | undefined,
    numbers: Iterable<number>,
  ): Iterable<HistoryLine> {
    for (const number of numbers) yield { number: [number, this.nodeName(number)] };
    for (const record of records) yield lineOfRecord(record);
    for (const host of this.#hosts.saved(hosts)) yield { host: [...host] };
  }

  #restore(line: HistoryLine, now: number): void {
    if ('host' in line) this.#hosts.restore(line.host);
    else if ('number' in line) this.#nodeNames.set(...line.number);
    else restoreRecord(this.#book, line, now);
  }

  #touch(address: string): void {
    if (this.#touched.size < maxTouched) this.#touched.add(address);
    this.#tellSoon();
    this.#saveSoon();
  }

  #saveSoon(): void {
    if (!this.#history) return;
    this.#saving ??= setTimeout(() => void this.save(), saveAfterMs).unref();
  }

  #tellSoon(): void {
    this.#telling ??= setTimeout(() => this.#tell(), tellAfterMs).unref();
  }

  #tell(): void {
    this.#telling = undefined;
    const addresses = new Set(this.#touched);
    this.#touched.clear();
    if (addresses.size > 0) for (const listener of this.#nameListeners) listener(addresses);
    if (!this.#podsChanged) return;
    this.#podsChanged = false;
    for (const listener of this.#podListeners) listener();
  }
}
