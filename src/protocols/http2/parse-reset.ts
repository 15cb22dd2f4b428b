/** Streams that end early: RST_STREAM and GOAWAY (RFC 9113, 6.4, 6.8). */
import { Role } from '../../dissect/contract.ts';
import { callCodes } from '../grpc/open-call.ts';
import { statusOfReset } from '../grpc/status.ts';
import { Figure } from './payload.ts';
import { completeMessage, type Stream } from './report.ts';
import { type Http2Message, maxMessages, takeMessage } from './stream.ts';

/** By whom, as figure `resetBy`. */
const byThisEnd = 1;
const byOtherEnd = 2;

/** CANCEL and NO_ERROR say that nobody wants the rest; the answer so far is what there is. */
const noError = 0;

export function resetStream(stream: Stream, id: number, code: number): void {
  const { state, peer, side } = stream;
  state.resets++;
  state.closed.add(id);
  peer.closed.add(id);
  const own = state.messages.get(id);
  const others = peer.messages.get(id);
  if (own !== undefined) mark(own, code, byThisEnd);
  if (others !== undefined) mark(others, code, byOtherEnd);
  const [request, response] = side === 'client' ? [own, others] : [others, own];
  const roles = rolesSeenFrom(side);
  if (request !== undefined) complete(stream, request, roles.request);
  if (response !== undefined) {
    deriveStatus(response, code, side === 'client');
    complete(stream, response, roles.response);
  } else answerOfReset(stream, id, code, side === 'server' ? byThisEnd : byOtherEnd);
  const { message } = stream.out;
  message.reset();
  message.key = id;
  message.failed = code !== noError;
  stream.out.settle();
}

function mark(part: Http2Message, code: number, by: number): void {
  part.set(Figure.resetCode, code + 1);
  part.set(Figure.resetBy, by);
}

/** A call of gRPC whose status was not said has the one that its reset stands for. */
function deriveStatus(part: Http2Message, code: number, byClient: boolean): void {
  const { protocol, grpcStatus } = part;
  const isCall = protocol === callCodes.grpc || protocol === callCodes.grpcWeb;
  if (isCall && grpcStatus < 0) part.grpcStatus = statusOfReset(code, byClient);
}

/** Which role to report a message under when the end that is read now did not send it. */
function rolesSeenFrom(side: 'client' | 'server'): { request: Role; response: Role } {
  return side === 'client'
    ? { request: Role.BySide, response: Role.Response }
    : { request: Role.Request, response: Role.BySide };
}

function complete(stream: Stream, part: Http2Message, role: Role): void {
  completeMessage(stream, part, role, true);
}

/** The request waits, and no header of an answer has come: the reset is the answer. */
function answerOfReset(stream: Stream, id: number, code: number, by: number): void {
  const { out, side } = stream;
  if (out.noteOf(id) === 0) return;
  const part = takeMessage(id);
  mark(part, code, by);
  answerInStead(stream, part, code, side === 'client');
}

/** `part` stands for the answer that will not come. */
function answerInStead(stream: Stream, part: Http2Message, code: number, byClient: boolean): void {
  const { out, side, state, peer } = stream;
  out.mark(part.mark);
  part.hasHead = true;
  // Whatever the code says: nothing was answered.
  part.failed = true;
  const { calls } = side === 'client' ? state : peer;
  part.protocol = calls.get(part.id)?.kind?.code ?? 0;
  deriveStatus(part, code, byClient);
  completeMessage(stream, part, side === 'server' ? Role.BySide : Role.Response, false);
}

/** Of one connection; what later ones leave unanswered has no answer. */
const maxGoAways = 16;
const maxStreamId = 0x7fff_ffff;
/** What the client of a stream that was not processed is to make of it: as of a refused one. */
const refusedStream = 7;

/** Streams above `last` that the other end opened were not and will not be processed by this end. */
export function goAway(stream: Stream, last: number, code: number): void {
  const { peer, state, side } = stream;
  const isServer = side === 'server';
  for (const part of peer.messages.values()) {
    // The streams of clients are odd.
    if (part.id <= last || part.id % 2 === (isServer ? 0 : 1)) continue;
    part.set(Figure.goAwayCode, code + 1);
    completeMessage(stream, part, isServer ? Role.Request : Role.Response, true);
  }
  if (!isServer || state.goAways++ >= maxGoAways) return;
  const end = Math.min(last + 2 * maxMessages, maxStreamId);
  for (let id = last + 1 + (last % 2); id <= end; id += 2) notProcessed(stream, id, code);
}

function notProcessed(stream: Stream, id: number, code: number): void {
  if (stream.out.noteOf(id) === 0) return;
  stream.peer.closed.add(id);
  const part = takeMessage(id);
  part.set(Figure.goAwayCode, code + 1);
  answerInStead(stream, part, refusedStream, false);
}
