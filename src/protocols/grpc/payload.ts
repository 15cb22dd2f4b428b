/**
 * What is kept of one message of a call: all that is needed to decode it without its call.
 *
 *   u8 flavour (no payload of HTTP begins with such a byte) · u8 flags of the prefix · u8 remarks · u8 length of the encoding
 *   u32 index in its direction · u32 length on the wire · u16 length of the path
 *   encoding (`gzip`) · u8 length of the format · format (`proto`, `json`) · path · content as on the wire
 */
import { isAscii } from '../../dissect/text.ts';

export const Flavour = { Grpc: 0xc1, GrpcWeb: 0xc2, Connect: 0xc3 } as const;
export type Flavour = (typeof Flavour)[keyof typeof Flavour];

/** Flags in front of a message (gRPC over HTTP/2, "Length-Prefixed-Message"; Connect, "Streaming"). */
export const PrefixFlag = {
  Compressed: 1,
  /** Connect: the last message, of JSON, which says how the call ended. */
  EndOfStream: 2,
  /** gRPC-Web: trailers. */
  Trailers: 0x80,
} as const;

export const Remark = { Cut: 1, Hole: 2, Unfinished: 4 } as const;

const fixedBytes = 14;
/** Longer paths are cut: types are found by the whole of it. */
const maxPathBytes = 1024;
const maxTokenBytes = 64;

export interface KeptMessage {
  readonly flavour: number;
  readonly flags: number;
  readonly remarks: number;
  readonly index: number;
  /** Length on the wire, kept or not. */
  readonly size: number;
  readonly encoding: string;
  readonly format: string;
  readonly path: string;
  readonly content: Uint8Array;
}

const nothing: Uint8Array = new Uint8Array(0);

export interface PayloadHead {
  readonly head: Uint8Array;
  /** Its path is ASCII. */
  readonly isAscii: boolean;
}

/** The first bytes of a message's payload; index, length and flags are filled in for each message. */
export function payloadHead(
  flavour: Flavour,
  encoding: Uint8Array,
  format: Uint8Array,
  path: Uint8Array,
): PayloadHead {
  const coding = encoding.length > maxTokenBytes ? nothing : encoding;
  const kind = format.length > maxTokenBytes ? nothing : format;
  const target = path.subarray(0, maxPathBytes);
  const head = new Uint8Array(fixedBytes + coding.length + 1 + kind.length + target.length);
  head[0] = flavour;
  head[3] = coding.length;
  head[12] = target.length >> 8;
  head[13] = target.length;
  let at = fixedBytes;
  head.set(coding, at);
  at += coding.length;
  head[at++] = kind.length;
  head.set(kind, at);
  head.set(target, at + kind.length);
  return { head, isAscii: isAscii(target, 0, target.length) };
}

/** Where the path lies in such a head, up to its end. */
export function pathStart(head: Uint8Array): number {
  return head.length - ((head[12]! << 8) | head[13]!);
}

/** Fills in what differs from message to message. */
export function fillHead(
  payload: Uint8Array,
  flags: number,
  remarks: number,
  index: number,
  size: number,
): void {
  payload[1] = flags;
  payload[2] = remarks;
  put32(payload, 4, index);
  put32(payload, 8, size);
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Undefined when the bytes are no such payload. */
export function readMessagePayload(bytes: Uint8Array): KeptMessage | undefined {
  if (bytes.length < fixedBytes + 1 || bytes[0]! < Flavour.Grpc) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const encodingLength = bytes[3]!;
  let at = fixedBytes;
  const encoding = buffer.toString('latin1', at, at + encodingLength);
  at += encodingLength;
  const formatLength = bytes[at++] ?? 0;
  const format = buffer.toString('latin1', at, at + formatLength);
  at += formatLength;
  const pathLength = buffer.readUInt16BE(12);
  if (at + pathLength > bytes.length) return undefined;
  return {
    flavour: bytes[0]!,
    flags: bytes[1]!,
    remarks: bytes[2]!,
    index: buffer.readUInt32BE(4),
    size: buffer.readUInt32BE(8),
    encoding,
    format,
    path: buffer.toString('utf8', at, at + pathLength),
    content: bytes.subarray(at + pathLength),
  };
}
