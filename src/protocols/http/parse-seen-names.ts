/**
 * Names of headers seen before, with what is to be done about them. Traffic repeats itself: after one
 * name the same next one usually follows, so the name is compared with the one that is expected, in the
 * same pass that looks for its end. The table is a memo of `classifyName`: its content changes speed,
 * never a result.
 */
import { colon } from './parse-bytes.ts';
import { classifyName, invalid } from './parse-names.ts';

const slots = 256;
/** Longest name that is remembered, with its colon. */
const slotBytes = 64;
/** The slot of no name: what was expected did not come. */
export const unseen = 0;
/** A slot for names that are not remembered, good until the next look-up. */
const passing = slots - 1;
/** Behind the slots: what precedes the first name of a request, a response and a trailer section. */
export const beforeRequest = slots;
export const beforeResponse = slots + 1;
export const beforeTrailers = slots + 2;

const seenBytes = new Uint8Array(slots * slotBytes);
/** Length of the name in each slot with its colon; 0: the slot is empty. */
const seenLength = new Uint8Array(slots);
const seenAction = new Uint8Array(slots);
const expected = new Uint8Array(slots + 3);

/** What is to be done about the name in a slot: see `classifyName`. */
export function actionOf(slot: number): number {
  return seenAction[slot]!;
}

/** Length of the name in a slot, with its colon. */
export function lengthOf(slot: number): number {
  return seenLength[slot]!;
}

/** The slot of the name at `at` when it is the one that came after `previous` before, else `unseen`. */
export function matchExpected(
  previous: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  const slot = expected[previous]!;
  const length = seenLength[slot]!;
  if (length === 0 || at + length > end) return unseen;
  let stored = slot * slotBytes;
  const last = at + length;
  for (let i = at; i < last; i++) {
    if (bytes[i] !== seenBytes[stored]) return unseen;
    stored++;
  }
  return slot;
}

/** The slot for the name in `[from, end)` that came after `previous`; `end` is its colon's place. */
export function lookUp(previous: number, bytes: Uint8Array, from: number, end: number): number {
  const length = end - from + 1;
  if (length > slotBytes || length < 2 || bytes[end] !== colon) {
    seenAction[passing] = bytes[end] === colon ? classifyName(bytes, from, end) : invalid;
    return passing;
  }
  const mixed = length * 31 + bytes[from]! * 7 + bytes[(from + end) >> 1]! * 13 + bytes[end - 1]!;
  const slot = 1 + (mixed % (passing - 1));
  expected[previous] = slot;
  const stored = slot * slotBytes;
  let same = seenLength[slot] === length;
  for (let i = 0; same && i < length; i++) same = bytes[from + i] === seenBytes[stored + i];
  if (!same) {
    for (let i = 0; i < length; i++) seenBytes[stored + i] = bytes[from + i]!;
    seenLength[slot] = length;
    seenAction[slot] = classifyName(bytes, from, end);
  }
  return slot;
}
