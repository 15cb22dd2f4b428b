/** Messages that were put together → what the driver is told. */
import { type Message, type Output, type ParserStream, Role } from '../../dissect/contract.ts';
import { callCodes } from '../grpc/open-call.ts';
import { type BodyReader, bodyReaderFor, mayHaveReader } from '../http/body-reader.ts';
import { forgetCall, openCall, openUnnamed } from './calls.ts';
import { Block, Figure, held, maxHeldBytes } from './payload.ts';
import { refinePart } from './refine-part.ts';
import {
  giveMessage,
  type Http2Message,
  type Http2State,
  http2Version,
  type Place,
} from './stream.ts';
import { isUnnamedAnswer, isUnnamedRequest } from './unnamed-call.ts';

export type Stream = ParserStream<Http2State>;

/** Status from which a call has failed. */
const firstFailure = 400;

function span(target: { from: number; to: number }, place: Place): void {
  target.from = place.at;
  target.to = place.at + place.length;
}

function fill(out: Output, part: Http2Message, from: number, to: number): Message {
  const { message } = out;
  message.reset();
  message.source = part.composer.bytes;
  message.mark = part.mark;
  message.from = from;
  message.to = to;
  message.size = part.wireBytes;
  message.key = part.id;
  message.version = http2Version;
  span(message.method, part.method);
  span(message.target, part.path);
  span(message.host, part.authority);
  span(message.contentType, part.contentType);
  span(message.traceId, part.trace);
  message.isAscii = part.head?.isAscii === true;
  message.status = statusOf(part);
  message.protocol = part.protocol;
  // Any but 0: a reset asks whether a request waits.
  message.note = 1;
  message.failed = part.status >= firstFailure || part.grpcStatus > 0;
  message.hole = part.hole;
  message.cut = part.cut;
  message.malformed = part.malformed;
  if (part.protocol === 0) refinePart(part, message);
  // Secrets were never written; this only flags the row.
  if (part.redacted) message.redact(0, 0);
  return message;
}

/** Calls of gRPC have a status of their own; that of HTTP says nothing but when a proxy answers. */
function statusOf(part: Http2Message): number {
  if (part.grpcStatus >= 0) return part.grpcStatus;
  const isCall = part.protocol === callCodes.grpc || part.protocol === callCodes.grpcWeb;
  return isCall && part.status < firstFailure ? 0 : part.status;
}

/** The head is there: an entry at once. */
export function beginMessage({ out }: Stream, part: Http2Message, role: Role): void {
  fill(out, part, 0, part.composer.used).role = role;
  part.begun = true;
  out.begin();
}

/** What is within its body goes under its entry, whose id therefore is needed before the entry is there. */
export function reserveEntry(stream: Stream, part: Http2Message): void {
  const { out, side } = stream;
  if (part.begun || !mayBegin(stream, part)) return;
  const hasRequest = side === 'server' && out.noteOf(part.id) !== 0;
  if (!hasRequest) out.reserve(part.id, part.mark);
}

/** Nothing more will come of this message; it is forgotten. */
export function completeMessage(
  stream: Stream,
  part: Http2Message,
  role: Role,
  unfinished: boolean,
): void {
  const { out } = stream;
  const { inner } = part;
  inner?.end(!unfinished);
  part.inner = undefined;
  part.composer.close();
  if (part.protocol === 0 || part.figures[Figure.unknownFields]! > 0) nameAtEnd(stream, part);
  part.composer.figures(part.figures);
  const message = fill(out, part, 0, part.composer.used);
  if (inner?.conclude !== undefined && part.status > 0) inner.conclude(message);
  message.role = role;
  message.push = stream.side === 'server' && role === Role.Request;
  message.unfinished = unfinished;
  message.failed ||= part.failed || (unfinished && part.figures[Figure.resetCode]! > 0);
  if (part.begun) out.finish(part.wireBytes);
  else if (isAnswerToUpgrade(stream, part)) out.child();
  else if (!part.isLoose) out.whole();
  part.home?.delete(part.id);
  forgetCall(stream, part.id, message.role);
  giveMessage(part);
}

/** A call whose headers do not say so is known by its messages or its status, maybe one whose name is unknown. */
function nameAtEnd(stream: Stream, part: Http2Message): void {
  if (part.protocol === 0 && isUnnamedAnswer(part)) readUnnamed(stream, part)?.end(true);
  else if (part.protocol === 0 && part.grpcStatus >= 0) part.protocol = callCodes.grpc;
  const isAnswer = part.protocol === callCodes.grpc && part.status > 0;
  if (isAnswer && part.grpcStatus < 0) part.grpcStatus = Math.max(part.maybeStatus, -1);
}

/** A frame of a request has come on a connection of which headers are not known: is it a call? */
export function nameRequest(stream: Stream, part: Http2Message): void {
  if (stream.side === 'server' || part.protocol !== 0 || !isUnnamedRequest(part)) return;
  part.inner = readUnnamed(stream, part);
}

/** Messages in what has come of the body become entries. */
function readUnnamed(stream: Stream, part: Http2Message): BodyReader | undefined {
  if (part.inner !== undefined) return undefined;
  const reader = openUnnamed(stream, part);
  reserveEntry(stream, part);
  stream.state.fresh.push(part);
  const { composer, bodyAt, keptBytes } = part;
  reader.data(composer.bytes, bodyAt, bodyAt + keptBytes);
  return reader;
}

/** Stream 1 after an upgrade: its request is the exchange that upgraded. */
function isAnswerToUpgrade({ side, state }: Stream, part: Http2Message): boolean {
  return side === 'server' && state.upgraded && part.id === 1;
}

/** The head is there: what reads its body needs its exchange begun. */
export function openBody(stream: Stream, part: Http2Message, ends: boolean): void {
  const { out, side } = stream;
  part.inner = openCall(stream, part, ends);
  if (ends) return;
  if (part.inner !== undefined) {
    reserveEntry(stream, part);
    return;
  }
  const { at, length } = part.contentType;
  if (length === 0) return;
  if (side === 'server') part.requestNote = out.noteOf(part.id);
  if (!mayHaveReader(length)) return;
  const { bytes } = part.composer;
  part.inner = bodyReaderFor(out, side, part.id, part.requestNote, bytes, at, at + length);
  if (part.inner !== undefined) reserveEntry(stream, part);
}

/** A message whose head may be reported before it is complete. */
export function mayBegin(stream: Stream, part: Http2Message): boolean {
  return !isAnswerToUpgrade(stream, part);
}

/** Body bytes as they come. */
export function takeBody(
  out: Output,
  part: Http2Message,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  const length = to - from;
  part.bodyBytes += length;
  part.inner?.data(bytes, from, to);
  const room = Math.min(out.bodyLimit - part.keptBytes, maxHeldBytes - held.bytes);
  const kept = Math.max(0, Math.min(length, room));
  if (kept < length) part.cut = true;
  if (kept === 0) return;
  if (!part.composer.isOpen) {
    part.composer.open(Block.Body);
    if (part.bodyAt === 0) part.bodyAt = part.composer.used;
  }
  part.composer.put(bytes, from, from + kept);
  part.keptBytes += kept;
  held.bytes += kept;
}
