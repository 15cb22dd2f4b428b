/**
 * For tests: an encoder of Kafka's messages that shares nothing with the decoder but the layouts, with
 * random values for any of them, and encoders of records in all formats.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compress } from 'snappyjs';
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { type Field, isFlexible, type Layout, requestLayout, responseLayout } from './schema.ts';

type Bytes = Uint8Array;

export const i8 = (value: number): Bytes => Uint8Array.of(value & 0xff);
export const i16 = (value: number): Bytes => Uint8Array.of((value >> 8) & 0xff, value & 0xff);
export const i32 = (value: number): Bytes => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};
export const i64 = (value: number | bigint): Bytes => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
/** Variable unsigned. */
export function uvar(value: number): Bytes {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.of(...bytes, rest);
}
/** Variable signed, in zigzag order. */
export const svar = (value: number): Bytes => uvar(value < 0 ? -2 * value - 1 : 2 * value);
export const join = (...parts: readonly Bytes[]): Bytes => Buffer.concat(parts);
const utf8 = (text: string): Bytes => Buffer.from(text, 'utf8');
export const text16 = (text: string | null): Bytes =>
  text === null ? i16(-1) : join(i16(utf8(text).length), utf8(text));

/** Anything with a length, classic or flexible. */
function sized(bytes: Bytes | null, flexible: boolean, width: 2 | 4): Bytes {
  if (flexible) return bytes === null ? uvar(0) : join(uvar(bytes.length + 1), bytes);
  const length = bytes === null ? -1 : bytes.length;
  return join(width === 2 ? i16(length) : i32(length), bytes ?? new Uint8Array(0));
}

/** Bytes of values by a layout. Bytes and records are given as Uint8Array in place of a value. */
export function encodeLayout(layout: Layout, values: ValueMap): Bytes {
  const parts = layout.fields.map((field) =>
    encodeField(field, values[field.name], layout.flexible),
  );
  if (layout.flexible) {
    const present = layout.tagged.filter(({ name }) => values[name] !== undefined);
    parts.push(uvar(present.length));
    for (const field of present) {
      const bytes = encodeField(field, values[field.name], true);
      parts.push(uvar(field.tag), uvar(bytes.length), bytes);
    }
  }
  return join(...parts);
}

function encodeField(field: Field, value: Value, flexible: boolean): Bytes {
  if (!field.isArray) return encodeValue(field, value, flexible, false);
  if (!Array.isArray(value)) return flexible ? uvar(0) : i32(-1);
  const count = flexible ? uvar(value.length + 1) : i32(value.length);
  return join(count, ...value.map((element) => encodeValue(field, element, flexible, true)));
}

function encodeValue(field: Field, value: Value, flexible: boolean, isElement: boolean): Bytes {
  const { type, layout } = field;
  if (layout !== undefined) {
    const isOptional = field.isNullable && !isElement;
    if (value === null) return i8(-1);
    return join(isOptional ? i8(1) : new Uint8Array(0), encodeLayout(layout, value as ValueMap));
  }
  switch (type) {
    case 's':
      return sized(value === null ? null : utf8(String(value)), flexible, 2);
    case 'B':
    case 'R':
      return sized(value === null ? null : (value as unknown as Bytes), flexible, 4);
    case 'u':
      return Buffer.from(String(value), 'base64url');
    case 'b':
      return i8(value === true ? 1 : 0);
    case 'i1':
      return i8(Number(value));
    case 'i2':
    case 'u2':
      return i16(Number(value));
    case 'i4':
    case 'u4':
      return i32(Number(value));
    case 'i8':
      return i64(BigInt(value as number));
    default: {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(Number(value));
      return bytes;
    }
  }
}

export interface RequestParts {
  readonly key: number;
  readonly version: number;
  readonly correlation: number;
  readonly client?: string | null;
  readonly payload: ValueMap;
}

/** A whole request, with its size in front. */
export function request(parts: RequestParts): Bytes {
  const { key, version, correlation, client = 'tester', payload } = parts;
  const layout = requestLayout(key, version)!;
  const hasClient = key !== 7 || version > 0;
  const body = join(
    i16(key),
    i16(version),
    i32(correlation),
    hasClient ? text16(client) : new Uint8Array(0),
    hasClient && isFlexible(key, version) ? uvar(0) : new Uint8Array(0),
    encodeLayout(layout, payload),
  );
  return join(i32(body.length), body);
}

/** A whole answer. */
export function response(
  key: number,
  version: number,
  correlation: number,
  payload: ValueMap,
): Bytes {
  const tags = key !== 18 && isFlexible(key, version) ? uvar(0) : new Uint8Array(0);
  const body = join(i32(correlation), tags, encodeLayout(responseLayout(key, version)!, payload));
  return join(i32(body.length), body);
}

/** Random values that read back as they are; bytes are texts, records and nulls are left to others. */
export function randomValues(layout: Layout, random: () => number, depth = 0): ValueMap {
  const values: ValueMap = {};
  for (const field of [...layout.fields, ...layout.tagged]) {
    if (field.tag >= 0 && random() < 0.5) continue;
    if (field.isNullable && random() < 0.3) values[field.name] = null;
    else if (!field.isArray) values[field.name] = randomValue(field, random, depth);
    else {
      const count = Math.floor(random() * (depth > 2 ? 2 : 3));
      values[field.name] = Array.from({ length: count }, () => randomValue(field, random, depth));
    }
  }
  return values;
}

const word = (random: () => number) => `t${Math.floor(random() * 1e6).toString(36)}-é`;

function randomValue(field: Field, random: () => number, depth: number): Value {
  const whole = (bits: number) => Math.floor((random() - 0.5) * 2 ** bits);
  const { layout, type, role } = field;
  if (layout !== undefined) return randomValues(layout, random, depth + 1);
  if (role === 'E') return random() < 0.7 ? 0 : 1 + Math.floor(random() * 100);
  switch (type) {
    case 's':
      return word(random);
    case 'B':
    case 'R':
      return utf8(word(random)) as unknown as Value;
    case 'u':
      return Buffer.from(Array.from({ length: 16 }, () => random() * 256)).toString('base64url');
    case 'b':
      return random() < 0.5;
    case 'u2':
      return Math.floor(random() * 65_536);
    case 'u4':
      return Math.floor(random() * 2 ** 32);
    case 'f8':
      return random();
    case 'i1':
      return whole(8);
    case 'i2':
      return whole(16);
    case 'i4':
      return whole(32);
    default:
      return whole(53);
  }
}

export interface TestRecord {
  readonly key?: Bytes | null;
  readonly value?: Bytes | null;
  readonly headers?: readonly (readonly [string, Bytes | null])[];
  readonly timestampDelta?: number;
}

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof codecs)[number] | 'xerial';

/** LZ4 frame whose blocks are literals only, and one that is stored. */
function lz4Literals(bytes: Bytes): Bytes {
  const le32 = (value: number) => Buffer.from(i32(value)).reverse();
  const extended = (length: number) => {
    const more: number[] = [];
    let rest = length - 15;
    for (; rest >= 255; rest -= 255) more.push(255);
    return length < 15 ? [length << 4] : [0xf0, ...more, rest];
  };
  const half = bytes.length >> 1;
  const block = join(Uint8Array.from(extended(half)), bytes.subarray(0, half));
  const stored = bytes.subarray(half);
  return join(
    Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82),
    le32(block.length),
    block,
    le32(stored.length | 0x8000_0000),
    stored,
    le32(0),
  );
}

function squeeze(bytes: Bytes, codec: Codec): Bytes {
  switch (codec) {
    case 'gzip':
      return gzipSync(bytes);
    case 'zstd':
      return zstdCompressSync(bytes);
    case 'lz4':
      return lz4Literals(bytes);
    case 'snappy':
      return compress(new Uint8Array(bytes));
    case 'xerial': {
      const half = bytes.length >> 1;
      const blocks = [bytes.slice(0, half), bytes.slice(half)].map((part) =>
        compress(new Uint8Array(part)),
      );
      const head = join(Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0), i32(1), i32(1));
      return join(head, ...blocks.flatMap((block) => [i32(block.length), block]));
    }
    default:
      return bytes;
  }
}

function codecBits(codec: Codec): number {
  return codec === 'xerial' ? 2 : codecs.indexOf(codec);
}

export interface BatchParts {
  readonly records: readonly TestRecord[];
  readonly codec?: Codec;
  readonly baseOffset?: number;
  readonly firstTimestamp?: number;
  readonly producerId?: number;
  readonly attributes?: number;
}

const varBytes = (bytes: Bytes | null | undefined): Bytes =>
  bytes === null || bytes === undefined ? svar(-1) : join(svar(bytes.length), bytes);

/** A batch of format 2. */
export function batch(parts: BatchParts): Bytes {
  const { records, codec = 'none', baseOffset = 0, firstTimestamp = 1_700_000_000_000 } = parts;
  const bodies = records.map(({ key, value, headers = [], timestampDelta = 0 }, i) => {
    const body = join(
      i8(0),
      svar(timestampDelta),
      svar(i),
      varBytes(key),
      varBytes(value),
      svar(headers.length),
      ...headers.flatMap(([name, each]) => [varBytes(utf8(name)), varBytes(each)]),
    );
    return join(svar(body.length), body);
  });
  const rest = join(
    i32(0),
    i8(2),
    i32(0),
    i16(codecBits(codec) | (parts.attributes ?? 0)),
    i32(records.length - 1),
    i64(firstTimestamp),
    i64(firstTimestamp + 5),
    i64(parts.producerId ?? -1),
    i16(0),
    i32(0),
    i32(records.length),
    squeeze(join(...bodies), codec),
  );
  return join(i64(baseOffset), i32(rest.length), rest);
}

/** A message set of format 0 or 1; with a codec, one message that holds it. */
export function messageSet(
  magic: 0 | 1,
  values: readonly (readonly [string | null, string])[],
  codec: Codec = 'none',
  firstOffset = 0,
): Bytes {
  const message = (offset: number, bits: number, key: Bytes | null, value: Bytes) => {
    const time = magic === 1 ? i64(1_700_000_000_000) : new Uint8Array(0);
    const rest = join(
      i32(0),
      i8(magic),
      i8(bits),
      time,
      sized(key, false, 4),
      sized(value, false, 4),
    );
    return join(i64(offset), i32(rest.length), rest);
  };
  const relative = codec !== 'none' && magic === 1 ? 0 : firstOffset;
  const plain = values.map(([key, value], i) =>
    message(relative + i, 0, key === null ? null : utf8(key), utf8(value)),
  );
  if (codec === 'none') return join(...plain);
  const last = firstOffset + values.length - 1;
  return message(last, codecBits(codec), null, squeeze(join(...plain), codec));
}
