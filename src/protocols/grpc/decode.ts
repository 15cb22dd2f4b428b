/** Payload of a call, or of one of its messages → the values of an entry. */
import type { DecodedExchange, Payload, ValueMap } from '../../dissect/contract.ts';
import { decode as decodeHttp1 } from '../http/decode.ts';
import { type FieldLine, fieldValue } from '../http/decode-head.ts';
import { type DecodedMessage, readMessage } from '../http/decode-message.ts';
import { decode as decodeHttp2, readHttp2 } from '../http2/decode.ts';
import { plainBody } from './base64-reader.ts';
import { callBody } from './decode-body.ts';
import { connectMetadata, endOfCall } from './decode-end.ts';
import { messageValues, namesOf } from './decode-message.ts';
import { metadataOf, timeoutMs } from './metadata.ts';
import { type CallKind, callKind, unaryKind } from './open-call.ts';
import { readMessagePayload } from './payload.ts';
import { unaryBody } from './unary.ts';

const firstHttp2Version = 20;

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
  const message = isHttp2 ? readHttp2(bytes).message : readMessage(bytes, isResponse);
  const type = Buffer.from(message.contentType);
  return { message, kind: callKind(type, 0, type.length) ?? unaryKind(message.contentType) };
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

function encodingOf(fields: readonly FieldLine[]): string {
  const value =
    fieldValue(fields, 'grpc-encoding') ?? fieldValue(fields, 'connect-content-encoding');
  return value ?? '';
}

function addRequest(request: ValueMap, { message, kind }: Side, path: string): void {
  const { fields } = message.head;
  Object.assign(request, namesOf(path));
  const connectTimeout = Number(fieldValue(fields, 'connect-timeout-ms') ?? Number.NaN);
  const timeout = timeoutMs(fieldValue(fields, 'grpc-timeout'));
  if (timeout !== undefined) request['timeoutMs'] = timeout;
  else if (Number.isFinite(connectTimeout)) request['timeoutMs'] = connectTimeout;
  const encoding = encodingOf(fields);
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
          encoding: encodingOf(message.head.fields),
          format: Buffer.from(kind.format).toString('latin1'),
          path,
          isRequest,
        });
  const remarks = [...body.remarks, ...body.messages.flatMap((each) => each.remarks)];
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
  { message, kind }: Side,
  path: string,
  asked: CallKind | undefined,
): void {
  const { fields } = message.head;
  const encoding = encodingOf(fields);
  if (encoding !== '') response['encoding'] = encoding;
  const end = endOfCall(message, kind, kind === undefined ? undefined : bodyBytes(message, kind));
  if (asked?.code !== 9 && kind?.code !== 9) {
    response['httpStatus'] = response['status'];
    if (end.status !== undefined) response['status'] = end.status;
    else if (Number(response['httpStatus']) < 400) response['status'] = 0;
  }
  response['statusText'] = end.name ?? response['statusText'];
  if (end.message !== undefined && end.status !== 0) response['error'] = end.message;
  if (end.details.length > 0) response['details'] = [...end.details];
  response['metadata'] = {
    ...metadataOf(fields),
    ...metadataOf(message.trailers),
    ...end.metadata,
    ...(kind?.code === 9 ? connectMetadata(fields) : {}),
  };
  lazy(response, ['messages', 'messageProblems'], () =>
    messagesOf(message, kind ?? asked, path, undefined),
  );
}
