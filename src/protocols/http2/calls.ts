/** Remote calls on HTTP/2: their messages are read as they come, their status is that of the call. */
import { type Output, type ParserStream, Role } from '../../dissect/contract.ts';
import type { MostlyOne } from '../../dissect/mostly-one.ts';
import { Base64Reader } from '../grpc/base64-reader.ts';
import { type CallKind, callCodes, callKind, unaryKind } from '../grpc/open-call.ts';
import { sharedBytes } from '../grpc/paths.ts';
import { payloadHead } from '../grpc/payload.ts';
import { type CallDirection, MessageReader } from '../grpc/reader.ts';
import type { BodyReader } from '../http/body-reader.ts';
import {
  type CallRequest,
  type Http2Message,
  type Http2State,
  http2Version,
  maxMessages,
  type Place,
} from './stream.ts';
import { TunnelReader } from './tunnel.ts';

type Stream = ParserStream<Http2State>;

const nothing = new Uint8Array(0);
const unknownPath: CallRequest = { path: nothing };
const tunnel: CallRequest = { path: unknownPath.path };

/**
 * Marks a message whose head is complete as part of a call. What reads its body, when it has one (it does
 * not end with its head) in which there are messages.
 */
export function openCall(
  stream: Stream,
  part: Http2Message,
  ends: boolean,
): BodyReader | undefined {
  const { side, state, peer, out } = stream;
  if (isTunnel(stream, part)) return ends ? undefined : new TunnelReader(out, side, part.id);
  const request = side === 'server' ? (peer.calls.get(part.id) ?? unknownPath) : requestOf(part);
  // Of an answer whose headers are not known, the request's are.
  const isSilent = part.contentType.length === 0 && part.status < firstFailure;
  const kind = side === 'client' ? request.kind : isSilent ? request.kind : kindOf(part);
  if (kind === undefined) {
    // Maybe a proxy's answer: it still answers a call.
    part.protocol = part.grpcStatus >= 0 ? callCodes.grpc : (request.kind?.code ?? 0);
    return undefined;
  }
  part.protocol = kind.code;
  if (side === 'client') remember(state.calls, part.id, request);
  return kind.prefixed && !ends ? readerOf(out, part, kind, request) : undefined;
}

const grpcType = Buffer.from('application/grpc');

/**
 * Marks a message as part of a call of gRPC, which its body has told (`unnamed-call.ts`); what is to read it.
 * The answer to such a request is taken for the same unless it says something else.
 */
export function openUnnamed({ side, state, peer, out }: Stream, part: Http2Message): BodyReader {
  const kind = callKind(grpcType, 0, grpcType.length)!;
  const isRequest = side === 'client';
  const request = isRequest
    ? { path: slice(part, part.path), kind }
    : (peer.calls.get(part.id) ?? unknownPath);
  part.protocol = kind.code;
  if (isRequest) remember(state.calls, part.id, request);
  return readerOf(out, part, kind, request);
}

/** The kind of call that the media type of a head tells. */
function kindOf({ composer, contentType }: Http2Message): CallKind | undefined {
  const { at, length } = contentType;
  return length === 0 ? undefined : callKind(composer.bytes, at, at + length);
}

/** Of a request's head; the same one for heads that are the same. */
function requestOf(part: Http2Message): CallRequest {
  const known = part.head?.request;
  if (known !== undefined) return known;
  let kind = kindOf(part);
  if (kind === undefined && part.isConnect) {
    const { at, length } = part.contentType;
    const type = part.composer.bytes.subarray(at, at + length);
    kind = unaryKind(Buffer.from(type).toString('latin1'));
  }
  const request = kind === undefined ? unknownPath : { path: slice(part, part.path), kind };
  if (part.head !== undefined) part.head.request = request;
  return request;
}

/** Status of HTTP from which an answer is no call's. */
const firstFailure = 400;

/** WebSocket in an extended CONNECT that was not refused. */
function isTunnel({ side, state, peer }: Stream, part: Http2Message): boolean {
  if (side === 'client') {
    if (part.isTunnel) remember(state.calls, part.id, tunnel);
    return part.isTunnel;
  }
  const isGood = part.status >= 200 && part.status < 300;
  return isGood && peer.calls.get(part.id) === tunnel;
}

function readerOf(
  out: Output,
  part: Http2Message,
  kind: CallKind,
  request: CallRequest,
): BodyReader {
  const reader = new MessageReader(out, part.id, directionOf(part, kind, request));
  return kind.base64 ? new Base64Reader(reader) : reader;
}

/** Of a head and the request that it belongs to; the same one for those that are the same. */
function directionOf(part: Http2Message, kind: CallKind, request: CallRequest): CallDirection {
  const known = part.head?.direction;
  if (known !== undefined && part.head!.directionOf === request) return known;
  const { code, flavour, format } = kind;
  const encoding = slice(part, part.encoding);
  const head = payloadHead(flavour, encoding, format, request.path);
  const direction = { protocol: code, version: http2Version, flavour, encoding, ...head };
  if (part.head !== undefined) {
    part.head.direction = direction;
    part.head.directionOf = request;
  }
  return direction;
}

function slice(part: Http2Message, { at, length }: Place): Uint8Array {
  return length === 0 ? nothing : sharedBytes(part.composer.bytes, at, length);
}

function remember(calls: MostlyOne<CallRequest>, id: number, request: CallRequest): void {
  if (calls.size >= maxMessages) calls.deleteOldest();
  calls.set(id, request);
}

/** The call's answer is complete: nobody asks for its request any more. */
export function forgetCall({ side, state, peer }: Stream, id: number, role: Role): void {
  const isAnswer = role === Role.Response || (role === Role.BySide && side === 'server');
  const { calls } = side === 'client' ? state : peer;
  if (isAnswer) calls.delete(id);
}
