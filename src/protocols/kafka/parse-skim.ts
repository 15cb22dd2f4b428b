/**
 * Walks over the body of a message by its plan and marks what a row shows. The outcome lies in `seen`,
 * one reused object.
 *
 * Layout of what it walks over (Kafka protocol guide, "Protocol Primitive Types"): texts have a length
 * of 2 bytes, bytes and arrays one of 4, -1 for null. In the flexible form lengths are variable
 * unsigned numbers, one more than the length, 0 for null, and structures end with tagged fields:
 *
 *   count · (tag · size · bytes)*     all three variable
 */

import { argumentShift, Mark, Op, opMask, type Plan, skipMask, skipShift } from './parse-plan.ts';
import { learnTopic, topicIdBytes } from './parse-topics.ts';

/** Steps per message: what lies behind them is not looked at before somebody opens the entry. */
const maxSteps = 50_000;
/** Arrays within arrays; the deepest definition has 5. */
const maxDepth = 12;
/** Topics marked per message. */
export const maxMarkedTopics = 32;

export const Ending = {
  /** The plan and the message end together. */
  Exact: 0,
  /** The bytes ran out before the plan. */
  Short: 1,
  /** There are bytes behind the end of the plan. */
  Long: 2,
  /** A length that cannot be. */
  Malformed: 3,
  /** There was nothing to walk by, or nobody looks at so many steps. */
  Unread: 4,
} as const;
export type Ending = (typeof Ending)[keyof typeof Ending];

/** What the last `skim` saw. Offsets are absolute in the bytes; from === to: nothing. */
class Seen {
  ending: Ending = Ending.Unread;
  /** What the walk has cost. */
  steps = 0;
  /** The first error code other than 0. */
  error = 0;
  /** Required acknowledgements of a Produce request; 1 elsewhere. */
  acks = 1;
  groupFrom = 0;
  groupTo = 0;
  transactionFrom = 0;
  transactionTo = 0;
  /** Of a fetch session: 0 for one that begins, -1 for none, else the number of the request in it. */
  epoch = 0;
  /** The first secret. */
  secretFrom = 0;
  secretTo = 0;
  /** The most tagged fields that a structure has. */
  tags = 0;
  /** Bytes of records. */
  recordBytes = 0;
  /** Topics seen, marked or not. */
  topics = 0;
  /** Pairs of offsets; the second of an id is -1. */
  readonly topicSpans = new Int32Array(maxMarkedTopics * 2);
  nameFrom = 0;
  nameTo = 0;
  idAt = 0;
  reset(): void {
    this.ending = Ending.Unread;
    this.steps = 0;
    this.error = 0;
    this.acks = 1;
    this.groupFrom = this.groupTo = 0;
    this.transactionFrom = this.transactionTo = 0;
    this.epoch = 0;
    this.secretFrom = this.secretTo = 0;
    this.recordBytes = 0;
    this.tags = 0;
    this.topics = 0;
    this.nameFrom = this.nameTo = 0;
    this.idAt = 0;
  }
}

export const seen = new Seen();

/** Where the last variable number ended; -1: the bytes ran out; -2: it is longer than 5 bytes. */
let behind = 0;

/** A variable unsigned number of up to 32 bits. */
function variable(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) {
    behind = -1;
    return 0;
  }
  const first = bytes[at]!;
  if (first < 0x80) {
    behind = at + 1;
    return first;
  }
  let value = first & 0x7f;
  let scale = 128;
  for (let i = 1; i < 5; i++) {
    if (at + i >= end) {
      behind = -1;
      return 0;
    }
    const byte = bytes[at + i]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      behind = at + i + 1;
      return value;
    }
    scale *= 128;
  }
  behind = -2;
  return 0;
}

const left = new Int32Array(maxDepth);
/** Why a walk stopped, when not at a place. */
const short = -1;
const malformed = -2;

/** A length of 2 or 4 bytes at `at`, or -1 for null. */
function int16(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) >> 16) | bytes[at + 1]!;
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function mark(what: number, from: number, to: number): void {
  if (what === Mark.Topic) {
    seen.nameFrom = from;
    seen.nameTo = to;
    addTopic(from, to);
  } else if (what === Mark.Group) {
    if (seen.groupTo === seen.groupFrom) {
      seen.groupFrom = from;
      seen.groupTo = to;
    }
  } else if (what === Mark.Transaction) {
    seen.transactionFrom = from;
    seen.transactionTo = to;
  } else if (what === Mark.Records) seen.recordBytes += to - from;
  else if (seen.secretTo === 0) {
    seen.secretFrom = from;
    seen.secretTo = to;
  }
}

function addTopic(from: number, to: number): void {
  if (seen.topics < maxMarkedTopics) {
    seen.topicSpans[seen.topics * 2] = from;
    seen.topicSpans[seen.topics * 2 + 1] = to;
  }
  seen.topics++;
}

function markId(bytes: Uint8Array, at: number): void {
  seen.idAt = 0;
  for (let i = at; i < at + topicIdBytes; i++) {
    if (bytes[i] === 0) continue;
    seen.idAt = at;
    break;
  }
  if (seen.idAt !== 0 && seen.nameTo === 0) addTopic(at, -1);
}

/** Behind the text or bytes with a length of `width` bytes at `at`; or why not. */
function behindText(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  what: number,
): number {
  if (at + width > end) return short;
  const length = width === 2 ? int16(bytes, at) : int32(bytes, at);
  if (length < -1) return malformed;
  if (length <= 0) return at + width;
  const to = at + width + length;
  if (to > end) return short;
  if (what !== Mark.None) mark(what, at + width, to);
  return to;
}

function behindCompact(bytes: Uint8Array, at: number, end: number, what: number): number {
  if (at >= end) return short;
  const first = bytes[at]!;
  if (first >= 0x80) return behindLong(bytes, at, end, what);
  if (first <= 1) return at + 1;
  const to = at + first;
  if (to > end) return short;
  if (what !== Mark.None) mark(what, at + 1, to);
  return to;
}

/** The same with a length of more than one byte. */
function behindLong(bytes: Uint8Array, at: number, end: number, what: number): number {
  const length = variable(bytes, at, end) - 1;
  if (behind < 0) return behind;
  if (length <= 0) return behind;
  const to = behind + length;
  if (to > end) return short;
  if (what !== Mark.None) mark(what, behind, to);
  return to;
}

function behindTags(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] === 0) return at + 1;
  const count = variable(bytes, at, end);
  if (behind < 0) return behind;
  let place = behind;
  if (count > end - place) return malformed;
  if (count > seen.tags) seen.tags = count;
  for (let i = 0; i < count; i++) {
    variable(bytes, place, end);
    if (behind < 0) return behind;
    const size = variable(bytes, behind, end);
    if (behind < 0) return behind;
    place = behind + size;
    if (place > end) return short;
  }
  return place;
}

/** Behind the count of an array, which is left in `count`; or why not. */
let count = 0;

function behindCount(bytes: Uint8Array, at: number, end: number, compact: boolean): number {
  if (compact) {
    count = variable(bytes, at, end) - 1;
    return behind;
  }
  if (at + 4 > end) return short;
  count = int32(bytes, at);
  return count < -1 ? malformed : at + 4;
}

function behindFixed(
  bytes: Uint8Array,
  at: number,
  end: number,
  compact: boolean,
  size: number,
): number {
  const behindIt = behindCount(bytes, at, end, compact);
  if (behindIt < 0 || count <= 0) return behindIt;
  const to = behindIt + count * size;
  return to > end ? short : to;
}

/** The structure around a name and an id of a topic has begun, or ended. */
function aroundTopic(op: number, bytes: Uint8Array, learning: boolean): void {
  if (op === Op.Learn && learning && seen.idAt > 0 && seen.nameTo > seen.nameFrom) {
    learnTopic(bytes, seen.idAt, seen.nameFrom, seen.nameTo);
  }
  seen.nameFrom = seen.nameTo = seen.idAt = 0;
}

/** Behind a number that a row shows; or why not. */
function behindNumber(op: number, bytes: Uint8Array, at: number, end: number): number {
  const width = op === Op.Epoch ? 4 : 2;
  if (at + width > end) return short;
  if (op === Op.Epoch) seen.epoch = int32(bytes, at);
  else if (op === Op.Acks) seen.acks = int16(bytes, at);
  else if (seen.error === 0) seen.error = int16(bytes, at);
  return at + width;
}

/** Behind a step that is no array and no structure; or why not. */
function behindLeaf(
  op: number,
  argument: number,
  bytes: Uint8Array,
  at: number,
  end: number,
): number {
  switch (op) {
    case Op.Text:
      return behindText(bytes, at, end, 2, argument);
    case Op.Bytes:
      return behindText(bytes, at, end, 4, argument);
    case Op.Compact:
      return behindCompact(bytes, at, end, argument);
    case Op.Uuid:
      if (at + topicIdBytes > end) return short;
      markId(bytes, at);
      return at + topicIdBytes;
    case Op.FixedArray:
    case Op.CompactFixedArray:
      return behindFixed(bytes, at, end, op === Op.CompactFixedArray, argument);
    default:
      return behindNumber(op, bytes, at, end);
  }
}

/**
 * Walks from `from` to `end`, which is where the message ends or, of a message that is cut, where what
 * is known of it ends. `learning`: the message comes from the server, whose topic ids and names belong
 * together. Bytes skipped are not looked at: whatever comes behind them finds out that they are missing.
 */
export function skim(
  plan: Plan,
  bytes: Uint8Array,
  from: number,
  end: number,
  learning: boolean,
): void {
  let at = from;
  let next = 0;
  let depth = 0;
  seen.reset();
  let steps = 0;
  for (; steps < maxSteps; steps++) {
    const step = plan[next++]!;
    const op = step & opMask;
    at += (step >> skipShift) & skipMask;
    switch (op) {
      case Op.End:
        seen.ending = at === end ? Ending.Exact : at < end ? Ending.Long : Ending.Short;
        seen.steps = steps;
        return;
      case Op.Skip:
        break;
      case Op.Array:
      case Op.CompactArray:
        at = behindCount(bytes, at, end, op === Op.CompactArray);
        if (at < 0) break;
        if (count <= 0) next = step >> argumentShift;
        else if (depth === maxDepth) at = malformed;
        else left[depth++] = count;
        break;
      case Op.Tags:
        at = behindTags(bytes, at, end);
        break;
      case Op.TagsAgain:
      case Op.Again:
        if (op === Op.TagsAgain) at = behindTags(bytes, at, end);
        if (--left[depth - 1]! > 0) next = step >> argumentShift;
        else depth--;
        break;
      case Op.Optional:
        if (at >= end) at = short;
        else if (bytes[at++]! >= 0x80) next = step >> argumentShift;
        break;
      case Op.Forget:
      case Op.Learn:
        aroundTopic(op, bytes, learning);
        break;
      default:
        at = behindLeaf(op, step >> argumentShift, bytes, at, end);
    }
    if (at < 0) {
      seen.ending = at === malformed ? Ending.Malformed : Ending.Short;
      seen.steps = steps;
      return;
    }
  }
  seen.steps = steps;
}
