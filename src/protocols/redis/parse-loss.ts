/** What becomes of a message that a hole, or the end of its side, falls into; finding the next one. */
import type { ParserStream, Window } from '../../dissect/contract.ts';
import { findByte } from '../../dissect/find-byte.ts';
import { findCommand, fitsArity } from './commands.ts';
import { beginMessage, finishMessage, keptLimit } from './parse-long.ts';
import { fillAnswer } from './parse-reply.ts';
import { fillRequest } from './parse-request.ts';
import { cr, Scan } from './parse-value.ts';
import { readHead, readWords, splitLine, words } from './parse-words.ts';
import { isPushStart, isReply, isReplyStart, pushStartBytes } from './recognise.ts';
import { Part, type RedisState } from './state.ts';

type Stream = ParserStream<RedisState>;

/** Bytes in which the beginning of a request can be told. */
export const resyncTail = 96;

/**
 * A hole within a string costs the bytes, not the message. Otherwise what there is of the message is
 * reported, and the place is lost.
 */
export function hole(window: Window, stream: Stream, length: number): boolean {
  const { state, peer } = stream;
  const have = window.length;
  if (state.replicating) {
    window.consume(have);
    state.size += have + Math.max(0, length);
    return true;
  }
  if (state.begun) return holeInBegun(window, stream, length);
  if (have === 0) {
    state.next();
    state.lostAt = peer.sent;
    return false;
  }
  const { at, stringBytes } = state;
  if (
    length > 0 &&
    stringBytes > 0 &&
    have + length <= at + stringBytes &&
    describe(window, stream)
  ) {
    stream.out.message.hole = true;
    beginMessage(window, stream, 0);
    state.hole = true;
    state.remaining -= length;
    state.size += length;
    if (isComplete(state)) finishMessage(stream);
    return true;
  }
  reportPart(window, stream, true);
  state.next();
  state.lostAt = peer.sent;
  return false;
}

function isComplete(state: RedisState): boolean {
  return state.remaining === 0 && state.need === 0 && state.depth === 0 && !state.inAttribute;
}

function holeInBegun(window: Window, stream: Stream, length: number): boolean {
  const { state } = stream;
  window.consume(window.length);
  state.hole = true;
  if (length < 0 || length > state.remaining) {
    state.lostAt = stream.peer.sent;
    return false;
  }
  state.remaining -= length;
  state.size += length;
  if (isComplete(state)) finishMessage(stream);
  return true;
}

/** Sets the message for the part of it that is in the window. False when nothing is known of it. */
function describe(window: Window, stream: Stream): boolean {
  const { state, side, out } = stream;
  const kept = Math.min(window.length, keptLimit(out));
  if (side === 'server') {
    if (state.part === Part.Unknown) return false;
    state.length = 0;
    fillAnswer(window, stream, kept);
    return true;
  }
  const { bytes, start, end } = window;
  if (bytes[start] === 0x2a) {
    if (readHead(bytes, start, end) <= 0) return false;
    if (readWords(bytes, end) === Scan.Broken || words.known === 0) return false;
  } else if (!splitLine(bytes, start, bytes[end - 1] === cr ? end - 1 : end) || words.known === 0) {
    return false;
  }
  if (findCommand(bytes, words.from[0]!, words.to[0]!) === undefined) return false;
  fillRequest(window, stream, kept);
  return true;
}

/** The message goes no further than the window. */
function reportPart(window: Window, stream: Stream, hole: boolean): void {
  if (!describe(window, stream)) return;
  const { message } = stream.out;
  message.hole = hole;
  message.unfinished = !hole;
  stream.out.whole();
}

/** See `Parser.end`. */
export function end(window: Window, stream: Stream): void {
  const { state, out } = stream;
  if (state.replicating) {
    if (stream.side === 'server') {
      out.message.reset();
      out.message.cut = true;
      out.finish(state.size);
    }
    state.replicating = false;
    return;
  }
  if (state.begun) {
    const { size } = state;
    out.message.reset();
    out.message.cut = true;
    out.message.hole = state.hole;
    out.message.unfinished = !isComplete(state);
    out.finish(size + window.length);
  } else if (window.length > 0) reportPart(window, stream, false);
  state.next();
}

/** See `Parser.resync`. */
export function resync(window: Window, stream: Stream): number {
  const { state, side } = stream;
  if (state.begun) state.next();
  if (side === 'client') {
    state.next();
    state.queue = undefined;
    return findRequest(window, state);
  }
  return findReply(window, stream);
}

/** A request of a known command; or one more reply, which shows that this is not the client. */
function findRequest(window: Window, state: RedisState): number {
  const { bytes, start, end } = window;
  const fresh = Math.min(state.stale, window.length);
  let partial = -1;
  for (
    let at = findByte(bytes, 0x2a, start, end);
    at >= 0;
    at = findByte(bytes, 0x2a, at + 1, end)
  ) {
    const is = isRequestStart(bytes, at, end);
    if (is > 0) return found(state, at - start);
    if (is === 0 && partial < 0) partial = at;
  }
  if (partial < 0 && state.replyLike > 0 && isReply(bytes, start + fresh, end))
    return found(state, fresh);
  state.stale = partial < 0 ? 0 : end - partial;
  window.consume(window.length - state.stale);
  return -1;
}

/** 1: a request of a known command, -1: none, 0: not told by what has come. */
function isRequestStart(bytes: Uint8Array, at: number, end: number): number {
  const count = readHead(bytes, at, end);
  if (count === -2) return end - at < resyncTail ? 0 : -1;
  if (count <= 0) return -1;
  const next = readWords(bytes, end);
  if (next === Scan.Broken) return -1;
  const cut =
    next === Scan.More && (words.known === 0 || (words.known === 1 && words.to[0] === end));
  if (cut) return end - at < resyncTail ? 0 : -1;
  const command = findCommand(bytes, words.from[0]!, words.to[0]!);
  return command !== undefined && fitsArity(command, count) ? 1 : -1;
}

/**
 * What follows a loss may be the rest of an answer, whose values look like answers. So one is not
 * looked for before the client, which has received all that was lost, asks again. Only the messages of
 * channels can be told from anything else.
 */
function findReply(window: Window, stream: Stream): number {
  const { state, peer } = stream;
  const { bytes, start, end } = window;
  if (state.lostAt < 0) {
    state.next();
    state.lostAt = peer.sent;
    state.stale = 0;
  }
  const fresh = Math.min(state.stale, window.length);
  if (peer.sent > state.lostAt && isReplyStart(bytes, start + fresh, end))
    return found(state, fresh);
  const type = state.monitoring ? 0x2b : state.version === 3 ? 0x3e : 0x2a;
  let partial = -1;
  for (
    let at = findByte(bytes, type, start, end);
    at >= 0;
    at = findByte(bytes, type, at + 1, end)
  ) {
    if (isPushStart(bytes, at, end)) return found(state, at - start);
    if (partial < 0 && end - at < pushStartBytes) partial = at;
  }
  // What may be the beginning of a message stays; the rest is no answer, whatever comes behind it.
  state.stale = partial < 0 ? 0 : end - partial;
  window.consume(window.length - state.stale);
  return -1;
}

function found(state: RedisState, at: number): number {
  state.lostAt = -1;
  state.stale = 0;
  return at;
}

/** See `Parser.inMessage`. */
export function inMessage(window: Window, state: RedisState): boolean {
  return state.begun || (window.length > 0 && !state.replicating);
}
