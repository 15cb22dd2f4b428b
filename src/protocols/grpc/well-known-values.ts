/** Messages of google.protobuf that people read as one value: times, durations, wrappers, Any, Struct. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { type DecodeState, maxDepth } from './decode-state.ts';
import { guessMessage } from './guess.ts';
import type { MessageSchema } from './schema.ts';

const prefix = 'google.protobuf.';

/** Decodes `bytes[from, to)`. */
type DecodeTyped = (
  bytes: Uint8Array,
  from: number,
  to: number,
  schema: MessageSchema,
  state: DecodeState,
  depth: number,
) => Value;
type Reader = (map: ValueMap, state: DecodeState, depth: number, decodeTyped: DecodeTyped) => Value;

const unwrap: (zero: Value) => Reader = (zero) => (map) => map['value'] ?? zero;

/** Seconds that a Date can hold. */
const maxDateSeconds = 8_640_000_000_000;

function fraction(nanos: number): string {
  if (nanos === 0) return '';
  const digits = String(Math.abs(nanos)).padStart(9, '0');
  return `.${digits.endsWith('000000') ? digits.slice(0, 3) : digits.endsWith('000') ? digits.slice(0, 6) : digits}`;
}

const timestamp: Reader = (map) => {
  const seconds = Number(map['seconds'] ?? 0);
  const nanos = Number(map['nanos'] ?? 0);
  if (Math.abs(seconds) > maxDateSeconds || nanos < 0 || nanos > 999_999_999) return map;
  return new Date(seconds * 1000).toISOString().replace('.000Z', `${fraction(nanos)}Z`);
};

const duration: Reader = (map) => {
  const seconds = Number(map['seconds'] ?? 0);
  const nanos = Number(map['nanos'] ?? 0);
  const sign = seconds === 0 && nanos < 0 ? '-' : '';
  return Math.abs(nanos) > 999_999_999 ? map : `${sign}${seconds}${fraction(nanos)}s`;
};

/** `{"@type": "google.rpc.BadRequest", ...}` */
const any: Reader = (map, state, depth, decodeTyped) => {
  const url = map['type_url'];
  const content = map['value'];
  if (typeof url !== 'string') return map;
  const name = url.slice(url.lastIndexOf('/') + 1);
  const schema = state.types.message(name);
  const bytes = typeof content === 'string' ? Buffer.from(content, 'base64') : Buffer.alloc(0);
  if (depth >= maxDepth) return map;
  const value =
    schema === undefined
      ? guessMessage(bytes, state)
      : decodeTyped(bytes, 0, bytes.length, schema, state, depth + 1);
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isMap ? { '@type': name, ...value } : { '@type': name, value };
};

const structValue: Reader = (map) => {
  const [kind, value] = Object.entries(map)[0] ?? [];
  if (kind === undefined || kind === 'null_value') return null;
  return value;
};

const readers: Readonly<Record<string, Reader>> = {
  Timestamp: timestamp,
  Duration: duration,
  Any: any,
  Struct: (map) => map['fields'] ?? {},
  Value: structValue,
  ListValue: (map) => map['values'] ?? [],
  FieldMask: (map) => (Array.isArray(map['paths']) ? map['paths'].join(',') : ''),
  DoubleValue: unwrap(0),
  FloatValue: unwrap(0),
  Int64Value: unwrap(0),
  UInt64Value: unwrap(0),
  Int32Value: unwrap(0),
  UInt32Value: unwrap(0),
  BoolValue: unwrap(false),
  StringValue: unwrap(''),
  BytesValue: unwrap(''),
};

/** What makes one value of a message of this type; undefined: it is shown as it is. */
export function wellKnownReader(name: string): Reader | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const short = name.slice(prefix.length);
  return Object.hasOwn(readers, short) ? readers[short] : undefined;
}
