/**
 * Bodies whose messages are entries of their own (`text/event-stream`, streams of calls): the exchange is begun with its
 * head, a reader gets the body as it comes, without its chunks, and nothing of it stays in the window. The
 * beginning of the body is kept beside and completes the exchange at the end.
 */
import {
  type Message,
  type ParserStream,
  type Progress,
  Step,
  type Window,
} from '../../dissect/contract.ts';
import { bodyReaderFor, mayHaveReader } from './body-reader.ts';
import { begin, finish } from './parse-body.ts';
import { lf } from './parse-bytes.ts';
import { broken, ChunkPhase, chunkNeed, unfinished, walkChunks } from './parse-chunked.ts';
import { Body, scanRequest, scanResponse } from './parse-frame.ts';
import { head } from './parse-head.ts';
import { type HttpState, Mode } from './parse-state.ts';
import { mayBeCall, refineRequest } from './refine.ts';
import { StreamedBody } from './streamed-body.ts';

type Stream = ParserStream<HttpState>;

/** Whether the message that was scanned may have a body that is read while it comes. */
export function isStreamed({ contentType }: Message): boolean {
  return mayHaveReader(contentType.to - contentType.from);
}

/** Begins such a message. `body`: its length or a value of `Body`. 0: it is an ordinary one after all. */
export function beginStream(
  window: Window,
  stream: Stream,
  headEnd: number,
  body: number,
): Progress {
  const { state, out, side } = stream;
  if (out.bodyLimit === 0) return 0;
  const { bytes, start } = window;
  const { contentType } = out.message;
  const typeFrom = start + contentType.from;
  if (side === 'client') refineHead(stream, bytes, start, headEnd);
  const note = side === 'client' ? out.message.note : out.oldestNote();
  const reader = bodyReaderFor(out, side, 0, note, bytes, typeFrom, start + contentType.to);
  if (reader === undefined) return 0;
  const headBytes = bytes.subarray(start, start + headEnd);
  state.streamed = new StreamedBody(reader, body, headBytes, out.bodyLimit);
  if (side === 'server') reader.conclude?.(out.message, headBytes);
  else state.lastNote = note;
  begin(window, stream, headEnd);
  state.mode = Mode.Stream;
  state.remaining = Math.max(body, 0);
  state.place.reset(0);
  return Step.Next;
}

/** What a request is by its head alone: a call, whose messages are in the body. */
function refineHead({ out }: Stream, bytes: Uint8Array, start: number, headEnd: number): void {
  const { message } = out;
  const { contentType } = message;
  if (!mayBeCall(bytes, start + contentType.from)) return;
  refineRequest(message, bytes, start, bytes, start + headEnd, start + headEnd, head.isConnect);
}

/** Hands on what has come. */
export function readStream(window: Window, stream: Stream): Progress {
  const { state } = stream;
  const streamed = state.streamed!;
  if (streamed.framing === Body.Chunked) return readChunks(window, stream, streamed);
  const toClose = streamed.framing === Body.ToClose;
  const count = toClose ? window.length : Math.min(state.remaining, window.length);
  take(window, state, streamed, count, true);
  if (toClose) return 1;
  state.remaining -= count;
  if (state.remaining > 0) return 1;
  finishStream(stream, false, false);
  return Step.Next;
}

function take(
  window: Window,
  state: HttpState,
  streamed: StreamedBody,
  count: number,
  isData: boolean,
): void {
  if (count === 0) return;
  const { bytes, start } = window;
  if (isData) streamed.reader.data(bytes, start, start + count);
  streamed.keep(bytes, start, start + count);
  window.consume(count);
  state.size += count;
}

/** One step at a time: the line with a chunk's size, its data as far as it has come, its line end. */
function readChunks(window: Window, stream: Stream, streamed: StreamedBody): Progress {
  const { state } = stream;
  const { place } = state;
  for (;;) {
    if (place.at > 0) {
      const count = Math.min(place.at, window.length);
      take(window, state, streamed, count, place.phase === ChunkPhase.DataEnd);
      place.at -= count;
    }
    if (place.at > 0 || window.length === 0) return 1;
    const wasSize = place.phase === ChunkPhase.Size;
    const end = walkChunks(window.bytes, window.start, window.length, place, 0);
    if (end === unfinished && place.at === 0) return chunkNeed;
    if (end === broken) {
      // What is here is looked at afresh, it may be the next message.
      finishStream(stream, true, true);
      return Step.Next;
    }
    const line = wasSize ? window.indexOf(lf, 0) + 1 : 0;
    if (end !== unfinished) {
      endOfChunks(window, stream, streamed, line, end);
      return Step.Next;
    }
    take(window, state, streamed, line, false);
    place.at -= line;
    place.scanned = Math.max(0, place.scanned - line);
  }
}

const emptyLine = Uint8Array.of(13, 10);

/**
 * The last chunk's size line, if it is not taken yet, and trailers. These are not kept: they could hold
 * secrets, and hardly anybody sends some.
 */
function endOfChunks(
  window: Window,
  stream: Stream,
  streamed: StreamedBody,
  line: number,
  end: number,
): void {
  streamed.keep(window.bytes, window.start, window.start + line);
  streamed.keep(emptyLine, 0, emptyLine.length);
  window.consume(end);
  stream.state.size += end;
  finishStream(stream, false, false);
}

/** The exchange is completed with what was kept. */
export function finishStream(stream: Stream, isUnfinished: boolean, malformed: boolean): void {
  const { state, out } = stream;
  const streamed = state.streamed;
  if (streamed === undefined) {
    finish(stream, isUnfinished, malformed);
    return;
  }
  streamed.reader.end(!isUnfinished);
  state.streamed = undefined;
  const { message } = out;
  message.reset();
  head.reset();
  state.headStart = 0;
  const { kept, headEnd } = streamed;
  if (stream.side === 'client') {
    scanRequest(kept, 0, headEnd, state, out);
    refineHead(stream, kept, 0, headEnd);
  } else scanResponse(kept, 0, headEnd, state, out);
  message.source = streamed.kept;
  message.from = 0;
  message.to = streamed.used;
  message.failed = message.status >= 400;
  if (stream.side === 'server') streamed.reader.conclude?.(message, kept.subarray(0, headEnd));
  message.hole = state.hole;
  message.cut = streamed.isCut;
  message.unfinished = isUnfinished;
  message.malformed ||= malformed;
  out.finish(state.size);
  streamed.release();
  state.next();
}

/** See `Parser.hole`. */
export function holeInStream(window: Window, stream: Stream, length: number): boolean {
  const { state } = stream;
  const streamed = state.streamed!;
  const have = window.length;
  state.hole = true;
  streamed.isCut = true;
  if (have === 0 && isCounted(state, streamed, length)) {
    streamed.reader.hole(length);
    state.size += Math.max(length, 0);
    if (streamed.framing === Body.Chunked) state.place.at -= length;
    else if (streamed.framing >= 0) {
      state.remaining -= length;
      if (state.remaining === 0) finishStream(stream, false, false);
    }
    return true;
  }
  streamed.reader.hole(-1);
  window.consume(have);
  state.size += have;
  finishStream(stream, true, false);
  return false;
}

function isCounted(state: HttpState, { framing }: StreamedBody, length: number): boolean {
  if (framing === Body.ToClose) return true;
  if (length < 0) return false;
  if (framing !== Body.Chunked) return length <= state.remaining;
  return state.place.phase === ChunkPhase.DataEnd && length <= state.place.at;
}

/** See `Parser.end`. */
export function endStream(window: Window, stream: Stream): void {
  const { state } = stream;
  const toClose = state.streamed?.framing === Body.ToClose;
  state.size += window.length;
  window.consume(window.length);
  finishStream(stream, !toClose, false);
}
