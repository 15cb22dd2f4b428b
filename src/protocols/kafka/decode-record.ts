/**
 * A record of a batch (format 2), all numbers variable and in zigzag order:
 *
 *   length · i8 attributes · timestamp delta · offset delta · key length · key · value length · value ·
 *   count · (name length · name · value length · value)*
 */
import type { ValueMap } from '../../dissect/contract.ts';
import { readLayout } from './decode-fields.ts';
import { Reader } from './decode-reader.ts';
import { namedBytes, readable } from './decode-value.ts';
import { dataLayout } from './schema.ts';

export interface BatchContext {
  readonly baseOffset: number;
  /** Of the first record, or of all when the broker has set it. */
  readonly firstTimestamp: number;
  readonly isAppended: boolean;
  readonly isControl: boolean;
}

/** Headers per record. */
const maxHeaders = 1_000;

/** By the type of a control record's key: its name, and the layout of its value. */
const controlTypes: readonly (readonly [string, string])[] = [
  ['ABORT', 'EndTxnMarker'],
  ['COMMIT', 'EndTxnMarker'],
  ['LEADER_CHANGE', 'LeaderChangeMessage'],
  ['SNAPSHOT_HEADER', 'SnapshotHeaderRecord'],
  ['SNAPSHOT_FOOTER', 'SnapshotFooterRecord'],
  ['KRAFT_VERSION', 'KRaftVersionRecord'],
  ['KRAFT_VOTERS', 'VotersRecord'],
];

export function readRecord(outer: Reader, batch: BatchContext): ValueMap {
  const length = outer.zigzag();
  const start = outer.at;
  outer.view(length);
  const reader = new Reader(outer.bytes, start, Math.min(outer.end, start + Math.max(0, length)));
  reader.int8();
  const timestampDelta = reader.zigzag();
  const offsetDelta = reader.zigzag();
  const key = bytesOrNull(reader);
  const value = bytesOrNull(reader);
  const { baseOffset, firstTimestamp, isAppended, isControl } = batch;
  const headers = readHeaders(reader);
  if (reader.ended) outer.ended = true;
  return {
    offset: baseOffset + offsetDelta,
    timestamp: isAppended ? firstTimestamp : firstTimestamp + timestampDelta,
    ...(isControl
      ? controlValues(key, value)
      : { ...namedBytes('key', key), ...namedBytes('value', value) }),
    headers,
  };
}

function bytesOrNull(reader: Reader): Uint8Array | null {
  const length = reader.zigzag();
  return length < 0 ? null : reader.view(length);
}

/** By name; a name that is repeated has a list. */
function readHeaders(reader: Reader): ValueMap {
  const headers: ValueMap = Object.create(null);
  const count = Math.min(reader.zigzag(), maxHeaders);
  for (let i = 0; i < count && !reader.ended; i++) {
    const name = reader.text(Math.max(0, reader.zigzag()));
    const bytes = bytesOrNull(reader);
    const value = bytes === null ? null : readable(bytes).text;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    else headers[name] = [...(Array.isArray(before) ? before : [before]), value];
  }
  return { ...headers };
}

/** What a control record says: `control` is its type. */
function controlValues(key: Uint8Array | null, value: Uint8Array | null): ValueMap {
  const head = new Reader(key ?? new Uint8Array(0));
  head.int16();
  const type = head.int16();
  const [control, layoutName] = controlTypes[type] ?? [`type ${type}`, ''];
  const body = new Reader(value ?? new Uint8Array(0));
  // All values begin with their version; that of a transaction's end is no field of its layout.
  const version = body.int16();
  if (layoutName !== 'EndTxnMarker') body.at = 0;
  const layout = dataLayout(layoutName, version);
  const data = layout === undefined ? undefined : readLayout(body, layout, {});
  return { control, ...(data !== undefined && { controlValue: data }), key: null, value: null };
}
