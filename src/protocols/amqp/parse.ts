/** Bytes of one side → messages, frame by frame. */
import { type Progress, Role, Step, type Window } from '../../dissect/contract.ts';
import { add, finishContent, takeContent, takeHeader } from './content.ts';
import { takeMethod, takeUnknownMethod } from './control.ts';
import { methodByNumber } from './methods.ts';
import { type AmqpStream, linkOf, sideIndex } from './state.ts';
import {
  FrameType,
  frameBytes,
  frameEnd,
  headBytes,
  maxFrameBytes,
  maxMethodBytes,
  u16At,
  u32At,
} from './wire.ts';

export const headerBytes = 8;
const letterA = 0x41;

export function parse(window: Window, stream: AmqpStream): Progress {
  const { state } = stream;
  if (state.bodyLeft > 0) return takeBody(window, stream);
  if (state.endNext) return takeBodyEnd(window, stream);
  if (window.length < frameBytes) return frameBytes;
  switch (window.u8(0)) {
    case FrameType.Method:
      return takeMethodFrame(window, stream);
    case FrameType.Header:
      return takeHeaderFrame(window, stream);
    case FrameType.Body:
      return startBody(window, stream);
    case FrameType.Heartbeat:
      return takeHeartbeat(window, stream);
    case letterA:
      return takeProtocolHeader(window, stream);
    default:
      return Step.Lost;
  }
}

function count(stream: AmqpStream): void {
  linkOf(stream).frames[sideIndex(stream.side)]!++;
}

/** Length of the first frame when all of it is here, else how many bytes it needs; -1: it is none. */
function wholeFrame(window: Window): number {
  const { bytes, start } = window;
  const size = u32At(bytes, start + 3);
  if (size > maxMethodBytes) return -1;
  const total = size + frameBytes;
  if (window.end - start < total) return total;
  return bytes[start + total - 1] === frameEnd ? total : -1;
}

const leastMethodBytes = frameBytes + 4;

function takeMethodFrame(window: Window, stream: AmqpStream): Progress {
  const total = wholeFrame(window);
  if (total < leastMethodBytes) return Step.Lost;
  if (total > window.length) return total;
  const { bytes, start } = window;
  const classId = u16At(bytes, start + headBytes);
  const id = u16At(bytes, start + headBytes + 2);
  const channel = u16At(bytes, start + 1);
  const method = methodByNumber(classId, id);
  if (method === undefined) {
    count(stream);
    return takeUnknownMethod(window, stream, classId, id, total);
  }
  count(stream);
  return method.content
    ? takeContent(window, stream, method, channel, total)
    : takeMethod(window, stream, method, channel, total);
}

function takeHeaderFrame(window: Window, stream: AmqpStream): Progress {
  const total = wholeFrame(window);
  if (total < 0) return Step.Lost;
  if (total > window.length) return total;
  count(stream);
  return takeHeader(window, stream, window.u16(1), total);
}

function startBody(window: Window, stream: AmqpStream): Progress {
  const { state } = stream;
  const size = window.u32(3);
  const content = state.contents.get(window.u16(1));
  const ours = content?.headerSeen === true ? content : undefined;
  if (size > (ours === undefined ? maxFrameBytes : ours.bodyBytes - ours.bodySeen))
    return Step.Lost;
  count(stream);
  if (ours !== undefined) ours.bodySeen += size;
  state.body = ours;
  state.bodyLeft = size;
  state.endNext = true;
  add(state, ours, window, headBytes);
  return Step.Next;
}

/** More of a body frame's payload. */
function takeBody(window: Window, { state }: AmqpStream): Progress {
  const { body, bodyLeft } = state;
  if (body === undefined || body.hole || body.used >= body.limit) {
    if (body !== undefined) {
      body.wireBytes += bodyLeft;
      if (!body.hole) body.cut = true;
    }
    state.bodyLeft = 0;
    window.skip(bodyLeft);
    return Step.Next;
  }
  const length = Math.min(window.length, bodyLeft);
  state.bodyLeft -= length;
  add(state, body, window, length);
  return Step.Next;
}

function takeBodyEnd(window: Window, stream: AmqpStream): Progress {
  const { state } = stream;
  if (window.length === 0) return 1;
  if (window.u8(0) !== frameEnd) return Step.Lost;
  state.endNext = false;
  const { body } = state;
  state.body = undefined;
  add(state, body, window, 1);
  if (body !== undefined && body.bodySeen === body.bodyBytes) finishContent(stream, body);
  return Step.Next;
}

function takeHeartbeat(window: Window, stream: AmqpStream): Progress {
  if (window.u16(1) !== 0 || window.u32(3) !== 0 || window.u8(headBytes) !== frameEnd) {
    return Step.Lost;
  }
  count(stream);
  linkOf(stream).heartbeats[sideIndex(stream.side)]!++;
  window.consume(frameBytes);
  return Step.Next;
}

/**
 * 91 for `AMQP 0 0 9 1`, 90 for `AMQP 1 1 0 9`, 80 for `AMQP 1 1 8 0`; 0: another version of AMQP, -1: no
 * protocol header.
 */
export function versionOf(window: Window): number {
  if (window.u32(0) !== 0x414d5150) return -1;
  const rest = window.u32(4);
  return rest === 0x0000_0901 ? 91 : rest === 0x0101_0009 ? 90 : rest === 0x0101_0800 ? 80 : 0;
}

/** A client begins with it; a server sends one only to say that it does not speak the client's version. */
function takeProtocolHeader(window: Window, stream: AmqpStream): Progress {
  const { state, peer, side, out } = stream;
  const version = versionOf(window);
  if (version < 0) return Step.Lost;
  if (side === 'client') {
    if (version === 0) return Step.Stop;
    state.version = version;
    peer.version = version;
  } else {
    const { message } = out;
    message.reset();
    message.to = headerBytes;
    message.version = state.version;
    message.text(message.method, 'protocol header');
    message.text(
      message.target,
      `the server speaks AMQP ${[4, 5, 6, 7].map((at) => window.u8(at)).join('-')}`,
    );
    message.role = Role.Request;
    message.oneWay = true;
    message.failed = true;
    out.whole();
    linkOf(stream).closing = true;
  }
  window.consume(headerBytes);
  return Step.Next;
}
