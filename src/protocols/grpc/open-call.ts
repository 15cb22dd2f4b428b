/** Is a message of HTTP part of a remote call, by its media type? And what reads the messages in its body. */
import { Flavour } from './payload.ts';

/** `Protocol.code` by the way calls are carried. */
export const callCodes = { grpc: 3, grpcWeb: 8, connect: 9 } as const;

/** What a media type says of a call. */
export interface CallKind {
  readonly code: number;
  readonly flavour: Flavour;
  /** Messages are behind prefixes, not bare. */
  readonly prefixed: boolean;
  /** The body is base64 (application/grpc-web-text). */
  readonly base64: boolean;
  readonly format: Uint8Array;
}

const encoder = new TextEncoder();
const stem = encoder.encode('application/');
const proto = encoder.encode('proto');
const shortest = 'application/grpc'.length;
const lowerG = 0x67;
const lowerC = 0x63;
const lowerJ = 0x6a;
const lowerP = 0x70;

/** The media types seen; they are few. */
const kinds = new Map<string, CallKind | undefined>();
const maxKinds = 200;
const maxTypeBytes = 128;

/** What the media type in `bytes[from, to)`, parameters or not, says; undefined: no call. */
export function callKind(bytes: Uint8Array, from: number, to: number): CallKind | undefined {
  // Nearly all other types differ in this letter.
  const letter = bytes[from + stem.length]! | 0x20;
  if (to - from < shortest || (letter !== lowerG && letter !== lowerC)) return undefined;
  if (to - from > maxTypeBytes) return undefined;
  if (isLast(bytes, from, to)) return lastKind;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = buffer.toString('latin1', from, to).toLowerCase();
  if (!kinds.has(text)) {
    if (kinds.size >= maxKinds) kinds.clear();
    kinds.set(text, readKind(text));
  }
  lastKind = kinds.get(text);
  lastType = bytes.slice(from, to);
  return lastKind;
}

/** The type asked for last: mostly it is asked for again. */
let lastType = new Uint8Array(0);
let lastKind: CallKind | undefined;

function isLast(bytes: Uint8Array, from: number, to: number): boolean {
  if (lastType.length !== to - from) return false;
  for (let i = 0; i < lastType.length; i++) if (lastType[i] !== bytes[from + i]) return false;
  return true;
}

const pattern = /^application\/(grpc|grpc-web|grpc-web-text|connect)(?:\+([\w.-]+))?\s*(?:;.*)?$/;

function readKind(text: string): CallKind | undefined {
  const found = pattern.exec(text);
  if (found === null) return undefined;
  const [, name, suffix] = found;
  if (name === 'connect' && suffix === undefined) return undefined;
  const format = suffix === undefined ? proto : encoder.encode(suffix);
  const common = { prefixed: true, base64: name === 'grpc-web-text', format };
  if (name === 'grpc') return { ...common, code: callCodes.grpc, flavour: Flavour.Grpc };
  if (name === 'connect') return { ...common, code: callCodes.connect, flavour: Flavour.Connect };
  return { ...common, code: callCodes.grpcWeb, flavour: Flavour.GrpcWeb };
}

const unaryTypes = /^application\/(proto|json)\s*(?:;.*)?$/i;
const unaryKinds = new Map(
  ['proto', 'json'].map((format): [string, CallKind] => [
    format,
    {
      code: callCodes.connect,
      flavour: Flavour.Connect,
      prefixed: false,
      base64: false,
      format: encoder.encode(format),
    },
  ]),
);

/** Whether the media type is one that a unary call of Connect may have: `proto` or `json`. */
export function isUnaryType(bytes: Uint8Array, from: number, to: number): boolean {
  const letter = bytes[from + stem.length]! | 0x20;
  if (to - from < stem.length + 4 || to - from > maxTypeBytes) return false;
  if (letter !== lowerP && letter !== lowerJ) return false;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return unaryTypes.test(buffer.toString('latin1', from, to));
}

/** The kind of a unary call of Connect: its request says so by `Connect-Protocol-Version`. */
export function unaryKind(type: string): CallKind | undefined {
  const format = unaryTypes.exec(type)?.[1]?.toLowerCase();
  return format === undefined ? undefined : unaryKinds.get(format);
}
