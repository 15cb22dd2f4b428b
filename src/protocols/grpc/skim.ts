/** Calls of gRPC-Web and Connect on plain HTTP, for the hot half: which requests are such, how they ended. */
import type { Message, Output } from '../../dissect/contract.ts';
import { Base64Reader, plainBody } from './base64-reader.ts';
import { type CallKind, callCodes, callKind, isUnaryType } from './open-call.ts';
import { numberOfPath, pathByNumber } from './paths.ts';
import { Flavour, PrefixFlag, payloadHead } from './payload.ts';
import { MessageReader } from './reader.ts';
import { concludeCall, endOfStream, noEnd, trailersEnd } from './reader-end.ts';

/** What a request is, and the number of its path. */
export interface SkimmedCall {
  readonly code: number;
  readonly path: number;
}

const versionQuery = Buffer.from('connect=v1');
const slash = 47;
const question = 63;
const firstHttp2Version = 20;

/**
 * `bytes[base + span]` are the message's spans. `isConnect`: a header names a version of Connect.
 * Undefined: the request is no call, or one of gRPC itself.
 */
export function skimCall(
  message: Message,
  bytes: Uint8Array,
  base: number,
  isConnect: boolean,
): SkimmedCall | undefined {
  const { contentType, target } = message;
  const from = base + target.from;
  const to = base + target.to;
  const typeFrom = base + contentType.from;
  const typeTo = base + contentType.to;
  if (typeFrom === typeTo) return isGet(bytes, from, to) ? found(callCodes.connect) : undefined;
  const kind = callKind(bytes, typeFrom, typeTo);
  if (kind !== undefined) return kind.code === callCodes.grpc ? undefined : found(kind.code);
  const isUnary = isConnect && isUnaryType(bytes, typeFrom, typeTo);
  return isUnary && isMethodPath(bytes, from, to) ? found(callCodes.connect) : undefined;

  function found(code: number): SkimmedCall {
    return { code, path: numberOfPath(bytes, from, to) };
  }
}

/** `/shop.Cart/Add`, maybe behind a prefix. */
function isMethodPath(bytes: Uint8Array, from: number, to: number): boolean {
  let slashes = 0;
  for (let i = from; i < to && bytes[i] !== question; i++) if (bytes[i] === slash) slashes++;
  return slashes >= 2;
}

/** A call without side effects may be a GET. */
function isGet(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < versionQuery.length + 4 || !isMethodPath(bytes, from, to)) return false;
  const target = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
  const at = target.indexOf(question);
  return at > 0 && target.indexOf(versionQuery, at) > 0;
}

const statusHeader = /grpc-status[: \t]*(\d{1,5})/i;

/** The answer to a call, which is here as a whole; its head is `bytes[headFrom, headTo)`. */
export function skimAnswer(
  message: Message,
  code: number,
  bytes: Uint8Array,
  headFrom: number,
  headTo: number,
  body: Uint8Array,
): void {
  const { contentType } = message;
  const kind = callKind(bytes, headFrom + contentType.from, headFrom + contentType.to);
  let status = noEnd;
  if (kind?.prefixed === true) status = statusIn(kind, body);
  if (status === noEnd && code === callCodes.grpcWeb) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const said = statusHeader.exec(buffer.toString('latin1', headFrom, headTo));
    if (said !== null) status = Number(said[1]);
  }
  concludeCall(message, code, status);
}

function statusIn(kind: CallKind, body: Uint8Array): number {
  const content = kind.base64 ? plainBody(body) : body;
  const isWeb = kind.flavour === Flavour.GrpcWeb;
  const endFlag = isWeb ? PrefixFlag.Trailers : PrefixFlag.EndOfStream;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  for (let at = 0; at + 5 <= content.length; ) {
    const flags = content[at]!;
    const end = at + 5 + view.getUint32(at + 1);
    if ((flags & endFlag) !== 0) {
      const last = content.subarray(at + 5, end);
      return isWeb ? trailersEnd(last) : endOfStream(last, undefined);
    }
    at = end;
  }
  return noEnd;
}

/** What reads the messages in a call or its answer; undefined: there are none behind prefixes. */
export function callReader(
  out: Output,
  key: number,
  path: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): MessageReader | Base64Reader | undefined {
  const kind = callKind(bytes, from, to);
  if (kind === undefined || !kind.prefixed || kind.code === callCodes.grpc) return undefined;
  const reader = new MessageReader(out, key, {
    protocol: kind.code,
    version: out.message.version === 0 ? firstHttp2Version : out.message.version,
    flavour: kind.flavour,
    encoding: nothing,
    ...payloadHead(kind.flavour, nothing, kind.format, pathByNumber(path)),
  });
  return kind.base64 ? new Base64Reader(reader) : reader;
}

const nothing = new Uint8Array(0);
