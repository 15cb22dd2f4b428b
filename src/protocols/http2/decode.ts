/** Payload of HTTP/2 → the values of an entry, by the same names as HTTP/1. */
import {
  type DecodedExchange,
  Incomplete,
  type Payload,
  type ValueMap,
} from '../../dissect/contract.ts';
import { requestValues, responseValues } from '../http/decode.ts';
import { type DecodedHead, FieldLine, fieldElements, fieldValue } from '../http/decode-head.ts';
import { type DecodedMessage, isWholeBody } from '../http/decode-message.ts';
import { errorName } from './errors.ts';
import { fieldPrefixBytes } from './hpack.ts';
import { Block, blockPrefixBytes, type FigureName, figureBytes, figureNames } from './payload.ts';

type Figures = Readonly<Record<FigureName, number>>;

/** A message of HTTP/2, taken apart as one of HTTP/1 would be. */
export interface Http2Decoded {
  readonly message: DecodedMessage;
  readonly figures: Figures;
}

const emptyHead: DecodedHead = { startLine: '', fields: [], end: 0, problems: [] };
const noBytes: Uint8Array = new Uint8Array(0);
const noFigures = Object.fromEntries(figureNames.map((name) => [name, 0])) as Figures;
/** More empty frames than this are no accident. */
const manyEmptyFrames = 100;
const manyResets = 100;
const manyContinuations = 16;

/** Undefined when the bytes are not such a payload. */
export function readHttp2(bytes: Uint8Array): Http2Decoded {
  const heads: DecodedHead[] = [];
  let head = emptyHead;
  let trailers: readonly FieldLine[] = [];
  let body = noBytes;
  let figures = noFigures;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + blockPrefixBytes <= bytes.length; ) {
    const kind = bytes[at]!;
    const from = at + blockPrefixBytes;
    const to = Math.min(from + view.getUint32(at + 1), bytes.length);
    if (kind === Block.Head) head = readFields(bytes, from, to);
    else if (kind === Block.Interim) heads.push(readFields(bytes, from, to));
    else if (kind === Block.Trailers)
      trailers = [...trailers, ...readFields(bytes, from, to).fields];
    else if (kind === Block.Body) body = join(body, bytes.subarray(from, to));
    else if (kind === Block.Figures) figures = readFigures(view, from, to);
    at = to;
  }
  const { fields } = head;
  const codings = fieldElements(fields, 'content-encoding').filter((each) => each !== 'identity');
  const message: DecodedMessage = {
    head,
    interim: heads,
    trailers,
    transferred: body,
    isWhole: isWholeBody(fields, body),
    codings,
    contentType: fieldValue(fields, 'content-type') ?? '',
    problems: problemsOf(figures, head === emptyHead),
  };
  return { message, figures };
}

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  return first.length === 0 ? second : Buffer.concat([first, second]);
}

function readFields(bytes: Uint8Array, from: number, to: number): DecodedHead {
  const fields: FieldLine[] = [];
  const problems: string[] = [];
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = from;
  while (at + fieldPrefixBytes <= to) {
    const nameLength = buffer.readUInt16BE(at);
    const valueLength = buffer.readUInt32BE(at + 2) & 0x7fff_ffff;
    const nameAt = at + fieldPrefixBytes;
    const end = nameAt + nameLength + valueLength;
    if (end > to) break;
    const name = buffer.toString('utf8', nameAt, nameAt + nameLength);
    const value = buffer.toString('utf8', nameAt + nameLength, end);
    if (/[A-Z]/.test(name)) problems.push(`a header name is not in lower case: ${name}`);
    fields.push(new FieldLine(name, name.toLowerCase(), value));
    at = end;
  }
  return { startLine: '', fields, end: to - from, problems };
}

function readFigures(view: DataView, from: number, to: number): Figures {
  const figures = { ...noFigures };
  for (let at = from; at + figureBytes <= to; at += figureBytes) {
    const name = figureNames[view.getUint8(at)];
    if (name !== undefined) figures[name] = view.getUint32(at + 1);
  }
  return figures;
}

/** What deserves attention, in words. */
function problemsOf(figures: Figures, isHeadless: boolean): string[] {
  const problems: string[] = [];
  const { resetCode, goAwayCode, unknownFields, emptyDataFrames, connectionResets } = figures;
  if (resetCode > 0) {
    const who = figures.resetBy === 1 ? 'reset by its sender' : 'reset by its receiver';
    problems.push(`${who}: ${errorName(resetCode - 1)}`);
  }
  if (goAwayCode > 0) {
    problems.push(`not processed, the connection was closed: ${errorName(goAwayCode - 1)}`);
  }
  if (isHeadless && figures.dataFrames > 0) {
    problems.push('its headers were sent before the capture started, and are not known');
  }
  if (unknownFields > 0) {
    const count = unknownFields.toLocaleString('en');
    problems.push(`${count} headers were sent before the capture started, and are not known`);
  }
  if (emptyDataFrames > manyEmptyFrames) {
    problems.push(`${emptyDataFrames.toLocaleString('en')} empty DATA frames: a flood`);
  }
  if (figures.continuationFrames > manyContinuations) {
    const count = figures.continuationFrames.toLocaleString('en');
    problems.push(`a header block in ${count} CONTINUATION frames: a flood`);
  }
  if (connectionResets > manyResets) {
    const count = connectionResets.toLocaleString('en');
    problems.push(`${count} streams of this connection had been reset: rapid reset`);
  }
  return problems;
}

/** The figures as queries name them; those that are 0 are left out. */
function figuresMap(figures: Figures): ValueMap {
  const map: ValueMap = { streamId: figures.streamId };
  for (const name of figureNames) {
    if (name === 'resetCode' || name === 'goAwayCode' || name === 'resetBy') continue;
    if (figures[name] > 0) map[name] = figures[name];
  }
  if (figures.resetCode > 0) map['reset'] = errorName(figures.resetCode - 1);
  if (figures.goAwayCode > 0) map['goAway'] = errorName(figures.goAwayCode - 1);
  return map;
}

const versionText = 'HTTP/2.0';

export function decode(payload: Payload): DecodedExchange {
  const { request, response, incomplete } = payload;
  return {
    request: request && decodeRequest(request, (incomplete & Incomplete.RequestCut) !== 0),
    response: response && decodeResponse(response, (incomplete & Incomplete.ResponseCut) !== 0),
  };
}

function decodeRequest(bytes: Uint8Array, cut: boolean): ValueMap {
  const { message, figures } = readHttp2(bytes);
  const { fields } = message.head;
  const line = {
    method: fieldValue(fields, ':method') ?? '',
    target: fieldValue(fields, ':path') ?? fieldValue(fields, ':authority') ?? '',
    version: versionText,
    problem: undefined,
  };
  const values = requestValues(message, line, keptOf(message, figures, cut));
  values['scheme'] = fieldValue(fields, ':scheme') ?? '';
  values['http2'] = figuresMap(figures);
  return values;
}

function decodeResponse(bytes: Uint8Array, cut: boolean): ValueMap {
  const { message, figures } = readHttp2(bytes);
  const status = Number(fieldValue(message.head.fields, ':status') ?? 0);
  const line = { version: versionText, status, text: '', problem: undefined };
  const values = responseValues(message, line, keptOf(message, figures, cut));
  values['http2'] = figuresMap(figures);
  return values;
}

function keptOf(message: DecodedMessage, figures: Figures, cut: boolean) {
  return { bytes: message.transferred.length, cut, wireBytes: figures.dataBytes };
}
