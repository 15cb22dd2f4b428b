import { type Segment, TcpFlag } from '../decode/contract.ts';
import type { End } from './contract.ts';
import type { Flow } from './flow.ts';
import { lateSynBytes } from './limits.ts';
import { Place, type Stream } from './stream.ts';

const { Syn, Rst, Ack } = TcpFlag;

/** What a segment says about the beginning of its connection. */
export const SynMeaning = {
  /** Nothing new: it belongs to the connection as known. */
  Same: 0,
  /** A SYN with another initial number on an open connection: what follows will tell. */
  Rival: 1,
  /** The segment goes on from its sender's rival SYN: a new connection on the same ports. */
  ReusedByOwn: 2,
  /** The segment acknowledges the receiver's rival SYN: the same. */
  ReusedByOther: 3,
} as const;

/**
 * Follows SYNs. A SYN on an open connection is not believed at once: the receiver would not either
 * (RFC 5961 section 4), and forged ones must not cut a stream off. It counts when the other end
 * acknowledges it or its sender goes on from it.
 */
export class Handshake<Context> {
  /** The SYN `rival` of an earlier connection began this one, from its end 0. */
  adopt(flow: Flow<Context>, rival: Stream): void {
    this.begin(flow, 0, rival.rivalStart);
    flow.connection.client = rival.isRivalAnswer ? 1 : 0;
  }

  /** What the first segment of a connection tells, so that the sink knows it when it opens. */
  before(flow: Flow<Context>, from: End, segment: Segment): void {
    if ((segment.flags & Syn) !== 0) this.judge(flow, from, segment);
  }

  /** An end's stream begins at `start`, as its SYN said. */
  begin(flow: Flow<Context>, end: End, start: number): void {
    flow.stream(end).begin(start, Place.Known);
    this.#note(flow, end, (start - 1) >>> 0);
  }

  /** Whether a segment begins its connection, belongs to it, or begins another on the same ports. */
  judge(flow: Flow<Context>, from: End, segment: Segment): number {
    const own = flow.stream(from);
    const other = flow.stream(from === 0 ? 1 : 0);
    const { flags } = segment;
    if ((flags & Ack) !== 0 && other.hasRival) {
      const acknowledgement = segment.acknowledgement | 0;
      if (acknowledgement === other.rivalStart && acknowledgement !== other.next) {
        return SynMeaning.ReusedByOther;
      }
    }
    if ((flags & Syn) !== 0) return this.#syn(flow, from, segment);
    if (!own.hasRival || (flags & Rst) !== 0) return SynMeaning.Same;
    const sequence = segment.sequence | 0;
    if (sequence === own.rivalStart) {
      own.hasRival = false;
      if (!hasSent(own)) {
        // Of several SYNs before any data the one counts that the data goes on from.
        this.begin(flow, from, sequence);
        return SynMeaning.Same;
      }
      return SynMeaning.ReusedByOwn;
    }
    if (sequence === own.next) own.hasRival = false;
    return SynMeaning.Same;
  }

  #syn(flow: Flow<Context>, from: End, segment: Segment): number {
    const own = flow.stream(from);
    const { connection } = flow;
    const start = (segment.sequence + 1) | 0;
    const isAnswer = (segment.flags & Ack) !== 0;
    if (own.place < Place.Known) {
      this.begin(flow, from, start);
    } else if (own.initialSequence < 0 && isLate(own, start)) {
      // The SYN was captured behind the first data.
      this.#note(flow, from, segment.sequence);
    } else if (own.initialSequence !== segment.sequence) {
      own.rivalStart = start;
      own.hasRival = true;
      own.isRivalAnswer = isAnswer;
      return SynMeaning.Rival;
    }
    const otherEnd: End = from === 0 ? 1 : 0;
    if (connection.client < 0) connection.client = isAnswer ? otherEnd : from;
    // The answer tells where the other end begins even when its SYN was missed.
    const other = flow.stream(otherEnd);
    if (isAnswer && other.place < Place.Known) {
      this.begin(flow, otherEnd, segment.acknowledgement | 0);
    }
    return SynMeaning.Same;
  }

  #note(flow: Flow<Context>, end: End, initialSequence: number): void {
    flow.stream(end).initialSequence = initialSequence;
    if (end === 0) flow.connection.initialSequence0 = initialSequence;
    else flow.connection.initialSequence1 = initialSequence;
  }
}

/** Whether a stream whose SYN was not seen may have begun at `start`. */
function isLate(stream: Stream, start: number): boolean {
  const before = (stream.start - start) | 0;
  return before >= 0 && before <= lateSynBytes;
}

function hasSent(stream: Stream): boolean {
  return stream.place === Place.Ended || stream.next !== stream.start || stream.first !== undefined;
}
