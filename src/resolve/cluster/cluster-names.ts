/**
 * The cluster as one resolver: watches it once, keeps the book of addresses with its history, and tells
 * others what changed. In: the Kubernetes API, and what tappers and traffic say. Out: identities, pods.
 */
import { canonicalAddress } from '../address.ts';
import type { Identity, NameResolver } from '../contract.ts';
import { AddressBook, type HistoryLimits } from './address-book.ts';
import type { ApiReader } from './api-reader.ts';
import { ClusterWatch } from './cluster-watch.ts';
import type { PodFact, ServiceFact } from './facts.ts';
import { HistoryFile, type HistoryLine } from './history.ts';
import { Hosts } from './hosts.ts';
import type { Notice } from './notices.ts';
import { lineOfRecord, restoreRecord } from './saved-records.ts';

/** Changes are saved, and told to others, this long after the first of them. */
const saveAfterMs = 1000;
const tellAfterMs = 250;
const sweepEveryMs = 60_000;
/** More addresses than this narrow nothing: a query then looks at all entries. */
const maxNarrowing = 1000;
/** Node numbers have 16 bits in an entry's id; 0 is "no node". */
const maxNodeNumber = 0xffff;
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

/** A socket of the host network, as a tapper found it. */
export interface SocketFact {
  readonly node: string;
  readonly port: number;
  readonly podUid: string;
  /** When it was seen, ms since 1970. */
  readonly timeMs: number;
  /** A listening socket is taken to be as old as its pod. */
  readonly listening: boolean;
}

export class ClusterNames implements NameResolver {
  readonly #options: ClusterNamesOptions;
  readonly #book: AddressBook;
  readonly #watch: ClusterWatch;
  readonly #hosts = new Hosts();
  readonly #history: HistoryFile | undefined;
  readonly #nodeNumbers = new Map<string, number>();
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

  /** The number that ids of this node's entries begin with; the same for as long as there is a history. */
  numberOfNode(name: string): number {
    const known = this.#nodeNumbers.get(name);
    if (known !== undefined) return known;
    let number = this.#nodeNumbers.size + 1;
    while (this.#nodeNames.has(number) && number < maxNodeNumber) number++;
    this.#setNodeNumber(number, name);
    this.#unsavedNumbers.add(number);
    this.#saveSoon();
    return number;
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
  learnHost(address: string, host: string, timeMs: number): void {
    if (this.#book.identify(address, 0, timeMs) !== undefined) return;
    if (this.#hosts.learn(address, host, timeMs)) this.#touch(address);
  }

  learnSocket({ node, port, podUid, timeMs, listening }: SocketFact): void {
    const pod = this.#book.pods.get(podUid);
    if (!pod) return;
    const from = listening ? pod.from : timeMs;
    this.#book.learnSocket(this.#book.node(node), pod, port, from);
  }

  /** A node's interface addresses, as its tapper found them; loopback is everybody's. */
  learnNodeAddresses(node: string, addresses: readonly string[]): void {
    const canonical = addresses
      .map(canonicalAddress)
      .filter((address) => address !== undefined)
      .filter((address) => !address.startsWith('127.') && address !== '::1');
    this.#book.placeNode(this.#book.node(node), canonical, 0);
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
    else if ('number' in line) this.#setNodeNumber(...line.number);
    else restoreRecord(this.#book, line, now);
  }

  #setNodeNumber(number: number, name: string): void {
    this.#nodeNumbers.set(name, number);
    this.#nodeNames.set(number, name);
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
