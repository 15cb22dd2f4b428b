/**
 * Heads that were decoded lately. Clients and servers say the same again and again, and as long as the table
 * of the connection does not change, the same bytes are the same head: it need not be decoded anew.
 */
import { isAscii } from '../../dissect/text.ts';
import type { HpackDecoder } from './hpack.ts';
import type { HeadFacts, Http2Message, Place } from './stream.ts';

interface SeenHead extends HeadFacts {
  readonly decoder: HpackDecoder;
  /** Of the decoder's table. */
  readonly version: number;
  readonly block: Uint8Array;
  /** The fields as they are kept. */
  readonly fields: Uint8Array;
  readonly places: Uint16Array;
  readonly status: number;
  readonly grpcStatus: number;
  readonly flags: number;
}

/** Heads of all connections of this thread; a new one takes the place of an old one. */
const places = 4096;
const longestBlock = 128;
const longestHead = 1024;
const redactedFlag = 1;
const connectFlag = 2;
const tunnelFlag = 4;

let seen: (SeenHead | undefined)[] | undefined;
/** What was seen once, by its version and length: only what comes again is worth keeping. */
const once = new Int32Array(places);

/** Place of a block among the heads seen; -1: it is not worth remembering. */
export function placeOfHead(
  decoder: HpackDecoder,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  if (to - from > longestBlock) return -1;
  let hash = Math.imul(decoder.number, 0x9e3779b1) ^ (to - from);
  for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  return (hash ^ (hash >>> 12) ^ (hash >>> 24)) & (places - 1);
}

/** Fills the message, whose payload is empty but for the block's prefix, from a head seen. False: not seen. */
export function takeHead(
  part: Http2Message,
  decoder: HpackDecoder,
  place: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  const head = seen?.[place];
  if (head === undefined || head.decoder !== decoder || head.version !== decoder.version) {
    return false;
  }
  const { block, fields } = head;
  if (block.length !== to - from) return false;
  for (let i = 0; i < block.length; i++) if (block[i] !== bytes[from + i]) return false;
  part.composer.putAll(fields);
  part.head = head;
  part.status = head.status;
  part.grpcStatus = head.grpcStatus;
  part.redacted = (head.flags & redactedFlag) !== 0;
  part.isConnect = (head.flags & connectFlag) !== 0;
  part.isTunnel = (head.flags & tunnelFlag) !== 0;
  for (let i = 0; i < part.places.length; i++) {
    const to: Place = part.places[i]!;
    to.at = head.places[i * 2]!;
    to.length = head.places[i * 2 + 1]!;
  }
  return true;
}

/** Remembers the head that was decoded into the message, from offset `headAt` of its payload. */
export function keepHead(
  part: Http2Message,
  decoder: HpackDecoder,
  place: number,
  block: Uint8Array,
  headAt: number,
  status: number,
): void {
  const mark = (Math.imul(decoder.version + 1, 0x9e3779b1) ^ block.length) | 0;
  if (once[place] !== mark) {
    once[place] = mark;
    return;
  }
  const { bytes, used } = part.composer;
  if (used - headAt > longestHead) return;
  const spans = new Uint16Array(part.places.length * 2);
  for (const [i, { at, length }] of part.places.entries()) {
    spans[i * 2] = at;
    spans[i * 2 + 1] = length;
  }
  seen ??= new Array<SeenHead | undefined>(places).fill(undefined);
  const head: SeenHead = {
    ...{ request: undefined, direction: undefined, directionOf: undefined },
    decoder,
    version: decoder.version,
    block: block.slice(),
    fields: bytes.slice(headAt, used),
    isAscii: isAscii(bytes, headAt, used),
    places: spans,
    status,
    grpcStatus: part.grpcStatus,
    flags:
      (part.redacted ? redactedFlag : 0) |
      (part.isConnect ? connectFlag : 0) |
      (part.isTunnel ? tunnelFlag : 0),
  };
  seen[place] = head;
  part.head = head;
}
