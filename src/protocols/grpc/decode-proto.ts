/** Bytes of a message → values: by its type, else by the best guess of what the bytes mean. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { type DecodeState, maxDepth, maxValues } from './decode-state.ts';
import { guessMessage } from './guess.ts';
import { type FieldSchema, type MessageSchema, Scalar } from './schema.ts';
import { wellKnownReader } from './well-known-values.ts';
import { FieldWalk, signed64, unsigned64, Wire, zigzag64 } from './wire.ts';

/** The message, of type `schema` when that is known. Fields that the type does not have stand under their number. */
export function decodeProto(
  bytes: Uint8Array,
  schema: MessageSchema | undefined,
  state: DecodeState,
): Value {
  if (schema !== undefined) return decodeTyped(bytes, 0, bytes.length, schema, state, 0);
  return guessMessage(bytes, state);
}

function decodeTyped(
  bytes: Uint8Array,
  from: number,
  to: number,
  schema: MessageSchema,
  state: DecodeState,
  depth: number,
): Value {
  const walk = new FieldWalk(bytes, from, to);
  const map: ValueMap = {};
  while (walk.next()) {
    if (--state.left < 0) {
      state.remarks.add(`more than ${maxValues.toLocaleString('en')} values: the rest is left out`);
      break;
    }
    const field = schema.fields.get(walk.number);
    if (field === undefined) addUnknown(map, walk, state);
    else addField(map, field, walk, state, depth);
  }
  if (walk.broken) state.remarks.add(`the bytes are no whole ${schema.name}`);
  const reader = wellKnownReader(schema.name);
  return reader === undefined ? map : reader(map, state, depth, decodeTyped);
}

function addUnknown(map: ValueMap, walk: FieldWalk, state: DecodeState): void {
  const guessed = guessMessage(walk.bytes.subarray(walk.tagFrom, walk.at), state);
  if (typeof guessed !== 'object' || guessed === null || Array.isArray(guessed)) return;
  for (const [name, value] of Object.entries(guessed)) push(map, name, value, false);
}

function push(map: ValueMap, name: string, value: Value, repeated: boolean): void {
  const known = Object.hasOwn(map, name) ? map[name] : undefined;
  if (known === undefined) map[name] = repeated ? [value] : value;
  else if (Array.isArray(known)) known.push(value);
  else map[name] = [known, value];
}

function addField(
  map: ValueMap,
  field: FieldSchema,
  walk: FieldWalk,
  state: DecodeState,
  depth: number,
): void {
  const { name, type, repeated } = field;
  if (isNested(type) && walk.wireType !== Wire.Varint) {
    addNested(map, field, walk, state, depth);
  } else if (walk.wireType === Wire.Bytes && type !== Scalar.String && type !== Scalar.Bytes) {
    const known = Object.hasOwn(map, name) ? map[name] : undefined;
    const values: Value[] = Array.isArray(known) ? known : [];
    map[name] = values;
    addPacked(values, field, walk, state);
  } else {
    const value = scalarValue(field, walk, state);
    if (repeated) push(map, name, value, true);
    // Of a field that is not repeated the last one counts.
    else map[name] = value;
  }
}

function isNested(type: number): boolean {
  return type === Scalar.Message || type === Scalar.Group;
}

function addNested(
  map: ValueMap,
  field: FieldSchema,
  walk: FieldWalk,
  state: DecodeState,
  depth: number,
): void {
  const { name, typeName, repeated } = field;
  const { bytes, from, to } = walk;
  const schema = state.types.message(typeName);
  let value: Value;
  if (depth >= maxDepth) {
    state.remarks.add('nested too deeply: the rest is left out');
    value = base64(bytes, from, to);
  } else if (schema === undefined) value = guessMessage(bytes.subarray(from, to), state);
  else value = decodeTyped(bytes, from, to, schema, state, depth + 1);
  if (schema?.isMapEntry === true && isMap(value)) {
    const known = Object.hasOwn(map, name) ? map[name] : undefined;
    const entries = isMap(known) ? known : {};
    map[name] = entries;
    const key = value['key'] ?? zeroOf(schema.fields.get(1));
    Object.defineProperty(entries, String(key), {
      value: value['value'] ?? zeroOf(schema.fields.get(2)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else if (repeated) push(map, name, value, true);
  else map[name] = value;
}

/** What a field is when it is not sent. */
function zeroOf(field: FieldSchema | undefined): Value {
  if (field === undefined) return null;
  if (field.type === Scalar.String || field.type === Scalar.Bytes) return '';
  if (field.type === Scalar.Bool) return false;
  return isNested(field.type) ? {} : 0;
}

function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Numbers one behind the other (packed = true). */
function addPacked(values: Value[], field: FieldSchema, walk: FieldWalk, state: DecodeState): void {
  const width = widthOf(field.type);
  const packed = new FieldWalk(walk.bytes, walk.from, walk.to);
  while (packed.element(width)) {
    if (--state.left < 0) return;
    values.push(scalarValue(field, packed, state));
  }
}

/** Bytes of a number on the wire; 0: a varint. */
function widthOf(type: number): number {
  switch (type) {
    case Scalar.Double:
    case Scalar.Fixed64:
    case Scalar.Sfixed64:
      return 8;
    case Scalar.Float:
    case Scalar.Fixed32:
    case Scalar.Sfixed32:
      return 4;
    default:
      return 0;
  }
}

const lenient = new TextDecoder();

export function base64(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('base64');
}

function scalarValue(field: FieldSchema, walk: FieldWalk, state: DecodeState): Value {
  const { bytes, from, to } = walk;
  if (walk.wireType === Wire.Bytes) {
    return field.type === Scalar.Bytes
      ? base64(bytes, from, to)
      : lenient.decode(bytes.subarray(from, to));
  }
  if (walk.wireType === Wire.GroupStart) return base64(bytes, from, to);
  if (walk.wireType !== Wire.Varint) return fixedValue(field.type, bytes, from, to);
  const { low, high } = walk;
  switch (field.type) {
    case Scalar.Bool:
      return low !== 0 || high !== 0;
    case Scalar.Enum:
      return state.types.enumeration(field.typeName)?.get(low | 0) ?? low | 0;
    case Scalar.Int32:
      return low | 0;
    case Scalar.Sint32:
      return (low >>> 1) ^ -(low & 1);
    case Scalar.Sint64:
      return zigzag64(low, high);
    case Scalar.Int64:
      return signed64(low, high);
    default:
      return unsigned64(low, high);
  }
}

function fixedValue(type: number, bytes: Uint8Array, from: number, to: number): Value {
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
  if (to - from === 8) {
    const low = view.getUint32(0, true);
    const high = view.getUint32(4, true);
    if (type === Scalar.Fixed64) return unsigned64(low, high);
    return type === Scalar.Sfixed64 ? signed64(low, high) : floating(view.getFloat64(0, true));
  }
  if (type === Scalar.Fixed32) return view.getUint32(0, true);
  return type === Scalar.Sfixed32 ? view.getInt32(0, true) : floating(shortest(view));
}

/** The shortest decimal that is this 32-bit float: 0.1, not 0.10000000149. */
function shortest(view: DataView): number {
  const value = view.getFloat32(0, true);
  if (!Number.isFinite(value)) return value;
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return text;
  }
  return value;
}

/** JSON has no NaN and no infinities. */
export function floating(value: number): Value {
  return Number.isFinite(value) ? value : String(value);
}
