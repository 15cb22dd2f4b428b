/** Kept frames → the request and response of an entry. Names follow the original. */
import {
  type DecodedExchange,
  Incomplete,
  type Payload,
  type Value,
  type ValueMap,
} from '../../dissect/contract.ts';
import { type Body, bodyFields } from './decode-body.ts';
import { decodeTable, exact, textOrBase64, timestamp } from './decode-table.ts';
import { ClassId, type Field, Kind, type Method, methodByNumber, properties } from './methods.ts';
import { hangUp, readTotals, totalsType } from './totals.ts';
import {
  argumentsAt,
  FrameType,
  frameBytes,
  headBytes,
  PropertySpans,
  Spans,
  scanArguments,
  scanProperties,
  u16At,
  u32At,
} from './wire.ts';

/** The structured view of an exchange. Never throws; bodies are decoded when they are first asked for. */
export function decode(payload: Payload): DecodedExchange {
  const { request, response, incomplete } = payload;
  return {
    request: request && decodeSide(request, (incomplete & Incomplete.RequestCut) !== 0),
    response: response && decodeSide(response, (incomplete & Incomplete.ResponseCut) !== 0),
  };
}

/** Fields that the specification keeps for itself; shown when they say something. */
const reserved = new Set([
  'ticket',
  'capabilities',
  'insist',
  'outOfBand',
  'channelId',
  'knownHosts',
  'clusterId',
]);

const protocolHeader = Buffer.from('AMQP', 'latin1');

function decodeSide(bytes: Uint8Array, cut: boolean): ValueMap {
  if (protocolHeader.equals(bytes.subarray(0, 4))) {
    return { method: 'protocol header', version: [...bytes.subarray(4, 8)].join('-') };
  }
  if (bytes[0] === totalsType)
    return { method: hangUp, totals: readTotals(bytes.subarray(headBytes)) };
  if (bytes.length < argumentsAt) return {};
  const channel = u16At(bytes, 1);
  const classId = u16At(bytes, headBytes);
  const id = u16At(bytes, headBytes + 2);
  const end = Math.min(bytes.length, headBytes + u32At(bytes, 3));
  const method = methodByNumber(classId, id);
  if (method === undefined) {
    const rest = Buffer.from(bytes.subarray(argumentsAt, end)).toString('hex');
    return { method: `class ${classId} method ${id}`, channel, classId, methodId: id, data: rest };
  }
  const side: ValueMap = { method: method.name, channel };
  readArguments(side, method, bytes, end);
  if (method.content) readContent(side, bytes, end + 1, cut);
  else readRest(side, bytes, end + 1);
  return side;
}

function readArguments(side: ValueMap, method: Method, bytes: Uint8Array, end: number): void {
  const spans = new Spans();
  if (!scanArguments(method, bytes, argumentsAt, end, spans)) {
    side['problems'] = ['the arguments are longer than their frame'];
    return;
  }
  let bit = 0;
  method.fields.forEach((field, i) => {
    const value =
      field.kind === Kind.Bit
        ? (spans.bits & (1 << bit++)) !== 0
        : fieldValue(side, field, bytes.subarray(spans.from[i]!, spans.to[i]!));
    if (reserved.has(field.name) && (value === 0 || value === '' || value === false)) return;
    side[field.name] = value;
  });
  addKnown(side, method);
}

/** What follows from the arguments. */
function addKnown(side: ValueMap, method: Method): void {
  const { classId, methodId, mechanism, response } = side;
  if (typeof classId === 'number' && typeof methodId === 'number' && classId > 0) {
    side['cause'] =
      methodByNumber(classId, methodId)?.name ?? `class ${classId} method ${methodId}`;
  }
  if (method.name !== 'connection start-ok' || typeof response !== 'string') return;
  if (mechanism === 'PLAIN') {
    const [, user] = response.split('\0');
    if (user !== undefined) side['user'] = user;
  } else if (mechanism === 'AMQPLAIN') {
    const { map, problem } = decodeTable(Buffer.from(response, 'utf8'));
    if (problem !== undefined) return;
    side['response'] = map;
    side['user'] = map['LOGIN'];
  }
}

function fieldValue(side: ValueMap, { name, kind }: Field, bytes: Uint8Array): Value {
  switch (kind) {
    case Kind.Octet:
      return bytes[0]!;
    case Kind.Short:
      return u16At(bytes, 0);
    case Kind.Long:
      return u32At(bytes, 0);
    case Kind.LongLong:
      return exact(Buffer.from(bytes).readBigUInt64BE());
    case Kind.Table: {
      const { map, problem } = decodeTable(bytes);
      if (problem !== undefined) addProblem(side, `${name}: ${problem}`);
      return map;
    }
    default:
      return textOrBase64(bytes);
  }
}

function addProblem(side: ValueMap, problem: string): void {
  const { problems } = side;
  side['problems'] = Array.isArray(problems) ? [...problems, problem] : [problem];
}

/** Header and body frames behind the method. */
function readContent(side: ValueMap, bytes: Uint8Array, at: number, cut: boolean): void {
  if (at + frameBytes > bytes.length || bytes[at] !== FrameType.Header) return;
  const end = at + headBytes + u32At(bytes, at + 3);
  const spans = new PropertySpans();
  if (end > bytes.length || !scanProperties(bytes, at + headBytes, end, spans)) return;
  const map: ValueMap = {};
  properties.forEach((property, i) => {
    if (!spans.has(i)) return;
    const value = bytes.subarray(spans.from[i]!, spans.to[i]!);
    map[property.name] =
      property.name === 'timestamp'
        ? timestamp(Buffer.from(value).readBigUInt64BE())
        : fieldValue(side, property, value);
  });
  side['properties'] = map;
  const body: Body = {
    bytes: joinBody(bytes, end + 1),
    size: spans.bodySize,
    cut,
    contentType: String(map['contentType'] ?? ''),
    contentEncoding: String(map['contentEncoding'] ?? ''),
  };
  Object.defineProperties(side, bodyFields(body));
}

/** The payloads of the body frames from `at`, the last of which may be cut. */
function joinBody(bytes: Uint8Array, at: number): Uint8Array {
  const parts: Uint8Array[] = [];
  while (at + headBytes < bytes.length && bytes[at] === FrameType.Body) {
    const end = at + headBytes + u32At(bytes, at + 3);
    parts.push(bytes.subarray(at + headBytes, Math.min(end, bytes.length)));
    at = end + 1;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function readRest(side: ValueMap, bytes: Uint8Array, at: number): void {
  if (bytes[at] !== totalsType || u16At(bytes, headBytes) !== ClassId.Connection) return;
  side['totals'] = readTotals(bytes.subarray(at + headBytes));
}
