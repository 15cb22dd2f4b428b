/**
 * What this viewer is looking at: filter, time range, the entries in memory, the live tail, the chosen
 * entry. Joins pages of history and the live tail without gaps or repeats:
 *
 *   socket opens → what it brings is held back → the page behind the last known entry is fetched →
 *   page, then what was held back, merged by id
 */
import type { EntryRow } from '../../../src/entry/entry.ts';
import type { LiveServerMessage } from '../../../src/serve/api.ts';
import { api, RequestFailed } from './api.ts';
import { entriesAround, entriesAroundEntry, placeOfTime } from './around.ts';
import { EntryList } from './entry-list.ts';
import { LiveLink } from './live-link.ts';
import { askedFilter } from './messages.ts';
import { observable } from './observable.ts';
import { settings } from './settings.ts';
import { targetsState } from './targets-state.ts';
import { type ListState, totalSample } from './totals.ts';
import { periodOf, readAddress, type TimeRange, writeAddress } from './url-state.ts';
import type { CounterState, View } from './view.ts';

/** Entries asked for at first, and when scrolling. */
const firstPage = 300;
const pageSize = 1_000;
/** Further behind than this many pages, the newest are shown instead; what lies between can be paged in. */
const catchUpPages = 8;
/** Most live entries held back while a page is on its way. */
const heldLimit = 50_000;
/** How far back from the newest a pending entry makes a reconnect read again. */
const pendingReach = 1_000;
/** After being told that entries were missed, the gap is filled at most this often, ms. */
const missedPause = 2_000;

export class Session {
  readonly list = new EntryList();
  readonly view;
  readonly counters = observable<CounterState>({
    counters: undefined,
    clockOffset: 0,
    total: undefined,
  });
  readonly link = new LiveLink({
    opened: () => void this.#opened(),
    message: (message) => this.#message(message),
  });
  #incoming: EntryRow[] = [];
  /** Live entries wait while this is above zero. */
  #held = 0;
  #frame = false;
  /** Answers of an older filter or range are thrown away. */
  #generation = 0;
  #appendedMark = 0;
  #live = 0;
  #skipped = 0;
  #filledAt = 0;
  /** Newest entry known before the oldest gap that is not filled yet. */
  #gapAfter: string | undefined;
  /** Chosen by the address the page was opened with, until it has been looked for. */
  #addressed: string;

  constructor() {
    const address = readAddress(location.search);
    this.#addressed = address.entry;
    this.view = observable<View>({
      filter: address.filter,
      asked: askedFilter(address.filter, settings.get().messages),
      range: address.range,
      chosen: this.#addressed,
      following: true,
      paused: false,
      version: 0,
      newer: 0,
      loading: true,
      loadingOlder: false,
      loaded: false,
      error: undefined,
      hasMessages: false,
      missed: 0,
    });
  }

  start(): void {
    this.link.follow(this.view.get().asked);
    window.addEventListener('popstate', () => {
      const address = readAddress(location.search);
      const { filter, range } = this.view.get();
      this.view.set({ chosen: address.entry });
      if (address.filter !== filter || writeRange(address.range) !== writeRange(range)) {
        this.view.set({ filter: address.filter, range: address.range });
        this.#restart();
      }
    });
  }

  /** How much is in memory, and how much the live tail brought. */
  get extent(): ListState {
    return { rows: this.list.rows.length, live: this.#live };
  }

  /** The time, ms since 1970, as the server sees it. */
  now(): number {
    return Date.now() + this.counters.get().clockOffset;
  }

  setFilter(filter: string): void {
    if (filter === this.view.get().filter) return;
    this.view.set({ filter });
    this.#remember(true);
    this.#restart();
  }

  setRange(range: TimeRange): void {
    this.view.set({ range });
    this.#remember(true);
    this.#restart();
  }

  /** Shows messages of calls in the list, or calls only. */
  setMessages(messages: boolean): void {
    settings.set({ messages });
    this.#restart();
  }

  choose(id: string): void {
    if (id === this.view.get().chosen) return;
    if (id !== '' && this.view.get().following) this.setFollowing(false);
    this.view.set({ chosen: id });
    this.#remember(false);
  }

  setFollowing(following: boolean): void {
    if (following === this.view.get().following) return;
    this.#appendedMark = this.list.appended;
    this.#skipped = 0;
    this.view.set({ following, newer: 0 });
  }

  /** Shows the newest entries and goes on with them. */
  goNewest(): void {
    if (this.view.get().paused) this.setPaused(false);
    if (this.list.behind) {
      this.setFollowing(true);
      void this.#loadNewest();
    } else this.setFollowing(true);
  }

  setPaused(paused: boolean): void {
    if (paused === this.view.get().paused) return;
    this.view.set({ paused });
    this.link.send({ type: paused ? 'pause' : 'resume' });
    if (!paused) void this.#catchUp();
  }

  async clear(): Promise<void> {
    await api.clear();
    this.#cleared();
  }

  /** Shows the entries from this time on and chooses the first. False when there is none. */
  async jumpTo(at: number): Promise<boolean> {
    let found = false;
    this.setFollowing(false);
    this.view.set({ loading: true });
    await this.#holding(async (current) => {
      const around = await entriesAround(this.#query(firstPage), placeOfTime(at));
      const [first] = around.newer.entries;
      if (!current() || first === undefined) return;
      this.list.replace(around);
      this.#appendedMark = 0;
      this.view.set({ chosen: first.id, loaded: true });
      this.#remember(false);
      found = true;
    });
    this.view.set({ loading: false, version: this.list.version });
    return found;
  }

  /** The entry of the address the page was opened with is shown where it stands, however old it is. */
  async #showAddressed(current: () => boolean): Promise<void> {
    const id = this.#addressed;
    if (id === '') return;
    this.#addressed = '';
    if (this.list.indexOf(id) < 0 && !this.list.startReached) {
      const around = await entriesAroundEntry(this.#query(firstPage), id);
      if (current() && around !== undefined) this.list.replace(around);
    }
    if (current() && this.list.indexOf(id) >= 0) this.setFollowing(false);
  }

  /** Fetches the page before the oldest entry in memory. */
  async loadOlder(): Promise<void> {
    const before = this.list.firstId;
    const { loadingOlder, loading } = this.view.get();
    if (before === undefined || loadingOlder || loading || this.list.startReached) return;
    this.view.set({ loadingOlder: true });
    await this.#guarded(async (current) => {
      const page = await api.entries({ ...this.#query(), before });
      if (!current()) return;
      this.list.merge(page.entries, true);
      this.list.startReached = page.end;
      if (!this.view.get().following) this.list.trim('newest');
    });
    this.view.set({ loadingOlder: false, version: this.list.version });
  }

  /** Fetches the page behind the newest entry in memory, when there is more than is in memory. */
  async loadNewer(): Promise<void> {
    if (!this.list.behind || this.view.get().loading) return;
    await this.#catchUp('oldest');
  }

  #restart(): void {
    this.#generation++;
    this.#incoming = [];
    this.#held = 0;
    this.#appendedMark = 0;
    this.#skipped = 0;
    const asked = askedFilter(this.view.get().filter, settings.get().messages);
    this.view.set({ asked, following: true, newer: 0, loading: true });
    this.view.set({ loaded: false, error: undefined });
    this.link.follow(asked);
  }

  #query(limit = pageSize) {
    const { asked, range } = this.view.get();
    return { filter: asked, ...periodOf(range, this.now()), limit };
  }

  /** New entries belong to what is shown. */
  get #growing(): boolean {
    const { paused, range } = this.view.get();
    return !paused && range.kind !== 'fixed' && !this.list.behind;
  }

  async #opened(): Promise<void> {
    if (this.view.get().paused) this.link.send({ type: 'pause' });
    if (this.view.get().loaded && this.list.rows.length > 0) await this.#catchUp();
    else await this.#loadNewest();
  }

  async #loadNewest(): Promise<void> {
    this.view.set({ loading: true });
    await this.#holding(async (current) => {
      const page = await api.entries(this.#query(firstPage));
      if (!current()) return;
      this.list.replace({ older: page });
      this.#appendedMark = 0;
      this.#skipped = 0;
      await this.#showAddressed(current);
      if (!current()) return;
      this.view.set({ loaded: true, newer: 0, hasMessages: this.list.hasMessages });
    });
    this.view.set({ loading: false, version: this.list.version });
  }

  /** Reads on behind what is known: after a reconnect, a pause, or entries that were missed. */
  async #catchUp(surplus: 'oldest' | undefined = undefined): Promise<void> {
    if (this.view.get().range.kind === 'fixed') return;
    let isTooFar = false;
    await this.#holding(async (current) => {
      let after = this.#cursor();
      for (let pages = 1; ; pages++) {
        const page = await api.entries({
          ...this.#query(),
          ...(after === undefined ? {} : { after }),
        });
        if (!current()) return;
        this.list.merge(page.entries, true);
        this.list.behind = !page.end;
        if (surplus !== undefined) this.list.trim(surplus);
        this.view.set({ loaded: true, version: this.list.version });
        after = page.entries.at(-1)?.id;
        if (page.end || surplus !== undefined || after === undefined) return;
        if (pages === catchUpPages) break;
      }
      isTooFar = this.view.get().following;
    });
    if (isTooFar) await this.#loadNewest();
    else this.view.set({ version: this.list.version, loading: false });
  }

  /** The id to read on from: the newest, or the one before a recent entry that was still pending. */
  #cursor(): string | undefined {
    const gapAfter = this.#gapAfter;
    this.#gapAfter = undefined;
    if (gapAfter !== undefined) return gapAfter;
    const { rows } = this.list;
    for (let i = Math.max(1, rows.length - pendingReach); i < rows.length; i++) {
      if (rows[i]!.outcome === 'pending') return rows[i - 1]!.id;
    }
    return this.list.lastId;
  }

  /** Runs `work` while live entries wait, then lets them in. */
  async #holding(work: (current: () => boolean) => Promise<void>): Promise<void> {
    this.#held++;
    const generation = this.#generation;
    await this.#guarded(work);
    if (generation !== this.#generation) return;
    this.#held = Math.max(0, this.#held - 1);
    this.#flush();
  }

  async #guarded(work: (current: () => boolean) => Promise<void>): Promise<void> {
    const generation = this.#generation;
    const current = () => generation === this.#generation;
    try {
      await work(current);
      if (current()) this.view.set({ error: undefined });
    } catch (error) {
      if (!current() || !(error instanceof RequestFailed)) return;
      // Nothing answering is told by the state of the connection.
      if (error.code !== 'unreachable') this.view.set({ error });
    }
  }

  #message(message: LiveServerMessage): void {
    if (message.type === 'entries') this.#arrived(message.entries);
    else if (message.type === 'counters') {
      const { counters } = message;
      const total = totalSample(counters, this.counters.get().total, this.extent);
      this.counters.set({ counters, clockOffset: counters.time - Date.now(), total });
    } else if (message.type === 'targets') targetsState.set({ summary: message.summary });
    else if (message.type === 'missed') this.#missed(message.count);
    else if (message.type === 'cleared') this.#cleared();
    else if (message.type === 'error') {
      this.view.set({ error: new RequestFailed(400, message.error), loading: false });
    }
  }

  #arrived(entries: readonly EntryRow[]): void {
    for (const entry of entries) this.#incoming.push(entry);
    if (this.#incoming.length > heldLimit) {
      this.list.behind = true;
      this.#incoming.splice(0, this.#incoming.length - heldLimit);
    }
    if (this.#frame) return;
    this.#frame = true;
    // A hidden page gets no frames, and must not pile entries up.
    if (document.hidden) window.setTimeout(() => this.#flush(), 500);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    this.#frame = false;
    if (this.#held > 0 || !this.view.get().loaded) return;
    const entries = this.#incoming;
    if (entries.length === 0) return;
    this.#incoming = [];
    const { following } = this.view.get();
    if (this.#growing) {
      const before = this.list.appended;
      this.list.merge(entries);
      this.#live += this.list.appended - before;
      this.list.trim(following ? 'oldest' : 'newest');
    } else {
      const last = this.list.lastId ?? '';
      this.list.update(entries);
      for (const entry of entries)
        if (entry.id > last && entry.outcome !== 'pending') this.#skipped++;
    }
    const newer = following ? 0 : this.list.appended - this.#appendedMark + this.#skipped;
    const { hasMessages } = this.list;
    this.view.set({ version: this.list.version, newer, hasMessages });
  }

  #missed(count: number): void {
    this.#flush();
    this.view.set({ missed: this.view.get().missed + count });
    if (!this.#growing || this.#gapAfter !== undefined) return;
    this.#gapAfter = this.list.lastId;
    const wait = Math.max(0, this.#filledAt + missedPause - performance.now());
    window.setTimeout(() => {
      this.#filledAt = performance.now();
      void this.#catchUp();
    }, wait);
  }

  #cleared(): void {
    this.#incoming = [];
    this.list.clear();
    this.list.startReached = true;
    this.#appendedMark = 0;
    this.counters.set({ total: undefined });
    this.view.set({ version: this.list.version, newer: 0, chosen: '' });
    this.#remember(false);
  }

  #remember(step: boolean): void {
    const { filter, range, chosen } = this.view.get();
    const url = location.pathname + writeAddress({ filter, range, entry: chosen });
    if (step) history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  }
}

const writeRange = (range: TimeRange) => writeAddress({ filter: '', range, entry: '' });

/** The one session of this page. */
export const session = new Session();
