/** What the components may know of the session: what is looked at, and the server's counters. */
import type { Counters } from '../../../src/serve/api.ts';
import type { RequestFailed } from './api.ts';
import type { Sample } from './totals.ts';
import type { TimeRange } from './url-state.ts';

export interface View {
  readonly filter: string;
  /** The filter as the server is asked: with what the switches of the page add. */
  readonly asked: string;
  readonly range: TimeRange;
  /** Id of the chosen entry, or empty. */
  readonly chosen: string;
  /** The list shows the newest and moves with it. */
  readonly following: boolean;
  readonly paused: boolean;
  /** Version of the list: a component that watches it sees every change, once a frame. */
  readonly version: number;
  /** Entries that came since the list stopped following. */
  readonly newer: number;
  readonly loading: boolean;
  readonly loadingOlder: boolean;
  /** A first answer has come for this filter. */
  readonly loaded: boolean;
  readonly error: RequestFailed | undefined;
  /** Messages of calls have been seen: there is something to hide. */
  readonly hasMessages: boolean;
  /** Live entries this page was too slow for; the gap was filled from history. */
  readonly missed: number;
}

export interface CounterState {
  readonly counters: Counters | undefined;
  /** The server's clock minus this browser's, ms. */
  readonly clockOffset: number;
  /** Everything kept, by the counters. */
  readonly total: Sample | undefined;
}
