/** Bytes of a WebSocket connection → messages; each is an entry under the connection's. */
import {
  type ParserStream,
  type Progress,
  type Side,
  Step,
  Verdict,
  type Window,
} from '../../dissect/contract.ts';
import { header, maxHeaderBytes, Opcode, opcodeNames, readHeader } from './frame.ts';
import { MessageFlag, prefixBytes } from './payload.ts';
import { refineText } from './refine.ts';
import { WebSocketState } from './state.ts';

type Stream = ParserStream<WebSocketState>;

/** Version of the protocol (Sec-WebSocket-Version). */
const version = 13;
/** Bytes of a text that stand in the row. */
const shownBytes = 256;
/** Close codes that are no failure: normal, going away, none given. */
const goodCloses: ReadonlySet<number> = new Set([0, 1000, 1001, 1005]);

/**
 * A connection is usually handed over by HTTP. In the middle of one, only texts are proof: whole frames
 * up to the window's end, masked by clients alone, whose content is readable.
 */
export function recognise(window: Window, side: Side): number {
  let at = 0;
  let texts = 0;
  for (let frames = 0; frames < 8 && at < window.length; frames++) {
    if (readHeader(window, at) !== 0 || header.compressed || header.odd) return Verdict.No;
    const { opcode, headerBytes, payloadBytes, masked, fin } = header;
    if (masked !== (side === 'client') || at + headerBytes + payloadBytes > window.length) {
      return Verdict.No;
    }
    if (opcode === Opcode.Text && fin && payloadBytes >= 4) {
      if (!isReadable(window, at + headerBytes, payloadBytes, masked)) return Verdict.No;
      texts++;
    } else if (opcode < Opcode.Close) return Verdict.No;
    at += headerBytes + payloadBytes;
  }
  return texts > 0 && at === window.length ? Verdict.Yes : Verdict.No;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function isReadable(window: Window, from: number, length: number, masked: boolean): boolean {
  const bytes = window.view(from, from + length).slice();
  if (masked) for (let i = 0; i < length; i++) bytes[i]! ^= window.u8(header.keyAt + (i & 3));
  for (const byte of bytes) if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) return false;
  try {
    utf8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

export function newState(): WebSocketState {
  return new WebSocketState();
}

export function parse(window: Window, stream: Stream): Progress {
  const { state } = stream;
  if (state.inFrame) {
    const here = Math.min(state.left, window.length);
    state.take(window.bytes, window.start, window.start + here, keptBytes(stream));
    state.left -= here;
    window.consume(here);
    if (state.left > 0) return 1;
    endFrame(stream);
    return Step.Next;
  }
  const wanted = readHeader(window, 0);
  if (wanted !== 0) return wanted < 0 ? Step.Lost : wanted;
  const { opcode, headerBytes, payloadBytes } = header;
  if (opcode >= Opcode.Close) return takeControl(window, stream);
  const continues = opcode === Opcode.Continuation;
  if (continues === (state.opcode === 0)) return Step.Lost;
  if (!continues) {
    state.begin(opcode, header.compressed);
    stream.out.mark(state.mark);
  }
  state.frames++;
  state.wireBytes += headerBytes + payloadBytes;
  state.masked = header.masked;
  if (header.odd) state.odd = true;
  state.maskAt = 0;
  if (header.masked) for (let i = 0; i < 4; i++) state.mask[i] = window.u8(header.keyAt + i);
  state.ends = header.fin;
  state.left = payloadBytes;
  state.inFrame = true;
  window.consume(headerBytes);
  if (payloadBytes === 0) endFrame(stream);
  return Step.Next;
}

/** Compressed messages are kept whole up to the limit: a part of them could not be inflated. */
function keptBytes({ out }: Stream): number {
  return out.bodyLimit;
}

function endFrame(stream: Stream): void {
  const { state } = stream;
  state.inFrame = false;
  if (state.ends) report(stream, false);
}

/** The message is complete, or broken off. */
function report(stream: Stream, unfinished: boolean): void {
  const { state, out } = stream;
  const cut = state.kept < state.bytes;
  let content = state.content.subarray(0, state.kept);
  let flags =
    (state.compressed ? MessageFlag.Compressed : 0) | (state.masked ? MessageFlag.Masked : 0);
  if (state.compressed) {
    const whole = !cut && !state.hole && !unfinished;
    const inflated = whole ? state.inflate(Math.max(out.bodyLimit, 1)) : undefined;
    if (!whole) state.lose();
    if (inflated === undefined) flags |= MessageFlag.NotInflated;
    else content = inflated;
  }
  const { message } = out;
  message.reset();
  compose(state.opcode, flags, state.frames, state.bytes, content);
  message.source = composed;
  message.to = prefixBytes + content.length;
  message.size = state.wireBytes;
  message.mark = state.mark;
  message.version = version;
  message.cut = cut;
  message.hole = state.hole;
  message.unfinished = unfinished;
  message.malformed = state.odd;
  message.text(message.method, opcodeNames[state.opcode]!);
  if (state.opcode === Opcode.Text && (flags & MessageFlag.NotInflated) === 0) {
    message.target.from = prefixBytes;
    message.target.to = prefixBytes + Math.min(content.length, shownBytes);
    const isClient = stream.side === 'client';
    refineText(message, state.talk, stream.peer.talk, isClient, composed, prefixBytes, message.to);
  }
  out.child();
  state.end();
}

/** Ping, pong and close come between the frames of other messages. */
function takeControl(window: Window, stream: Stream): Progress {
  const { out } = stream;
  const { headerBytes, payloadBytes, masked, keyAt, opcode, odd } = header;
  const total = headerBytes + payloadBytes;
  if (window.length < total) return total;
  const content = window.view(headerBytes, total).slice();
  if (masked) for (let i = 0; i < content.length; i++) content[i]! ^= window.u8(keyAt + (i & 3));
  const { message } = out;
  message.reset();
  compose(opcode, masked ? MessageFlag.Masked : 0, 1, payloadBytes, content);
  message.source = composed;
  message.to = prefixBytes + content.length;
  message.size = total;
  message.version = version;
  message.malformed = odd || (opcode === Opcode.Close && content.length === 1);
  message.text(message.method, opcodeNames[opcode]!);
  if (opcode === Opcode.Close) {
    const code = content.length >= 2 ? (content[0]! << 8) | content[1]! : 0;
    message.status = code;
    message.failed = !goodCloses.has(code);
    if (content.length > 2) {
      message.target.from = prefixBytes + 2;
      message.target.to = message.to;
    }
  } else if (content.length > 0 && content.every((byte) => byte >= 32 && byte < 127)) {
    message.target.from = prefixBytes;
    message.target.to = message.to;
  }
  out.child();
  window.consume(total);
  return Step.Next;
}

let composed: Uint8Array = new Uint8Array(4096);

function compose(
  opcode: number,
  flags: number,
  frames: number,
  bytes: number,
  content: Uint8Array,
): void {
  if (composed.length < prefixBytes + content.length) {
    composed = new Uint8Array(2 * (prefixBytes + content.length));
  }
  const view = new DataView(composed.buffer);
  composed[0] = opcode;
  composed[1] = flags;
  view.setUint32(4, frames);
  view.setUint32(8, Math.min(bytes, 0xffff_ffff));
  composed.set(content, prefixBytes);
}

/** Bytes inside a frame are counted; the message goes on behind them. */
export function hole(window: Window, stream: Stream, length: number): boolean {
  const { state } = stream;
  if (!state.inFrame || length < 0 || length > state.left || window.length > 0) return false;
  state.hole = true;
  state.bytes += length;
  state.left -= length;
  state.maskAt = (state.maskAt + length) & 3;
  if (state.left === 0) endFrame(stream);
  return true;
}

export const resyncTail = maxHeaderBytes;

/** The next place from which frames follow each other, masked as this side's are. */
export function resync(window: Window, stream: Stream): number {
  const { state, side } = stream;
  if (state.opcode !== 0) report(stream, true);
  state.inFrame = false;
  state.lose();
  for (let at = 0; at + 2 <= window.length; at++) if (startsHere(window, at, side)) return at;
  return -1;
}

function startsHere(window: Window, from: number, side: Side): boolean {
  let at = from;
  let frames = 0;
  while (at < window.length) {
    if (readHeader(window, at) !== 0 || header.odd) return false;
    if (header.masked !== (side === 'client')) return false;
    if (frames === 0 && header.opcode === Opcode.Continuation) return false;
    at += header.headerBytes + header.payloadBytes;
    if (at > window.length) return false;
    frames++;
    if (frames >= 4) return true;
  }
  return frames > 0;
}

export function end(_window: Window, stream: Stream): void {
  if (stream.state.opcode !== 0) report(stream, true);
}

export function inMessage(window: Window, state: WebSocketState): boolean {
  return window.length > 0 || state.opcode !== 0;
}
