/**
 * The entries in memory: one array in order of id, newest last. Pages of history and the live tail
 * meet here, each entry once. Plain code without React, so that a thousand changes a second cost one
 * redraw a frame.
 */
import type { EntryRow } from '../../../src/entry/entry.ts';
import type { EntriesPage } from '../../../src/serve/api.ts';
import { SharedParts } from './shared-parts.ts';

/** A page of entries, and the one behind it; without that there is nothing newer. */
export interface Pages {
  readonly older: Pick<EntriesPage, 'entries' | 'end'>;
  readonly newer?: Pick<EntriesPage, 'entries' | 'end'>;
}

/** Most entries held in the browser: about 40 MB, 150 MB where nothing in them is alike. */
export const entryLimit = 120_000;
/**
 * A list that follows for hours shall not grow for hours: beyond this number it holds what came in the last
 * minutes; what is older is read again when somebody scrolls there.
 */
const restingLimit = 10_000;
const restingMs = 10 * 60_000;
/** How exactly it is known what came when, ms. */
const markEvery = 60_000;
/** Dropping one by one would move the whole array each time. */
const dropAtOnce = 8_192;

/** Which end is given up when there are too many. */
export type Surplus = 'oldest' | 'newest';

export class EntryList {
  readonly rows: EntryRow[] = [];
  /** Grows with every change. */
  version = 0;
  /** Entries ever added at the newest end, for "N new". */
  appended = 0;
  /** Nothing older is stored. */
  startReached = false;
  /** Newer entries exist that are not in memory. */
  behind = false;
  /** Entries that belong to another one have come. Stays so: it is of the traffic, not of the list. */
  hasMessages = false;
  readonly #limit: number;
  readonly #shared = new SharedParts();
  /** How many had been appended at which time, oldest first. */
  #marks: { readonly at: number; readonly appended: number }[] = [];

  constructor(limit = entryLimit) {
    this.#limit = limit;
  }

  get lastId(): string | undefined {
    return this.rows.at(-1)?.id;
  }

  get firstId(): string | undefined {
    return this.rows[0]?.id;
  }

  clear(): void {
    this.rows.length = 0;
    this.version++;
    this.appended = 0;
    this.startReached = false;
    this.behind = false;
    this.#marks = [];
  }

  /** Other pages in the place of all that is here. */
  replace({ older, newer }: Pages): void {
    this.clear();
    this.merge([...older.entries, ...(newer?.entries ?? [])], true);
    this.startReached = older.end;
    this.behind = newer?.end === false;
  }

  /** Index of the entry with this id, or of the first newer one. */
  lowerBound(id: string): number {
    let from = 0;
    let to = this.rows.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.rows[middle]!.id < id) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Index of the entry with this id, or -1. */
  indexOf(id: string): number {
    const index = this.lowerBound(id);
    return this.rows[index]?.id === id ? index : -1;
  }

  get(id: string): EntryRow | undefined {
    return this.rows[this.indexOf(id)];
  }

  /**
   * Takes entries from the live tail or from a page of history: known ids are replaced in place,
   * newer ones appended, late ones put where they belong. Entries older than everything in memory
   * are left to paging unless they are a page of history.
   */
  merge(entries: readonly EntryRow[], history = false): void {
    const late: EntryRow[] = [];
    let last = this.lastId ?? '';
    const first = this.firstId ?? '';
    for (const entry of entries) {
      if (entry.parent !== '') this.hasMessages = true;
      if (entry.id > last) {
        this.#shared.share(entry);
        this.rows.push(entry);
        this.appended++;
        last = entry.id;
        continue;
      }
      const index = this.indexOf(entry.id);
      if (index >= 0) this.#replace(index, entry);
      else if (history || entry.id > first || this.startReached) late.push(entry);
    }
    if (late.length > 0) this.#insert(late);
    this.version++;
  }

  /** Only newer states of entries already held. */
  update(entries: readonly EntryRow[]): void {
    for (const entry of entries) {
      const index = this.indexOf(entry.id);
      if (index >= 0) this.#replace(index, entry);
    }
    this.version++;
  }

  /** Keeps the list within its limits. `now`: ms of any clock that only goes forward. */
  trim(surplus: Surplus, now = performance.now()): void {
    const over = this.rows.length - this.#limit;
    if (surplus === 'newest') {
      if (over <= 0) return;
      this.rows.length = this.#limit;
      this.behind = true;
      this.version++;
      return;
    }
    if (over > 0) this.#drop(over + Math.min(dropAtOnce, this.#limit >> 3));
    const rested = Math.min(this.#rested(now), this.rows.length - restingLimit);
    // Not one by one, each of which would move all others.
    if (rested > restingLimit >> 3) this.#drop(rested);
  }

  #drop(count: number): void {
    this.rows.splice(0, count);
    this.startReached = false;
    this.version++;
  }

  /** How many of the rows came longer ago than `restingMs`. */
  #rested(now: number): number {
    const last = this.#marks.at(-1);
    if (last === undefined || now - last.at >= markEvery) {
      this.#marks.push({ at: now, appended: this.appended });
    }
    while (this.#marks[1] !== undefined && now - this.#marks[1].at >= restingMs)
      this.#marks.shift();
    const [mark] = this.#marks;
    if (mark === undefined || now - mark.at < restingMs) return 0;
    return this.rows.length - (this.appended - mark.appended);
  }

  /** History and live tail may cross: a state that is final is never replaced by a pending one. */
  #replace(index: number, entry: EntryRow): void {
    if (entry.outcome === 'pending' && this.rows[index]!.outcome !== 'pending') return;
    this.#shared.share(entry);
    this.rows[index] = entry;
  }

  #insert(late: EntryRow[]): void {
    late.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    const tail = this.rows.splice(this.lowerBound(late[0]!.id));
    let next = 0;
    for (const entry of late) {
      while (next < tail.length && tail[next]!.id < entry.id) this.rows.push(tail[next++]!);
      const newest = this.rows.at(-1);
      // The same late entry may come twice in one batch: pending, then complete.
      if (newest?.id === entry.id) this.#replace(this.rows.length - 1, entry);
      else {
        this.#shared.share(entry);
        this.rows.push(entry);
      }
    }
    while (next < tail.length) this.rows.push(tail[next++]!);
  }
}
