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

/** Error codes, and tagged fields of a structure, that are believed of bytes that were found. */
const maxError = 1000;
const maxTags = 8;
/** By how much the numbers of two answers in a row may differ. */
const maxStep = 1000;
/** Answers after which a place that was found is believed. */
const firstDoubts = 2;

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

/** Whether what was `seen` is what answers have, and not only of their form. */
function isLikely(): boolean {
  return seen.error >= -1 && seen.error <= maxError && seen.tags <= maxTags;
}

/**
 * Whether another answer can begin behind the one at `at`. A broker answers in the order in which it was
 * asked, and clients count.
 */
function isFollowed(bytes: Uint8Array, at: number, end: number): boolean {
  const next = at + 4 + int32At(bytes, at);
  if (next + responseHeaderBytes > end) return true;
  const size = int32At(bytes, next);
  const step = int32At(bytes, next + 4) - int32At(bytes, at + 4);
  return size >= 4 && size <= maxMessageBytes && Math.abs(step) <= maxStep;
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
  const { state } = stream;
  const last = end - responseHeaderBytes;
  let steps = 0;
  for (let at = start; at <= last && steps < maxSearchSteps; at++) {
    // The size is below 2^28, as everywhere.
    if (bytes[at]! > 15) continue;
    // So little of a message is looked at again when there is more: see `resyncTail`.
    if (end - at <= resyncTail && int32At(bytes, at) + 4 > end - at) continue;
    const note = stream.out.noteOf(int32At(bytes, at + 4));
    seen.steps = 0;
    const isAnswer = verdictOfResponse(window, at - start, note) === Verdict.Yes;
    steps += seen.steps;
    if (!isAnswer || !isLikely() || !isFollowed(bytes, at, end)) continue;
    state.doubts = firstDoubts;
    return at - start;
  }
  return -1;
}
