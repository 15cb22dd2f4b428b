/** Joining in the middle, and going on after a loss: frames are only believed when all of them fits. */
import { Role, type Side, Verdict, type Window } from '../../dissect/contract.ts';
import { findByte } from '../../dissect/find-byte.ts';
import { abandonContents } from './content.ts';
import { ClassId, methodByNumber, Sender } from './methods.ts';
import { headerBytes, versionOf } from './parse.ts';
import { type AmqpState, type AmqpStream, type Link, linkOf, sideIndex } from './state.ts';
import { hangUp, totalsFrame } from './totals.ts';
import {
  argumentsAt,
  FrameType,
  frameBytes,
  frameEnd,
  headBytes,
  PropertySpans,
  Spans,
  scanArguments,
  scanProperties,
  u16At,
  u32At,
} from './wire.ts';

/** Bytes that recognition looks at. */
const maxRecognised = 64 << 10;
/** A frame that recognition waits for is no longer than this. */
const maxAwaited = 16 << 10;
/** Frames longer than this are not found after a loss when they come in pieces. */
export const resyncTail = 8192;

const spans = new Spans();
const properties = new PropertySpans();

/** What `frameAt` says of bytes. */
const Found = { No: -1, Incomplete: 0 } as const;
/** Who may have sent the frame found last. */
let sender: Sender = Sender.Both;

/** Length of the frame at `bytes[at]`, every field of which fits; or a `Found`. */
function frameAt(bytes: Uint8Array, at: number, end: number): number {
  sender = Sender.Both;
  const left = end - at;
  if (left < frameBytes) return couldBegin(bytes, at, left) ? Found.Incomplete : Found.No;
  const type = bytes[at]!;
  const channel = u16At(bytes, at + 1);
  const size = u32At(bytes, at + 3);
  if (type === FrameType.Heartbeat) {
    const fits = channel === 0 && size === 0 && bytes[at + headBytes] === frameEnd;
    return fits ? frameBytes : Found.No;
  }
  if (size > maxRecognised) return Found.No;
  const total = size + frameBytes;
  if (type === FrameType.Method) return methodAt(bytes, at, left, channel, total);
  if (channel === 0) return Found.No;
  if (type === FrameType.Header) return headerAt(bytes, at, left, total);
  if (type !== FrameType.Body || size === 0 || total > left) return Found.No;
  return bytes[at + total - 1] === frameEnd ? total : Found.No;
}

function couldBegin(bytes: Uint8Array, at: number, left: number): boolean {
  const type = bytes[at];
  return (
    left > 0 &&
    (type === FrameType.Method || type === FrameType.Header || type === FrameType.Heartbeat)
  );
}

function methodAt(
  bytes: Uint8Array,
  at: number,
  left: number,
  channel: number,
  total: number,
): number {
  if (total < argumentsAt + 1) return Found.No;
  if (left < argumentsAt) return Found.Incomplete;
  const method = methodByNumber(u16At(bytes, at + headBytes), u16At(bytes, at + headBytes + 2));
  if (method === undefined) return Found.No;
  if ((channel === 0) !== (method.classId === ClassId.Connection)) return Found.No;
  if (total > left) return total > maxAwaited ? Found.No : Found.Incomplete;
  const last = at + total - 1;
  if (bytes[last] !== frameEnd) return Found.No;
  if (!scanArguments(method, bytes, at + argumentsAt, last, spans)) return Found.No;
  if (spans.end !== last) return Found.No;
  sender = method.sender;
  return total;
}

function headerAt(bytes: Uint8Array, at: number, left: number, total: number): number {
  if (left < headBytes + 4) return Found.Incomplete;
  const isBasic = u16At(bytes, at + headBytes) === ClassId.Basic;
  if (!isBasic || u16At(bytes, at + headBytes + 2) !== 0) return Found.No;
  if (total > left) return total > maxAwaited ? Found.No : Found.Incomplete;
  const last = at + total - 1;
  if (bytes[last] !== frameEnd) return Found.No;
  return scanProperties(bytes, at + headBytes, last, properties) ? total : Found.No;
}

/** A method that only one side sends decides; heartbeats, bodies and acknowledgements come from both. */
export function recognise(window: Window, side: Side): number {
  if (window.length < headerBytes) return beginning(window);
  const version = versionOf(window);
  // The server's header says that it does not speak what the client has asked for.
  if (version >= 0) return version > 0 && side === 'client' ? Verdict.Yes : Verdict.No;
  const { bytes, start } = window;
  const end = Math.min(window.end, start + maxRecognised);
  const wanted = side === 'client' ? Sender.Client : Sender.Server;
  for (let at = start; at < end; ) {
    const length = frameAt(bytes, at, end);
    if (length === Found.No) break;
    if (sender !== Sender.Both) return sender === wanted ? Verdict.Yes : Verdict.No;
    if (length === Found.Incomplete)
      return end - start < maxRecognised ? window.length + 1 : Verdict.No;
    at += length;
    if (at === end) return end - start < maxRecognised ? window.length + 1 : Verdict.No;
  }
  return decidesWithin(bytes, start, end) === wanted ? Verdict.Yes : Verdict.No;
}

/** Fewer bytes than any frame has. */
function beginning(window: Window): number {
  const letters = window.latin1(0, Math.min(4, window.length));
  if ('AMQP'.startsWith(letters)) return headerBytes;
  return couldBegin(window.bytes, window.start, window.length) ? frameBytes : Verdict.No;
}

/** The window begins within a frame: who sends the first deciding method behind an end mark? */
function decidesWithin(bytes: Uint8Array, start: number, end: number): Sender {
  let at = findByte(bytes, frameEnd, start, end);
  while (at >= 0) {
    if (frameAt(bytes, at + 1, end) > 0 && sender !== Sender.Both) return sender;
    at = findByte(bytes, frameEnd, at + 1, end);
  }
  return Sender.Both;
}

/** Within a body frame the place is not lost. */
export function hole(window: Window, stream: AmqpStream, length: number): boolean {
  const { state } = stream;
  if (length < 0 || window.length > 0 || length > state.bodyLeft) {
    noteLoss(stream);
    return false;
  }
  state.bodyLeft -= length;
  if (state.body !== undefined) {
    state.body.hole = true;
    state.body.wireBytes += length;
  }
  return true;
}

/** Where a method, a header or a heartbeat starts that fits in every field. */
export function resync(window: Window, stream: AmqpStream): number {
  forget(stream);
  const { bytes, start, end } = window;
  const wrong = stream.side === 'client' ? Sender.Server : Sender.Client;
  for (let at = start; at < end; at++) {
    if (at > start && bytes[at - 1] !== frameEnd) continue;
    const length = frameAt(bytes, at, end);
    if (length > 0 && bytes[at] !== FrameType.Body && sender !== wrong) return at - start;
  }
  return -1;
}

/** The next frame says that the connection was not closed in what was lost. */
function noteLoss(stream: AmqpStream): void {
  stream.state.framesAtLoss = linkOf(stream).frames[sideIndex(stream.side)]!;
}

function mayHaveClosed({ state, peer, side }: AmqpStream, { frames }: Link): boolean {
  const ours = sideIndex(side);
  return state.framesAtLoss === frames[ours] || peer.framesAtLoss === frames[1 - ours];
}

/** What was on its way is broken, and what was counted may have gone on in the hole. */
function forget(stream: AmqpStream): void {
  const { state, side } = stream;
  noteLoss(stream);
  abandonContents(stream, 'hole');
  state.body = undefined;
  state.bodyLeft = 0;
  state.endNext = false;
  for (const channel of linkOf(stream).channels()) {
    channel.doubtful = channel.waiting.length > 0;
    channel.forgetNameless();
    if (side === 'client') channel.forgetCount();
  }
}

export function end(window: Window, stream: AmqpStream): void {
  abandonContents(stream, 'unfinished');
  if (window.ended) noteHangUp(stream);
}

/**
 * Who closes without saying so has failed, or found the other silent for too long: heartbeats are told
 * then as well.
 */
function noteHangUp(stream: AmqpStream): void {
  const link = linkOf(stream);
  if (link.closing || mayHaveClosed(stream, link)) return;
  link.closing = true;
  const { message } = stream.out;
  message.reset();
  message.source = totalsFrame(link);
  message.to = message.source.length;
  message.version = stream.state.version;
  message.text(message.method, hangUp);
  message.text(message.target, `the ${stream.side} hung up without connection close`);
  message.hostText = link.virtualHost;
  message.role = Role.Request;
  message.oneWay = true;
  message.failed = true;
  stream.out.whole();
}

export function inMessage(window: Window, state: AmqpState): boolean {
  return window.length > 0 || state.contents.size > 0 || state.bodyLeft > 0;
}
