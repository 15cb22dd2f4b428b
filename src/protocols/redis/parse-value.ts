/**
 * Finds where a RESP value ends, without recursion and without starting over when more bytes come. All
 * that is remembered is how many values are still missing: an aggregate of n is n values more.
 *
 *   + - : _ , # (   line                       `+OK\r\n`
 *   $ = !           length, bytes, CRLF        `$3\r\nfoo\r\n`; `$-1\r\n` is null
 *   * ~ > %         count, values; % in pairs  `*2\r\n:1\r\n:2\r\n`; `*-1\r\n` is null
 *   |               pairs about the value behind them
 *   $? ;            string in pieces, the last one empty    `$?\r\n;3\r\nfoo\r\n;0\r\n`
 *   *? ~? %? .      aggregate of unknown length, up to `.\r\n`
 *
 * Source: https://redis.io/docs/latest/develop/reference/protocol-spec/, RESP3.md of antirez.
 */
import type { RedisState } from './state.ts';

/** A line that is longer is not one: lines of MONITOR hold whole values, of 512 MB at most. */
const maxLineBytes = 2 ** 30;
/** A number in a head with more digits is none. */
const maxDigits = 20;
/** Longest string in bytes, largest aggregate in values. Redis allows 512 MB unless told otherwise. */
const maxCount = 2 ** 31 - 1;
/** Missing values of a streamed aggregate. */
const streamed = 2 ** 52;
/** More missing values than these are damage. */
const maxNeed = 2 ** 40;

export const cr = 13;
export const lf = 10;

/** `scan`: more bytes are needed; these are no values. */
export const Scan = { More: 0, Broken: -1 } as const;

/** Numbers read by `readCount`, besides counts. */
const Count = { Null: -1, Streamed: -2, More: -3, Broken: -4 } as const;

/** Where the line read last ends, behind its CRLF. */
let lineEnd = 0;

/** The number between a type byte at `at` and CRLF, or a `Count`. Sets `lineEnd`. */
function readCount(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  let i = at + 1;
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    if (value > maxCount) return Count.Broken;
  }
  if (i >= end) return i - at > maxDigits ? Count.Broken : Count.More;
  if (i === at + 1) return oddCount(bytes, at, end);
  if (bytes[i] !== cr) return Count.Broken;
  if (i + 1 >= end) return Count.More;
  lineEnd = i + 2;
  return bytes[i + 1] === lf ? value : Count.Broken;
}

/** `-1`, `?`, or no number. */
function oddCount(bytes: Uint8Array, at: number, end: number): number {
  const minus = bytes[at + 1] === 0x2d;
  if (!minus && bytes[at + 1] !== 0x3f) return Count.Broken;
  if (minus && at + 2 < end && bytes[at + 2] !== 0x31) return Count.Broken;
  const i = at + (minus ? 3 : 2);
  if (i < end && bytes[i] !== cr) return Count.Broken;
  if (i + 1 >= end) return Count.More;
  lineEnd = i + 2;
  if (bytes[i + 1] !== lf) return Count.Broken;
  return minus ? Count.Null : Count.Streamed;
}

/**
 * Offset behind the CRLF of the line that begins at `at`, or a `Scan`. Of a line whose end has not come,
 * `state.lineBytes` says how many bytes need not be looked at again.
 */
export function scanLine(bytes: Uint8Array, at: number, end: number, state: RedisState): number {
  let i = at + state.lineBytes;
  while (i < end && bytes[i] !== cr && bytes[i] !== lf) i++;
  if (i + 1 >= end) {
    if (bytes[i] === lf && i < end) return Scan.Broken;
    state.lineBytes = i - at;
    return i - at > maxLineBytes ? Scan.Broken : Scan.More;
  }
  if (state.lineBytes !== 0) state.lineBytes = 0;
  return bytes[i] === cr && bytes[i + 1] === lf ? i + 2 : Scan.Broken;
}

/**
 * Offset behind the end of a line of which `state.lineBytes` bytes have been dropped, and more of which
 * begins at `at`; or a `Scan`: with `More`, all but a CR at the end may be dropped.
 */
export function skipLine(bytes: Uint8Array, at: number, end: number, state: RedisState): number {
  const dropped = state.lineBytes;
  state.lineBytes = 0;
  const next = scanLine(bytes, at, end, state);
  if (next !== Scan.More) return next;
  const skipped = state.lineBytes;
  state.lineBytes = dropped + skipped;
  return state.lineBytes > maxLineBytes ? Scan.Broken : Scan.More;
}

/**
 * Reads on at `state.at` of the window `bytes[start, end)`. Returns the offset behind the message, or
 * `Scan.More` with `state.at`, `wanted` and `stringBytes` set, or `Scan.Broken`.
 */
export function scan(bytes: Uint8Array, start: number, end: number, state: RedisState): number {
  let at = start + state.at;
  state.stringBytes = 0;
  for (;;) {
    if (state.need === 0 && state.depth === 0) {
      if (!state.inAttribute) return at;
      state.inAttribute = false;
      state.headAt = at - start;
      state.need = state.values;
    }
    if (at >= end) return more(state, at - start, end - start + 1);
    const next = scanValue(bytes, at, end, state, at - start === state.headAt);
    if (next <= 0) {
      if (next === Scan.Broken) return Scan.Broken;
      return more(state, at - start, Math.max(at - start + state.stringBytes, end - start + 1));
    }
    at = next;
  }
}

function more(state: RedisState, at: number, wanted: number): number {
  state.at = at;
  state.wanted = wanted;
  return Scan.More;
}

/** One value, or the head of an aggregate: the offset behind it, or a `Scan`. */
function scanValue(
  bytes: Uint8Array,
  at: number,
  end: number,
  state: RedisState,
  isHead: boolean,
): number {
  switch (bytes[at]) {
    case 0x2d: // -
      state.sawError = true;
      return scanScalar(bytes, at, end, state);
    case 0x2b: // +
    case 0x3a: // :
    case 0x5f: // _
    case 0x2c: // ,
    case 0x23: // #
    case 0x28: // (
      return scanScalar(bytes, at, end, state);
    case 0x21: // !
      state.sawError = true;
      return scanString(bytes, at, end, state);
    case 0x24: // $
    case 0x3d: // =
      return scanString(bytes, at, end, state);
    case 0x2a: // *
    case 0x7e: // ~
    case 0x3e: // >
      return scanAggregate(bytes, at, end, state, 1);
    case 0x25: // %
      return scanAggregate(bytes, at, end, state, 2);
    case 0x7c: // |
      return scanAttribute(bytes, at, end, state, isHead);
    case 0x3b: // ;
      return scanPiece(bytes, at, end, state);
    case 0x2e: // .
      return closeStreamed(bytes, at, end, state);
    default:
      return Scan.Broken;
  }
}

function scanScalar(bytes: Uint8Array, at: number, end: number, state: RedisState): number {
  const next = scanLine(bytes, at, end, state);
  if (next > 0) state.need--;
  return next;
}

function scanString(bytes: Uint8Array, at: number, end: number, state: RedisState): number {
  const length = readCount(bytes, at, end);
  if (length < 0) {
    if (length === Count.More) return Scan.More;
    if (length === Count.Broken) return Scan.Broken;
    if (length === Count.Streamed) return open(state);
    state.need--;
    return lineEnd;
  }
  const next = lineEnd + length + 2;
  if (next > end) {
    state.stringBytes = next - at;
    return Scan.More;
  }
  if (bytes[next - 2] !== cr || bytes[next - 1] !== lf) return Scan.Broken;
  state.need--;
  return next;
}

function scanAggregate(
  bytes: Uint8Array,
  at: number,
  end: number,
  state: RedisState,
  each: number,
): number {
  const count = readCount(bytes, at, end);
  if (count === Count.More) return Scan.More;
  if (count === Count.Broken) return Scan.Broken;
  if (count === Count.Streamed) return open(state);
  state.need += count > 0 ? count * each - 1 : -1;
  return state.need > maxNeed && state.depth === 0 ? Scan.Broken : lineEnd;
}

function scanAttribute(
  bytes: Uint8Array,
  at: number,
  end: number,
  state: RedisState,
  isHead: boolean,
): number {
  const count = readCount(bytes, at, end);
  if (count === Count.More) return Scan.More;
  if (count < 0) return Scan.Broken;
  if (isHead && state.depth === 0 && !state.inAttribute) {
    state.inAttribute = true;
    state.need = count * 2;
  } else state.need += count * 2;
  return state.need > maxNeed && state.depth === 0 ? Scan.Broken : lineEnd;
}

/** A string or aggregate of unknown length opens. */
function open(state: RedisState): number {
  if (!state.push(state.need - 1)) return Scan.Broken;
  state.need = streamed;
  return lineEnd;
}

function close(state: RedisState): void {
  state.need = state.stack!.pop()!;
}

function scanPiece(bytes: Uint8Array, at: number, end: number, state: RedisState): number {
  if (state.depth === 0) return Scan.Broken;
  const length = readCount(bytes, at, end);
  if (length === Count.More) return Scan.More;
  if (length < 0) return Scan.Broken;
  if (length === 0) {
    close(state);
    return lineEnd;
  }
  const next = lineEnd + length + 2;
  if (next > end) {
    state.stringBytes = next - at;
    return Scan.More;
  }
  return bytes[next - 2] === cr && bytes[next - 1] === lf ? next : Scan.Broken;
}

function closeStreamed(bytes: Uint8Array, at: number, end: number, state: RedisState): number {
  if (state.depth === 0) return Scan.Broken;
  if (at + 2 >= end) return Scan.More;
  if (bytes[at + 1] !== cr || bytes[at + 2] !== lf) return Scan.Broken;
  close(state);
  return at + 3;
}
