import { type Segment, TcpFlag } from '../decode/contract.ts';
import type { End, ReassembleCounters } from './contract.ts';
import type { Delivery } from './delivery.ts';
import type { Flow } from './flow.ts';
import { hold } from './hold.ts';
import { maxWindowBytes } from './limits.ts';
import { place } from './rules.ts';
import { Place, type Stream } from './stream.ts';

const { Syn, Fin, Ack } = TcpFlag;

/** Decides what becomes of the content of a segment: handed on, held, or old. */
export class Intake<Context> {
  readonly #delivery: Delivery<Context>;
  readonly #counters: ReassembleCounters;

  constructor(delivery: Delivery<Context>, counters: ReassembleCounters) {
    this.#delivery = delivery;
    this.#counters = counters;
  }

  /** Payload and FIN of a segment. */
  take(flow: Flow<Context>, from: End, segment: Segment): void {
    const { flags, payloadStart, payloadEnd, missing } = segment;
    const stream = flow.stream(from);
    const fin = (flags & Fin) !== 0;
    const size = payloadEnd - payloadStart + missing;
    const sequence = (segment.sequence + ((flags & Syn) !== 0 ? 1 : 0)) | 0;
    if (stream.place < Place.Known && !place(stream, sequence, size > 0 || fin)) return;
    if (stream.place === Place.Ended || (size === 0 && !fin)) {
      this.#counters.retransmittedBytes += size;
      return;
    }
    if (!this.#isInWindow(flow, from, sequence, size)) return;
    const distance = (sequence - stream.next) | 0;
    const total = size + (fin ? 1 : 0);
    const isLateFin = fin && distance + total === 0 && stream.isBehindHole;
    if (distance + total <= 0 && !isLateFin) {
      // A keep-alive probe repeats one byte, or sends none.
      if (total > 1) this.#counters.retransmittedBytes += size - missing;
      return;
    }
    const other = flow.stream(from === 0 ? 1 : 0);
    const waits = (flags & Ack) !== 0 && other.ahead(segment.acknowledgement | 0) > 0;
    if (distance > 0) this.#counters.outOfOrderSegments++;
    if (flow.connection.ignored) {
      this.#skip(stream, (sequence + size) | 0, fin);
    } else if (distance <= 0 && !waits && stream.first === undefined) {
      const { bytes, timestampMs, packetNumber } = segment;
      this.#delivery.handOn(
        flow,
        from,
        sequence,
        bytes,
        payloadStart,
        payloadEnd,
        missing,
        fin,
        timestampMs,
        packetNumber,
      );
    } else {
      this.#counters.bufferedBytes += hold(stream, segment, sequence);
    }
    this.#delivery.drain(flow);
  }

  /** Of a connection nobody wants to see only the place and the end are followed. */
  #skip(stream: Stream, end: number, fin: boolean): void {
    if (((end - stream.next) | 0) > 0) stream.next = end;
    if (fin && end === stream.next) stream.place = Place.Ended;
  }

  /**
   * Whether a segment lies near what is expected. One far away is a stray; when a second one goes on
   * where it ended, so much was lost that the window has moved: a hole, and on from there.
   */
  #isInWindow(flow: Flow<Context>, from: End, sequence: number, size: number): boolean {
    const stream = flow.stream(from);
    const distance = (sequence - stream.next) | 0;
    if (distance <= maxWindowBytes && distance + size >= -maxWindowBytes) {
      stream.hasStray = false;
      return true;
    }
    const continues = stream.hasStray && stream.strayEnd === sequence;
    stream.hasStray = size > 0;
    stream.strayEnd = (sequence + size) | 0;
    if (!continues || size === 0) return false;
    stream.hasStray = false;
    this.#delivery.flush(flow);
    // What was held may have ended with a FIN.
    if (stream.place === Place.Ended) return false;
    const lost = (sequence - stream.next) | 0;
    this.#delivery.hole(flow, from, lost > 0 ? lost : -1);
    stream.next = sequence;
    stream.isAcknowledged = false;
    return true;
  }
}
