/** The table of a segment: one row an entry, from which the DDL, the writer and the reader derive. */

import type { ReadType } from './duckdb.ts';
import { chunkRows, DuckType } from './duckdb-library.ts';

/** How a column's values lie in a batch, and what they become. */
export type StoredKind =
  | 'whole'
  | 'float'
  | 'optionalFloat'
  | 'status'
  | 'u32'
  | 'u16'
  | 'u8'
  | 'text';

/**
 * Stored columns in the order of the table. `source` and `destination` are addresses as text: few
 * addresses make up most rows, so the dictionary costs next to nothing and filters compare as users
 * write. `block` and `blockOffset` say where request and response lie, one behind the other.
 *
 * New columns come last: those of segments that were written before get them behind the others.
 *
 * What is unknown is NULL (no answer: no status, no times), as it is missing for the evaluator.
 */
export const storedColumns = {
  idTime: 'whole',
  idSequence: 'whole',
  requestSize: 'whole',
  responseSize: 'whole',
  stream: 'whole',
  requestPacket: 'whole',
  responsePacket: 'whole',
  parentTime: 'whole',
  parentSequence: 'whole',
  method: 'text',
  target: 'text',
  host: 'text',
  contentType: 'text',
  traceId: 'text',
  source: 'text',
  destination: 'text',
  front: 'text',
  elapsedMs: 'optionalFloat',
  requestMs: 'float',
  waitMs: 'optionalFloat',
  block: 'u32',
  blockOffset: 'u32',
  requestLength: 'u32',
  responseLength: 'u32',
  status: 'status',
  sourcePort: 'u16',
  destinationPort: 'u16',
  frontPort: 'u16',
  incomplete: 'u16',
  version: 'u16',
  protocol: 'u8',
  outcome: 'u8',
  capture: 'u8',
  flags: 'u8',
  otherNodes: 'whole',
  sightings: 'u8',
} as const satisfies Record<string, StoredKind>;
export type StoredName = keyof typeof storedColumns;
export const storedNames = Object.keys(storedColumns) as StoredName[];

interface KindFacts {
  readonly sql: string;
  readonly type: DuckType;
  readonly bytes: number;
  /** How results are read. */
  readonly read: ReadType;
}

export const kindFacts: Readonly<Record<StoredKind, KindFacts>> = {
  whole: { sql: 'BIGINT', type: DuckType.BigInt, bytes: 8, read: 'bigint' },
  float: { sql: 'FLOAT', type: DuckType.Float, bytes: 4, read: 'float' },
  optionalFloat: { sql: 'FLOAT', type: DuckType.Float, bytes: 4, read: 'float' },
  status: { sql: 'INTEGER', type: DuckType.Integer, bytes: 4, read: 'integer' },
  u32: { sql: 'UINTEGER', type: DuckType.Unsigned, bytes: 4, read: 'u32' },
  u16: { sql: 'USMALLINT', type: DuckType.SmallUnsigned, bytes: 2, read: 'u16' },
  u8: { sql: 'UTINYINT', type: DuckType.TinyUnsigned, bytes: 1, read: 'u8' },
  text: { sql: 'VARCHAR', type: DuckType.Text, bytes: 16, read: 'text' },
};

/**
 * How DuckDB keeps a column. Left alone it tries every method on every column at each checkpoint,
 * which costs a sixth of storing; these are what it chooses.
 */
const compressions: Readonly<Record<StoredKind, string>> = {
  whole: 'bitpacking',
  float: 'alp',
  optionalFloat: 'alp',
  status: 'bitpacking',
  u32: 'bitpacking',
  u16: 'bitpacking',
  u8: 'bitpacking',
  text: 'dictionary',
};
const targetCompression = 'fsst';

/** `CREATE TABLE` of a segment whose database is attached under `schema`. */
export function createTable(schema: string): string {
  const list = storedNames.map((name) => {
    const kind = storedColumns[name];
    const compression = name === 'target' ? targetCompression : compressions[kind];
    return `"${name}" ${kindFacts[kind].sql} USING COMPRESSION ${compression}`;
  });
  return `CREATE TABLE ${schema}.entries (${list.join(', ')})`;
}

/** Adds the columns that the table of a segment has not: an older Mizu wrote it. */
export function addColumns(schema: string, existing: ReadonlySet<string>): string[] {
  return storedNames
    .filter((name) => !existing.has(name))
    .map((name) => {
      const kind = storedColumns[name];
      const value = kind === 'text' ? "''" : '0';
      return `ALTER TABLE ${schema}.entries ADD COLUMN "${name}" ${kindFacts[kind].sql} DEFAULT ${value}`;
    });
}

/** What queries select, in the order of the table. */
export const selectList = storedNames.map((name) => `"${name}"`).join(', ');

/** How the result of `selectList` is read. */
export const selectTypes: readonly ReadType[] = storedNames.map(
  (name) => kindFacts[storedColumns[name]].read,
);

/** Bytes of a column's vector in a chunk. */
export function vectorBytes(name: StoredName): number {
  return kindFacts[storedColumns[name]].bytes * chunkRows;
}
