import type { End, ReassembleCounters, StreamSink } from './contract.ts';
import type { Flow } from './flow.ts';
import { type Chunk, chunkCost, Place, type Stream } from './stream.ts';

/**
 * Hands bytes and holes to the sink, in the order of each stream and, across the two, of cause: a
 * piece that acknowledges bytes of the other end waits until those were handed on.
 */
export class Delivery<Context> {
  /** The present packet time, for holes. */
  nowMs = 0;
  readonly #sink: StreamSink<Context>;
  readonly #counters: ReassembleCounters;

  constructor(sink: StreamSink<Context>, counters: ReassembleCounters) {
    this.#sink = sink;
    this.#counters = counters;
  }

  /**
   * Hands on a piece that begins at or before `next` of its stream: what of it is new, the hole where
   * its bytes were not captured, and its FIN.
   */
  handOn(
    flow: Flow<Context>,
    from: End,
    sequence: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    missing: number,
    fin: boolean,
    timestampMs: number,
    packetNumber: number,
  ): void {
    const stream = flow.stream(from);
    const connection = flow.connection;
    const length = end - start;
    const old = (stream.next - sequence) | 0;
    this.#counters.retransmittedBytes += Math.min(old, length);
    if (old < length) {
      stream.next = (sequence + length) | 0;
      this.#counters.payloadBytes += length - old;
      if (!connection.ignored) {
        const at = start + old;
        const { next } = stream;
        this.#sink.data(connection, from, bytes, at, end, timestampMs, packetNumber, next);
      }
    }
    const lost = missing - Math.max(0, old - length);
    if (lost > 0) this.hole(flow, from, lost);
    if (!fin || stream.place === Place.Ended) return;
    const early = (stream.next - (sequence + length + missing)) | 0;
    if (early !== 0 && !(early === 1 && stream.isBehindHole)) return;
    stream.next = (sequence + length + missing + 1) | 0;
    stream.place = Place.Ended;
    this.dropHeld(stream);
    if (!connection.ignored) this.#sink.finish(connection, from, timestampMs);
  }

  /** Declares the next `length` bytes of a stream lost; -1 when their number is not known. */
  hole(flow: Flow<Context>, from: End, length: number): void {
    const stream = flow.stream(from);
    if (length > 0) {
      stream.next = (stream.next + length) | 0;
      stream.hasHole = true;
      stream.holeEnd = stream.next;
    }
    if (!flow.connection.ignored) this.#sink.hole(flow.connection, from, length, this.nowMs);
    // What nobody wants to see, or has learned just now to be of no interest, is no loss.
    if (flow.connection.ignored) return;
    this.#counters.holes++;
    if (length > 0) this.#counters.holeBytes += length;
  }

  /** Hands on all that may be, of both ends. */
  drain(flow: Flow<Context>): void {
    for (;;) {
      if (flow.connection.ignored) {
        this.dropHeld(flow.stream0);
        this.dropHeld(flow.stream1);
        return;
      }
      const head0 = inPlace(flow.stream0);
      const head1 = inPlace(flow.stream1);
      if (head0 === undefined && head1 === undefined) return;
      if (head0 !== undefined && !waitsFor(head0, flow.stream1)) this.#next(flow, 0, head0);
      else if (head1 !== undefined && !waitsFor(head1, flow.stream0)) this.#next(flow, 1, head1);
      else if (head0 === undefined || head1 === undefined) return;
      // Each acknowledges the other: the later packet repeats bytes that came before the earlier.
      else if (head0.packetNumber > head1.packetNumber) this.#next(flow, 0, head0);
      else this.#next(flow, 1, head1);
    }
  }

  /** Declares the hole that the first waiting piece of an end waits for, and goes on behind it. */
  force(flow: Flow<Context>, from: End): void {
    const stream = flow.stream(from);
    const head = stream.first;
    if (head === undefined) return;
    if (stream.gap > 0) {
      const end = head.sequence;
      for (let lost = stream.gap; lost > 0; lost = (end - stream.next) | 0) {
        this.hole(flow, from, upToWaiting(flow, from, lost));
        this.drain(flow);
      }
    } else {
      const otherEnd = from === 0 ? 1 : 0;
      const other = flow.stream(otherEnd);
      const ahead = other.ahead(head.acknowledgement);
      const lost = other.first === undefined ? ahead : Math.min(ahead, other.gap);
      if (lost > 0) this.hole(flow, otherEnd, lost);
    }
    this.drain(flow);
  }

  /** Declares all holes up to `mark` (a sequence number of that end) and what lies between them. */
  passUpTo(flow: Flow<Context>, from: End, mark: number): void {
    const stream = flow.stream(from);
    for (let ahead = stream.ahead(mark); ahead > 0; ahead = stream.ahead(mark)) {
      const lost = stream.first === undefined ? ahead : Math.min(ahead, stream.gap);
      if (lost > 0) this.hole(flow, from, upToWaiting(flow, from, lost));
      const next = stream.next;
      this.drain(flow);
      // What is left waits for a hole of the other end, which has its own time.
      if (stream.next === next && inPlace(stream) !== undefined) return;
    }
  }

  /** Hands on everything that waits, with holes, also for what only acknowledgements tell of. */
  flush(flow: Flow<Context>): void {
    this.drain(flow);
    for (;;) {
      const head0 = flow.stream0.first;
      const head1 = flow.stream1.first;
      if (head0 === undefined && head1 === undefined) break;
      const zero =
        head1 === undefined || (head0 !== undefined && head0.packetNumber < head1.packetNumber);
      this.force(flow, zero ? 0 : 1);
    }
    if (flow.connection.ignored) return;
    // A single number acknowledged at the very end is a FIN that was not captured, not a byte.
    const lost0 = flow.stream0.acknowledgedAhead;
    if (lost0 > 1) this.hole(flow, 0, lost0);
    const lost1 = flow.stream1.acknowledgedAhead;
    if (lost1 > 1) this.hole(flow, 1, lost1);
  }

  dropHeld(stream: Stream): void {
    this.#counters.bufferedBytes -= stream.heldBytes;
    stream.heldBytes = 0;
    stream.first = undefined;
    stream.last = undefined;
  }

  #next(flow: Flow<Context>, from: End, chunk: Chunk): void {
    flow.stream(from).removeFirst();
    this.#counters.bufferedBytes -= chunkCost(chunk);
    this.handOn(
      flow,
      from,
      chunk.sequence,
      chunk.bytes,
      0,
      chunk.bytes.length,
      chunk.missing,
      chunk.fin,
      chunk.timestampMs,
      chunk.packetNumber,
    );
  }
}

/** The first waiting piece, if there is no gap in front of it. */
function inPlace(stream: Stream): Chunk | undefined {
  return stream.gap <= 0 ? stream.first : undefined;
}

/**
 * So much of the next `lost` bytes as may be declared lost before what waits at the other end: a piece
 * there that acknowledges a part of them came when the rest was not sent yet.
 */
function upToWaiting<Context>(flow: Flow<Context>, from: End, lost: number): number {
  const piece = inPlace(flow.stream(from === 0 ? 1 : 0));
  if (piece === undefined || !piece.acknowledges) return lost;
  const ahead = flow.stream(from).ahead(piece.acknowledgement);
  return ahead > 0 ? Math.min(lost, ahead) : lost;
}

/** Whether a piece acknowledges bytes of the other end that were not handed on yet. */
export function waitsFor(chunk: Chunk, other: Stream): boolean {
  return chunk.acknowledges && other.ahead(chunk.acknowledgement) > 0;
}
