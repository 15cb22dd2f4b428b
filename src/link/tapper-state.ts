/** What the API server knows of a node's tapper, for the page, `mizu check` and `/metrics`. */
import type { CaptureReport, TapperCounters } from './messages.ts';
import type { SessionCounters, TapperSession } from './session.ts';

export interface TapperState {
  readonly nodeName: string;
  readonly nodeNumber: number;
  readonly podName: string;
  /** Another one for each process. */
  readonly process: string;
  readonly version: string;
  readonly connected: boolean;
  /** When it connected, and when it was last heard, ms since 1970. */
  readonly since: number;
  readonly lastSeen: number;
  readonly capture: CaptureReport;
  /** Of the newest second; undefined while none have come. */
  readonly counters: TapperCounters | undefined;
  /** What arrived here. */
  readonly received: Readonly<SessionCounters>;
  /** Why it said good-bye, else empty. */
  readonly farewell: string;
}

/** One connection's tapper, as the hub keeps it. */
export interface Tapper {
  readonly nodeName: string;
  readonly nodeNumber: number;
  readonly session: TapperSession;
  readonly podName: string;
  readonly process: string;
  readonly version: string;
  connected: boolean;
  readonly since: number;
  lastSeen: number;
  capture: CaptureReport;
  counters: TapperCounters | undefined;
  farewell: string;
  /** `CaptureTargets.version` that it was told. */
  sentTargets: number;
}

export function stateOf(tapper: Tapper): TapperState {
  const { session, sentTargets: _, ...rest } = tapper;
  return { ...rest, received: { ...session.counters } };
}
