/**
 * HEADERS, PUSH_PROMISE and CONTINUATION (RFC 9113, 6.2, 6.6, 6.10):
 *
 *   HEADERS        [u8 pad length] [u1 exclusive, u31 dependency · u8 weight] · block · padding
 *   PUSH_PROMISE   [u8 pad length] · u1 reserved, u31 promised stream · block · padding
 *   CONTINUATION   block
 */
import { Role, type Window } from '../../dissect/contract.ts';
import { Flag, Frame, frameHeaderBytes } from './frames.ts';
import { keepHead, placeOfHead, takeHead } from './head-cache.ts';
import type { FieldSink, HpackDecoder } from './hpack.ts';
import { Block, blockPrefixBytes, Figure } from './payload.ts';
import { completeMessage, openBody, type Stream } from './report.ts';
import {
  HeadWriter,
  type Http2Message,
  type Http2State,
  maxBlockBytes,
  maxMessages,
  takeMessage,
} from './stream.ts';

const writer = new HeadWriter();

/** Frames of one block; more is a flood (CVE-2024-27316 and its kin). */
const maxBlockFrames = 128;

export function takeBlock(
  window: Window,
  stream: Stream,
  type: number,
  id: number,
  length: number,
): boolean {
  const { state } = stream;
  if (id === 0) return false;
  const flags = window.u8(4);
  let from = frameHeaderBytes;
  let to = frameHeaderBytes + length;
  let dependsOn = 0;
  let weight = 0;
  if (type === Frame.Continuation) {
    if (state.blockStream !== id) return state.blockStream === 0;
  } else {
    if ((flags & Flag.Padded) !== 0) {
      if (length < 1) return false;
      to -= window.u8(from);
      from += 1;
    }
    if (type === Frame.Headers && (flags & Flag.Priority) !== 0) {
      if (to - from < 5) return false;
      dependsOn = window.u32(from) & 0x7fff_ffff;
      weight = window.u8(from + 4) + 1;
      from += 5;
    }
    state.blockPromise = 0;
    if (type === Frame.PushPromise) {
      if (to - from < 4) return false;
      state.blockPromise = window.u32(from) & 0x7fff_ffff;
      from += 4;
    }
    if (to < from) return false;
    state.blockFlags = flags;
    state.blockFrames = 0;
  }
  state.blockFrames++;
  const ends = (flags & Flag.EndHeaders) !== 0;
  const { bytes, start } = window;
  if (state.blockStream === 0 && ends) {
    useBlock(stream, id, bytes, start + from, start + to, weight, dependsOn);
    return true;
  }
  keepBlock(state, bytes, start + from, start + to);
  state.blockStream = ends ? 0 : id;
  if (!ends) return true;
  const { block, blockUsed, blockLost } = state;
  state.block = undefined;
  state.blockUsed = 0;
  state.blockLost = false;
  if (blockLost || block === undefined) {
    state.hpack.lose();
    useBlock(stream, id, noBlock, 0, 0, weight, dependsOn, true);
  } else {
    useBlock(stream, id, block, 0, blockUsed, weight, dependsOn);
  }
  return true;
}

/** Takes fields that belong to nothing. */
const nobody: FieldSink = { field: () => undefined };
const noBlock = new Uint8Array(0);

/** A part of a block in several frames. */
function keepBlock(state: Http2State, bytes: Uint8Array, from: number, to: number): void {
  const used = state.blockUsed + to - from;
  if (used > maxBlockBytes || state.blockFrames > maxBlockFrames) {
    state.blockLost = true;
    state.block = undefined;
    state.blockUsed = 0;
  }
  if (state.blockLost) return;
  if (state.block === undefined || state.block.length < used) {
    const larger = new Uint8Array(Math.max(used * 2, 4096));
    if (state.block !== undefined) larger.set(state.block.subarray(0, state.blockUsed));
    state.block = larger;
  }
  state.block.set(bytes.subarray(from, to), state.blockUsed);
  state.blockUsed = used;
}

/** A whole block: the head, an interim response, trailers, or a promised request. */
function useBlock(
  stream: Stream,
  id: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  weight: number,
  dependsOn: number,
  isLost = false,
): void {
  const { state, side } = stream;
  const promised = state.blockPromise;
  const ends = (state.blockFlags & Flag.EndStream) !== 0;
  const part = promised > 0 ? takeMessage(promised) : messageOf(stream, id, ends);
  if (part === undefined) {
    if (isLost || !state.hpack.decode(bytes, from, to, nobody)) state.hpack.lose();
    return;
  }
  if (!part.hasHead && part.composer.used === 0) stream.out.mark(part.mark);
  const { composer } = part;
  composer.close();
  const isTrailer = part.hasHead;
  const blockAt = composer.used;
  composer.open(isTrailer ? Block.Trailers : Block.Head);
  writer.aim(part, !isTrailer);
  const unknownBefore = state.hpack.unknown;
  const valid = !isLost && decodeHead(state.hpack, part, blockAt, bytes, from, to);
  composer.close();
  part.count(Figure.unknownFields, state.hpack.unknown - unknownBefore);
  part.count(Figure.headersFrames);
  part.count(Figure.continuationFrames, state.blockFrames - 1);
  part.count(Figure.headerBytes, to - from);
  part.wireBytes += to - from + frameHeaderBytes * state.blockFrames;
  if (weight > 0) {
    part.set(Figure.weight, weight);
    part.set(Figure.dependsOn, dependsOn);
  }
  if (!valid) {
    part.malformed = true;
    if (!isLost) state.hpack.lose();
  }
  if (promised > 0) {
    promise(stream, part);
    return;
  }
  const { status } = writer;
  if (side === 'server' && !isTrailer) {
    const interim = status >= 100 && status < 200 && !ends;
    if (interim) {
      composer.bytes[blockAt] = Block.Interim;
      return;
    }
    part.status = status;
  }
  part.hasHead = true;
  if (!isTrailer) openBody(stream, part, ends);
  if (ends) {
    completeMessage(stream, part, Role.BySide, false);
    return;
  }
  part.maybeStatus = -1;
  if (isTrailer) return;
  if (!part.begun) state.fresh.push(part);
}

/** Decodes a block into the message, or takes what it was decoded to before. */
function decodeHead(
  hpack: HpackDecoder,
  part: Http2Message,
  blockAt: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  // Places of texts are those of a payload that begins with this head.
  const place = blockAt === 0 ? placeOfHead(hpack, bytes, from, to) : -1;
  if (place >= 0 && takeHead(part, hpack, place, bytes, from, to)) {
    writer.status = part.status;
    part.status = 0;
    return true;
  }
  const { version, unknown } = hpack;
  if (!hpack.decode(bytes, from, to, writer)) return false;
  if (place >= 0 && hpack.version === version && hpack.unknown === unknown) {
    keepHead(part, hpack, place, bytes.subarray(from, to), blockPrefixBytes, writer.status);
  }
  return true;
}

/** The message of a stream that is on its way, or a new one; none of a stream that was reset. */
function messageOf(stream: Stream, id: number, ends: boolean): Http2Message | undefined {
  const { messages, closed } = stream.state;
  const known = messages.get(id);
  if (known !== undefined) return known;
  if (closed.has(id)) return undefined;
  if (messages.size >= maxMessages) {
    const oldest = messages.oldest()!;
    completeMessage(stream, oldest, Role.BySide, true);
  }
  const part = takeMessage(id);
  part.set(Figure.connectionResets, stream.peer.resets + stream.state.resets);
  // One that ends with its head is complete at once.
  if (ends) return part;
  messages.set(id, part);
  part.home = messages;
  return part;
}

/** The server's own request (RFC 9113, 8.4): its answer comes on the promised stream. */
function promise(stream: Stream, part: Http2Message): void {
  part.hasHead = true;
  // It has no body, so it is complete.
  completeMessage(stream, part, Role.Request, false);
}
