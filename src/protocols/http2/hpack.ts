/**
 * HPACK (RFC 7541): header blocks → fields. A table that was joined in the middle, or lost its place in a
 * hole, knows only what was inserted since: what older indices point to is shown as unknown, and nothing
 * fails.
 */
import { classifyName, Field as NameAction, sensitive } from '../http/parse-names.ts';
import { decodeHuffman } from './huffman.ts';
import { staticFields } from './static-table.ts';

/** What the hot half reads of a field while capturing. */
export const Use = {
  None: 0,
  Method: 1,
  Path: 2,
  Authority: 3,
  Status: 4,
  ContentType: 5,
  Host: 6,
  TraceParent: 7,
  /** `:protocol` of extended CONNECT (RFC 8441). */
  Protocol: 8,
  GrpcEncoding: 9,
  GrpcStatus: 10,
  ConnectVersion: 11,
  /** A number that may be a `grpc-status`: its name was sent before the capture started. */
  MaybeStatus: 12,
} as const;

/** Length of the two lengths in front of a field as it is kept. */
export const fieldPrefixBytes = 6;

/**
 * One field as it is kept in a payload: u16 length of the name, u32 length of the value (highest bit:
 * never indexed), name, value.
 */
export interface HeaderField {
  readonly encoded: Uint8Array;
  readonly nameLength: number;
  readonly valueLength: number;
  readonly use: number;
  /** Of `:status` and `grpc-status`, or what may be one. */
  readonly status: number;
  /** The value is a secret, and not in `encoded`. */
  readonly redacted: boolean;
}

/** Overhead of an entry in the table's size (RFC 7541, 4.1). */
const entryOverhead = 32;
const firstTableBytes = 4096;
/** Larger tables are not kept: their oldest fields are then unknown. */
const maxTableBytes = 256 << 10;
/** Longest name or value; blocks are bounded anyway. */
const maxTextBytes = 256 << 10;
/** Fields of one block. */
export const maxFields = 2000;

const uses: Readonly<Record<string, number>> = {
  ':method': Use.Method,
  ':path': Use.Path,
  ':authority': Use.Authority,
  ':status': Use.Status,
  ':protocol': Use.Protocol,
  'content-type': Use.ContentType,
  host: Use.Host,
  traceparent: Use.TraceParent,
  'grpc-encoding': Use.GrpcEncoding,
  'connect-content-encoding': Use.GrpcEncoding,
  'grpc-status': Use.GrpcStatus,
  'connect-protocol-version': Use.ConnectVersion,
};

const secret = new TextEncoder().encode('[REDACTED]');
const neverIndexedBit = 0x80;

/** Entries that were pushed out of a table before its memory is tidied. */
const maxEvicted = 256;

let scratch: Uint8Array = new Uint8Array(16 << 10);

function makeField(
  name: Uint8Array,
  nameLength: number,
  value: Uint8Array,
  valueLength: number,
  neverIndexed: boolean,
  redacting: boolean,
): HeaderField {
  let text = '';
  for (let i = 0; i < nameLength; i++) text += String.fromCharCode(name[i]!);
  const use = Object.hasOwn(uses, text) ? uses[text]! : Use.None;
  // `:authority` is harmless, and no other pseudo-header holds a secret.
  const action = text.startsWith(':') ? NameAction.None : classifyName(name, 0, nameLength);
  const redacted = redacting && (action & sensitive) !== 0;
  const shown = redacted ? secret : value;
  const shownLength = redacted ? secret.length : valueLength;
  const encoded = new Uint8Array(fieldPrefixBytes + nameLength + shownLength);
  encoded[0] = nameLength >> 8;
  encoded[1] = nameLength;
  encoded[2] = (shownLength >> 24) | (neverIndexed ? neverIndexedBit : 0);
  encoded[3] = shownLength >> 16;
  encoded[4] = shownLength >> 8;
  encoded[5] = shownLength;
  encoded.set(name.subarray(0, nameLength), fieldPrefixBytes);
  encoded.set(shown.subarray(0, shownLength), fieldPrefixBytes + nameLength);
  const hasStatus = use === Use.Status || use === Use.GrpcStatus;
  const status = hasStatus ? statusOf(value, valueLength) : 0;
  return { encoded, nameLength, valueLength: shownLength, use, status, redacted };
}

function statusOf(value: Uint8Array, length: number): number {
  let status = 0;
  for (let i = 0; i < length && i < 4; i++) {
    const digit = value[i]! - 48;
    if (digit < 0 || digit > 9) return 0;
    status = status * 10 + digit;
  }
  return status;
}

/** Codes of gRPC; what else a nameless number means nobody knows. */
const maxCallStatus = 16;

function maybeStatus(field: HeaderField, length: number): HeaderField {
  if (length < 1 || length > 2) return field;
  const text = Buffer.from(field.encoded).toString('latin1', field.encoded.length - length);
  const isStatus = /^(?:\d|1\d)$/.test(text) && Number(text) <= maxCallStatus;
  return isStatus ? { ...field, use: Use.MaybeStatus, status: Number(text) } : field;
}

const encoder = new TextEncoder();

function fieldOfTexts(name: string, value: string): HeaderField {
  const nameBytes = encoder.encode(name);
  const valueBytes = encoder.encode(value);
  return makeField(nameBytes, nameBytes.length, valueBytes, valueBytes.length, false, false);
}

let statics: readonly HeaderField[] | undefined;

/** Where `:status` fields lie in the static table: 8 to 14. */
export const firstStatusIndex = 8;
export const lastStatusIndex = 14;

/** What a pointer into the unknown part of a table is shown as. */
const unknownField = fieldOfTexts('(unknown: sent before the capture started)', '');
const unknownName = encoder.encode('(unknown)');

/** Takes the fields of a block. */
export interface FieldSink {
  field(field: HeaderField): void;
}

/** Literals seen lately, whose field need not be made again. */
interface SeenLiteral {
  /** Of the name: what the index pointed to. */
  readonly name: HeaderField;
  /** The value as on the wire, with its length in front. */
  readonly wire: Uint8Array;
  readonly never: boolean;
  readonly redacting: boolean;
  readonly field: HeaderField;
  /** Of the entry in the table. */
  readonly size: number;
}

/** Places for those of all connections of this thread; a new one takes the place of an old one. */
const seenPlaces = 4096;
const maxSeenBytes = 256;
let seenLiterals: (SeenLiteral | undefined)[] | undefined;

let decoders = 0;

/** The decoder of one direction of a connection. */
export class HpackDecoder {
  /** Tells it from the others of this thread. */
  readonly number = decoders++;
  /** Entries in use are those from `#oldest`; newest last. */
  #table: HeaderField[] = [];
  /** Real sizes of the entries, which redaction does not change. */
  #sizes: number[] = [];
  #oldest = 0;
  #bytes = 0;
  #limit = firstTableBytes;
  /** Fields pointed to that are not known. */
  unknown = 0;
  /** Insertions were missed at some time. */
  lost = false;
  /** Changes whenever the table does: until then the same bytes mean the same. */
  version = 0;
  readonly #redacting: boolean;
  /** Read position in the block. */
  #at = 0;
  #end = 0;

  constructor(redacting: boolean) {
    this.#redacting = redacting;
  }

  /** Insertions were missed: nothing that is known has its place any more. */
  lose(): void {
    this.lost = true;
    this.version++;
    this.#table = [];
    this.#sizes = [];
    this.#oldest = 0;
    this.#bytes = 0;
    this.#limit = Math.max(this.#limit, maxTableBytes);
  }

  /** Decodes `bytes[from, to)`, a whole block. False: it is not valid, what came before was handed on. */
  decode(bytes: Uint8Array, from: number, to: number, sink: FieldSink): boolean {
    statics ??= staticFields.map(([name, value]) => fieldOfTexts(name, value));
    this.#at = from;
    this.#end = to;
    let count = 0;
    while (this.#at < to) {
      const first = bytes[this.#at]!;
      if (first >= 0x80) {
        const index = this.#number(bytes, 0x7f);
        if (index <= 0) return false;
        sink.field(this.#lookup(index));
      } else if (first >= 0x20 && first < 0x40) {
        const limit = this.#number(bytes, 0x1f);
        if (limit < 0) return false;
        this.version++;
        this.#limit = Math.min(limit, maxTableBytes);
        this.#evict(this.#limit);
        continue;
      } else if (!this.#literal(bytes, first, sink)) {
        return false;
      }
      if (++count > maxFields) return false;
    }
    return true;
  }

  /** 01: inserted; 0000: not; 0001: never. */
  #literal(bytes: Uint8Array, first: number, sink: FieldSink): boolean {
    const inserts = first >= 0x40;
    const index = this.#number(bytes, inserts ? 0x3f : 0x0f);
    if (index < 0) return false;
    const never = first >= 0x10 && first < 0x20;
    if (index === 0) return this.#newName(bytes, inserts, never, sink);
    const named = this.#lookup(index);
    const from = this.#at;
    const to = this.#endOfText(bytes);
    if (to < 0) return false;
    const place = placeOf(bytes, from, to, named.nameLength);
    const seen = seenLiterals?.[place];
    const redacting = this.#redacting;
    if (
      seen !== undefined &&
      seen.redacting === redacting &&
      isSame(seen, named, never, bytes, from, to)
    ) {
      this.#at = to;
      if (inserts) this.#insert(seen.field, seen.size);
      sink.field(seen.field);
      return true;
    }
    const valueLength = this.#text(bytes, 0);
    if (valueLength < 0) return false;
    const isKnown = named !== unknownField;
    const nameLength = isKnown ? named.nameLength : unknownName.length;
    const name = isKnown
      ? named.encoded.subarray(fieldPrefixBytes, fieldPrefixBytes + nameLength)
      : unknownName;
    const made = makeField(name, nameLength, scratch, valueLength, never, this.#redacting);
    const field = isKnown ? made : maybeStatus(made, valueLength);
    const size = nameLength + valueLength + entryOverhead;
    if (isKnown && to - from <= maxSeenBytes) {
      seenLiterals ??= new Array<SeenLiteral | undefined>(seenPlaces).fill(undefined);
      const wire = bytes.slice(from, to);
      seenLiterals[place] = { name: named, wire, never, redacting, field, size };
    }
    if (inserts) this.#insert(field, size);
    sink.field(field);
    return true;
  }

  /** A literal whose name is one as well. */
  #newName(bytes: Uint8Array, inserts: boolean, never: boolean, sink: FieldSink): boolean {
    const nameLength = this.#text(bytes, 0);
    if (nameLength < 0) return false;
    const valueLength = this.#text(bytes, nameLength);
    if (valueLength < 0) return false;
    // Reading the value may have moved the scratch, and the name with it.
    const value = scratch.subarray(nameLength, nameLength + valueLength);
    const field = makeField(scratch, nameLength, value, valueLength, never, this.#redacting);
    if (inserts) this.#insert(field, nameLength + valueLength + entryOverhead);
    sink.field(field);
    return true;
  }

  #lookup(index: number): HeaderField {
    const known = statics!;
    if (index <= known.length) return known[index - 1]!;
    const at = this.#table.length - (index - known.length);
    if (at >= this.#oldest) return this.#table[at]!;
    this.unknown++;
    return unknownField;
  }

  #insert(field: HeaderField, size: number): void {
    this.version++;
    this.#evict(this.#limit - size);
    if (size > this.#limit) return;
    this.#table.push(field);
    this.#sizes.push(size);
    this.#bytes += size;
  }

  #evict(limit: number): void {
    const { length } = this.#sizes;
    while (this.#bytes > limit && this.#oldest < length) {
      this.#bytes -= this.#sizes[this.#oldest++]!;
    }
    if (this.#oldest < maxEvicted) return;
    this.#table = this.#table.slice(this.#oldest);
    this.#sizes = this.#sizes.slice(this.#oldest);
    this.#oldest = 0;
  }

  /** An integer behind a prefix whose ones are `full` (RFC 7541, 5.1); -1 when it is cut or too large. */
  #number(bytes: Uint8Array, full: number): number {
    let value = bytes[this.#at++]! & full;
    if (value < full) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= this.#end) return -1;
      const byte = bytes[this.#at++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return -1;
  }

  /** Where the string that begins here ends, or -1; nothing is read. */
  #endOfText(bytes: Uint8Array): number {
    const at = this.#at;
    if (at >= this.#end) return -1;
    const length = this.#number(bytes, 0x7f);
    const to = this.#at + length;
    this.#at = at;
    return length < 0 || length > maxTextBytes || to > this.#end ? -1 : to;
  }

  /** A string into the scratch at `at`; its length, or -1. */
  #text(bytes: Uint8Array, at: number): number {
    if (this.#at >= this.#end) return -1;
    const isCoded = bytes[this.#at]! >= 0x80;
    const length = this.#number(bytes, 0x7f);
    if (length < 0 || length > maxTextBytes || this.#at + length > this.#end) return -1;
    const from = this.#at;
    this.#at += length;
    // The shortest code has 5 bits.
    const most = isCoded ? Math.ceil((length * 8) / 5) : length;
    if (at + most > scratch.length) {
      const larger = new Uint8Array((at + most) * 2);
      larger.set(scratch.subarray(0, at));
      scratch = larger;
    }
    if (!isCoded) {
      for (let i = 0; i < length; i++) scratch[at + i] = bytes[from + i]!;
      return length;
    }
    const end = decodeHuffman(bytes, from, from + length, scratch, at);
    return end < 0 ? -1 : end - at;
  }
}

/** Place of a literal among those seen. */
function placeOf(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let hash = seed;
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  return (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (seenPlaces - 1);
}

function isSame(
  seen: SeenLiteral,
  name: HeaderField,
  never: boolean,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  const { wire } = seen;
  if (seen.name !== name || seen.never !== never || wire.length !== to - from) return false;
  for (let i = from; i < to; i++) if (bytes[i] !== wire[i - from]) return false;
  return true;
}
