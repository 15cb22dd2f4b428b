/** Messages that are too long to be kept whole: begun with their beginning, then counted. */
import type { Output, ParserStream, Progress, Window } from '../../dissect/contract.ts';
import { Step } from '../../dissect/contract.ts';
import type { RedisState } from './state.ts';

type Stream = ParserStream<RedisState>;

/** Kept of every message, also when bodies are being shed: names and keys. */
const smallestKept = 1024;
const piece = 0x3b;

/** Bytes to keep of each message. */
export function keptLimit(out: Output): number {
  return Math.max(out.bodyLimit, smallestKept);
}

/**
 * Begins the message that `out.message` tells of, with `kept` bytes, and consumes the window as far as
 * it was read; the string at `state.at` goes on behind it.
 */
export function beginMessage(window: Window, stream: Stream, kept: number): void {
  const { state, out } = stream;
  const { at, stringBytes } = state;
  out.message.size = Math.max(window.length, at + stringBytes);
  out.message.cut = true;
  out.begin();
  state.begun = true;
  const read = stringBytes > 0 ? window.length : at + state.lineBytes;
  if (stringBytes > 0) dropString(window, state);
  state.size = read;
  state.at = 0;
  // The head is consumed: nothing lies there any more.
  state.headAt = -1;
  window.consume(Math.max(read, Math.min(kept, read)));
}

/** The string at `state.at` will be dropped: `state.remaining` of its bytes are still to come. */
export function dropString(window: Window, state: RedisState): void {
  const { at, stringBytes } = state;
  if (window.u8(at) !== piece) state.need--;
  state.remaining = at + stringBytes - window.length;
  state.stringBytes = 0;
}

/** The message begun is complete. */
export function finishMessage(stream: Stream): Progress {
  const { state, out } = stream;
  const { size, hole } = state;
  out.message.reset();
  out.message.cut = true;
  out.message.hole = hole;
  state.next();
  out.finish(size);
  return Step.Next;
}
