/**
 * Frames, arguments and content headers on the wire (specification sections 4.2 and 2.3.5):
 *
 *   frame    u8 type · u16 channel · u32 size · size bytes of payload · u8 0xCE
 *   method   u16 class · u16 method · arguments
 *   header   u16 class · u16 weight · u64 body size · u16 flags... · properties
 *   body     bytes
 *
 * Numbers are big-endian. Nothing here allocates.
 */
import { Kind, type Method, properties } from './methods.ts';

export const FrameType = { Method: 1, Header: 2, Body: 3, Heartbeat: 8 } as const;
/** Bytes in front of a frame's payload, and with the end mark behind it. */
export const headBytes = 7;
export const frameBytes = 8;
export const frameEnd = 0xce;
/** A method or content header longer than this is not one; brokers limit frames to 128 KiB. */
export const maxMethodBytes = 1 << 20;
/** Body frames of a message whose beginning was missed may be this long. */
export const maxFrameBytes = 16 << 20;
/** Bytes of a method frame in front of its arguments. */
export const argumentsAt = headBytes + 4;

const maxFields = 16;

export function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function u32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | u16At(bytes, at + 2)) >>> 0;
}

/** As a number: exact up to 2^53, which no delivery tag reaches. */
export function u64At(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at) * 2 ** 32 + u32At(bytes, at + 4);
}

/** Whether `bytes[from, to)` are the bytes of `one`. */
export function equal(one: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (one.length !== to - from) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== bytes[from + i]) return false;
  return true;
}

/** Where the fields of a method lie; one reused object. Of texts and tables: without their length. */
export class Spans {
  readonly from = new Int32Array(maxFields);
  readonly to = new Int32Array(maxFields);
  /** The octet with the bits, the first in its lowest bit. */
  bits = 0;
  /** Where the last field ends. */
  end = 0;
}

const fixedBytes = [1, 1, 2, 4, 8];

/**
 * Finds the fields of `method` in `bytes[at, end)`. False when they do not fit; `spans.end` says where
 * they end when they do.
 */
export function scanArguments(
  method: Method,
  bytes: Uint8Array,
  at: number,
  end: number,
  spans: Spans,
): boolean {
  const { fields } = method;
  let inBits = false;
  spans.bits = 0;
  for (let i = 0; i < fields.length; i++) {
    const { kind } = fields[i]!;
    if (kind === Kind.Bit && inBits) continue;
    let length: number;
    if (kind < Kind.ShortText) {
      length = fixedBytes[kind]!;
    } else if (kind === Kind.ShortText) {
      if (at >= end) return false;
      length = bytes[at]!;
      at += 1;
    } else {
      if (at + 4 > end) return false;
      length = u32At(bytes, at);
      at += 4;
    }
    if (length > end - at) return false;
    inBits = kind === Kind.Bit;
    if (inBits) spans.bits = bytes[at]!;
    spans.from[i] = at;
    at += length;
    spans.to[i] = at;
  }
  spans.end = at;
  return true;
}

/** Where the properties of a content header lie, by their number in `properties`. */
export class PropertySpans {
  readonly from = new Int32Array(properties.length);
  readonly to = new Int32Array(properties.length);
  /** Which there are, the first in the highest of 16 bits. */
  flags = 0;
  bodySize = 0;

  has(property: number): boolean {
    return (this.flags & (0x8000 >>> property)) !== 0;
  }
}

const propertyKinds = Uint8Array.from(properties, ({ kind }) => kind);
/** The lowest of the 16 bits are not those of properties. */
const propertyFlags = 0x10000 - (0x10000 >>> properties.length);

/** Offsets within a header frame's payload. */
const bodySizeAt = 4;
const flagsAt = 12;
export const leastHeaderBytes = 14;

/** Reads a content header in `bytes[at, end)`, its payload. False when it is not one. */
export function scanProperties(
  bytes: Uint8Array,
  at: number,
  end: number,
  spans: PropertySpans,
): boolean {
  if (end - at < leastHeaderBytes) return false;
  spans.bodySize = u64At(bytes, at + bodySizeAt);
  if (spans.bodySize > Number.MAX_SAFE_INTEGER) return false;
  let next = at + flagsAt;
  const flags = u16At(bytes, next);
  next += 2;
  // The lowest bit says that more flags follow; no property has ever been given to those.
  for (let more = flags; (more & 1) !== 0; next += 2) {
    if (next + 2 > end) return false;
    more = u16At(bytes, next);
    if (more > 1) return false;
  }
  spans.flags = flags & propertyFlags;
  for (let left = spans.flags; left !== 0; ) {
    const i = Math.clz32(left) - 16;
    left ^= 0x8000 >>> i;
    const kind = propertyKinds[i]!;
    let length: number;
    if (kind === Kind.ShortText) {
      if (next >= end) return false;
      length = bytes[next++]!;
    } else if (kind === Kind.Table) {
      if (next + 4 > end) return false;
      length = u32At(bytes, next);
      next += 4;
    } else {
      length = fixedBytes[kind]!;
    }
    if (length > end - next) return false;
    spans.from[i] = next;
    next += length;
    spans.to[i] = next;
  }
  return next === end && (flags & 2) === 0;
}
