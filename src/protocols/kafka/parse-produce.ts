/**
 * Produce about one topic, as most are: what `parse-skim.ts` finds out step by step, read in one go.
 * Produce is the bulk of what a broker is told. Whatever looks different is left to the steps.
 *
 *   request     tags · compact transactional id · i16 acks · i32 timeout · topics · tags
 *     topic     16 bytes of id (from version 13) or compact name · partitions · tags
 *     partition i32 index · compact records · tags
 *
 *   response    tags · topics · i32 throttled · tags
 *     topic     as above
 *     partition i32 index · i16 error · i64 base offset · i64 time · i64 start offset · errors of
 *               records · compact text · tags
 *
 * Counts and compact lengths are one more than they say, 0 is null; no tags are 0.
 */
import { int16At } from './parse-header.ts';
import { Ending, seen } from './parse-skim.ts';
import { topicIdBytes } from './parse-topics.ts';

/** Versions that are laid out so, and the first in which topics have ids. */
const firstVersion = 9;
const firstWithIds = 13;
const lastVersion = 13;
/** The count of one topic. */
const one = 2;
/** From here on a number has more than one byte. */
const long = 0x80;
/** Of a partition's answer: index, error, offsets and time. */
const resultBytes = 4 + 2 + 3 * 8;
const errorAt = 4;

/**
 * Marks the topic whose name or id lies at `at`; where it ends, or -1 when it is none of an ordinary
 * length.
 */
function behindTopic(bytes: Uint8Array, at: number, version: number): number {
  const first = bytes[at]!;
  if (version >= firstWithIds) {
    if (first === 0) return -1;
    seen.topicSpans[0] = at;
    seen.topicSpans[1] = -1;
    return at + topicIdBytes;
  }
  if (first <= 1 || first >= long) return -1;
  seen.topicSpans[0] = at + 1;
  seen.topicSpans[1] = at + first;
  return at + first;
}

/**
 * Behind the records whose length lies at `at`: -1 when they are null, or
 * so long that their length has more than three bytes. Adds to `recordBytes`.
 */
function behindRecords(bytes: Uint8Array, at: number): number {
  let length = bytes[at++]!;
  if (length >= long) {
    const second = bytes[at++]!;
    length += (second - 1) << 7;
    if (second >= long) {
      const third = bytes[at++]!;
      length += (third - 1) << 14;
      if (third >= long) return -1;
    }
  }
  if (length < 1) return -1;
  recordBytes += length - 1;
  return at + length - 1;
}

let recordBytes = 0;

/** All of it has been read, up to where the message ends. */
function found(acks: number, error: number): true {
  seen.reset();
  seen.ending = Ending.Exact;
  seen.topics = 1;
  seen.acks = acks;
  seen.error = error;
  seen.recordBytes = recordBytes;
  return true;
}

/** Fills `seen` from `[at, end)`, a whole request behind the client id. False: it has to be walked over. */
export function skimProduce(bytes: Uint8Array, at: number, end: number, version: number): boolean {
  if (version < firstVersion || version > lastVersion) return false;
  if (bytes[at] !== 0 || bytes[at + 1] !== 0 || bytes[at + 8] !== one) return false;
  let next = behindTopic(bytes, at + 9, version);
  if (next < 0 || next >= end) return false;
  const partitions = bytes[next++]! - 1;
  if (partitions < 1 || partitions >= long - 1) return false;
  recordBytes = 0;
  for (let i = 0; i < partitions; i++) {
    next = behindRecords(bytes, next + 4);
    if (next < 0 || next >= end || bytes[next++] !== 0) return false;
  }
  if (next + 2 !== end || bytes[next] !== 0 || bytes[next + 1] !== 0) return false;
  return found(int16At(bytes, at + 2), 0);
}

/** The same of an answer, behind its correlation id. */
export function skimProduced(bytes: Uint8Array, at: number, end: number, version: number): boolean {
  if (version < firstVersion || version > lastVersion) return false;
  if (bytes[at] !== 0 || bytes[at + 1] !== one) return false;
  let next = behindTopic(bytes, at + 2, version);
  if (next < 0 || next >= end) return false;
  const partitions = bytes[next++]! - 1;
  if (partitions < 1 || partitions >= long - 1) return false;
  if (next + partitions * (resultBytes + 3) + 6 !== end) return false;
  let error = 0;
  for (let i = 0; i < partitions; i++) {
    if (error === 0) error = int16At(bytes, next + errorAt);
    next += resultBytes;
    if (bytes[next++] !== 1 || bytes[next++] !== 0 || bytes[next++] !== 0) return false;
  }
  if (bytes[next] !== 0 || bytes[next + 5] !== 0) return false;
  recordBytes = 0;
  return found(1, error);
}
