/** Are these bytes HTTP/2? By the preface; else by frames that follow one upon the other. */
import { type Side, Verdict, type Window } from '../../dissect/contract.ts';
import { Flag, Frame, frameHeaderBytes, plausibleFrame, preface, walkFrames } from './frames.ts';
import { firstStatusIndex, lastStatusIndex } from './hpack.ts';

/** What the first bytes of a header block tell about its sender. */
const Sender = { Unknown: 0, Client: 1, Server: 2 } as const;

export function recognise(window: Window, side: Side): number {
  const { length } = window;
  if (side === 'client') {
    const compared = Math.min(length, preface.length);
    let same = 0;
    while (same < compared && window.u8(same) === preface[same]) same++;
    if (same === preface.length) return Verdict.Yes;
    if (same === length && same > 0) return preface.length;
  }
  if (length < frameHeaderBytes) return window.u8(0) === 0 ? frameHeaderBytes : Verdict.No;
  const first = plausibleFrame(window, 0);
  if (first < 0) return Verdict.No;
  const type = window.u8(3);
  const { frames, exact, valid } = walkFrames(window, 0);
  // One frame is proof only when it is all there is; data says nothing by itself.
  if (!valid || frames === 0) return Verdict.No;
  const sender = senderOf(window);
  if (sender !== Sender.Unknown) {
    return (sender === Sender.Client) === (side === 'client') ? Verdict.Yes : Verdict.No;
  }
  // A server's first frame is SETTINGS, without an acknowledgement; a client's comes behind the preface.
  const opensServer = type === Frame.Settings && (window.u8(4) & Flag.Ack) === 0;
  if (opensServer && side === 'server' && (exact || frames > 1)) return Verdict.Yes;
  return Verdict.No;
}

/** Who sent the first header block in the window, by fields that only one side sends. */
function senderOf(window: Window): number {
  let at = 0;
  for (let frame = 0; frame < 8 && at + frameHeaderBytes <= window.length; frame++) {
    const length = plausibleFrame(window, at);
    if (length < 0 || at + frameHeaderBytes + length > window.length) return Sender.Unknown;
    if (window.u8(at + 3) === Frame.PushPromise) return Sender.Server;
    if (window.u8(at + 3) === Frame.Headers) {
      const flags = window.u8(at + 4);
      let from = at + frameHeaderBytes;
      if ((flags & Flag.Padded) !== 0) from += 1;
      if ((flags & Flag.Priority) !== 0) from += 5;
      return senderOfBlock(window, from, at + frameHeaderBytes + length);
    }
    at += frameHeaderBytes + length;
  }
  return Sender.Unknown;
}

/** Pseudo-headers come first: `:status` and nothing else, or `:method` and its kin. */
function senderOfBlock(window: Window, from: number, to: number): number {
  let at = from;
  // Changes of the table's size come before the first field.
  while (at < to && (window.u8(at) & 0xe0) === 0x20) {
    at += (window.u8(at) & 0x1f) === 0x1f ? 3 : 1;
  }
  if (at >= to) return Sender.Unknown;
  const byte = window.u8(at);
  if (byte >= 0x80) {
    const index = byte & 0x7f;
    if (index >= firstStatusIndex && index <= lastStatusIndex) return Sender.Server;
    if (index >= 1 && index < firstStatusIndex) return Sender.Client;
    return laterSender(window, at, to);
  }
  const index = byte >= 0x40 ? byte & 0x3f : byte & 0x0f;
  if (index >= firstStatusIndex && index <= lastStatusIndex) return Sender.Server;
  return index >= 1 && index < firstStatusIndex ? Sender.Client : Sender.Unknown;
}

/** Fields of the dynamic table first: a request goes on with indices of the other pseudo-headers. */
function laterSender(window: Window, from: number, to: number): number {
  let at = from;
  let fields = 0;
  while (at < to && fields < 4 && window.u8(at) >= 0x80) {
    const index = window.u8(at) & 0x7f;
    if (index >= 2 && index < firstStatusIndex) return Sender.Client;
    if (index === 0x7f) return Sender.Unknown;
    at++;
    fields++;
  }
  if (at >= to || fields >= 4) return Sender.Unknown;
  const byte = window.u8(at);
  const index = byte >= 0x40 ? byte & 0x3f : byte & 0x0f;
  return index >= 1 && index < firstStatusIndex ? Sender.Client : Sender.Unknown;
}
