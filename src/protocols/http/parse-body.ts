/**
 * Bodies that are chunked, last until the side closes, or are too long to keep. While a message is
 * kept it stays in the window and is found again by its offsets; once it is begun the rest is counted
 * and dropped.
 */
import { type ParserStream, type Progress, Step, type Window } from '../../dissect/contract.ts';
import { dechunk } from './decode-chunked.ts';
import { broken, ChunkPhase, chunkNeed, unfinished, walkChunks } from './parse-chunked.ts';
import { requestBody, responseBody, scanHead } from './parse-frame.ts';
import { head, scanFields } from './parse-head.ts';
import { beforeTrailers } from './parse-seen-lines.ts';
import { type HttpState, Mode, Note } from './parse-state.ts';
import { refineAnswer, refineRequest } from './refine.ts';
import { isRefined } from './refined.ts';

type Stream = ParserStream<HttpState>;

/** Goes on with a message whose head is known. */
export function resume(window: Window, stream: Stream): Progress {
  switch (stream.state.mode) {
    case Mode.Chunks:
      return keepChunks(window, stream, false);
    case Mode.ToClose:
      return keepToClose(window, stream, stream.state.headEnd, false);
    case Mode.SkipLength:
      return skipLength(window, stream);
    case Mode.SkipChunks:
      return skipChunks(window, stream);
    case Mode.SkipToClose:
      stream.state.size += window.length;
      window.consume(window.length);
      return 1;
    default:
      // Not `Step.Stop`: the answer is still to come.
      window.consume(window.length);
      return 1;
  }
}

/** Fills the message again from the head at the window's start. */
export function refill(window: Window, stream: Stream): void {
  const { state, out } = stream;
  const { message } = out;
  if (state.headEnd === 0) {
    message.reset();
    message.version = 9;
    return;
  }
  state.headStart = 0;
  scanHead(window, stream, state.headEnd);
  if (stream.side === 'client') requestBody(window, message);
  else responseBody(window, message, state.headEnd, out.oldestNote());
}

/** Refines the message that was filled, whose first `kept` bytes are here. */
export function refineKept(window: Window, stream: Stream, kept: number, chunked: boolean): void {
  const { out, state } = stream;
  const { message } = out;
  const { bytes, start } = window;
  const answer = stream.side === 'server';
  const note = answer ? out.oldestNote() : Note.None;
  if (answer && !isRefined(note)) return;
  const bodyAt = start + state.headEnd;
  const wire = bytes.subarray(bodyAt, Math.max(bodyAt, start + kept));
  const body = chunked ? dechunk(wire).content : wire;
  if (answer) {
    refineAnswer(message, note, bytes, start, bodyAt, body, 0, body.length);
  } else refineRequest(message, bytes, start, body, 0, body.length, head.isConnect);
}

/** Reports the message's first `kept` bytes as cut and takes them off the window. */
export function beginCut(window: Window, stream: Stream, kept: number): void {
  const { state, out } = stream;
  state.cut = true;
  out.message.cut = true;
  begin(window, stream, kept);
}

/** Reports the message's first `kept` bytes, all that will be kept of it. */
export function begin(window: Window, stream: Stream, kept: number): void {
  const { state, out } = stream;
  out.message.from = 0;
  out.message.to = kept;
  out.begin();
  window.consume(kept);
  state.size = kept;
}

/** The message that was begun is over. */
export function finish(stream: Stream, unfinishedBody: boolean, malformed: boolean): void {
  const { state, out } = stream;
  const { message } = out;
  message.reset();
  message.hole = state.hole;
  message.cut = state.cut;
  message.unfinished = unfinishedBody;
  message.malformed = malformed;
  out.finish(state.size);
  state.next();
}

/** Reports a message that lies in the window, and takes `size` bytes off it. */
export function report(window: Window, stream: Stream, to: number, size: number): void {
  const { message } = stream.out;
  message.from = 0;
  message.to = to;
  if (size !== to) message.size = size;
  stream.out.whole();
  window.consume(Math.min(size, window.length));
  stream.state.next();
}

/**
 * Reports a head that is not whole, as scanned last: only its whole lines, because the rest could be
 * a part of a secret.
 */
export function reportPartial(window: Window, stream: Stream, length: number): void {
  const { message } = stream.out;
  const lines = head.lineStart - window.start;
  const to = lines > 0 ? lines : length;
  message.failed = message.status >= 400;
  if (stream.side === 'client') requestBody(window, message);
  message.from = 0;
  message.to = to;
  if (length !== to) message.size = length;
  stream.out.whole();
}

function skipLength(window: Window, stream: Stream): Progress {
  const { state } = stream;
  const count = Math.min(state.remaining, window.length);
  window.consume(count);
  state.remaining -= count;
  if (state.remaining > 0) return 1;
  finish(stream, false, false);
  return Step.Next;
}

/** `filled`: the message was filled by this very call of `parse`. */
export function keepToClose(
  window: Window,
  stream: Stream,
  headEnd: number,
  filled: boolean,
): Progress {
  const { state, out } = stream;
  state.mode = Mode.ToClose;
  state.headEnd = headEnd;
  const kept = headEnd + out.bodyLimit;
  if (window.length <= kept) return kept + 1;
  if (!filled) refill(window, stream);
  beginCut(window, stream, kept);
  state.mode = Mode.SkipToClose;
  return Step.Next;
}

/** `filled`: as for `keepToClose`. */
export function keepChunks(window: Window, stream: Stream, filled: boolean): Progress {
  const { state, out } = stream;
  const { place } = state;
  state.mode = Mode.Chunks;
  const { length } = window;
  const kept = state.headEnd + out.bodyLimit;
  const end = walkChunks(window.bytes, window.start, length, place, kept);
  if (end === unfinished) {
    if (place.at <= kept) return chunkNeed;
    if (length < kept) return kept;
    if (!filled) refill(window, stream);
    refineKept(window, stream, kept, true);
    beginCut(window, stream, kept);
    place.at -= kept;
    place.scanned = Math.max(0, place.scanned - kept);
    state.mode = Mode.SkipChunks;
    return Step.Next;
  }
  if (!filled) refill(window, stream);
  refineKept(window, stream, Math.min(end === broken ? place.at : end, kept), true);
  if (stream.side === 'client') state.lastNote = out.message.note;
  if (end === broken) {
    out.message.malformed = true;
    report(window, stream, place.at, place.at);
  } else if (end > kept) {
    // Trailers are kept whole or not at all: a part of one could not be redacted.
    beginCut(window, stream, Math.min(kept, place.at));
    window.consume(end - state.size);
    state.size = end;
    finish(stream, false, false);
  } else {
    if (end > place.at + 2) redactTrailers(window, stream, end);
    report(window, stream, end, end);
  }
  return Step.Next;
}

function redactTrailers(window: Window, stream: Stream, end: number): void {
  const { bytes, start } = window;
  const { message, redacting } = stream.out;
  scanFields(
    bytes,
    start + stream.state.place.at,
    start + end,
    start,
    message,
    redacting,
    beforeTrailers,
  );
}

function skipChunks(window: Window, stream: Stream): Progress {
  const { state } = stream;
  const { place } = state;
  for (;;) {
    const count = Math.min(place.at, window.length);
    window.consume(count);
    state.size += count;
    place.at -= count;
    place.scanned = Math.max(0, place.scanned - count);
    if (place.at > 0 || window.length === 0) return 1;
    const end = walkChunks(window.bytes, window.start, window.length, place, Infinity);
    if (end === unfinished && place.at === 0) return chunkNeed;
    if (end === unfinished) continue;
    // Broken: what is at `place.at` is looked at afresh, it may be the next message.
    const last = end === broken ? Math.min(place.at, window.length) : end;
    window.consume(last);
    state.size += last;
    finish(stream, false, end === broken);
    return Step.Next;
  }
}

/** How much of a message in mode Chunks may be kept when it ends here: trailers only when complete. */
export function keptOfChunks(window: Window, state: HttpState): number {
  const { place } = state;
  return place.phase === ChunkPhase.Trailers ? Math.min(place.at, window.length) : window.length;
}
