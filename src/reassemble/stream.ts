import { chunkOverheadBytes, maxWindowBytes } from './limits.ts';

/** How well the place of a stream is known. */
export const Place = {
  /** No packet of this end was seen. */
  Unknown: 0,
  /** Taken from a packet without data: keep-alive probes are one less than the truth. */
  Guessed: 1,
  /** From a SYN, or from data. */
  Known: 2,
  /** FIN was handed on; whatever follows is ignored. */
  Ended: 3,
} as const;

/** A piece of a stream that waits: behind a gap, or for what it acknowledges. */
export interface Chunk {
  /** Where it begins, as `Stream.next`. */
  readonly sequence: number;
  /** A copy of its own. */
  readonly bytes: Uint8Array;
  /** Bytes behind `bytes` that were on the wire but not captured. */
  readonly missing: number;
  readonly fin: boolean;
  /** What the segment acknowledged of the other end, and whether it did. */
  readonly acknowledgement: number;
  readonly acknowledges: boolean;
  readonly timestampMs: number;
  readonly packetNumber: number;
  before: Chunk | undefined;
  after: Chunk | undefined;
}

/**
 * One direction of a connection. Sequence numbers are kept as signed 32-bit integers, so that V8
 * needs no boxes for them, and are compared by the sign of their difference: wrap-around is no case.
 */
export class Stream {
  place: number = Place.Unknown;
  /** Sequence number of the first byte, once the place is known. */
  start = 0;
  /** From its SYN, unsigned; -1 when that was not seen. */
  initialSequence = -1;
  /** The next byte to hand on. */
  next = 0;
  /** The highest acknowledgement by the other end, when `isAcknowledged`. */
  acknowledged = 0;
  isAcknowledged = false;
  /** A hole was declared up to `holeEnd`. */
  hasHole = false;
  holeEnd = 0;
  /** What waits, by sequence number, without overlaps. */
  first: Chunk | undefined = undefined;
  last: Chunk | undefined = undefined;
  /** Cost of what waits, overhead included. */
  heldBytes = 0;
  /** A SYN with another initial number came: its first byte. Decided by what follows. */
  rivalStart = 0;
  hasRival = false;
  isRivalAnswer = false;
  /** The end of a segment far outside the window: a second one that continues it is believed. */
  strayEnd = 0;
  hasStray = false;
  /** `next` when the waits below were last looked at: any progress starts them again. */
  settledNext = 0;
  /** Since when (packet time) there is a gap in front of `first`, or -1. */
  gapSinceMs = -1;
  /** Since when bytes that did not come are acknowledged, or -1; and up to where they were then. */
  acknowledgedSinceMs = -1;
  acknowledgedMark = 0;

  begin(sequence: number, place: number): void {
    this.place = place;
    this.start = sequence;
    this.next = sequence;
    this.settledNext = sequence;
    const ahead = (this.acknowledged - sequence) | 0;
    if (ahead > maxWindowBytes || ahead < -maxWindowBytes) this.isAcknowledged = false;
  }

  /** Bytes that the other end has received and we have not; 0 when the stream's place is not known. */
  get acknowledgedAhead(): number {
    if (!this.isAcknowledged) return 0;
    return this.ahead(this.acknowledged);
  }

  /** How far `acknowledgement` is ahead of what was handed on, 0 if it is not, or not credible. */
  ahead(acknowledgement: number): number {
    if (this.place !== Place.Known && this.place !== Place.Guessed) return 0;
    const ahead = (acknowledgement - this.next) | 0;
    return ahead > 0 && ahead <= maxWindowBytes ? ahead : 0;
  }

  /** Whether the number just before `next` lies in a hole: it may have been a FIN. */
  get isBehindHole(): boolean {
    return this.hasHole && this.holeEnd === this.next;
  }

  /** Bytes missing between what was handed on and the first piece that waits. */
  get gap(): number {
    return this.first === undefined ? 0 : (this.first.sequence - this.next) | 0;
  }

  /** Links `chunk` in behind `before` (undefined: at the front). */
  insert(chunk: Chunk, before: Chunk | undefined): void {
    const after = before === undefined ? this.first : before.after;
    chunk.before = before;
    chunk.after = after;
    if (before === undefined) this.first = chunk;
    else before.after = chunk;
    if (after === undefined) this.last = chunk;
    else after.before = chunk;
    this.heldBytes += chunkCost(chunk);
  }

  removeFirst(): void {
    const chunk = this.first;
    if (chunk === undefined) return;
    this.first = chunk.after;
    if (this.first === undefined) this.last = undefined;
    else this.first.before = undefined;
    this.heldBytes -= chunkCost(chunk);
  }
}

/** What a waiting piece counts against the limits, in bytes. */
export function chunkCost(chunk: Chunk): number {
  return chunk.bytes.length + chunkOverheadBytes;
}

/** The sequence number behind a piece, its FIN included. */
export function chunkEnd(chunk: Chunk): number {
  return (chunk.sequence + chunk.bytes.length + chunk.missing + (chunk.fin ? 1 : 0)) | 0;
}
