/**
 * Messages with a body: a method frame, a header frame, body frames, all of one channel. When they lie
 * one behind the other in the window, that is the message; else its frames are gathered, so that what
 * is kept looks the same.
 */
import { type Mark, type Progress, Role, Step, type Window } from '../../dissect/contract.ts';
import { BasicId, type Method } from './methods.ts';
import {
  type AmqpState,
  type AmqpStream,
  type Channel,
  Confirm,
  Content,
  KeyKind,
  keyOf,
  linkOf,
  methodKey,
  sideIndex,
} from './state.ts';
import { setProperties, setRoute } from './texts.ts';
import {
  argumentsAt,
  FrameType,
  frameBytes,
  frameEnd,
  headBytes,
  leastHeaderBytes,
  PropertySpans,
  Spans,
  scanArguments,
  scanProperties,
  u16At,
  u32At,
  u64At,
} from './wire.ts';

/** Messages of one side that are gathered at a time; the oldest are given up. */
const maxContents = 256;
/** Bytes gathered for one side; beyond it bodies are cut. */
const maxContentBytes = 16 << 20;
/** Frames may be as short as their frame: room for what surrounds a body that is kept whole. */
const frameRoom = 64 << 10;
const smallestBuffer = 4096;
/** Buffers for the next messages: how many, and how large they may be. */
const maxSpares = 8;
const maxSpareBytes = 256 << 10;
const spares: Uint8Array[] = [];

/** `get` that asked for acknowledgement, as the note of its request. */
export const noteAwaitsAck = 1;

const spans = new Spans();
const found = new PropertySpans();

/** What a message with a body is to its exchange: one reused object. */
const part = { key: 0, oneWay: false, awaitsAck: false, queue: '' };

const here: Mark = { timeMs: 0, packet: 0, sequence: 0 };

/** Counts the message and says how it pairs. `spans` are those of its method. */
function place(stream: AmqpStream, channel: Channel, method: Method, bytes: Uint8Array): void {
  const link = linkOf(stream);
  const { number } = channel;
  part.oneWay = false;
  part.awaitsAck = false;
  part.queue = '';
  if (method.id === BasicId.Publish) {
    link.messages[0]!++;
    if (channel.confirm === Confirm.On) {
      channel.publishes.push(++channel.published);
      part.key = keyOf(KeyKind.Publish, number, channel.published);
      return;
    }
    if (channel.confirm === Confirm.Unknown) {
      stream.out.mark(here);
      channel.publishedUnknown(here.timeMs);
    }
    part.oneWay = true;
    part.key = keyOf(KeyKind.ClientContent, number, 0);
    return;
  }
  link.messages[1]!++;
  if (method.id === BasicId.Deliver) {
    const consumer = channel.consumer(bytes, spans.from[0]!, spans.to[0]!);
    part.awaitsAck = consumer === undefined ? channel.acknowledges : !consumer.noAck;
    part.queue = consumer?.queue ?? '';
    if (part.awaitsAck) {
      part.key = awaitAck(channel, u64At(bytes, spans.from[1]!));
      return;
    }
  } else if (method.id === BasicId.GetOk) {
    part.key = methodKey('client', number, method, BasicId.Get);
    part.awaitsAck = stream.out.noteOf(part.key) === noteAwaitsAck;
    channel.removeWaiting(part.key);
    return;
  }
  part.oneWay = true;
  part.key = keyOf(KeyKind.ServerContent, number, 0);
}

/** A delivery that is now to be acknowledged; returns its key. */
function awaitAck(channel: Channel, tag: number): number {
  channel.deliveries.push(tag);
  return keyOf(KeyKind.Delivery, channel.number, tag);
}

/**
 * A method with content has come: its frame is the first in the window. Takes the whole message when
 * it is here, else only the method.
 */
export function takeContent(
  window: Window,
  stream: AmqpStream,
  method: Method,
  number: number,
  methodBytes: number,
): Progress {
  const { state, out } = stream;
  const channel = linkOf(stream).channel(number);
  if (state.contents.size > 0) abandonContent(stream, number, 'malformed');
  const { bytes, start } = window;
  const methodEnd = start + methodBytes;
  const fits = scanArguments(method, bytes, start + argumentsAt, methodEnd - 1, spans);
  if (!fits) return Step.Lost;
  const end = wholeEnd(bytes, methodEnd, window.end, number);
  place(stream, channel, method, bytes);
  if (end === 0) {
    gather(window, stream, method, number, methodBytes);
    return Step.Next;
  }
  linkOf(stream).frames[sideIndex(stream.side)]! += framesWithin;
  const { message } = out;
  message.reset();
  describeContent(stream, method, bytes, start, part.queue);
  message.size = end - start;
  message.to = message.size;
  if (found.bodySize > out.bodyLimit) {
    message.to = Math.min(message.size, headEnd - start + out.bodyLimit);
    message.cut = message.to < message.size;
  }
  message.key = part.key;
  message.oneWay = part.oneWay;
  out.whole();
  if (method.id === BasicId.GetOk && part.awaitsAck) {
    reportGot(stream, channel, method, bytes, start, methodBytes);
  }
  window.consume(end - start);
  return Step.Next;
}

/** Where the payload of the first body frame starts, absolute, and how many frames; set by `wholeEnd`. */
let headEnd = 0;
let framesWithin = 0;

/** End of a message whose header frame starts at `at`; 0: it is not here one behind the other. */
function wholeEnd(bytes: Uint8Array, at: number, end: number, channel: number): number {
  if (at + frameBytes + leastHeaderBytes > end || bytes[at] !== FrameType.Header) return 0;
  if (u16At(bytes, at + 1) !== channel) return 0;
  const size = u32At(bytes, at + 3);
  if (size > end - at - frameBytes || bytes[at + headBytes + size] !== frameEnd) return 0;
  if (!scanProperties(bytes, at + headBytes, at + headBytes + size, found)) return 0;
  let next = at + frameBytes + size;
  headEnd = next + headBytes;
  framesWithin = 1;
  for (let left = found.bodySize; left > 0; ) {
    if (next + frameBytes > end || bytes[next] !== FrameType.Body) return 0;
    if (u16At(bytes, next + 1) !== channel) return 0;
    const length = u32At(bytes, next + 3);
    if (length > left || length > end - next - frameBytes) return 0;
    if (bytes[next + headBytes + length] !== frameEnd) return 0;
    left -= length;
    framesWithin++;
    next += frameBytes + length;
  }
  return next;
}

/** Texts and kind of the message whose method and header were scanned; it starts at `base`. */
function describeContent(
  stream: AmqpStream,
  method: Method,
  bytes: Uint8Array,
  base: number,
  queue: string,
): void {
  describeRoute(stream, method, bytes, base, queue);
  setProperties(stream.out.message, bytes, base, found);
}

function describeRoute(
  stream: AmqpStream,
  method: Method,
  bytes: Uint8Array,
  base: number,
  queue: string,
): void {
  const { message } = stream.out;
  message.version = stream.state.version;
  message.methodText = method.rowText;
  message.hostText = linkOf(stream).virtualHost;
  message.role = Role.Request;
  switch (method.id) {
    case BasicId.Publish:
      setRoute(message, bytes, base, spans, 1, '');
      return;
    case BasicId.Deliver:
      setRoute(message, bytes, base, spans, 3, queue);
      return;
    case BasicId.GetOk:
      message.role = Role.Response;
      setRoute(message, bytes, base, spans, 2, '');
      return;
    default:
      setRoute(message, bytes, base, spans, 2, '');
      message.status = u16At(bytes, spans.from[0]!);
      message.failed = true;
  }
}

/** What was got is to be acknowledged: an exchange of its own, without the body, which the `get` has. */
function reportGot(
  stream: AmqpStream,
  channel: Channel,
  method: Method,
  bytes: Uint8Array,
  start: number,
  methodBytes: number,
): void {
  const { message } = stream.out;
  message.reset();
  describeRoute(stream, method, bytes, start, '');
  message.to = methodBytes;
  message.role = Role.Request;
  message.key = awaitAck(channel, u64At(bytes, spans.from[0]!));
  stream.out.whole();
}

/** The method of a message whose rest comes later, or between frames of other channels. */
function gather(
  window: Window,
  { state, out }: AmqpStream,
  method: Method,
  number: number,
  methodBytes: number,
): void {
  const spare = methodBytes <= smallestBuffer ? spares.pop() : undefined;
  const buffer = spare ?? new Uint8Array(Math.max(smallestBuffer, methodBytes));
  const content = new Content(number, method, part.key, part.oneWay, buffer);
  out.mark(content.mark);
  content.awaitsAck = part.awaitsAck;
  content.queue = part.queue;
  content.limit = buffer.length;
  content.headerAt = methodBytes;
  state.contents.set(number, content);
  state.contentBytes += buffer.length;
  add(state, content, window, methodBytes);
}

/** Moves `length` bytes from the window into the message, as far as they are to be kept. */
export function add(
  state: AmqpState,
  content: Content | undefined,
  window: Window,
  length: number,
): void {
  if (content !== undefined) {
    content.wireBytes += length;
    const kept = content.hole ? 0 : Math.min(length, content.limit - content.used);
    if (kept < length && !content.hole) content.cut = true;
    if (kept > 0) {
      if (content.used + kept > content.bytes.length) grow(state, content, content.used + kept);
      content.bytes.set(window.view(0, kept), content.used);
      content.used += kept;
    }
  }
  window.consume(length);
}

function grow(state: AmqpState, content: Content, wanted: number): void {
  const larger = new Uint8Array(
    Math.min(content.limit, Math.max(wanted, content.bytes.length * 2)),
  );
  larger.set(content.bytes.subarray(0, content.used));
  state.contentBytes += larger.length - content.bytes.length;
  content.bytes = larger;
}

/** A header frame of `total` bytes is in the window. */
export function takeHeader(
  window: Window,
  stream: AmqpStream,
  number: number,
  total: number,
): Progress {
  const { state, out } = stream;
  const content = state.contents.get(number);
  // Without its method, which came before the capture or was lost, nobody can say what it is.
  if (content === undefined || content.headerSeen) {
    window.consume(total);
    return Step.Next;
  }
  const { bytes, start } = window;
  if (!scanProperties(bytes, start + headBytes, start + total - 1, found)) return Step.Lost;
  const { bodySize } = found;
  content.headerSeen = true;
  content.bodyBytes = bodySize;
  const head = content.used + total;
  const room = bodySize > out.bodyLimit ? out.bodyLimit + headBytes : 2 * bodySize + frameRoom;
  const free = Math.max(0, maxContentBytes - state.contentBytes);
  content.limit = head + Math.min(room, free);
  add(state, content, window, total);
  if (bodySize === 0) finishContent(stream, content);
  else makeRoom(stream);
  return Step.Next;
}

function makeRoom(stream: AmqpStream): void {
  const { contents } = stream.state;
  if (contents.size <= maxContents) return;
  const oldest = contents.keys().next().value;
  if (oldest !== undefined) abandonContent(stream, oldest, 'cut');
}

/** Fills the message from what was gathered. */
function reportContent(stream: AmqpStream, content: Content): void {
  const { message } = stream.out;
  const { bytes, headerAt, used, method } = content;
  scanArguments(method, bytes, argumentsAt, headerAt - 1, spans);
  message.reset();
  message.source = bytes;
  message.mark = content.mark;
  if (content.headerSeen) {
    const size = u32At(bytes, headerAt + 3);
    scanProperties(bytes, headerAt + headBytes, headerAt + headBytes + size, found);
    describeContent(stream, method, bytes, 0, content.queue);
  } else {
    describeRoute(stream, method, bytes, 0, content.queue);
  }
  message.to = used;
  message.size = content.wireBytes;
  message.key = content.key;
  message.oneWay = content.oneWay;
  message.cut = content.cut;
  message.hole = content.hole;
}

/** All of a message is here. */
export function finishContent(stream: AmqpStream, content: Content): void {
  forget(stream.state, content);
  reportContent(stream, content);
  stream.out.whole();
  if (content.method.id !== BasicId.GetOk || !content.awaitsAck) return;
  const channel = linkOf(stream).channel(content.channel);
  const { message } = stream.out;
  message.reset();
  describeRoute(stream, content.method, content.bytes, 0, '');
  message.source = content.bytes;
  message.mark = content.mark;
  message.to = content.headerAt;
  message.role = Role.Request;
  message.key = awaitAck(channel, u64At(content.bytes, spans.from[0]!));
  stream.out.whole();
}

function forget(state: AmqpState, content: Content): void {
  state.contents.delete(content.channel);
  state.contentBytes -= content.bytes.length;
  if (state.body === content) state.body = undefined;
  // The bytes are read once more, before anything else is gathered.
  const { length } = content.bytes;
  if (spares.length < maxSpares && length <= maxSpareBytes) spares.push(content.bytes);
}

/** Why a message will not go on: the connection ended, bytes were lost, another came instead, no room. */
type Reason = 'unfinished' | 'hole' | 'malformed' | 'cut';

/** The message of a channel will not go on: what there is becomes its entry. */
function abandonContent(stream: AmqpStream, number: number, why: Reason): void {
  const content = stream.state.contents.get(number);
  if (content === undefined) return;
  forget(stream.state, content);
  reportContent(stream, content);
  const { message } = stream.out;
  message[why] = true;
  stream.out.whole();
}

/** The same for all channels. */
export function abandonContents(stream: AmqpStream, why: Reason): void {
  for (const { channel } of [...stream.state.contents.values()]) {
    abandonContent(stream, channel, why);
  }
}
