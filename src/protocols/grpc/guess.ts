/** Messages without a type: field numbers, and the best guess of what each value is. */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import type { DecodeState } from './decode-state.ts';
import { FieldWalk, signed64, unsigned64, Wire } from './wire.ts';

/** Nesting that is guessed; each level is tried. */
const maxGuessDepth = 12;
/** Bytes that are tried as a message or text; longer ones are what they seem at the beginning. */
const maxGuessBytes = 4 << 20;

/** The fields under their numbers, repeats as lists; base64 text when the bytes are no message. */
export function guessMessage(bytes: Uint8Array, state: DecodeState): Value {
  const map = guess(bytes, 0, bytes.length, state, 0);
  if (map !== undefined) return map;
  state.remarks.add('the bytes are no message');
  return asBase64(bytes, 0, bytes.length);
}

function asBase64(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('base64');
}

function guess(
  bytes: Uint8Array,
  from: number,
  to: number,
  state: DecodeState,
  depth: number,
): ValueMap | undefined {
  const check = new FieldWalk(bytes, from, to);
  while (check.next());
  if (check.broken) return undefined;
  const map: ValueMap = {};
  const walk = new FieldWalk(bytes, from, to);
  while (walk.next() && --state.left >= 0) {
    const value = guessValue(walk, state, depth);
    const name = String(walk.number);
    const known = map[name];
    if (known === undefined) map[name] = value;
    else if (Array.isArray(known)) known.push(value);
    else map[name] = [known, value];
  }
  if (state.left < 0) state.remarks.add('too many values: the rest is left out');
  return map;
}

function guessValue(walk: FieldWalk, state: DecodeState, depth: number): Value {
  const { bytes, from, to } = walk;
  switch (walk.wireType) {
    case Wire.Varint:
      return walk.high >= 0x8000_0000
        ? signed64(walk.low, walk.high)
        : unsigned64(walk.low, walk.high);
    case Wire.Fixed64:
      return guessFixed64(new DataView(bytes.buffer, bytes.byteOffset + from, 8));
    case Wire.Fixed32:
      return guessFixed32(new DataView(bytes.buffer, bytes.byteOffset + from, 4));
    case Wire.GroupStart:
      return depth < maxGuessDepth ? (guess(bytes, from, to, state, depth + 1) ?? {}) : {};
    default:
      return guessBytes(bytes, from, to, state, depth);
  }
}

/** Few numbers that are meant as whole ones look like a float of a usual size. */
function isUsual(value: number): boolean {
  const size = Math.abs(value);
  return value === 0 || (size >= 1e-9 && size < 1e15);
}

function guessFixed64(view: DataView): Value {
  const value = view.getFloat64(0, true);
  if (isUsual(value)) return value;
  return signed64(view.getUint32(0, true), view.getUint32(4, true));
}

function guessFixed32(view: DataView): Value {
  const value = view.getFloat32(0, true);
  return isUsual(value) ? Number(value.toPrecision(7)) : view.getInt32(0, true);
}

const strict = new TextDecoder('utf-8', { fatal: true });

/** Text when it is readable, a message when it can be one, else bytes. */
function guessBytes(
  bytes: Uint8Array,
  from: number,
  to: number,
  state: DecodeState,
  depth: number,
): Value {
  if (from === to) return '';
  if (to - from > maxGuessBytes) return asBase64(bytes, from, to);
  const text = readable(bytes, from, to);
  // A message that begins with a short text begins with a line feed.
  const looksNested = text === undefined || /^[\n\r\t]|[\n\r\t][^\n]?$/.test(text);
  if (looksNested && depth < maxGuessDepth) {
    const before = state.left;
    const nested = guess(bytes, from, to, state, depth + 1);
    if (nested !== undefined) return nested;
    state.left = before;
  }
  return text ?? asBase64(bytes, from, to);
}

const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const del = 127;

function readable(bytes: Uint8Array, from: number, to: number): string | undefined {
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!;
    if (byte >= 32 && byte !== del) continue;
    if (byte !== tab && byte !== lineFeed && byte !== carriageReturn) return undefined;
  }
  try {
    return strict.decode(bytes.subarray(from, to));
  } catch {
    return undefined;
  }
}
