/** Frames → messages. Every frame but DATA is read when it is whole; DATA as it comes. */
import { type Progress, Role, Step, type Window } from '../../dissect/contract.ts';
import { Flag, Frame, frameHeaderBytes, preface } from './frames.ts';
import { adoptStream } from './headless.ts';
import { takeBlock } from './parse-block.ts';
import { goAway, resetStream } from './parse-reset.ts';
import { Figure } from './payload.ts';
import {
  beginMessage,
  completeMessage,
  mayBegin,
  nameRequest,
  type Stream,
  takeBody,
} from './report.ts';
import type { Http2State } from './stream.ts';

/** Larger frames than this are passed over: none of the types that are read whole is. */
const maxWholeFrameBytes = 1 << 20;

export function parse(window: Window, stream: Stream): Progress {
  const { state } = stream;
  if (!state.started) {
    const wanted = startOf(window, stream);
    if (wanted !== 0) return wanted;
  }
  let wanted = 0;
  while (wanted === 0) {
    if (state.inData) wanted = takeData(window, stream);
    else if (window.length < frameHeaderBytes) wanted = frameHeaderBytes;
    else if (window.u8(3) === Frame.Data) wanted = openData(window, stream);
    else wanted = takeOther(window, stream);
  }
  if (state.fresh.length > 0) reportHeads(stream);
  return wanted;
}

/** What has come is read: messages that are still on their way become entries as far as they are. */
function reportHeads(stream: Stream): void {
  const { fresh, messages } = stream.state;
  for (const part of fresh) {
    if (messages.get(part.id) !== part) continue;
    if (!part.begun && mayBegin(stream, part)) beginMessage(stream, part, Role.BySide);
  }
  fresh.length = 0;
}

/** A frame that is read whole. 0: it was. */
function takeOther(window: Window, stream: Stream): Progress {
  const length = (window.u8(0) << 16) | window.u16(1);
  const type = window.u8(3);
  if (type > Frame.Continuation && !isExtension(type)) return Step.Lost;
  const total = frameHeaderBytes + length;
  if (length > maxWholeFrameBytes) {
    // Whatever its kind: it may have been headers.
    stream.state.hpack.lose();
    window.skip(total);
    return Step.Next;
  }
  if (window.length < total) return total;
  if (!takeFrame(window, stream, type, length)) return Step.Lost;
  window.consume(total);
  return 0;
}

/** Types beyond the specification: registered ones, and GREASE (0x0b + 0x1f N). */
function isExtension(type: number): boolean {
  return (
    type === Frame.AltSvc ||
    type === Frame.Origin ||
    type === Frame.PriorityUpdate ||
    (type - 0x0b) % 0x1f === 0
  );
}

/** The preface, or the middle of a connection. 0: go on. */
function startOf(window: Window, { state, side }: Stream): Progress {
  if (side === 'client' && window.u8(0) === preface[0] && window.length < preface.length) {
    return preface.length;
  }
  state.started = true;
  if (side === 'client' && isPreface(window)) window.consume(preface.length);
  else if (side === 'client' || !isFirstSettings(window)) state.hpack.lose();
  return 0;
}

function isPreface(window: Window): boolean {
  if (window.length < preface.length) return false;
  for (let i = 0; i < preface.length; i++) if (window.u8(i) !== preface[i]) return false;
  return true;
}

/** A server's first frame. */
function isFirstSettings(window: Window): boolean {
  return (
    window.length >= frameHeaderBytes &&
    window.u8(3) === Frame.Settings &&
    (window.u8(4) & Flag.Ack) === 0
  );
}

/** The header of a DATA frame: u8 pad length, when padded · data · padding. 0: it was read. */
function openData(window: Window, stream: Stream): Progress {
  const { state } = stream;
  const length = (window.u8(0) << 16) | window.u16(1);
  const flags = window.u8(4);
  const id = window.i32(5) & 0x7fff_ffff;
  const padded = (flags & Flag.Padded) !== 0;
  const headerBytes = frameHeaderBytes + (padded ? 1 : 0);
  if (window.length < headerBytes) return headerBytes;
  if (id === 0 || (padded && length === 0)) return Step.Lost;
  const padding = padded ? window.u8(frameHeaderBytes) : 0;
  const left = length - padding - (padded ? 1 : 0);
  if (left < 0) return Step.Lost;
  const part =
    state.messages.get(id) ??
    (state.hpack.lost ? adoptStream(window, stream, id, headerBytes, left) : undefined);
  const { data } = state;
  data.message = part;
  data.left = left;
  data.padding = padding;
  data.ends = (flags & Flag.EndStream) !== 0;
  if (part !== undefined) {
    part.wireBytes += frameHeaderBytes + length;
    part.count(Figure.dataFrames);
    part.count(Figure.dataBytes, left);
    if (padded) part.count(Figure.paddingBytes, padding + 1);
    if (left === 0 && !data.ends) part.count(Figure.emptyDataFrames);
  }
  state.inData = true;
  window.consume(headerBytes);
  return 0;
}

/** What has come of a DATA frame. 0: all of it. */
function takeData(window: Window, stream: Stream): Progress {
  const { state } = stream;
  const { data } = state;
  const part = data.message;
  const here = Math.min(data.left, window.length);
  if (here > 0) {
    if (part !== undefined) {
      takeBody(stream.out, part, window.bytes, window.start, window.start + here);
    }
    data.left -= here;
    window.consume(here);
  }
  if (data.left > 0) return 1;
  const padding = Math.min(data.padding, window.length);
  data.padding -= padding;
  window.consume(padding);
  if (data.padding > 0) return 1;
  state.inData = false;
  data.message = undefined;
  if (part !== undefined) {
    if (state.hpack.lost) nameRequest(stream, part);
    if (data.ends) endStream(stream, part.id);
  }
  return 0;
}

/** END_STREAM: the message is complete. */
export function endStream(stream: Stream, id: number): void {
  const part = stream.state.messages.get(id);
  if (part !== undefined) completeMessage(stream, part, Role.BySide, false);
}

/** A whole frame. False: it cannot be one. */
function takeFrame(window: Window, stream: Stream, type: number, length: number): boolean {
  const { state } = stream;
  const id = window.i32(5) & 0x7fff_ffff;
  if (state.blockStream !== 0 && type !== Frame.Continuation) return false;
  switch (type) {
    case Frame.Headers:
    case Frame.Continuation:
    case Frame.PushPromise:
      return takeBlock(window, stream, type, id, length);
    case Frame.ResetStream:
      if (length !== 4) return false;
      resetStream(stream, id, window.u32(frameHeaderBytes));
      return true;
    case Frame.GoAway:
      if (length < 8) return false;
      goAway(stream, window.u32(frameHeaderBytes) & 0x7fff_ffff, window.u32(frameHeaderBytes + 4));
      return true;
    case Frame.WindowUpdate:
      return length === 4 && takeWindowUpdate(stream.peer, id, window.u32(frameHeaderBytes));
    case Frame.Settings:
      return length % 6 === 0;
    case Frame.Ping:
      return length === 8;
    default:
      return true;
  }
}

/** What the other end may send more: a figure of its message. */
function takeWindowUpdate(sender: Http2State, id: number, increment: number): boolean {
  const part = id === 0 ? undefined : sender.messages.get(id);
  part?.count(Figure.windowUpdateFrames);
  part?.count(Figure.windowUpdateBytes, increment & 0x7fff_ffff);
  return true;
}
