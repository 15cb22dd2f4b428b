/** Payload of a call, or of one of its messages → the values of an entry. */
import type { DecodedExchange, Payload, ValueMap } from '../../dissect/contract.ts';
import { decode as decodeHttp1 } from '../http/decode.ts';
import { type FieldLine, fieldValue } from '../http/decode-head.ts';
import { type DecodedMessage, readMessage } from '../http/decode-message.ts';
import { decode as decodeHttp2, readHttp2 } from '../http2/decode.ts';
import { plainBody } from './base64-reader.ts';
import { callBody } from './decode-body.ts';
import { type CallEnd, connectMetadata, endOfCall } from './decode-end.ts';
import { messageValues, namesOf } from './decode-message.ts';
import { metadataOf, timeoutMs } from './metadata.ts';
import { type CallKind, callKind, unaryKind } from './open-call.ts';
import { Flavour, readMessagePayload } from './payload.ts';
import { areMessages } from './prefixes.ts';
import { connectName, statusName, statusOfReset } from './status.ts';
import { unaryBody } from './unary.ts';

const firstHttp2Version = 20;
/** Of gRPC: what was not processed may be sent again. */
const unavailable = 14;
/** Value of the figure `resetBy`: of an answer it is the client. */
const byReceiver = 2;

/** The structured view of a call or of a message. Never throws; messages are decoded when first asked for. */
export function decode(payload: Payload): DecodedExchange {
  const request = payload.request && readMessagePayload(payload.request);
  const response = payload.response && readMessagePayload(payload.response);
  if (request !== undefined || response !== undefined) {
    return {
      request: request && messageValues(request, true, payload.request!),
      response: response && messageValues(response, false, payload.response!),
    };
  }
  return decodeCall(payload);
}

interface Side {
  readonly message: DecodedMessage;
  readonly kind: CallKind | undefined;
  /** What a client makes of a stream of HTTP/2 that ended early; undefined: it did not. */
  readonly statusOfStream: number | undefined;
}

function decodeCall(payload: Payload): DecodedExchange {
  const isHttp2 = payload.version >= firstHttp2Version;
  const values = isHttp2 ? decodeHttp2(payload) : decodeHttp1(payload);
  const { request, response } = values;
  const asked = payload.request && sideOf(payload.request, isHttp2, false);
  const answer = payload.response && sideOf(payload.response, isHttp2, true);
  const path = typeof request?.['path'] === 'string' ? request['path'] : '';
  if (request !== undefined && asked !== undefined) addRequest(request, asked, path);
  if (response !== undefined && answer !== undefined) {
    addResponse(response, answer, path, asked?.kind);
  }
  return values;
}

function sideOf(bytes: Uint8Array, isHttp2: boolean, isResponse: boolean): Side {
  const decoded = isHttp2 ? readHttp2(bytes) : undefined;
  const message = decoded?.message ?? readMessage(bytes, isResponse);
  const type = Buffer.from(message.contentType);
  const { resetCode = 0, resetBy = 0, goAwayCode = 0 } = decoded?.figures ?? {};
  const ofReset = resetCode > 0 ? statusOfReset(resetCode - 1, resetBy === byReceiver) : undefined;
  return {
    message,
    kind: callKind(type, 0, type.length) ?? unaryKind(message.contentType) ?? unnamedKind(message),
    statusOfStream: ofReset ?? (goAwayCode > 0 ? unavailable : undefined),
  };
}

const grpcType = Buffer.from('application/grpc');
const unnamedRemark = 'the media type is not known: read as messages of gRPC by their prefixes';

const guessedRemark =
  'the status is that of a number whose name was sent before the capture started';

/** Of a message whose media type was sent before the capture started. */
function unnamedKind({ contentType, transferred }: DecodedMessage): CallKind | undefined {
  const isUnnamed = contentType === '' && areMessages(transferred, 0, transferred.length);
  return isUnnamed ? callKind(grpcType, 0, grpcType.length) : undefined;
}

/** Values that cost something to make, made when they are first asked for. */
function lazy(map: ValueMap, names: readonly string[], make: () => ValueMap): void {
  let made: ValueMap | undefined;
  for (const name of names) {
    Object.defineProperty(map, name, {
      enumerable: true,
      configurable: true,
      get: () => {
        made ??= make();
        return made[name];
      },
    });
  }
}

/** How messages are compressed; the one message of a unary call of Connect is so as the body of HTTP. */
function encodingOf(fields: readonly FieldLine[], kind: CallKind | undefined): string {
  const isUnary = kind !== undefined && !kind.prefixed;
  const value =
    fieldValue(fields, 'grpc-encoding') ??
    fieldValue(fields, isUnary ? 'content-encoding' : 'connect-content-encoding');
  return value ?? '';
}

function addRequest(request: ValueMap, { message, kind }: Side, path: string): void {
  const { fields } = message.head;
  Object.assign(request, namesOf(path));
  const connectTimeout = Number(fieldValue(fields, 'connect-timeout-ms') ?? Number.NaN);
  const timeout = timeoutMs(fieldValue(fields, 'grpc-timeout'));
  if (timeout !== undefined) request['timeoutMs'] = timeout;
  else if (Number.isFinite(connectTimeout)) request['timeoutMs'] = connectTimeout;
  const encoding = encodingOf(fields, kind);
  if (encoding !== '') request['encoding'] = encoding;
  request['metadata'] = metadataOf(fields);
  const target = typeof request['url'] === 'string' ? request['url'] : path;
  lazy(request, ['messages', 'messageProblems'], () => messagesOf(message, kind, path, target));
}

function messagesOf(
  message: DecodedMessage,
  kind: CallKind | undefined,
  path: string,
  target: string | undefined,
): ValueMap {
  const isRequest = target !== undefined;
  const body =
    kind === undefined || !kind.prefixed
      ? unaryBody(message, kind, path, target)
      : callBody(bodyBytes(message, kind), {
          flavour: kind.flavour,
          encoding: encodingOf(message.head.fields, kind),
          format: Buffer.from(kind.format).toString('latin1'),
          path,
          isRequest,
        });
  const remarks = [...body.remarks, ...body.messages.flatMap((each) => each.remarks)];
  if (body.messages.length > 0 && message.contentType === '') remarks.push(unnamedRemark);
  if (body.more > 0) remarks.push(`${body.more.toLocaleString('en')} more messages are not listed`);
  return {
    messages: body.messages.map(({ value }) => value),
    ...(remarks.length > 0 && { messageProblems: [...new Set(remarks)] }),
  };
}

function bodyBytes(message: DecodedMessage, kind: CallKind): Uint8Array {
  return kind.base64 ? plainBody(message.transferred) : message.transferred;
}

function addResponse(
  response: ValueMap,
  { message, kind, statusOfStream }: Side,
  path: string,
  asked: CallKind | undefined,
): void {
  const { fields } = message.head;
  const encoding = encodingOf(fields, kind);
  if (encoding !== '') response['encoding'] = encoding;
  const httpStatus = Number(response['status'] ?? 0);
  const body = kind === undefined ? undefined : bodyBytes(message, kind);
  const end = endOfCall(message, kind, body, httpStatus);
  const isConnect = (kind ?? asked)?.flavour === Flavour.Connect;
  const derived = end.name === undefined ? statusOfStream : undefined;
  addStatus(response, end, derived, isConnect);
  if (end.isGuessed === true) {
    const problems = Array.isArray(response['problems']) ? response['problems'] : [];
    response['problems'] = [...problems, guessedRemark];
  }
  if (end.message !== undefined && end.status !== 0) response['error'] = end.message;
  if (end.details.length > 0) response['details'] = [...end.details];
  response['metadata'] = {
    ...(isConnect ? connectMetadata(fields) : metadataOf(fields)),
    ...metadataOf(message.trailers),
    ...end.metadata,
  };
  // The body of an error is no message of the call, and a call that was reset has no body.
  if (isConnect && (kind ?? asked)?.prefixed === false && !isGood(httpStatus)) return;
  lazy(response, ['messages', 'messageProblems'], () =>
    messagesOf(message, kind ?? asked, path, undefined),
  );
}

function isGood(httpStatus: number): boolean {
  return httpStatus >= 200 && httpStatus < 300;
}

/** Status of the call in place of HTTP's, where its protocol has one; by name for both. */
function addStatus(
  response: ValueMap,
  end: CallEnd,
  derived: number | undefined,
  isConnect: boolean,
): void {
  const httpStatus = response['status'];
  const status = end.status ?? derived;
  if (!isConnect) {
    response['httpStatus'] = httpStatus;
    if (status !== undefined) response['status'] = status;
    else if (Number(httpStatus) < 400) response['status'] = 0;
  }
  if (derived !== undefined) {
    response['statusText'] = isConnect ? connectName(derived) : statusName(derived);
    response['statusDerived'] = true;
  } else response['statusText'] = end.name ?? response['statusText'];
}
