/**
 * The chunked coding (RFC 9112, section 7.1), walked chunk by chunk without touching the data:
 *
 *   size in hex [;extensions] CRLF data CRLF   ...   0 CRLF trailer fields CRLF
 *
 * The place is kept in `ChunkPlace` between calls, so nothing is read twice however the bytes arrive.
 */
import {
  behindEmptyLine,
  cr,
  emptyLineBytes,
  findEmptyLine,
  hexDigit,
  lf,
  space,
  tab,
} from './parse-bytes.ts';

/** Longest line with a chunk's size; extensions are rarely used at all. */
const maxSizeLineBytes = 16_384;
/** Longest trailer section. */
const maxTrailerBytes = 65_536;
/** Sizes beyond 2^53 cannot be counted, and nobody sends them in earnest. */
const maxSizeDigits = 13;

export const ChunkPhase = { Size: 0, DataEnd: 1, Trailers: 2 } as const;

/** Where the walk is. Offsets are relative to the window's start. */
export class ChunkPlace {
  /** Where the next thing to read starts; may lie behind what has arrived. */
  at = 0;
  phase: number = ChunkPhase.Size;
  /** In trailers: how far the search for their end has looked. */
  scanned = 0;

  reset(at: number): void {
    this.at = at;
    this.phase = ChunkPhase.Size;
    this.scanned = 0;
  }
}

/** The walk's result when the coding is broken at `place.at`. */
export const broken = -1;
/** More bytes are needed; `chunkNeed` says how many must be in the window. */
export const unfinished = 0;
/** See `unfinished`. */
export let chunkNeed = 0;

/**
 * Walks on. Returns the offset behind the body when it is complete, `broken` or `unfinished`. Stops
 * early, `unfinished`, once `place.at` has passed `limit`.
 */
export function walkChunks(
  bytes: Uint8Array,
  start: number,
  length: number,
  place: ChunkPlace,
  limit: number,
): number {
  while (place.phase !== ChunkPhase.Trailers) {
    if (place.at >= length || place.at > limit) {
      chunkNeed = place.at + 1;
      return unfinished;
    }
    const at = start + place.at;
    if (place.phase === ChunkPhase.Size) {
      const step = readSize(bytes, at, start + length, place);
      if (step <= 0) return step;
      place.at += step;
      continue;
    }
    if (bytes[at] === lf) place.at += 1;
    else if (bytes[at] !== cr) return broken;
    else if (place.at + 1 >= length) {
      chunkNeed = length + 1;
      return unfinished;
    } else if (bytes[at + 1] === lf) place.at += 2;
    else return broken;
    place.phase = ChunkPhase.Size;
  }
  return walkTrailers(bytes, start, length, place);
}

/** Reads a size line; the bytes of the line and of the data behind it, or `broken`/`unfinished`. */
function readSize(bytes: Uint8Array, from: number, end: number, place: ChunkPlace): number {
  let i = from;
  while (i < end && (bytes[i] === space || bytes[i] === tab) && i - from < 32) i++;
  const digits = i;
  let size = 0;
  let significant = 0;
  for (; i < end; i++) {
    const digit = hexDigit[bytes[i]!]!;
    if (digit === 255) break;
    size = size * 16 + digit;
    if (size > 0) significant++;
    if (significant > maxSizeDigits || i - from > maxSizeLineBytes) return broken;
  }
  if (i < end) {
    const behind = bytes[i]!;
    const fine =
      behind === 59 || behind === cr || behind === lf || behind === space || behind === tab;
    if (i === digits || !fine) return broken;
  }
  while (i < end && bytes[i] !== lf) {
    i++;
    if (i - from > maxSizeLineBytes) return broken;
  }
  if (i >= end) {
    chunkNeed = place.at + (end - from) + 1;
    return unfinished;
  }
  place.phase = size === 0 ? ChunkPhase.Trailers : ChunkPhase.DataEnd;
  place.scanned = 0;
  return i + 1 - from + size;
}

function walkTrailers(bytes: Uint8Array, start: number, length: number, place: ChunkPlace): number {
  const first = start + place.at;
  const end = start + length;
  const empty = behindEmptyLine(bytes, first, end);
  if (empty > 0) return empty - start;
  const from = Math.max(first, start + place.scanned - emptyLineBytes);
  const behind = findEmptyLine(bytes, from, end);
  if (behind >= 0) return behind - first > maxTrailerBytes ? broken : behind - start;
  place.scanned = length;
  if (length - place.at > maxTrailerBytes) return broken;
  chunkNeed = length + 1;
  return unfinished;
}
