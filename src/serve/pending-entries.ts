/** Exchanges whose answer is still awaited: rows by id → entries, until the final row comes. */
import type { StoredEntry } from '../entry/entry.ts';
import { formatId } from '../entry/id.ts';
import type { FilterGroup } from './filter-group.ts';

/** Most entries kept, and most payload bytes; beyond either the oldest are given up. */
export interface PendingLimits {
  readonly entries: number;
  readonly payloadBytes: number;
}

/** An entry without its answer, and which viewers were shown it: they must see its end as well. */
export interface PendingEntry {
  readonly idTime: number;
  readonly entry: StoredEntry;
  readonly payloadBytes: number;
  readonly shownTo: Set<FilterGroup>;
}

/** Keyed by the id's second half alone, a number: the hot lookup builds no text. */
export class PendingEntries {
  readonly #limits: PendingLimits;
  readonly #byId = new Map<number, PendingEntry>();
  #payloadBytes = 0;
  #givenUp = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Entries dropped to keep the limits; their final rows are stored all the same. */
  get givenUp(): number {
    return this.#givenUp;
  }

  /** Keeps an entry, or its newer state. The payload is copied: the caller's batch is reused. */
  keep(idTime: number, idSequence: number, entry: StoredEntry): PendingEntry {
    const earlier = this.take(idTime, idSequence);
    const { request, response } = entry.payload;
    const kept: PendingEntry = {
      idTime,
      entry: {
        ...entry,
        payload: { ...entry.payload, request: request?.slice(), response: response?.slice() },
      },
      payloadBytes: (request?.length ?? 0) + (response?.length ?? 0),
      shownTo: earlier?.shownTo ?? new Set(),
    };
    this.#byId.set(idSequence, kept);
    this.#payloadBytes += kept.payloadBytes;
    this.#giveUpOldest();
    return kept;
  }

  /** Removes the entry that a final row completes, if it is here. */
  take(idTime: number, idSequence: number): PendingEntry | undefined {
    const kept = this.#byId.get(idSequence);
    if (kept === undefined || kept.idTime !== idTime) return undefined;
    this.#forget(idSequence, kept);
    return kept;
  }

  get(idTime: number, idSequence: number): StoredEntry | undefined {
    const kept = this.#byId.get(idSequence);
    return kept?.idTime === idTime ? kept.entry : undefined;
  }

  /** Ascending by id. */
  list(): StoredEntry[] {
    return [...this.#byId]
      .map(([idSequence, kept]) => ({ id: formatId(kept.idTime, idSequence), entry: kept.entry }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ entry }) => entry);
  }

  /** A group of viewers is gone: nothing is owed to it. */
  forgetGroup(group: FilterGroup): void {
    for (const kept of this.#byId.values()) kept.shownTo.delete(group);
  }

  clear(): void {
    this.#byId.clear();
    this.#payloadBytes = 0;
  }

  #forget(idSequence: number, kept: PendingEntry): void {
    this.#byId.delete(idSequence);
    this.#payloadBytes -= kept.payloadBytes;
  }

  #giveUpOldest(): void {
    for (const [idSequence, kept] of this.#byId) {
      const within =
        this.#byId.size <= this.#limits.entries &&
        (this.#payloadBytes <= this.#limits.payloadBytes || this.#byId.size === 1);
      if (within) return;
      this.#forget(idSequence, kept);
      this.#givenUp++;
    }
  }
}
