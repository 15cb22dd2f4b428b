/**
 * Records of Produce and Fetch: batches of format 2 and message sets of formats 0 and 1.
 *
 *   batch: i64 base offset · i32 length · i32 leader epoch · i8 magic 2 · u32 crc · i16 attributes ·
 *          i32 last offset delta · i64 first, i64 last timestamp · i64 producer id · i16 producer epoch ·
 *          i32 base sequence · i32 count · record*, compressed together
 *   message: i64 offset · i32 length · u32 crc · i8 magic 0 or 1 · i8 attributes · [i64 timestamp] ·
 *          i32 length · key · i32 length · value; a compressed one has a message set as its value
 */
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { codecNames, unpack } from './decode-codecs.ts';
import { numberValue, Reader } from './decode-reader.ts';
import { readRecord } from './decode-record.ts';
import { namedBytes } from './decode-value.ts';

/** Records decoded per message; more are counted only. */
const maxRecords = 10_000;
/** Batches per partition. */
const maxBatches = 2_000;
/** Message sets within messages. */
const maxNesting = 2;
/** Bytes unpacked per message. */
const maxTotalUnpacked = 48 << 20;

/** Shared by all partitions of a message. */
export class RecordBudget {
  records = maxRecords;
  unpackedBytes = maxTotalUnpacked;
}

/** Attributes of a batch; the lowest three bits of both formats are the codec. */
const Attribute = { LogAppendTime: 0x08, Transactional: 0x10, Control: 0x20 } as const;

/** Length of base offset and length field; where the magic byte lies in both formats. */
const logOverhead = 12;
const magicAt = 16;

/** What is found in a partition's records, as they are collected. */
interface Found {
  readonly batches: ValueMap[];
  readonly records: Value[];
  /** Records there are, decoded or not. */
  total: number;
  problem: string | undefined;
}

/**
 * `recordBatch` with the first batch's head and `record`, the records of all batches; `batches` when
 * there are several.
 */
export function readRecords(bytes: Uint8Array, budget: RecordBudget): ValueMap {
  const found: Found = { batches: [], records: [], total: 0, problem: undefined };
  const reader = new Reader(bytes);
  while (reader.left > 0 && found.batches.length < maxBatches) {
    if (reader.left < magicAt + 1) {
      found.problem ??= 'the last batch is cut';
      break;
    }
    const length = new Reader(bytes, reader.at + 8).int32();
    const whole = logOverhead + length;
    const magic = bytes[reader.at + magicAt]!;
    if (length < 0 || magic > 2) {
      found.problem ??= `not a batch at ${reader.at}`;
      break;
    }
    const part = new Reader(bytes, reader.at, Math.min(bytes.length, reader.at + whole));
    if (reader.left < whole) found.problem ??= 'the last batch is cut';
    const codec = (bytes[reader.at + magicAt + 1] ?? 0) & 7;
    if (magic === 2) readBatch(part, found, budget);
    // Brokers that convert for old clients fill up with the beginning of a message that never was.
    else if (reader.left >= whole || codec !== 0) readMessage(part, found, budget, 0);
    reader.view(Math.min(whole, reader.left));
  }
  const [first = {}] = found.batches;
  const remark = remarkOf(found);
  return {
    recordBatch: {
      ...first,
      recordCount: found.total,
      record: found.records,
      ...(found.batches.length > 1 && { batches: found.batches }),
      ...(remark !== undefined && { remark }),
    },
  };
}

function remarkOf({ records, total, problem }: Found): string | undefined {
  const fewer =
    records.length < total && problem === undefined
      ? `the first ${records.length} of ${total} records are shown`
      : undefined;
  return problem ?? fewer;
}

function readBatch(reader: Reader, found: Found, budget: RecordBudget): void {
  const baseOffset = reader.int64();
  const batchLength = reader.int32();
  const partitionLeaderEpoch = reader.int32();
  const magic = reader.int8();
  const crc = reader.uint32();
  const attributes = reader.int16();
  const lastOffsetDelta = reader.int32();
  const firstTimestamp = reader.int64();
  const maxTimestamp = reader.int64();
  const producerId = reader.int64();
  const producerEpoch = reader.int16();
  const baseSequence = reader.int32();
  const count = reader.int32();
  const isControl = (attributes & Attribute.Control) !== 0;
  const isAppended = (attributes & Attribute.LogAppendTime) !== 0;
  found.batches.push({
    baseOffset: numberValue(baseOffset),
    batchLength,
    partitionLeaderEpoch,
    magic,
    crc,
    attributes,
    compression: codecNames[attributes & 7] ?? `codec ${attributes & 7}`,
    timestampType: isAppended ? 'LogAppendTime' : 'CreateTime',
    isTransactional: (attributes & Attribute.Transactional) !== 0,
    isControl,
    lastOffsetDelta,
    firstTimestamp: numberValue(firstTimestamp),
    maxTimestamp: numberValue(maxTimestamp),
    producerId: numberValue(producerId),
    producerEpoch,
    baseSequence,
    count,
  });
  if (reader.ended || count <= 0) return;
  found.total += count;
  const plain = unpackRest(reader, attributes & 7, found, budget);
  if (plain === undefined) return;
  const records = new Reader(plain);
  for (let i = 0; i < count && records.left > 0 && budget.records > 0; i++) {
    const record = readRecord(records, {
      baseOffset: Number(baseOffset),
      firstTimestamp: Number(isAppended ? maxTimestamp : firstTimestamp),
      isAppended,
      isControl,
    });
    // Of a record that is cut, what there is: the key at least is what somebody looks for.
    if (records.ended) found.problem ??= 'the last record is cut';
    if (records.ended && !record['key'] && !record['value']) return;
    budget.records--;
    found.records.push(records.ended ? { ...record, cut: true } : record);
  }
}

function unpackRest(
  reader: Reader,
  codec: number,
  found: Found,
  budget: RecordBudget,
): Uint8Array | undefined {
  if (budget.records <= 0 || budget.unpackedBytes <= 0) return undefined;
  const { bytes, problem } = unpack(reader.view(reader.left), codec);
  if (codec !== 0) budget.unpackedBytes -= bytes.length;
  if (problem !== undefined) found.problem ??= `${codecNames[codec] ?? ''}: ${problem}`.trim();
  return bytes;
}

/** A message of format 0 or 1, or the set that it holds. */
function readMessage(reader: Reader, found: Found, budget: RecordBudget, depth: number): void {
  const offset = reader.int64();
  const messageSize = reader.int32();
  const crc = reader.uint32();
  const magic = reader.int8();
  const attributes = reader.int8();
  const timestamp = magic > 0 ? reader.int64() : -1;
  const codec = attributes & 7;
  const isAppended = (attributes & Attribute.LogAppendTime) !== 0;
  if (depth === 0) {
    found.batches.push({
      baseOffset: numberValue(offset),
      batchLength: messageSize,
      magic,
      crc,
      attributes,
      compression: codecNames[codec] ?? `codec ${codec}`,
      ...(magic > 0 && { timestampType: isAppended ? 'LogAppendTime' : 'CreateTime' }),
    });
  }
  const key = bytesOrNull(reader);
  const value = bytesOrNull(reader);
  if (codec !== 0 && value !== null && depth < maxNesting) {
    const wrapper = { offset: Number(offset), magic, codec, timestamp: numberValue(timestamp) };
    readInnerSet(value, { ...wrapper, isAppended }, found, budget, depth);
    return;
  }
  found.total++;
  if (reader.ended) found.problem ??= 'the last message is cut';
  else if (budget.records > 0) {
    budget.records--;
    found.records.push({
      offset: numberValue(offset),
      ...(magic > 0 && { timestamp: numberValue(timestamp) }),
      ...namedBytes('key', key),
      ...namedBytes('value', value),
    });
  }
}

interface Wrapper {
  readonly offset: number;
  readonly magic: number;
  readonly codec: number;
  readonly timestamp: number | string;
  readonly isAppended: boolean;
}

function readInnerSet(
  value: Uint8Array,
  wrapper: Wrapper,
  found: Found,
  budget: RecordBudget,
  depth: number,
): void {
  const plain = unpackRest(new Reader(value), wrapper.codec, found, budget);
  if (plain === undefined) return;
  const first = found.records.length;
  const set = new Reader(plain);
  while (set.left > logOverhead && !set.ended) {
    const whole = logOverhead + new Reader(plain, set.at + 8).int32();
    if (whole <= logOverhead) break;
    const end = Math.min(plain.length, set.at + whole);
    readMessage(new Reader(plain, set.at, end), found, budget, depth + 1);
    set.view(Math.min(whole, set.left));
  }
  if (wrapper.magic > 0) takeFromWrapper(found.records.slice(first), wrapper);
}

/**
 * Offsets within a set of format 1 count from its first message; the wrapper has that of the last. When the
 * broker sets the time it does so in the wrapper alone.
 */
function takeFromWrapper(records: readonly Value[], wrapper: Wrapper): void {
  const last = records.at(-1);
  const shift = isMap(last) ? wrapper.offset - Number(last['offset']) : 0;
  for (const record of records) {
    if (!isMap(record)) continue;
    if (shift > 0) record['offset'] = Number(record['offset']) + shift;
    if (wrapper.isAppended) record['timestamp'] = wrapper.timestamp;
  }
}

function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bytesOrNull(reader: Reader): Uint8Array | null {
  const length = reader.int32();
  return length < 0 ? null : reader.view(length);
}
