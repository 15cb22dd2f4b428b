/** Finds the next message after a loss. */
import { Verdict, type Window } from '../../dissect/contract.ts';
import {
  int32At,
  maxMessageBytes,
  requestHeaderBytes,
  responseHeaderBytes,
  verdictOfRequest,
} from './parse-header.ts';
import { type Stream, skimResponse } from './parse-report.ts';
import { Ending, seen } from './parse-skim.ts';

/**
 * Steps that the search of a window may cost. Ordinary bytes cost next to none; without an end, bytes that
 * look like a header at every place would cost the square of their number.
 */
const maxSearchSteps = 400_000;

/** What is left of a window in which nothing was found: the header of a request may begin there. */
export const resyncTail = requestHeaderBytes - 1;

/**
 * Whether an answer to the waiting request with `note` begins at offset `at` of the window: it must be
 * as the version of that request says.
 */
export function verdictOfResponse(window: Window, at: number, note: number): number {
  if (note === 0) return Verdict.No;
  const start = window.start + at;
  const total = int32At(window.bytes, start) + 4;
  if (total < responseHeaderBytes || total > maxMessageBytes) return Verdict.No;
  const have = Math.min(total, window.end - start);
  skimResponse(window.bytes, start, have, note, false);
  if (seen.ending === Ending.Unread) return Verdict.Yes;
  const fits = have === total ? Ending.Exact : Ending.Short;
  return seen.ending === fits ? Verdict.Yes : Verdict.No;
}

/** See `Parser.resync`. */
export function resync(window: Window, stream: Stream): number {
  const { state, side, out, peer } = stream;
  if (state.begun) {
    out.message.reset();
    out.message.key = state.key;
    out.message.hole = true;
    out.message.unfinished = true;
    out.finish(state.size);
    state.begun = false;
  }
  state.synced = false;
  state.rawTokens = false;
  if (side === 'client') return findRequest(window);
  state.tokens = peer.tokens;
  return findResponse(window, stream);
}

function findRequest(window: Window): number {
  const { bytes, start, end } = window;
  const last = end - requestHeaderBytes;
  let steps = 0;
  for (let at = start; at <= last && steps < maxSearchSteps; at++) {
    if (bytes[at] !== 0) continue;
    seen.steps = 0;
    if (verdictOfRequest(bytes, at, end) !== Verdict.No) return at - start;
    steps += seen.steps;
  }
  return -1;
}

function findResponse(window: Window, stream: Stream): number {
  const { bytes, start, end } = window;
  const last = end - responseHeaderBytes;
  let steps = 0;
  for (let at = start; at <= last && steps < maxSearchSteps; at++) {
    // The size is below 2^28, as everywhere.
    if (bytes[at]! > 15) continue;
    const note = stream.out.noteOf(int32At(bytes, at + 4));
    seen.steps = 0;
    if (verdictOfResponse(window, at - start, note) === Verdict.Yes) return at - start;
    steps += seen.steps;
  }
  return -1;
}
