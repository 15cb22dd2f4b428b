/** How many entries there are: counts of the server, which come seldom, and the live rows since. */
import type { Counters } from '../../../src/serve/api.ts';

/** A number the server told, and how many live rows had come by then. */
export interface Sample {
  readonly count: number;
  readonly live: number;
}

/** What the list knows at this moment. */
export interface ListState {
  /** Entries in memory. */
  readonly rows: number;
  /** Rows ever added by the live tail. */
  readonly live: number;
}

/** Never less than what is on the screen, and more at once when something comes. */
export function countNow(sample: Sample | undefined, list: ListState): number {
  if (sample === undefined) return list.rows;
  return Math.max(sample.count + Math.max(0, list.live - sample.live), list.rows);
}

/** Everything kept, from the counters of each second. */
export function totalSample(
  counters: Counters,
  before: Sample | undefined,
  list: ListState,
): Sample {
  const { entries } = counters.store;
  // The live tail is a moment ahead of the store: while entries come, that is no reason to count back.
  const isAhead = before !== undefined && counters.entriesPerSecond > 0;
  const shown = isAhead && counters.store.expired === 0 ? countNow(before, list) : 0;
  return { count: Math.max(entries, shown), live: list.live };
}
