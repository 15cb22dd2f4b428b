/**
 * AMQP 1.0: each connection is one entry, on its way while the connection lives. Its frames are counted
 * by performative, and skipped.
 */
import {
  type Mark,
  type ParserStream,
  type Progress,
  type Side,
  Step,
  Verdict,
  type Window,
} from '../../dissect/contract.ts';
import { Code, FrameResult, found, frameAt, frameHeadBytes } from './frames.ts';
import { errorOf, headerBytes, mayFail, openNames, summaryOf } from './summary.ts';

/** Frames longer than this are not read, nor kept. */
const maxKeptFrame = 16 << 10;
const maxKeptFrames = 2;
/** What the protocol id of a header leads to. */
const tlsId = 2;
const key = 1;

export class Amqp1State {
  header: Uint8Array = new Uint8Array(headerBytes);
  readonly counts = new Map<number, number>();
  /** Its open frame, and those that say what went wrong. */
  frames: Uint8Array[] = [];
  bytes = 0;
  readonly mark: Mark = { timeMs: 0, packet: 0, sequence: 0 };
  begun = false;
  failed = false;
  container = '';
  host = '';
}
type Stream = ParserStream<Amqp1State>;

/** `AMQP` · protocol id 0 (AMQP), 2 (TLS) or 3 (SASL) · version 1.0.0 */
function isHeader(window: Window): boolean {
  if (window.u32(0) !== 0x414d5150) return false;
  const id = window.u8(4);
  return (id === 0 || id === tlsId || id === 3) && window.u8(5) === 1 && window.u16(6) === 0;
}

export function recognise(window: Window, side: Side): number {
  if (window.length < headerBytes) {
    const letters = window.latin1(0, Math.min(4, window.length));
    return 'AMQP'.startsWith(letters) || window.u8(0) === 0 ? headerBytes : Verdict.No;
  }
  if (isHeader(window)) return Verdict.Yes;
  const { bytes, start, end } = window;
  const length = frameAt(bytes, start, end);
  if (length === FrameResult.Incomplete) return window.length + 1;
  // A heartbeat alone is too little to be sure.
  if (length === FrameResult.No || found.code === Code.Heartbeat) return Verdict.No;
  const sender = senderOf(bytes);
  return sender === undefined || sender === side ? Verdict.Yes : Verdict.No;
}

/** Who sends the frame found; most both may, and then the end that is heard first counts as the client. */
function senderOf(bytes: Uint8Array): Side | undefined {
  switch (found.code) {
    case Code.Mechanisms:
    case Code.Challenge:
    case Code.Outcome:
      return 'server';
    case Code.Init:
    case Code.Response:
      return 'client';
    case Code.Begin: {
      // Who answers a begin names the channel that it answers, first in its list.
      const list = found.bodyAt + 3;
      const first = bytes[list + (bytes[list] === 0xc0 ? 3 : 9)];
      return first === 0x40 ? 'client' : 'server';
    }
    default:
      return undefined;
  }
}

export function parse(window: Window, stream: Stream): Progress {
  const { state } = stream;
  if (window.length < frameHeadBytes) return frameHeadBytes;
  if (window.u8(0) === 0x41) return takeHeader(window, stream);
  const { bytes, start, end } = window;
  const length = frameAt(bytes, start, end);
  if (length === FrameResult.No) return Step.Lost;
  if (length === FrameResult.Incomplete) return window.length + 1;
  const { code, bodyAt } = found;
  const kept = (code === Code.Open || mayFail(code)) && length <= maxKeptFrame;
  if (kept && window.length < length) return length;
  started(stream);
  state.counts.set(code, (state.counts.get(code) ?? 0) + 1);
  state.bytes += length;
  if (kept) keep(stream, bytes, start, length, bodyAt);
  if (code < Code.Mechanisms) begin(stream);
  window.skip(length);
  return Step.Next;
}

function takeHeader(window: Window, stream: Stream): Progress {
  const { state, side } = stream;
  if (window.u32(0) !== 0x414d5150) return Step.Lost;
  // A server that offers another version closes.
  if (!isHeader(window)) state.failed = true;
  started(stream);
  state.header = window.view(0, headerBytes).slice();
  state.bytes += headerBytes;
  const isTls = window.u8(4) === tlsId && side === 'server';
  window.consume(headerBytes);
  return isTls ? Step.Stop : Step.Next;
}

/** Remembers where a side began. */
function started({ state, out }: Stream): void {
  if (state.bytes === 0) out.mark(state.mark);
}

function keep(
  { state }: Stream,
  bytes: Uint8Array,
  start: number,
  length: number,
  body: number,
): void {
  const end = start + length;
  if (found.code === Code.Open) {
    [state.container, state.host] = openNames(bytes, body, end);
  } else {
    if (errorOf(bytes, found.code, body, end) === undefined) return;
    state.failed = true;
  }
  if (state.frames.length < maxKeptFrames) state.frames.push(bytes.slice(start, end));
}

/** The kept bytes and texts as they are now. */
function report({ state, out }: Stream): void {
  const { message } = out;
  message.reset();
  message.mark = state.mark;
  message.source = summaryOf(state.header, state.counts, state.frames);
  message.to = message.source.length;
  message.size = state.bytes;
  message.key = key;
  message.failed = state.failed;
  message.text(message.method, 'connection');
  const target = state.host === '' ? state.container : `${state.container} -> ${state.host}`;
  if (target !== '') message.text(message.target, target);
  if (state.host !== '') message.text(message.host, state.host);
}

/** The entry appears with the client's side; the server's joins it. */
function begin(stream: Stream): void {
  const { state, peer, side } = stream;
  if (state.begun || (side === 'server' && !peer.begun)) return;
  state.begun = true;
  report(stream);
  stream.out.begin();
}

/** Nothing of a frame is kept: a hole within one is the driver's, in what it skips. */
export function hole(): boolean {
  return false;
}

export function resync(window: Window): number {
  const { bytes, start, end } = window;
  for (let at = start; at < end; at++) {
    const length = frameAt(bytes, at, end);
    if (length > 0 && found.code !== Code.Heartbeat) return at - start;
  }
  return -1;
}

export function end(_window: Window, stream: Stream): void {
  const { begun, bytes } = stream.state;
  if (bytes === 0) return;
  report(stream);
  if (begun) stream.out.finish(bytes);
  else stream.out.whole();
}
