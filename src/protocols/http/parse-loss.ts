/** What becomes of a message that a hole, or the end of its side, falls into. */
import type { ParserStream, Window } from '../../dissect/contract.ts';
import {
  begin,
  finish,
  keptOfChunks,
  refill,
  refineKept,
  report,
  reportPartial,
} from './parse-body.ts';
import { cr, lf } from './parse-bytes.ts';
import { Body, requestBody, responseBody, scanHead } from './parse-frame.ts';
import { Coding, head } from './parse-head.ts';
import { notHttp } from './parse-line.ts';
import { findRequest, findResponse } from './parse-resync.ts';
import { type HttpState, Mode, Note } from './parse-state.ts';
import { endStream, finishStream, holeInStream } from './parse-stream.ts';

type Stream = ParserStream<HttpState>;

/**
 * A hole that lies within a body whose length is known costs the bytes, not the message: it is
 * reported with what came before, and the next message is found by counting. Otherwise what is known
 * of the message is reported, and the answer is false.
 */
export function hole(window: Window, stream: Stream, length: number): boolean {
  const { state } = stream;
  const have = window.length;
  switch (state.mode) {
    case Mode.Head:
      return holeBehindHead(window, stream, length);
    case Mode.Chunks:
      return holeInChunks(window, stream, length);
    case Mode.ToClose:
      refill(window, stream);
      beginWithHole(window, stream, have);
      state.mode = Mode.SkipToClose;
      state.size += Math.max(length, 0);
      return true;
    case Mode.SkipLength:
      return holeInSkipped(window, stream, length);
    case Mode.SkipChunks: {
      state.hole = true;
      const counted = length >= 0 && length <= state.place.at - have;
      window.consume(have);
      state.size += have;
      if (counted) {
        state.size += length;
        state.place.at -= have + length;
      } else finish(stream, false, false);
      return counted;
    }
    case Mode.Stream:
      return holeInStream(window, stream, length);
    case Mode.SkipToClose:
      state.hole = true;
      state.size += have + Math.max(length, 0);
      window.consume(have);
      return true;
    default:
      window.consume(have);
      return true;
  }
}

function holeInSkipped(window: Window, stream: Stream, length: number): boolean {
  const { state } = stream;
  const have = Math.min(window.length, state.remaining);
  window.consume(window.length);
  state.remaining -= have;
  state.hole = true;
  const counted = length >= 0 && length <= state.remaining;
  if (counted) state.remaining -= length;
  if (!counted || state.remaining === 0) finish(stream, false, false);
  return counted;
}

function beginWithHole(window: Window, stream: Stream, have: number): void {
  stream.state.hole = true;
  stream.out.message.hole = true;
  begin(window, stream, have);
}

function holeInChunks(window: Window, stream: Stream, length: number): boolean {
  const { state, out } = stream;
  const { place } = state;
  const have = window.length;
  refill(window, stream);
  out.message.hole = true;
  if (length >= 0 && length <= place.at - have) {
    beginWithHole(window, stream, have);
    state.size += length;
    place.at -= have + length;
    place.scanned = 0;
    state.mode = Mode.SkipChunks;
    return true;
  }
  report(window, stream, keptOfChunks(window, state), have);
  return false;
}

function holeBehindHead(window: Window, stream: Stream, length: number): boolean {
  const { state, out } = stream;
  const have = window.length;
  state.headStart = 0;
  const headEnd = isEmpty(window) ? notHttp : scanHead(window, stream, have);
  if (headEnd === notHttp) {
    state.next();
    return false;
  }
  out.message.hole = true;
  if (headEnd < 0) {
    reportPartial(window, stream, have);
    window.consume(have);
    state.next();
    return false;
  }
  const body = bodyLength(window, stream, headEnd);
  const total = headEnd + Math.max(body, 0);
  if (body >= 0 && length >= 0 && have + length <= total) {
    if (have + length === total) report(window, stream, have, total);
    else {
      beginWithHole(window, stream, have);
      state.mode = Mode.SkipLength;
      state.size = total;
      state.remaining = total - have - length;
    }
    return true;
  }
  if (body === Body.ToClose) {
    beginWithHole(window, stream, have);
    state.mode = Mode.SkipToClose;
    state.size += Math.max(length, 0);
    return true;
  }
  report(window, stream, have, body >= 0 ? total : have);
  return false;
}

function isEmpty(window: Window): boolean {
  for (let i = 0; i < window.length; i++) {
    if (window.u8(i) !== cr && window.u8(i) !== lf) return false;
  }
  return true;
}

/** As `responseBody`; what is undecided is taken as the head says. */
function bodyLength(window: Window, stream: Stream, headEnd: number): number {
  const { out, side } = stream;
  if (side === 'client') return requestBody(window, out.message);
  const body = responseBody(window, out.message, headEnd, out.oldestNote());
  if (body !== Body.Undecided) return body;
  const counted = head.coding === Coding.None && head.contentLength >= 0;
  return counted ? head.contentLength : Body.ToClose;
}

/** The side has ended; only a body that lasts until the end is complete. */
export function end(window: Window, stream: Stream): void {
  const { state, out } = stream;
  switch (state.mode) {
    case Mode.Head:
      endInHead(window, stream);
      return;
    case Mode.Chunks:
      refill(window, stream);
      out.message.unfinished = true;
      report(window, stream, keptOfChunks(window, state), window.length);
      return;
    case Mode.ToClose:
      refill(window, stream);
      refineKept(window, stream, window.length, false);
      report(window, stream, window.length, window.length);
      return;
    case Mode.SkipLength:
      state.size -= state.remaining;
      finish(stream, true, false);
      return;
    case Mode.SkipChunks:
      state.size += window.length;
      window.consume(window.length);
      finish(stream, true, false);
      return;
    case Mode.SkipToClose:
      finish(stream, false, false);
      return;
    case Mode.Stream:
      endStream(window, stream);
      return;
  }
}

function endInHead(window: Window, stream: Stream): void {
  const { state, out, side } = stream;
  const { message } = out;
  state.headStart = 0;
  if (window.length === 0 || isEmpty(window)) return;
  const headEnd = scanHead(window, stream, window.length);
  const simple = side === 'server' && out.oldestNote() === Note.Simple;
  if (headEnd < 0 && simple) {
    message.reset();
    message.version = 9;
    report(window, stream, window.length, window.length);
  } else if (headEnd === notHttp) return;
  else if (headEnd < 0) {
    message.unfinished = true;
    reportPartial(window, stream, window.length);
    window.consume(window.length);
    state.next();
  } else {
    const body = bodyLength(window, stream, headEnd);
    message.unfinished = body >= 0;
    report(window, stream, window.length, window.length);
  }
}

/** See `Parser.resync`. */
export function resync(window: Window, stream: Stream): number {
  const { state, side } = stream;
  if (state.mode === Mode.Stream) finishStream(stream, true, false);
  else if (state.begun) finish(stream, false, false);
  state.next();
  const { bytes, start } = window;
  const find = side === 'client' ? findRequest : findResponse;
  const found = find(bytes, start, window.end);
  return found < 0 ? -1 : found - start;
}

/** See `Parser.inMessage`. */
export function inMessage(window: Window, state: HttpState): boolean {
  return state.begun || (state.mode !== Mode.Ignore && !isEmpty(window));
}
