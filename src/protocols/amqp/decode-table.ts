/**
 * Field tables and arrays (specification 4.2.5.5, with the types that RabbitMQ and Qpid really send):
 *
 *   table   entries: u8 length · name · u8 type · value
 *   array   values: u8 type · value
 *
 *   t bool · b i8 · B u8 · s U i16 · u u16 · I i32 · i u32 · l L i64 · f float · d double
 *   D u8 scale, i32 · S x c C u32 length, bytes · k u8 character · A u32 length, array · F u32 length,
 *   table · T u64 seconds · V nothing
 */
import { isUtf8 } from 'node:buffer';
import type { Value, ValueMap } from '../../dissect/contract.ts';

/** Tables within tables; deeper ones are left out. */
const maxDepth = 32;
/** Values of one table with all within it. */
const maxValues = 10_000;
/** Seconds since 1970 above this are no date that anybody meant: the year 5138. */
const maxSeconds = 1e11;

export interface DecodedTable {
  readonly map: ValueMap;
  /** What could not be read, in words. */
  readonly problem: string | undefined;
}

class Reader {
  readonly bytes: Buffer;
  at: number;
  end: number;
  values = 0;
  depth = 0;
  problem: string | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = 0;
    this.end = bytes.length;
  }

  fail(problem: string): undefined {
    this.problem ??= problem;
    this.at = this.end;
    return undefined;
  }

  /** Whether `length` more bytes are here. */
  has(length: number): boolean {
    return length <= this.end - this.at;
  }
}

/** The entries of a table, without its length. Never throws; what follows a broken entry is left out. */
export function decodeTable(bytes: Uint8Array): DecodedTable {
  const reader = new Reader(bytes);
  const map = readEntries(reader, reader.end);
  return { map, problem: reader.problem };
}

function readEntries(reader: Reader, end: number): ValueMap {
  const entries: [string, Value][] = [];
  const outer = reader.end;
  reader.end = end;
  while (reader.at < end) {
    const nameLength = reader.bytes[reader.at]!;
    reader.at += 1;
    if (!reader.has(nameLength + 1)) {
      reader.fail('a name is longer than its table');
      break;
    }
    const name = reader.bytes.toString('utf8', reader.at, reader.at + nameLength);
    reader.at += nameLength;
    const value = readValue(reader);
    if (reader.problem !== undefined) break;
    entries.push([name, value]);
  }
  reader.end = outer;
  return Object.fromEntries(entries);
}

function readArray(reader: Reader, end: number): Value[] {
  const values: Value[] = [];
  const outer = reader.end;
  reader.end = end;
  while (reader.at < end && reader.problem === undefined) values.push(readValue(reader));
  reader.end = outer;
  return values;
}

/** Bytes of a value of each type that has a fixed length. */
const fixed: Readonly<Record<string, number>> = {
  t: 1,
  b: 1,
  B: 1,
  k: 1,
  s: 2,
  U: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  l: 8,
  L: 8,
  d: 8,
  T: 8,
  D: 5,
  V: 0,
};

function readValue(reader: Reader): Value {
  if (++reader.values > maxValues)
    return reader.fail(`only the first ${maxValues} values are shown`);
  if (!reader.has(1)) return reader.fail('a value is missing');
  const type = String.fromCharCode(reader.bytes[reader.at]!);
  reader.at += 1;
  const length = Object.hasOwn(fixed, type) ? fixed[type] : undefined;
  if (length === undefined) return readLong(reader, type);
  if (!reader.has(length)) return reader.fail('a value is cut off');
  const at = reader.at;
  reader.at += length;
  return fixedValue(reader.bytes, at, type);
}

function readLong(reader: Reader, type: string): Value {
  if (!'SxcCAF'.includes(type))
    return reader.fail(`a value has the unknown type ${JSON.stringify(type)}`);
  if (!reader.has(4)) return reader.fail('a length is cut off');
  const length = reader.bytes.readUInt32BE(reader.at);
  reader.at += 4;
  if (!reader.has(length)) return reader.fail('a value is longer than its table');
  const { at } = reader;
  const end = at + length;
  if (type !== 'A' && type !== 'F') {
    reader.at = end;
    return textOrBase64(reader.bytes.subarray(at, end));
  }
  if (reader.depth >= maxDepth) return reader.fail(`tables deeper than ${maxDepth} are not shown`);
  reader.depth++;
  const value = type === 'A' ? readArray(reader, end) : readEntries(reader, end);
  reader.depth--;
  return value;
}

function fixedValue(bytes: Buffer, at: number, type: string): Value {
  switch (type) {
    case 't':
      return bytes[at] !== 0;
    case 'b':
      return bytes.readInt8(at);
    case 'B':
      return bytes[at]!;
    case 'k':
      return String.fromCharCode(bytes[at]!);
    case 's':
    case 'U':
      return bytes.readInt16BE(at);
    case 'u':
      return bytes.readUInt16BE(at);
    case 'I':
      return bytes.readInt32BE(at);
    case 'i':
      return bytes.readUInt32BE(at);
    case 'l':
    case 'L':
      return exact(bytes.readBigInt64BE(at));
    case 'f':
      return finite(Math.fround(bytes.readFloatBE(at)));
    case 'd':
      return finite(bytes.readDoubleBE(at));
    case 'T':
      return timestamp(bytes.readBigUInt64BE(at));
    case 'D':
      return finite(bytes.readInt32BE(at + 1) / 10 ** bytes[at]!);
    default:
      return null;
  }
}

/** A number, or its digits when a number would not be exact. */
export function exact(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

/** JSON has no word for the others. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Seconds since 1970 as `2024-05-01T12:00:00Z`. */
export function timestamp(seconds: bigint): string | number {
  if (seconds > BigInt(maxSeconds)) return exact(seconds);
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

/** Text when it is UTF-8, else base64. */
export function textOrBase64(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.toString(isUtf8(buffer) ? 'utf8' : 'base64');
}
