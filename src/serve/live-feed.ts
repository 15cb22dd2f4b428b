/**
 * The tail in front of the store: batches → entries still pending, and rows for everybody who looks.
 *
 * It runs on the thread that feeds the store, so it must never hold it up: a row becomes an object
 * only if somebody listens, matching has a budget of time, and what a viewer cannot take is counted
 * and told instead of queued.
 */
import type { EntryRow, StoredEntry } from '../entry/entry.ts';
import { parseId } from '../entry/id.ts';
import type { QueryError } from '../filter/contract.ts';
import type { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import type { Counters, LiveServerMessage } from './api.ts';
import { FilterGroup, type Matcher } from './filter-group.ts';
import { PendingEntries, type PendingEntry } from './pending-entries.ts';
import { Viewer, type ViewerSocket } from './viewer.ts';

/** Entries reach viewers at most this late. */
const flushMs = 100;
/** Time that making and matching rows may take between two flushes: a fifth of a core. */
const matchMsPerFlush = 20;
/** Rows between two looks at the clock. */
const rowsPerClock = 16;
const countersMs = 1000;
/** Exchanges kept while their answer is awaited; the store receives them when they are final. */
const pendingLimits = { entries: 10_000, payloadBytes: 32 << 20 } as const;

export interface LiveFeedOptions {
  /** The row of a batch as an entry; its payload may lie in the batch. */
  entryAt(batch: Batch, row: number): StoredEntry;
  /** A filter's text as a function, or why it cannot run. */
  compile(filter: string): Matcher | QueryError;
  counters(): Counters;
  /** A row was sent to somebody. */
  onShown?(row: EntryRow): void;
  /** What every viewer is told first, besides counters. */
  greeting?(): LiveServerMessage | undefined;
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
}

export class LiveFeed {
  readonly #options: LiveFeedOptions;
  readonly #now: () => number;
  readonly #pending = new PendingEntries(pendingLimits);
  readonly #groups = new Map<string, FilterGroup>();
  readonly #viewers = new Map<Viewer, FilterGroup | undefined>();
  /** Groups somebody looks at; replaced when that changes. */
  #active: readonly FilterGroup[] = [];
  #matchMs = 0;
  #untilClock = rowsPerClock;
  #flushedAt = 0;
  #countedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LiveFeedOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Takes the rows of a batch, before the store does; nothing of the batch is kept. */
  push(batch: Batch): void {
    const { idTime, idSequence, outcome } = batch.columns;
    const rows = Math.min(batch.rows, batch.capacity);
    const final = finalIds(batch, rows);
    let clock = this.#active.length > 0 ? this.#now() : 0;
    for (let row = 0; row < rows; row++) {
      const time = idTime[row]!;
      const sequence = idSequence[row]!;
      if (outcome[row] === Outcome.Pending) {
        if (final?.has(sequence)) continue;
        const entry = this.#options.entryAt(batch, row);
        const kept = this.#pending.keep(time, sequence, entry);
        if (this.#active.length > 0) this.#offer(batch, row, kept, kept);
      } else {
        const was = this.#pending.size > 0 ? this.#pending.take(time, sequence) : undefined;
        if (this.#active.length > 0) this.#offer(batch, row, was, undefined);
      }
      if (this.#untilClock <= 0) clock = this.#readClock(clock);
    }
    if (this.#active.length > 0) this.#readClock(clock);
  }

  /** Entries whose answer is still awaited, ascending by id. */
  pending(): StoredEntry[] {
    return this.#pending.list();
  }

  pendingEntry(id: string): StoredEntry | undefined {
    const parsed = parseId(id);
    return parsed && this.#pending.get(parsed.idTime, parsed.idSequence);
  }

  /** Pending entries dropped because there were too many. */
  get givenUp(): number {
    return this.#pending.givenUp;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** The function of a filter's text, shared by all who use it now. */
  matcher(filter: string): Matcher | QueryError {
    return this.#groups.get(filter)?.matcher ?? this.#options.compile(filter);
  }

  /** A new viewer. With a filter that cannot run it is told so, and gets counters only. */
  watch(socket: ViewerSocket, filter: string): Viewer {
    const viewer = new Viewer(socket);
    this.#viewers.set(viewer, undefined);
    if (this.#timer === undefined) this.#start();
    viewer.send({ type: 'counters', counters: this.#options.counters() });
    const greeting = this.#options.greeting?.();
    if (greeting !== undefined) viewer.send(greeting);
    this.#join(viewer, filter);
    return viewer;
  }

  /** Another filter; one that cannot run is answered with its error, and the old one stays. */
  setFilter(viewer: Viewer, filter: string): void {
    if (!this.#viewers.has(viewer)) return;
    if (this.#join(viewer, filter)) viewer.send({ type: 'filter', filter });
  }

  /** While paused, entries are neither sent nor counted as missed: the viewer asks the history. */
  setPaused(viewer: Viewer, paused: boolean): void {
    const group = this.#viewers.get(viewer);
    group?.flush();
    viewer.paused = paused;
    this.#findActive();
  }

  leave(viewer: Viewer): void {
    this.#leaveGroup(viewer);
    this.#viewers.delete(viewer);
    if (this.#viewers.size === 0) this.close();
  }

  /** Tells every viewer. */
  tell(message: LiveServerMessage): void {
    for (const viewer of this.#viewers.keys()) viewer.send(message);
  }

  /** Entries that were shown before and say more now: those who see them get them again. */
  again(entries: readonly StoredEntry[]): void {
    for (const entry of entries) {
      let json: string | undefined;
      for (const group of this.#active) {
        if (!group.matches(entry)) continue;
        json ??= JSON.stringify(entry.row);
        group.add(json, true);
      }
    }
  }

  /** Everything was forgotten: what is pending here as well. Viewers are told. */
  cleared(): void {
    this.#pending.clear();
    for (const group of this.#groups.values()) group.discard();
    for (const viewer of this.#viewers.keys()) viewer.send({ type: 'cleared' });
  }

  /** Sends what is due. Called by a timer; tests call it themselves. */
  flush(): void {
    const now = this.#now();
    const elapsed = now - this.#flushedAt;
    this.#flushedAt = now;
    this.#matchMs = 0;
    for (const group of this.#groups.values()) {
      group.flush();
      group.refill(elapsed);
    }
    // A timer may come a little early: half a flush of tolerance keeps the rhythm of one second.
    if (now - this.#countedAt < countersMs - flushMs / 2) return;
    this.#countedAt = now;
    const text = JSON.stringify({ type: 'counters', counters: this.#options.counters() });
    for (const viewer of this.#viewers.keys()) viewer.sendShared(text);
  }

  /** Stops the timer; it starts again with the next viewer. */
  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #start(): void {
    this.#flushedAt = this.#now();
    this.#countedAt = this.#flushedAt;
    this.#timer = setInterval(() => this.flush(), flushMs).unref();
  }

  /** Offers a row to every group. `was`: its pending state; `kept`: it is (still) pending. */
  #offer(
    batch: Batch,
    row: number,
    was: PendingEntry | undefined,
    kept: PendingEntry | undefined,
  ): void {
    let entry = kept?.entry;
    let json: string | undefined;
    const exhausted = this.#matchMs >= matchMsPerFlush;
    for (const group of this.#active) {
      const shown = was?.shownTo.has(group) ?? false;
      if (!shown && (exhausted || !group.hasRoom)) {
        group.miss();
        continue;
      }
      this.#untilClock--;
      entry ??= this.#options.entryAt(batch, row);
      // Shown as pending: its end is sent even if it no longer matches, or it would seem to wait.
      if (!shown && !group.matches(entry)) continue;
      json ??= JSON.stringify(entry.row);
      group.add(json, shown);
      kept?.shownTo.add(group);
    }
    if (json !== undefined) this.#options.onShown?.(entry!.row);
  }

  #readClock(since: number): number {
    this.#untilClock = rowsPerClock;
    const now = this.#now();
    this.#matchMs += now - since;
    return now;
  }

  #join(viewer: Viewer, filter: string): boolean {
    const matches = this.matcher(filter);
    if (typeof matches !== 'function') {
      viewer.send({ type: 'error', error: { code: 'bad_filter', ...matches } });
      return false;
    }
    this.#leaveGroup(viewer);
    let group = this.#groups.get(filter);
    if (group === undefined) {
      group = new FilterGroup(filter, matches);
      this.#groups.set(filter, group);
    }
    // What is queued belongs to those who were here before.
    group.flush();
    group.viewers.add(viewer);
    this.#viewers.set(viewer, group);
    this.#findActive();
    return true;
  }

  #leaveGroup(viewer: Viewer): void {
    const group = this.#viewers.get(viewer);
    if (group === undefined) return;
    group.viewers.delete(viewer);
    this.#viewers.set(viewer, undefined);
    if (group.viewers.size === 0) {
      this.#groups.delete(group.filter);
      this.#pending.forgetGroup(group);
    }
    this.#findActive();
  }

  #findActive(): void {
    this.#active = [...this.#groups.values()].filter((group) => group.active);
  }
}

/** Ids that end within the batch; undefined when nothing in it is pending. */
function finalIds(batch: Batch, rows: number): Set<number> | undefined {
  const { idSequence, outcome } = batch.columns;
  if (!outcome.subarray(0, rows).includes(Outcome.Pending)) return undefined;
  const final = new Set<number>();
  for (let row = 0; row < rows; row++) {
    if (outcome[row] !== Outcome.Pending) final.add(idSequence[row]!);
  }
  return final;
}
