/** What becomes of a message that a hole, or the end of its side, falls into. */
import { Verdict, type Window } from '../../dissect/contract.ts';
import {
  int32At,
  isRequestHeader,
  maxMessageBytes,
  requestHeaderBytes,
  responseHeaderBytes,
  verdictOfRequest,
} from './parse-header.ts';
import { fillRequest, fillResponse, type Stream } from './parse-report.ts';
import { verdictOfResponse } from './parse-resync.ts';

/**
 * Fills the message from a header and what there is of a body; its length, or 0 when there is no header. The
 * first message of a side, behind which nothing has been counted yet, must look like one.
 */
function fillBeginning(window: Window, stream: Stream): number {
  const { side, state, peer, out } = stream;
  const { bytes, start, end, length } = window;
  const isClient = side === 'client';
  const header = isClient ? requestHeaderBytes : responseHeaderBytes;
  if (length < header) return 0;
  const total = int32At(bytes, start) + 4;
  if (total < header || total > maxMessageBytes) return 0;
  const have = Math.min(length, total);
  if (isClient) {
    if (state.rawTokens || !isRequestHeader(bytes, start)) return 0;
    if (!state.synced && verdictOfRequest(bytes, start, end) !== Verdict.Yes) return 0;
    fillRequest(window, stream, have, total);
  } else {
    if (peer.tokens > state.tokens) return 0;
    const note = out.noteOf(int32At(bytes, start + 4));
    if (!state.synced && verdictOfResponse(window, 0, note) === Verdict.No) return 0;
    fillResponse(window, stream, have, total, note);
  }
  state.synced = true;
  // Secrets that cannot be told in a part are left out with it: that is not the limit of a body.
  out.message.cut = false;
  return total;
}

/** See `Parser.hole`: a hole within a message costs its bytes; the next message is found by counting. */
export function hole(window: Window, stream: Stream, length: number): boolean {
  const { state, out } = stream;
  if (state.begun) return false;
  const have = window.length;
  const total = fillBeginning(window, stream);
  if (total === 0) return false;
  const { message } = out;
  message.hole = true;
  const isWithin = length >= 0 && have + length <= total;
  if (!isWithin || have + length === total) {
    out.whole();
    window.consume(have);
    return isWithin;
  }
  state.key = message.key;
  state.size = total;
  state.begun = true;
  out.begin();
  window.consume(have);
  window.skip(total - have - length);
  return true;
}

/** See `Parser.end`. */
export function end(window: Window, stream: Stream): void {
  const { state, out } = stream;
  if (state.begun) {
    out.message.reset();
    out.message.key = state.key;
    out.message.unfinished = true;
    out.finish(state.size);
    state.begun = false;
  } else if (window.length > 0 && fillBeginning(window, stream) > 0) {
    out.message.unfinished = true;
    out.whole();
  }
}

/** See `Parser.inMessage`. */
export function inMessage(window: Window, state: { readonly begun: boolean }): boolean {
  return state.begun || window.length > 0;
}
