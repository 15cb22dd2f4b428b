/**
 * Kafka's protocol, the hot half: where each message ends, and what a row shows of it.
 *
 * Every message begins with its length, so finding the end is counting. What is looked at in a body is
 * found by a plan made from Kafka's own message definitions (`parse-plan.ts`).
 */
import { type Progress, type Side, Step, Verdict, type Window } from '../../dissect/contract.ts';
import {
  clientIdEnd,
  int32At,
  isRequestHeader,
  maxMessageBytes,
  requestHeaderBytes,
  responseHeaderBytes,
  verdictOfRequest,
} from './parse-header.ts';
import { fillRequest, fillResponse, type Stream } from './parse-report.ts';
import { verdictOfResponse } from './parse-resync.ts';
import { fillToken, maxTokenBytes } from './parse-sasl.ts';

/** Answers have nothing by which they could be told: a connection is recognised by its client. */
export function recognise(window: Window, side: Side): number {
  if (side === 'server') return Verdict.No;
  return verdictOfRequest(window.bytes, window.start, window.end);
}

export function parse(window: Window, stream: Stream): Progress {
  if (stream.state.begun) return finishBegun(window, stream);
  if (window.length < 4) return 4;
  const { state, peer, side } = stream;
  if (side === 'client') {
    return state.rawTokens ? parseAfterHandshake(window, stream) : parseRequest(window, stream);
  }
  if (peer.tokens > state.tokens) return parseToken(window, stream);
  return parseResponse(window, stream);
}

/** The rest of a message that was cut has gone by. */
function finishBegun(window: Window, stream: Stream): Progress {
  const { state, out } = stream;
  out.message.reset();
  out.message.key = state.key;
  out.finish(state.size);
  state.begun = false;
  return window.length > 0 ? Step.Next : 4;
}

function parseRequest(window: Window, stream: Stream): Progress {
  const { bytes, start } = window;
  const total = int32At(bytes, start) + 4;
  if (total < 12 || total > maxMessageBytes) return Step.Lost;
  const header = Math.min(total, requestHeaderBytes);
  if (window.length < header) return header;
  if (!isRequestHeader(bytes, start)) return Step.Lost;
  const { state } = stream;
  if (!state.synced && verdictOfRequest(bytes, start, window.end) === Verdict.No) return Step.Lost;
  const kept = keptOf(total, clientIdEnd(bytes, start) - start, stream);
  if (window.length < kept) return kept;
  state.synced = true;
  state.rawTokens = false;
  fillRequest(window, stream, kept, total);
  return report(window, stream, kept, total);
}

function parseResponse(window: Window, stream: Stream): Progress {
  const { bytes, start } = window;
  const { state, out } = stream;
  const total = int32At(bytes, start) + 4;
  if (total < responseHeaderBytes || total > maxMessageBytes) return Step.Lost;
  if (window.length < responseHeaderBytes) return responseHeaderBytes;
  const note = out.noteOf(int32At(bytes, start + 4));
  if (state.doubts > 0 && note === 0) return Step.Lost;
  if (!state.synced && verdictOfResponse(window, 0, note) === Verdict.No) return Step.Lost;
  const kept = keptOf(total, responseHeaderBytes, stream);
  if (window.length < kept) return kept;
  state.synced = true;
  if (state.doubts > 0) state.doubts--;
  fillResponse(window, stream, kept, total, note);
  return report(window, stream, kept, total);
}

/** How much of a message is kept: all of it, or its header and as much of the body as is allowed. */
function keptOf(total: number, header: number, stream: Stream): number {
  return Math.min(total, header + stream.out.bodyLimit);
}

/** The message has been filled in: reports it and goes on behind it. */
function report(window: Window, stream: Stream, kept: number, total: number): Progress {
  const { state, out } = stream;
  if (kept === total) {
    out.whole();
    window.consume(total);
    return Step.Next;
  }
  out.message.cut = true;
  state.key = out.message.key;
  state.size = total;
  state.begun = true;
  out.begin();
  window.skip(total);
  return Step.Next;
}

/** A client that may send bare tokens sends one, or goes on with requests. */
function parseAfterHandshake(window: Window, stream: Stream): Progress {
  const { bytes, start, end } = window;
  const total = 4 + int32At(bytes, start);
  if (total < 4 || total > maxTokenBytes) return parseRequest(window, stream);
  if (window.length < total) return total;
  const isRequest = verdictOfRequest(bytes, start, end) === Verdict.Yes;
  return isRequest ? parseRequest(window, stream) : parseToken(window, stream);
}

function parseToken(window: Window, stream: Stream): Progress {
  const length = int32At(window.bytes, window.start);
  if (length < 0 || length > maxTokenBytes) return Step.Lost;
  const total = 4 + length;
  if (window.length < total) return total;
  fillToken(window, stream, total);
  stream.out.whole();
  window.consume(total);
  return Step.Next;
}
