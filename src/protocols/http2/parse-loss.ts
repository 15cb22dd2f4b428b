/** HTTP/2 after a loss: the place in the frames is found again, the tables of headers are not. */
import { Role, type Window } from '../../dissect/contract.ts';
import { frameHeaderBytes, walkFrames } from './frames.ts';
import { endStream } from './parse.ts';
import { completeMessage, type Stream } from './report.ts';
import type { Http2State } from './stream.ts';

/** A frame of the usual size has to be whole to be believed. */
export const resyncTail = 16384 + frameHeaderBytes;

/** Bytes of a body that will not come are counted, and the stream goes on behind them. */
export function hole(window: Window, stream: Stream, length: number): boolean {
  const { state } = stream;
  const { data } = state;
  if (!state.inData || length < 0 || window.length > 0) return false;
  if (length > data.left + data.padding) return false;
  const ofData = Math.min(length, data.left);
  const part = data.message;
  if (part !== undefined && ofData > 0) {
    part.hole = true;
    part.bodyBytes += ofData;
    part.inner?.hole(ofData);
  }
  data.left -= ofData;
  data.padding -= length - ofData;
  if (data.left > 0 || data.padding > 0) return true;
  state.inData = false;
  data.message = undefined;
  if (data.ends && part !== undefined) endStream(stream, part.id);
  return true;
}

export function resync(window: Window, stream: Stream): number {
  forget(stream.state);
  for (let at = 0; at + frameHeaderBytes <= window.length; at++) {
    const { frames, exact, valid } = walkFrames(window, at);
    if (valid && (exact ? frames > 0 : frames > 1)) return at;
  }
  return -1;
}

/** What was being read is gone; insertions into the table may be among what was lost. */
function forget(state: Http2State): void {
  state.started = true;
  state.inData = false;
  state.data.message = undefined;
  state.blockStream = 0;
  state.block = undefined;
  state.blockUsed = 0;
  state.blockLost = false;
  state.hpack.lose();
  for (const part of state.messages.values()) {
    part.hole = true;
    part.inner?.hole(-1);
  }
}

export function end(_window: Window, stream: Stream): void {
  for (const part of stream.state.messages.values()) {
    completeMessage(stream, part, Role.BySide, true);
  }
}

export function inMessage(window: Window, state: Http2State): boolean {
  return window.length > 0 || state.inData || state.messages.size > 0;
}
