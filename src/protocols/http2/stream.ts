/** What is remembered of a connection and of the messages that are on their way. */
import type { Mark } from '../../dissect/contract.ts';
import { MostlyOne } from '../../dissect/mostly-one.ts';
import type { CallKind } from '../grpc/open-call.ts';
import type { CallDirection } from '../grpc/reader.ts';
import type { BodyReader } from '../http/body-reader.ts';
import { ClosedStreams } from './closed-streams.ts';
import type { FieldSink, HeaderField } from './hpack.ts';
import { fieldPrefixBytes, HpackDecoder, Use } from './hpack.ts';
import { Composer, Figure, figureNames, held } from './payload.ts';

/** Version of HTTP/2 in a row. */
export const http2Version = 20;

/** Place of a text in a composed payload. */
export interface Place {
  at: number;
  length: number;
}

const newPlace = (): Place => ({ at: 0, length: 0 });

/** What was found out about a head, which all heads of the same bytes have in common. */
export interface HeadFacts {
  /** All of it is ASCII. */
  readonly isAscii: boolean;
  /** Of a request: the call that it makes, `unknownPath` when it makes none. */
  request: CallRequest | undefined;
  /** What the messages behind it have in common, and the request for which that holds. */
  direction: CallDirection | undefined;
  directionOf: CallRequest | undefined;
}

/** One message: one direction of a stream. */
export class Http2Message {
  id = 0;
  readonly mark: Mark = { timeMs: 0, packet: 0, sequence: 0 };
  readonly composer = new Composer();
  readonly figures = new Uint32Array(figureNames.length);
  readonly method = newPlace();
  readonly path = newPlace();
  readonly authority = newPlace();
  readonly contentType = newPlace();
  readonly trace = newPlace();
  /** `grpc-encoding` */
  readonly encoding = newPlace();
  /** All of these. */
  readonly places: readonly Place[] = [
    this.method,
    this.path,
    this.authority,
    this.contentType,
    this.trace,
    this.encoding,
  ];
  /** The messages on their way among which it is. */
  home: MostlyOne<Http2Message> | undefined = undefined;
  /** Of a head whose bytes were seen before. */
  head: HeadFacts | undefined = undefined;
  status = 0;
  /** -1: not seen. */
  grpcStatus = -1;
  /** The same by a field of the last block whose name is not known; -1: none, -2: several. */
  maybeStatus = -1;
  /** The request says that it is a call of Connect. */
  isConnect = false;
  /** An extended CONNECT for WebSocket. */
  isTunnel = false;
  /** Its body says that the call has failed. */
  failed = false;
  /** `Protocol.code` of a refinement, 0 for none. */
  protocol = 0;
  redacted = false;
  /** Its final header block was seen. */
  hasHead = false;
  begun = false;
  /** A request without an entry of its own: see `headless.ts`. */
  isLoose = false;
  malformed = false;
  hole = false;
  cut = false;
  bodyBytes = 0;
  keptBytes = 0;
  /** Bytes of all its frames. */
  wireBytes = 0;
  /** Reads the messages within the body (gRPC, events), when there are such. */
  inner: BodyReader | undefined = undefined;
  /** Of an answer: the note of its request, which tells how it was refined. */
  requestNote = 0;
  /** Where the body's bytes begin in the composer; 0: there are none. */
  bodyAt = 0;

  reset(id: number): void {
    this.id = id;
    this.composer.reset();
    this.figures.fill(0);
    this.figures[Figure.streamId] = id;
    this.home = undefined;
    this.method.length = 0;
    this.path.length = 0;
    this.authority.length = 0;
    this.contentType.length = 0;
    this.trace.length = 0;
    this.encoding.length = 0;
    this.head = undefined;
    this.status = 0;
    this.grpcStatus = -1;
    this.maybeStatus = -1;
    this.isConnect = false;
    this.isTunnel = false;
    this.failed = false;
    this.protocol = 0;
    this.redacted = false;
    this.hasHead = false;
    this.begun = false;
    this.isLoose = false;
    this.malformed = false;
    this.hole = false;
    this.cut = false;
    this.bodyBytes = 0;
    this.keptBytes = 0;
    this.wireBytes = 0;
    this.inner = undefined;
    this.bodyAt = 0;
    this.requestNote = 0;
  }

  /** `figure`: one of `Figure`. */
  count(figure: number, added = 1): void {
    this.figures[figure]! += added;
  }

  set(figure: number, value: number): void {
    this.figures[figure] = value;
  }
}

/** Messages kept for reuse. */
const maxPooled = 256;
/** Buffers larger than this are not kept. */
const maxPooledBytes = 64 << 10;
const pool: Http2Message[] = [];

export function takeMessage(id: number): Http2Message {
  const message = pool.pop() ?? new Http2Message();
  message.reset(id);
  return message;
}

export function giveMessage(message: Http2Message): void {
  held.bytes -= message.keptBytes;
  message.keptBytes = 0;
  if (pool.length >= maxPooled || message.composer.bytes.length > maxPooledBytes) return;
  pool.push(message);
}

/** Where the fields of a block go: into the payload, with the places of what a row shows. */
export class HeadWriter implements FieldSink {
  #message: Http2Message | undefined;
  /** Places are only taken from the head, not from trailers. */
  #takesPlaces = false;
  /** A field of the last block was shown as unknown. */
  status = 0;

  aim(message: Http2Message, takesPlaces: boolean): void {
    this.#message = message;
    this.#takesPlaces = takesPlaces;
    this.status = 0;
    message.maybeStatus = -1;
  }

  field(field: HeaderField): void {
    const message = this.#message!;
    const { composer } = message;
    const at = composer.used + fieldPrefixBytes + field.nameLength;
    const { encoded } = field;
    composer.put(encoded, 0, encoded.length);
    if (field.redacted) message.redacted = true;
    if (field.use === Use.None) return;
    if (field.use === Use.Status) this.status = field.status;
    else if (field.use === Use.GrpcStatus) message.grpcStatus = field.status;
    else if (field.use === Use.ConnectVersion) message.isConnect = true;
    else if (field.use === Use.Protocol) message.isTunnel = isWebSocket(field);
    else if (field.use === Use.MaybeStatus) {
      message.maybeStatus = message.maybeStatus === -1 ? field.status : -2;
    }
    if (this.#takesPlaces && !field.redacted) takePlace(message, field, at);
  }
}

const webSocket = new TextEncoder().encode('websocket');

function isWebSocket({ encoded, nameLength, valueLength }: HeaderField): boolean {
  if (valueLength !== webSocket.length) return false;
  const at = fieldPrefixBytes + nameLength;
  return webSocket.every((byte, i) => encoded[at + i] === byte);
}

/** `version-traceid-parentid-flags` (W3C Trace Context). */
const traceIdFrom = 3;
const traceIdLength = 32;

function takePlace(message: Http2Message, field: HeaderField, at: number): void {
  const { use, valueLength } = field;
  const place = placeOf(message, use);
  if (place === undefined) return;
  place.at = at;
  place.length = use === Use.ContentType ? mediaTypeLength(field) : valueLength;
  if (use === Use.TraceParent) {
    place.at += traceIdFrom;
    place.length = valueLength >= traceIdFrom + traceIdLength ? traceIdLength : 0;
  }
}

const semicolon = 59;
const blank = 32;

/** Length of a media type without its parameters. */
function mediaTypeLength({ encoded, nameLength, valueLength }: HeaderField): number {
  const from = fieldPrefixBytes + nameLength;
  let length = 0;
  while (length < valueLength && encoded[from + length] !== semicolon) length++;
  while (length > 0 && encoded[from + length - 1] === blank) length--;
  return length;
}

function placeOf(message: Http2Message, use: number): Place | undefined {
  switch (use) {
    case Use.Method:
      return message.method;
    case Use.Path:
      return message.path;
    case Use.Authority:
      return message.authority;
    case Use.Host:
      return message.authority.length === 0 ? message.authority : undefined;
    case Use.ContentType:
      return message.contentType;
    case Use.TraceParent:
      return message.trace;
    case Use.GrpcEncoding:
      return message.encoding;
    default:
      return undefined;
  }
}

/** Messages of one end on their way at a time; the oldest are given up. */
export const maxMessages = 1024;
/** Compressed bytes of one header block; RFC 9113, 10.5.1 asks for a limit. */
export const maxBlockBytes = 256 << 10;

/** What is between two parts of a frame that is handed on as it comes. */
export interface DataFrame {
  message: Http2Message | undefined;
  /** Bytes of data still to come, then of padding. */
  left: number;
  padding: number;
  ends: boolean;
}

/** What the answer to a call has to know of its request. */
export interface CallRequest {
  readonly path: Uint8Array;
  /** Of a call. */
  readonly kind?: CallKind;
}

/** One direction of a connection. */
export class Http2State {
  readonly hpack: HpackDecoder;
  readonly messages = new MostlyOne<Http2Message>();
  /** Heads of this window that have not been reported: often the whole message follows at once. */
  readonly fresh: Http2Message[] = [];
  /** The preface is over; only a client has one. */
  started = false;
  /** A frame's data is being read. */
  readonly data: DataFrame = { message: undefined, left: 0, padding: 0, ends: false };
  inData = false;
  /** A header block in several frames: whose it is, its kind of frame, what has come. */
  blockStream = 0;
  blockFlags = 0;
  blockPromise = 0;
  block: Uint8Array | undefined;
  blockUsed = 0;
  blockFrames = 0;
  /** The block is longer than the limit: it is passed over. */
  blockLost = false;
  /** RST_STREAM frames of this end. */
  resets = 0;
  /** GOAWAY frames of this end. */
  goAways = 0;
  readonly closed = new ClosedStreams();
  /** Of a client: paths of the calls that it made, by stream, until they are answered. */
  readonly calls = new MostlyOne<CallRequest>();
  /** The connection was HTTP/1 and has been upgraded: stream 1's request came in HTTP/1. */
  readonly upgraded: boolean;

  constructor(redacting: boolean, upgraded: boolean) {
    this.hpack = new HpackDecoder(redacting);
    this.upgraded = upgraded;
  }
}
