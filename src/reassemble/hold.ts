import { type Segment, TcpFlag } from '../decode/contract.ts';
import { type Chunk, chunkCost, chunkEnd, type Stream } from './stream.ts';

/**
 * Keeps copies of those parts of a segment that are new to `stream`: bytes that were handed on or
 * are already kept stay as they were (first data wins). `sequence` is that of the first payload byte.
 * Returns the added cost in bytes.
 */
export function hold(stream: Stream, segment: Segment, sequence: number): number {
  const fin = (segment.flags & TcpFlag.Fin) !== 0;
  const length = segment.payloadEnd - segment.payloadStart + segment.missing + (fin ? 1 : 0);
  // Offsets in the segment; what lies before `next` is old.
  let from = Math.max(0, (stream.next - sequence) | 0);
  let before = lastNotBehind(stream, sequence);
  let added = 0;
  if (before !== undefined) from = Math.max(from, (chunkEnd(before) - sequence) | 0);
  while (from < length) {
    const after: Chunk | undefined = before === undefined ? stream.first : before.after;
    const room = after === undefined ? length : (after.sequence - sequence) | 0;
    const to = Math.min(length, room);
    if (from < to) {
      const chunk = cut(segment, sequence, from, to, fin && to === length);
      stream.insert(chunk, before);
      added += chunkCost(chunk);
    }
    if (after === undefined) break;
    from = Math.max(to, (chunkEnd(after) - sequence) | 0);
    before = after;
  }
  return added;
}

/** The last piece that begins at or before `sequence`: mostly the last of all, so from there. */
function lastNotBehind(stream: Stream, sequence: number): Chunk | undefined {
  let chunk = stream.last;
  while (chunk !== undefined && ((chunk.sequence - sequence) | 0) > 0) chunk = chunk.before;
  return chunk;
}

/** The part [from, to) of a segment, counted from its first byte through missing bytes and FIN. */
function cut(segment: Segment, sequence: number, from: number, to: number, fin: boolean): Chunk {
  const captured = segment.payloadEnd - segment.payloadStart;
  const start = segment.payloadStart + Math.min(from, captured);
  const end = segment.payloadStart + Math.min(to, captured);
  const bytes = new Uint8Array(end - start);
  bytes.set(segment.bytes.subarray(start, end));
  return {
    sequence: (sequence + from) | 0,
    bytes,
    missing: to - from - bytes.length - (fin ? 1 : 0),
    fin,
    acknowledgement: segment.acknowledgement | 0,
    acknowledges: (segment.flags & TcpFlag.Ack) !== 0,
    timestampMs: segment.timestampMs,
    packetNumber: segment.packetNumber,
    before: undefined,
    after: undefined,
  };
}
