/**
 * Header lines seen before, with what is to be done about them. Traffic repeats itself: after one line
 * the same next one usually follows, often to the last byte, so eight bytes at a time are compared with
 * the line that is expected. As far as it is the same nothing has to be looked at: not the name, nor its
 * end, nor the value. The table is a memo: its content changes speed, never a result.
 */
import { colon, cr, lf, semicolon, space, zero } from './parse-bytes.ts';
import { classifyName, Field, invalid } from './parse-names.ts';

const slots = 512;
/** So many bytes of a line are remembered. */
const slotBytes = 256;
/** Longest name that is remembered, with its colon. */
const maxNameBytes = 64;
/** A line that differs is remembered in the place of the one before once in so many times. */
const learnEvery = 8;
/** Digits of a number that is remembered; one of more may not fit. */
const maxDigits = 9;
/** Slot of nothing: no line is the same. */
const none = 0;
/** A slot for names that are not remembered, good until the next look-up. */
const passing = slots - 1;
/** Behind the slots: what precedes the first line of a request, a response and a trailer section. */
export const beforeRequest = slots;
export const beforeResponse = slots + 1;
export const beforeTrailers = slots + 2;

/** Places in a slot's record of eight numbers. */
const At = {
  /** With its colon. */
  nameLength: 0,
  /** Bytes that are remembered: with the line end, or the beginning of a long line. */
  stored: 1,
  /** Bytes that are remembered and no line end: all of them above the control characters. */
  text: 2,
  /** What to do about the line, see `classifyName`. */
  action: 3,
  /** Where the value without its blanks is, from the line's beginning. */
  valueFrom: 4,
  valueTo: 5,
  /** The value as a number when it is one of few digits and nothing else, or -1. */
  number: 6,
  differences: 7,
} as const;
const recordShift = 3;

const seen = new Uint8Array(slots * slotBytes);
const seenView = new DataView(seen.buffer);
const seenWords = new Float64Array(seen.buffer);
const records = new Int32Array(slots << recordShift);
records[(none << recordShift) + At.nameLength] = slotBytes * 2;
/** Two lines that came after each line, the later one first. */
const expected = new Uint16Array((slots + 3) * 2);

/** What `match` found. One object, overwritten by each call. */
class Match {
  /** The line's slot, or 0. */
  slot = none;
  /** Bytes of the line that are the same as in the slot, and known to hold no line end. */
  same = 0;
  /** The whole line with its end is the same. */
  whole = false;
}
export const match = new Match();

let viewed: Uint8Array = seen;
let view: DataView = seenView;

/** The bytes for access by several at a time; nearly always those of the call before. */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes;
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }
  return view;
}

/** How many bytes at `at` are the same as in the slot. */
function countSame(slot: number, source: DataView, at: number, end: number): number {
  const stored = slot * slotBytes;
  const length = Math.min(records[(slot << recordShift) + At.stored]!, end - at);
  let i = 0;
  // Remembered bytes are no controls but for the line's end: no eight of them are a zero, of which
  // there are two, and those that are no number are compared one by one.
  let word = stored >> 3;
  while (i + 8 <= length && source.getFloat64(at + i, true) === seenWords[word]) {
    i += 8;
    word++;
  }
  if (i + 8 > length && length >= 8) {
    const last = length - 8;
    const same = source.getFloat64(at + last, true) === seenView.getFloat64(stored + last, true);
    if (same) return length;
  }
  while (i < length && source.getUint8(at + i) === seen[stored + i]) i++;
  return i;
}

/** Compares the line at `at` with those that came after `previous` before. True when it is known. */
export function matchExpected(
  previous: number,
  source: DataView,
  at: number,
  end: number,
): boolean {
  let slot = expected[previous * 2]!;
  let same = countSame(slot, source, at, end);
  if (same < records[(slot << recordShift) + At.nameLength]!) {
    slot = expected[previous * 2 + 1]!;
    same = countSame(slot, source, at, end);
    if (same < records[(slot << recordShift) + At.nameLength]!) return false;
  }
  const record = slot << recordShift;
  const text = records[record + At.text]!;
  match.slot = slot;
  match.whole = same > text && same === records[record + At.stored]!;
  match.same = Math.min(same, text);
  return true;
}

/** What is to be done about the line in a slot: see `classifyName`. */
export function actionOf(slot: number): number {
  return records[(slot << recordShift) + At.action]!;
}

/** Length of the name in a slot, with its colon. */
export function nameLengthOf(slot: number): number {
  return records[(slot << recordShift) + At.nameLength]!;
}

/** Length of the whole line in a slot, with its end. */
export function lineLengthOf(slot: number): number {
  return records[(slot << recordShift) + At.stored]!;
}

/** Where the value of the whole line in a slot begins and ends, from the line's beginning. */
export function valueFromOf(slot: number): number {
  return records[(slot << recordShift) + At.valueFrom]!;
}
export function valueToOf(slot: number): number {
  return records[(slot << recordShift) + At.valueTo]!;
}

/** The whole value as a number, or -1 when it has to be read with more patience. */
export function numberOf(slot: number): number {
  return records[(slot << recordShift) + At.number]!;
}

/**
 * The slot for the name in `[from, end)` that came after `previous`; `end` is its colon's place.
 * `before`: the kind of section, whose lines are kept apart.
 */
export function lookUp(
  previous: number,
  before: number,
  bytes: Uint8Array,
  from: number,
  end: number,
): number {
  const length = end - from + 1;
  if (length > maxNameBytes || length < 2 || bytes[end] !== colon) {
    return pass(bytes[end] === colon ? classifyName(bytes, from, end) : invalid);
  }
  const mixed =
    length * 31 + bytes[from]! * 7 + bytes[(from + end) >> 1]! * 13 + bytes[end - 1]! + before * 97;
  const slot = 1 + (mixed % (passing - 1));
  const stored = slot * slotBytes;
  const record = slot << recordShift;
  let same = records[record + At.nameLength] === length;
  for (let i = 0; same && i < length; i++) same = bytes[from + i] === seen[stored + i];
  if (!same) {
    const action = classifyName(bytes, from, end);
    if ((action & invalid) !== 0) return pass(action);
    for (let i = 0; i < length; i++) seen[stored + i] = bytes[from + i]!;
    records[record + At.nameLength] = length;
    records[record + At.stored] = length;
    records[record + At.text] = length;
    records[record + At.action] = action;
    records[record + At.differences] = 0;
  }
  expected[previous * 2 + 1] = expected[previous * 2]!;
  expected[previous * 2] = slot;
  return slot;
}

function pass(action: number): number {
  records[(passing << recordShift) + At.action] = action;
  return passing;
}

/** A line `[from, lineFeed]` has the name in `slot` and differs from the one remembered there. */
export function noteDifference(
  slot: number,
  bytes: Uint8Array,
  from: number,
  lineFeed: number,
): void {
  const record = slot << recordShift;
  const differences = records[record + At.differences]!;
  records[record + At.differences] = differences + 1;
  if (slot !== passing && differences % learnEvery === 0) remember(slot, bytes, from, lineFeed);
}

function remember(slot: number, bytes: Uint8Array, from: number, lineFeed: number): void {
  const record = slot << recordShift;
  const nameLength = records[record + At.nameLength]!;
  const stored = slot * slotBytes;
  let to = from + nameLength;
  let i = nameLength;
  while (i < slotBytes - 2 && bytes[to]! >= space) seen[stored + i++] = bytes[to++]!;
  records[record + At.text] = i;
  records[record + At.stored] = i;
  if (bytes[to] !== cr || to + 1 !== lineFeed) return;
  seen[stored + i] = cr;
  seen[stored + i + 1] = lf;
  records[record + At.stored] = i + 2;
  let valueFrom = nameLength;
  let valueTo = i;
  while (valueFrom < valueTo && seen[stored + valueFrom] === space) valueFrom++;
  while (valueTo > valueFrom && seen[stored + valueTo - 1] === space) valueTo--;
  const action = records[record + At.action]!;
  if (action === Field.ContentType) valueTo = endOfType(stored, valueFrom, valueTo);
  records[record + At.valueFrom] = valueFrom;
  records[record + At.valueTo] = valueTo;
  records[record + At.number] =
    action === Field.ContentLength ? number(stored, valueFrom, valueTo) : -1;
}

/** A media type ends before its parameters. */
function endOfType(stored: number, from: number, to: number): number {
  let i = from;
  while (i < to && seen[stored + i]! > space && seen[stored + i] !== semicolon) i++;
  return i;
}

function number(stored: number, from: number, to: number): number {
  if (to === from || to - from > maxDigits) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = seen[stored + i]! - zero;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
