import type { ReassembleLimits } from './contract.ts';
import type { Flow } from './flow.ts';
import { oneSidedWaitMs } from './limits.ts';
import { Place, type Stream } from './stream.ts';

/** The flows that wait for time to pass, and until when. */
export class Waiting<Context> {
  readonly flows: Flow<Context>[] = [];
  readonly #limits: ReassembleLimits;

  constructor(limits: ReassembleLimits) {
    this.#limits = limits;
  }

  add(flow: Flow<Context>): void {
    if (flow.waitingIndex >= 0) return;
    flow.waitingIndex = this.flows.length;
    this.flows.push(flow);
  }

  remove(flow: Flow<Context>): void {
    const index = flow.waitingIndex;
    if (index < 0) return;
    flow.waitingIndex = -1;
    const last = this.flows.pop()!;
    if (last === flow) return;
    this.flows[index] = last;
    last.waitingIndex = index;
  }

  /**
   * The flows that hold most, most first: together at least half of all that is held, so that one call
   * makes room for long, however many flows there are.
   */
  fullestFirst(bufferedBytes: number): Flow<Context>[] {
    const enough = bufferedBytes / this.flows.length / 2;
    return this.flows
      .filter((flow) => flow.heldBytes >= enough)
      .sort((one, other) => other.heldBytes - one.heldBytes);
  }

  /** When (packet time) a hole is to be declared on either stream; `Infinity` for never. */
  deadline(flow: Flow<Context>, nowMs: number): number {
    if (flow.connection.ignored) return Number.POSITIVE_INFINITY;
    observe(flow.stream0, nowMs);
    observe(flow.stream1, nowMs);
    return Math.min(
      this.acknowledgedDeadline(flow.stream0),
      this.acknowledgedDeadline(flow.stream1),
      this.gapDeadline(flow.stream0, flow.stream1),
      this.gapDeadline(flow.stream1, flow.stream0),
    );
  }

  acknowledgedDeadline(stream: Stream): number {
    return stream.acknowledgedSinceMs < 0
      ? Number.POSITIVE_INFINITY
      : stream.acknowledgedSinceMs + this.#limits.acknowledgedWaitMs;
  }

  gapDeadline(stream: Stream, other: Stream): number {
    return stream.gapSinceMs < 0
      ? Number.POSITIVE_INFINITY
      : stream.gapSinceMs + this.gapWaitMs(other);
  }

  /** Without a sight of the other end nothing will be acknowledged: no use in waiting long. */
  gapWaitMs(other: Stream): number {
    const { gapWaitMs } = this.#limits;
    return other.place === Place.Unknown ? Math.min(gapWaitMs, oneSidedWaitMs) : gapWaitMs;
  }
}

/** Starts, restarts (the stream has moved) or ends the waits of a stream. */
function observe(stream: Stream, nowMs: number): void {
  const moved = stream.next !== stream.settledNext;
  stream.settledNext = stream.next;
  if (stream.gap <= 0) stream.gapSinceMs = -1;
  else if (moved || stream.gapSinceMs < 0) stream.gapSinceMs = nowMs;
  if (stream.acknowledgedAhead === 0) {
    stream.acknowledgedSinceMs = -1;
  } else if (moved || stream.acknowledgedSinceMs < 0) {
    stream.acknowledgedSinceMs = nowMs;
    stream.acknowledgedMark = stream.acknowledged;
  }
}
