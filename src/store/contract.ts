/** The contract of the store: batches → entries kept, found again, followed live. */
import type { StoredEntry } from '../entry/entry.ts';
import type { Batch } from '../ship/batch.ts';

export interface PageRequest {
  /** Query text; empty matches everything. */
  readonly filter: string;
  readonly limit: number;
  /** Entries older than this id, newest first. */
  readonly before?: string;
  /** Entries newer than this id, oldest first. At most one of `before` and `after` is set. */
  readonly after?: string;
  /** Milliseconds since 1970; bounds on `timestamp`, `since` included, `until` excluded. */
  readonly since?: number;
  readonly until?: number;
  readonly signal?: AbortSignal;
}

export interface Page {
  /** In ascending order of id, whatever the direction. */
  readonly entries: readonly StoredEntry[];
  /** There is nothing further in this direction. */
  readonly end: boolean;
  /** How many stored entries were looked at, and how many of them had to be decoded. */
  readonly scanned: number;
  readonly decoded: number;
}

export interface StoreCounters {
  /** Entries held now. */
  entries: number;
  /** Entries ever appended in this run. */
  appended: number;
  /** Bytes on disk now, and their limit. */
  bytes: number;
  limitBytes: number;
  /** Timestamp of the oldest entry held, 0 when there is none. */
  oldestTimestamp: number;
  /** Entries dropped because the limit was reached. */
  expired: number;
  /** Rows that could not be stored since the queue was full. */
  shed: number;
  /** CPU time spent storing, ms. */
  cpuMs: number;
}

export interface HistogramBucket {
  /** Start of the bucket, milliseconds since 1970. */
  readonly start: number;
  readonly count: number;
  readonly failed: number;
}

export interface Store {
  /**
   * Takes the rows of a batch whose outcome is not pending. The batch may be reused by the caller when
   * the call returns. Durable within a second.
   */
  append(batch: Batch): void;
  /**
   * Resolves when another batch can be appended without shedding: a source that can wait (a file)
   * does so between batches.
   */
  room(): Promise<void>;
  page(request: PageRequest): Promise<Page>;
  get(id: string): Promise<StoredEntry | undefined>;
  /** Entries per time bucket, for the histogram. Only column filters narrow it. */
  histogram(
    filter: string,
    since: number,
    until: number,
    buckets: number,
  ): Promise<readonly HistogramBucket[]>;
  /** How many stored entries match; stops counting after `atMost`. */
  count(filter: string, atMost: number): Promise<number>;
  clear(): Promise<void>;
  counters(): StoreCounters;
  /** Damage found and repaired when the store was opened, in words. */
  readonly repairs: readonly string[];
  /** A sentence when the store had to begin anew beside one of another format. */
  readonly notice?: string | undefined;
  close(): Promise<void>;
}
