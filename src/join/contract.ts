/** What the join needs, and what it counts. */
import type { Batch } from '../ship/batch.ts';

/** What an address is: decides which of two sightings stands behind a translation. */
export type SeenKind = 'pod' | 'service' | 'node' | 'external' | undefined;

/** The kind of `address:port` at a time (ms since 1970), as far as it is known. */
export type KindOf = (address: string, port: number, timeMs: number) => SeenKind;

export interface JoinOptions {
  /** Gets rows, each call once. The batch is used again when the call returns. */
  readonly emit: (batch: Batch) => void;
  readonly kindOf?: KindOf;
  /** How long a complete call waits for other sightings of it, ms. */
  readonly windowMs?: number;
  /**
   * How long a call whose answer was lost waits, when somebody else may still bring it, ms.
   */
  readonly patienceMs?: number;
  /** Bytes of batches whose rows wait; beyond it the oldest rows go out early. */
  readonly heldBytes?: number;
  /** Calls without an answer that are remembered. */
  readonly openCalls?: number;
  /** Calls remembered after they went out, so that late sightings are known as such. */
  readonly finishedCalls?: number;
}

export const joinDefaults = {
  windowMs: 300,
  patienceMs: 3000,
  heldBytes: 64 << 20,
  openCalls: 32_768,
  finishedCalls: 1 << 18,
} as const;

/** How long a call is remembered after it went out, ms, as far as there is room. */
export const rememberMs = 600_000;
/** To forget one sooner than this is worth a count, ms: a cut in the network may last so long. */
export const wantedMs = 60_000;

/** Totals since the start. */
export interface JoinCounters {
  /** Rows that came. */
  sightings: number;
  /** Calls that went out with their final row. */
  calls: number;
  /** Sightings that were joined with another one. */
  joined: number;
  /** Sightings that came when their call had gone out. */
  late: number;
  /** Calls first taken for one that turned out to be two. */
  parted: number;
  /** Calls that went out before their time since too much was held. */
  hurried: number;
  /** Unanswered calls forgotten since there were too many; their final row goes out all the same. */
  forgottenOpen: number;
  /** Finished calls forgotten before `wantedMs`: a very late sighting of these is shown again. */
  forgottenEarly: number;
}

export function noJoinCounters(): JoinCounters {
  return {
    sightings: 0,
    calls: 0,
    joined: 0,
    late: 0,
    parted: 0,
    hurried: 0,
    forgottenOpen: 0,
    forgottenEarly: 0,
  };
}
