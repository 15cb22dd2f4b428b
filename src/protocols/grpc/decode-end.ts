/** How a call ended: status, message and details, wherever its protocol puts them. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { FieldLine, fieldValue } from '../http/decode-head.ts';
import type { DecodedMessage } from '../http/decode-message.ts';
import { contentOf } from '../http/decode-message.ts';
import { callBody } from './decode-body.ts';
import { decodeProto } from './decode-proto.ts';
import { newDecodeState } from './decode-state.ts';
import { metadataOf, statusMessage } from './metadata.ts';
import type { CallKind } from './open-call.ts';
import { Flavour } from './payload.ts';
import { types } from './registry.ts';
import { statusName, statusNames } from './status.ts';

export interface CallEnd {
  /** Code of gRPC; undefined: it was not said. */
  readonly status: number | undefined;
  /** `NOT_FOUND`, or Connect's `not_found`. */
  readonly name: string | undefined;
  readonly message: string | undefined;
  readonly details: readonly Value[];
  readonly metadata: ValueMap;
  /** The field that says so has lost its name. */
  readonly isGuessed?: boolean;
}

const nothing: CallEnd = {
  status: undefined,
  name: undefined,
  message: undefined,
  details: [],
  metadata: {},
};

/** `body`: that of the call, base64 undone. `httpStatus`: 0 when there is none. */
export function endOfCall(
  message: DecodedMessage,
  kind: CallKind | undefined,
  body: Uint8Array | undefined,
  httpStatus: number,
): CallEnd {
  const direct = endOfFields([...message.trailers, ...message.head.fields]) ?? namelessEnd(message);
  if (direct !== undefined || kind === undefined || body === undefined) return direct ?? nothing;
  if (kind.flavour === Flavour.Grpc) return nothing;
  if (!kind.prefixed) {
    if (httpStatus >= 200 && httpStatus < 300) return { ...nothing, name: 'ok' };
    return connectEnd(contentOf(message).bytes, true);
  }
  const { head } = message;
  const { end } = callBody(body, {
    flavour: kind.flavour,
    encoding:
      fieldValue(
        head.fields,
        kind.flavour === Flavour.Connect ? 'connect-content-encoding' : 'grpc-encoding',
      ) ?? '',
    format: 'json',
    path: '',
    isRequest: false,
  });
  if (end === undefined) return nothing;
  if (kind.flavour === Flavour.Connect) return connectEnd(end, false);
  const lines = trailerLines(end);
  return { ...(endOfFields(lines) ?? nothing), metadata: metadataOf(lines) };
}

function endOfFields(fields: readonly FieldLine[]): CallEnd | undefined {
  const text = fieldValue(fields, 'grpc-status');
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const status = Number(text);
  const message = fieldValue(fields, 'grpc-message');
  return {
    status,
    name: statusName(status),
    message: message === undefined || message === '' ? undefined : statusMessage(message),
    details: detailsOf(fieldValue(fields, 'grpc-status-details-bin')),
    metadata: {},
  };
}

const nameless = '(unknown)';

/**
 * The one number among the trailers, or the headers when there are no others, whose names were sent before the
 * capture started: it can hardly be anything but the status.
 */
function namelessEnd({ trailers, head, transferred }: DecodedMessage): CallEnd | undefined {
  const fields = trailers.length > 0 || transferred.length > 0 ? trailers : head.fields;
  const numbers = fields.filter(({ name, value }) => name === nameless && isStatus(value));
  if (numbers.length !== 1) return undefined;
  const status = Number(numbers[0]!.value);
  return { ...nothing, status, name: statusName(status), isGuessed: true };
}

function isStatus(value: string): boolean {
  return /^(?:\d|1\d)$/.test(value) && Number(value) < statusNames.length;
}

/** Details of a google.rpc.Status. */
function detailsOf(base64: string | undefined): readonly Value[] {
  if (base64 === undefined) return [];
  const schema = types.message('google.rpc.Status');
  const status = decodeProto(Buffer.from(base64, 'base64'), schema, newDecodeState(types));
  const details = isMap(status) ? status['details'] : undefined;
  return Array.isArray(details) ? details : [];
}

function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function trailerLines(bytes: Uint8Array): FieldLine[] {
  const text = Buffer.from(bytes).toString('utf8');
  return text.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) return [];
    const name = line.slice(0, colon).trim();
    return [new FieldLine(name, name.toLowerCase(), line.slice(colon + 1).trim())];
  });
}

/** `{"error": {...}, "metadata": {...}}` at a stream's end; the error itself as the body of a unary call. */
function connectEnd(bytes: Uint8Array, isUnary: boolean): CallEnd {
  let json: Value;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes)) as Value;
  } catch {
    return nothing;
  }
  if (!isMap(json)) return nothing;
  const error = isUnary ? json : json['error'];
  const metadata = isUnary ? {} : metadataOf(endMetadata(json['metadata']));
  if (!isMap(error)) return { ...nothing, name: 'ok', metadata };
  const { code, message, details } = error;
  if (isUnary && typeof code !== 'string') return nothing;
  return {
    status: undefined,
    name: typeof code === 'string' ? code : 'unknown',
    message: typeof message === 'string' ? message : undefined,
    details: Array.isArray(details) ? details.map(connectDetail) : [],
    metadata,
  };
}

/** Metadata at a stream's end: `{"name": ["value", ...]}`. */
function endMetadata(metadata: Value): FieldLine[] {
  if (!isMap(metadata)) return [];
  return Object.entries(metadata).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map(
      (value) => new FieldLine(name, name.toLowerCase(), String(value)),
    ),
  );
}

/** `{"type": "google.rpc.RetryInfo", "value": base64}` */
function connectDetail(detail: Value): Value {
  if (!isMap(detail)) return detail;
  const { type, value } = detail;
  if (typeof type !== 'string' || typeof value !== 'string') return detail;
  const schema = types.message(type);
  const bytes = Buffer.from(value, 'base64');
  const decoded = decodeProto(bytes, schema, newDecodeState(types));
  return isMap(decoded) ? { '@type': type, ...decoded } : { '@type': type, value: decoded };
}

const trailerPrefix = 'trailer-';

/** Trailers of a unary call of Connect are headers that begin with `trailer-`. */
export function connectMetadata(fields: readonly FieldLine[]): ValueMap {
  const trailers = fields
    .filter(({ lower }) => lower.startsWith(trailerPrefix))
    .map(
      ({ name, lower, value }) =>
        new FieldLine(name.slice(trailerPrefix.length), lower.slice(trailerPrefix.length), value),
    );
  return { ...metadataOf(fields, trailerPrefix), ...metadataOf(trailers) };
}
