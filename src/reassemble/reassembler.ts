import { type Segment, TcpFlag } from '../decode/contract.ts';
import { AgeList } from './age-list.ts';
import { Clock } from './clock.ts';
import {
  Closed,
  type End,
  type ReassembleCounters,
  type ReassembleLimits,
  type StreamSink,
} from './contract.ts';
import { Delivery } from './delivery.ts';
import { Flow } from './flow.ts';
import { FlowTable } from './flow-table.ts';
import { Handshake, SynMeaning } from './handshake.ts';
import { Intake } from './intake.ts';
import {
  defaultReassembleLimits,
  lingerMs,
  makeRoomShare,
  maxLingering,
  sweepMs,
  touchMs,
  waitGranularityMs,
} from './limits.ts';
import { acknowledge, isResetCredible } from './rules.ts';
import { Place, type Stream } from './stream.ts';
import { Waiting } from './waiting.ts';

const { Syn, Fin, Rst, Ack } = TcpFlag;

/** Puts the segments of all connections of one pipeline in order. */
export class Reassembler<Context = unknown> {
  readonly counters: ReassembleCounters = {
    segments: 0,
    payloadBytes: 0,
    connections: 0,
    openConnections: 0,
    retransmittedBytes: 0,
    outOfOrderSegments: 0,
    holes: 0,
    holeBytes: 0,
    shedConnections: 0,
    bufferedBytes: 0,
  };
  readonly #sink: StreamSink<Context>;
  readonly #limits: ReassembleLimits;
  readonly #delivery: Delivery<Context>;
  readonly #intake: Intake<Context>;
  readonly #waiting: Waiting<Context>;
  readonly #clock = new Clock();
  readonly #handshake = new Handshake<Context>();
  readonly #table = new FlowTable<Context>();
  readonly #open = new AgeList<Context>();
  /** Closed, but remembered for packets that are late. */
  readonly #lingering = new AgeList<Context>();
  /** When (packet time) to look at waits and idle connections again. */
  #nextTickMs = 0;
  #nextSweepMs = 0;

  constructor(sink: StreamSink<Context>, limits: ReassembleLimits = defaultReassembleLimits) {
    this.#sink = sink;
    this.#limits = limits;
    this.#delivery = new Delivery(sink, this.counters);
    this.#intake = new Intake(this.#delivery, this.counters);
    this.#waiting = new Waiting(limits);
  }

  /**
   * Takes one TCP segment. The usual one, in order on a connection where nothing waits, is handed
   * on right here, without a copy or an allocation.
   */
  segment(segment: Segment): void {
    this.counters.segments++;
    const nowMs = segment.timestampMs;
    const clock = this.#clock;
    if (nowMs < this.#nextTickMs && nowMs >= clock.nowMs) clock.nowMs = nowMs;
    else this.#keepTime(nowMs);
    const hash = this.#table.hash(segment);
    const flow = this.#table.find(segment, hash);
    if (flow === undefined) {
      this.#first(segment, hash);
      return;
    }
    const from = this.#table.from;
    if (clock.nowMs - flow.usedMs > touchMs && flow.closed < 0) this.#open.touch(flow, clock.nowMs);
    const own = from === 0 ? flow.stream0 : flow.stream1;
    const other = from === 0 ? flow.stream1 : flow.stream0;
    const acknowledged = segment.acknowledgement | 0;
    if (
      flow.calm &&
      (segment.flags & (Syn | Fin | Rst | Ack)) === Ack &&
      own.place !== Place.Unknown &&
      (other.place === Place.Unknown || ((acknowledged - other.next) | 0) <= 0) &&
      segment.missing === 0
    ) {
      const sequence = segment.sequence | 0;
      const length = segment.payloadEnd - segment.payloadStart;
      if (!other.isAcknowledged || ((acknowledged - other.acknowledged) | 0) > 0) {
        other.isAcknowledged = true;
        other.acknowledged = acknowledged;
      }
      if (length === 0) return;
      if (sequence === own.next && own.place === Place.Known) {
        own.next = (sequence + length) | 0;
        this.counters.payloadBytes += length;
        const connection = flow.connection;
        if (connection.ignored) return;
        this.#sink.data(
          connection,
          from,
          segment.bytes,
          segment.payloadStart,
          segment.payloadEnd,
          nowMs,
          segment.packetNumber,
          own.next,
        );
        return;
      }
    }
    this.#unusual(flow, from, segment);
  }

  /** Does what is due by packet time `nowMs` when no segments come. */
  advance(nowMs: number): void {
    if (nowMs > this.#clock.nowMs) this.#keepTime(nowMs);
  }

  /** The same, by the time that has gone by. Before the first packet there is none. */
  elapse(ms: number): void {
    const { nowMs } = this.#clock;
    if (nowMs > 0) this.advance(nowMs + ms);
  }

  /** The input has ended: hands on what waits, with holes, and closes every connection. */
  end(): void {
    while (this.#open.oldest !== undefined) this.#close(this.#open.oldest, Closed.InputEnded);
    while (this.#lingering.oldest !== undefined) this.#forget(this.#lingering.oldest);
  }

  /**
   * A segment of a connection that is not known. Only a SYN or data opens one: bare acknowledgements
   * and resets of forgotten connections have nothing to show.
   */
  #first(segment: Segment, hash: number): void {
    const { flags } = segment;
    const size = segment.payloadEnd - segment.payloadStart + segment.missing;
    if ((flags & Rst) !== 0 || ((flags & Syn) === 0 && size === 0)) return;
    this.#unusual(this.#create(segment, hash), 0, segment);
  }

  /**
   * Opens a connection. End 0 is the sender of `segment`, or the receiver when that one sent the SYN
   * `rival`, which turned out to be real.
   */
  #create(segment: Segment, hash: number, reversed = false, rival?: Stream): Flow<Context> {
    while (this.#table.size >= this.#limits.maxConnections) {
      const closed = this.#lingering.oldest;
      const oldest = this.#open.oldest;
      if (closed !== undefined) this.#forget(closed);
      else if (oldest !== undefined) this.#close(oldest, Closed.Shed);
      else break;
    }
    const flow = new Flow<Context>(++this.counters.connections, segment, hash, reversed);
    this.#table.add(flow);
    this.#open.add(flow, this.#clock.nowMs);
    this.counters.openConnections++;
    if (rival !== undefined) this.#handshake.adopt(flow, rival);
    this.#handshake.before(flow, reversed ? 1 : 0, segment);
    this.#sink.open(flow.connection);
    return flow;
  }

  #unusual(flow: Flow<Context>, from: End, segment: Segment): void {
    this.#delivery.nowMs = this.#clock.nowMs;
    if (flow.closed >= 0) {
      this.#afterClose(flow, from, segment);
      return;
    }
    const meaning = this.#handshake.judge(flow, from, segment);
    if (meaning === SynMeaning.Rival) {
      flow.calm = false;
      return;
    }
    if (meaning === SynMeaning.ReusedByOwn || meaning === SynMeaning.ReusedByOther) {
      this.#reuse(flow, from, segment, meaning === SynMeaning.ReusedByOther);
      return;
    }
    if ((segment.flags & Ack) !== 0) acknowledge(flow.stream(from === 0 ? 1 : 0), segment);
    this.#intake.take(flow, from, segment);
    this.#keepWithinLimits(flow);
    if (flow.stream0.place === Place.Ended && flow.stream1.place === Place.Ended) {
      this.#close(flow, Closed.Finished);
    } else if ((segment.flags & Rst) !== 0 && isResetCredible(flow.stream(from), segment)) {
      flow.resetBy = from;
      this.#close(flow, Closed.Reset);
    } else {
      this.#settle(flow);
    }
  }

  #keepWithinLimits(flow: Flow<Context>): void {
    const { streamBufferBytes, totalBufferBytes } = this.#limits;
    while (flow.stream0.heldBytes > streamBufferBytes) this.#delivery.force(flow, 0);
    while (flow.stream1.heldBytes > streamBufferBytes) this.#delivery.force(flow, 1);
    if (this.counters.bufferedBytes <= totalBufferBytes) return;
    this.#waiting.add(flow);
    const enough = totalBufferBytes * makeRoomShare;
    for (const full of this.#waiting.fullestFirst(this.counters.bufferedBytes)) {
      if (this.counters.bufferedBytes <= enough) return;
      this.#delivery.flush(full);
      if (full !== flow) this.#settleOrClose(full);
    }
  }

  /** A closed connection: its late packets are ignored, a new one on the same ports takes its place. */
  #afterClose(flow: Flow<Context>, from: End, segment: Segment): void {
    const size = segment.payloadEnd - segment.payloadStart;
    const initial = from === 0 ? flow.closedInitial0 : flow.closedInitial1;
    const next = from === 0 ? flow.closedNext0 : flow.closedNext1;
    const isNewSyn = (segment.flags & Syn) !== 0 && initial !== segment.sequence;
    // Whoever has sent an RST and goes on sending new data did not mean it, or did not send it.
    const goesOn = flow.resetBy === from && size > 0 && ((segment.sequence - next) | 0) >= 0;
    if (isNewSyn || goesOn) {
      const { hash } = flow;
      this.#forget(flow);
      this.#first(segment, hash);
    } else {
      this.counters.retransmittedBytes += size;
    }
  }

  /** A SYN that was in doubt was real. Its sender was this segment's, or `byOther` the receiver. */
  #reuse(flow: Flow<Context>, from: End, segment: Segment, byOther: boolean): void {
    const rival = flow.stream(byOther ? (from === 0 ? 1 : 0) : from);
    this.#close(flow, Closed.Reused);
    const fresh = this.#create(segment, flow.hash, byOther, rival);
    this.#unusual(fresh, byOther ? 1 : 0, segment);
  }

  /** Brings the lists and the short way up to date after something unusual. */
  #settle(flow: Flow<Context>): void {
    if (flow.connection.ignored) this.#delivery.drain(flow);
    const deadline = this.#waiting.deadline(flow, this.#clock.nowMs);
    const holds = flow.stream0.first !== undefined || flow.stream1.first !== undefined;
    flow.calm = !holds && deadline === Number.POSITIVE_INFINITY && !hasRival(flow);
    flow.deadlineMs = deadline;
    if (!holds && deadline === Number.POSITIVE_INFINITY) {
      this.#waiting.remove(flow);
    } else {
      this.#waiting.add(flow);
      if (deadline < this.#nextTickMs) this.#nextTickMs = deadline;
    }
  }

  #settleOrClose(flow: Flow<Context>): void {
    if (flow.stream0.place === Place.Ended && flow.stream1.place === Place.Ended) {
      this.#close(flow, Closed.Finished);
    } else {
      this.#settle(flow);
    }
  }

  #close(flow: Flow<Context>, how: Closed): void {
    this.#delivery.flush(flow);
    this.#waiting.remove(flow);
    this.#open.remove(flow);
    flow.closed = how;
    flow.calm = false;
    this.counters.openConnections--;
    if (how === Closed.Shed) this.counters.shedConnections++;
    if (how === Closed.Finished || how === Closed.Reset) {
      this.#lingering.add(flow, this.#clock.nowMs);
      if (this.#lingering.size > maxLingering) this.#forget(this.#lingering.oldest!);
    } else {
      this.#table.remove(flow);
    }
    const connection = flow.connection;
    flow.release();
    this.#sink.close(connection, how, this.#clock.nowMs);
  }

  #forget(flow: Flow<Context>): void {
    this.#lingering.remove(flow);
    this.#table.remove(flow);
  }

  /** Moves the clock, and does what is due. */
  #keepTime(nowMs: number): void {
    const clock = this.#clock;
    if (clock.tick(nowMs)) this.#restartWaits();
    this.#delivery.nowMs = clock.nowMs;
    if (clock.nowMs >= this.#nextTickMs) {
      this.#nextTickMs = clock.nowMs + sweepMs;
      this.#expireWaits();
      if (clock.nowMs >= this.#nextSweepMs) this.#sweep();
      if (this.#nextSweepMs < this.#nextTickMs) this.#nextTickMs = this.#nextSweepMs;
    }
    // The next packet must not take the short way past the decision.
    if (clock.isInDoubt) this.#nextTickMs = Number.NEGATIVE_INFINITY;
  }

  /** The clock was set back: what waits begins to wait now. */
  #restartWaits(): void {
    this.#nextTickMs = Number.NEGATIVE_INFINITY;
    this.#nextSweepMs = this.#clock.nowMs;
    for (const flow of this.#waiting.flows) {
      for (const stream of [flow.stream0, flow.stream1]) {
        stream.gapSinceMs = -1;
        stream.acknowledgedSinceMs = -1;
      }
      flow.deadlineMs = this.#waiting.deadline(flow, this.#clock.nowMs);
    }
  }

  #expireWaits(): void {
    const { flows } = this.#waiting;
    let next = Number.POSITIVE_INFINITY;
    // From the end: a flow that leaves the list is replaced by the last, which has been looked at.
    for (let index = flows.length - 1; index >= 0; index--) {
      const flow = flows[index];
      if (flow === undefined) continue;
      if (flow.deadlineMs <= this.#clock.nowMs) this.#expire(flow);
      if (flow.deadlineMs < next) next = flow.deadlineMs;
    }
    const soonest = this.#clock.nowMs + waitGranularityMs;
    this.#nextTickMs = Math.min(this.#nextTickMs, Math.max(next, soonest));
  }

  #expire(flow: Flow<Context>): void {
    this.#expireStream(flow, 0);
    this.#expireStream(flow, 1);
    this.#settleOrClose(flow);
  }

  #expireStream(flow: Flow<Context>, from: End): void {
    const stream = flow.stream(from);
    const other = flow.stream(from === 0 ? 1 : 0);
    if (this.#waiting.acknowledgedDeadline(stream) <= this.#clock.nowMs) {
      this.#delivery.passUpTo(flow, from, stream.acknowledgedMark);
    } else if (this.#waiting.gapDeadline(stream, other) <= this.#clock.nowMs) {
      // The gaps behind it that have waited as long end with it.
      const since = this.#clock.nowMs - this.#waiting.gapWaitMs(other);
      this.#delivery.force(flow, from);
      while (stream.gap > 0 && stream.first!.timestampMs <= since) {
        this.#delivery.force(flow, from);
      }
    }
  }

  /** Closes connections that were idle for too long and forgets closed ones. */
  #sweep(): void {
    this.#nextSweepMs = this.#clock.nowMs + sweepMs;
    const idleSince = this.#clock.nowMs - this.#limits.idleTimeoutMs;
    for (let flow = this.#open.oldest; flow !== undefined; flow = this.#open.oldest) {
      if (flow.usedMs >= idleSince) break;
      this.#close(flow, Closed.Idle);
    }
    const lingerSince = this.#clock.nowMs - lingerMs;
    for (let flow = this.#lingering.oldest; flow !== undefined; flow = this.#lingering.oldest) {
      if (flow.usedMs >= lingerSince) break;
      this.#forget(flow);
    }
  }
}

function hasRival<Context>(flow: Flow<Context>): boolean {
  return flow.stream0.hasRival || flow.stream1.hasRival;
}
