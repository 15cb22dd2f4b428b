/** Which nodes' tappers have ended: the calls that only they saw will never be answered. */
import type { TapperState } from '../link/index.ts';

/** What they sent before they ended is handed on first, ms. */
const settleMs = 3000;
/** A tapper that is not heard of for so long has ended, or keeps nothing from before, ms. */
export const goneMs = 600_000;

type Tapper = Pick<TapperState, 'nodeNumber' | 'process' | 'connected' | 'farewell'>;

interface Known {
  process: string;
  /** When this process was first heard of. */
  sinceMs: number;
  /** When its connection ended; NaN while there is one. */
  lostMs: number;
  over: boolean;
}

export interface Departure {
  readonly node: number;
  /** Calls that began before it are those of the process that has ended. */
  readonly beforeMs: number;
}

/** Times are milliseconds of any clock that goes forward. */
export class Departures {
  readonly #nodes = new Map<number, Known>();
  #due: { readonly node: number; readonly process: string; readonly atMs: number }[] = [];

  note({ nodeNumber, process, connected, farewell }: Tapper, nowMs: number): void {
    let known = this.#nodes.get(nodeNumber);
    if (known === undefined) {
      known = { process, sinceMs: nowMs, lostMs: Number.NaN, over: false };
      this.#nodes.set(nodeNumber, known);
    }
    // A node has one tapper: when another one comes the one before has ended.
    if (known.process !== process) {
      this.#end(nodeNumber, known, nowMs);
      known.process = process;
      known.sinceMs = nowMs;
      known.over = false;
      known.lostMs = Number.NaN;
    }
    if (connected) known.lostMs = Number.NaN;
    else if (Number.isNaN(known.lostMs)) known.lostMs = nowMs;
    if (!connected && farewell !== '') this.#end(nodeNumber, known, nowMs);
  }

  /** Tappers that have ended, once each, a little later. */
  take(nowMs: number): Departure[] {
    for (const [node, known] of this.#nodes) {
      if (nowMs - known.lostMs >= goneMs) this.#end(node, known, nowMs);
    }
    const due = this.#due.filter(({ atMs }) => atMs <= nowMs);
    this.#due = this.#due.filter(({ atMs }) => atMs > nowMs);
    return due.map(({ node, process }) => {
      const known = this.#nodes.get(node);
      const isFollowed = known !== undefined && known.process !== process;
      return { node, beforeMs: isFollowed ? known.sinceMs : Number.POSITIVE_INFINITY };
    });
  }

  #end(node: number, known: Known, nowMs: number): void {
    if (known.over) return;
    known.over = true;
    this.#due.push({ node, process: known.process, atMs: nowMs + settleMs });
  }
}
