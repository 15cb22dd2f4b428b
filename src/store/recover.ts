/**
 * A folder as some earlier process left it → attached segments. What is damaged is cut or set aside
 * and said, never fatal.
 */
import { existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { basename } from 'node:path';
import { filesSetAside, setFileAside } from './aside.ts';
import type { Connection } from './duckdb.ts';
import { PayloadFile } from './payload-file.ts';
import { Segment, segmentPaths } from './segment.ts';
import type { Shelf } from './shelf.ts';
import { addColumns } from './table.ts';

const segmentName = /^(\d{6,})\.(?:duckdb|duckdb\.wal|payload)$/;

/** What DuckDB says of a write-ahead log whose content is not what it wrote. */
const damagedLog = /at byte position (\d+)/i;

/** Numbers of the segments in a folder, ascending. */
function segmentNumbers(directory: string): number[] {
  const numbers = new Set<number>();
  for (const name of readdirSync(directory)) {
    const match = segmentName.exec(name);
    if (match) numbers.add(Number(match[1]));
  }
  return [...numbers].sort((a, b) => a - b);
}

/** Nothing is deleted before room is needed. */
function setAside(shelf: Shelf, path: string): void {
  const file = setFileAside(path);
  if (file !== undefined) shelf.aside.push(file);
}

/** Attaches every segment of the folder. Returns what was repaired, in words. */
export async function recoverFolder(shelf: Shelf, admin: Connection): Promise<string[]> {
  const repairs: string[] = [];
  shelf.aside.push(...filesSetAside(shelf.directory));
  const numbers = segmentNumbers(shelf.directory);
  for (const number of numbers) {
    const isNewest = number === numbers.at(-1);
    try {
      const segment = await openSegment(shelf, admin, number, isNewest, repairs);
      if (segment) shelf.segments.push(segment);
    } catch (error) {
      const reason = (error as Error).message.split('\n')[0];
      repairs.push(`Segment ${number} cannot be read and was set aside: ${reason}`);
      const paths = segmentPaths(shelf.directory, number);
      for (const path of Object.values(paths)) setAside(shelf, path);
    }
  }
  return repairs;
}

async function openSegment(
  shelf: Shelf,
  admin: Connection,
  number: number,
  isNewest: boolean,
  repairs: string[],
): Promise<Segment | undefined> {
  const paths = segmentPaths(shelf.directory, number);
  if (!existsSync(paths.columns)) {
    repairs.push(`Segment ${number} has lost its columns; its other files were set aside.`);
    for (const path of Object.values(paths)) setAside(shelf, path);
    return undefined;
  }
  if (!existsSync(paths.payload)) {
    repairs.push(`Segment ${number} has lost its payload file: its entries have no content.`);
  }
  const hasPayload = existsSync(paths.payload);
  const payload = hasPayload
    ? PayloadFile.open(paths.payload, isNewest ? 'everything' : 'last blocks')
    : PayloadFile.create(paths.payload);
  for (const repair of payload.repairs) {
    repairs.push(`Segment ${number}, ${basename(paths.payload)}: ${repair}.`);
  }
  const segment = new Segment(shelf.directory, number, payload);
  try {
    await attachRepairing(segment, shelf, admin, repairs);
    await bringUpToDate(segment, admin);
    await readFacts(segment, admin, repairs);
  } catch (error) {
    payload.close();
    await admin.run(`DETACH DATABASE IF EXISTS ${segment.schema}`).catch(() => {});
    throw error;
  }
  return segment;
}

/** Attaches a segment; of a damaged write-ahead log the good beginning is kept. */
async function attachRepairing(
  segment: Segment,
  shelf: Shelf,
  admin: Connection,
  repairs: string[],
): Promise<void> {
  const { wal } = segmentPaths(shelf.directory, segment.number);
  try {
    await segment.attach(admin);
    return;
  } catch (error) {
    if (!existsSync(wal)) throw error;
    const position = Number(damagedLog.exec((error as Error).message)?.[1] ?? 0);
    const size = statSync(wal).size;
    if (position > 0 && position < size) {
      truncateSync(wal, position);
      repairs.push(
        `Segment ${segment.number}: ${size - position} damaged bytes at the end of its log were cut off.`,
      );
      try {
        await segment.attach(admin);
        return;
      } catch {
        // Cutting did not help: the whole log goes.
      }
    }
  }
  setAside(shelf, wal);
  repairs.push(`Segment ${segment.number}: its log cannot be read and was set aside.`);
  await segment.attach(admin);
}

/** A segment of an older Mizu has fewer columns. */
async function bringUpToDate({ schema }: Segment, admin: Connection): Promise<void> {
  const existing = new Set<string>();
  const sql = `SELECT column_name FROM duckdb_columns() WHERE database_name = '${schema}' AND table_name = 'entries'`;
  await admin.query(sql, [], ['text'], (rows, [name]) => {
    for (let row = 0; row < rows; row++) existing.add(String(name!(row)));
  });
  if (existing.size === 0) return;
  for (const statement of addColumns(schema, existing)) await admin.run(statement);
}

/** Reads what is known of an open segment from its table; a table that cannot be read is damage. */
async function readFacts(segment: Segment, admin: Connection, repairs: string[]): Promise<void> {
  let lastBlock = -1;
  const sql = `SELECT count(*), coalesce(min("idTime"), 0), coalesce(max("idTime"), 0), coalesce(max("block"), -1)::BIGINT FROM ${segment.schema}.entries`;
  await admin.query(sql, [], ['bigint', 'bigint', 'bigint', 'bigint'], (_rows, columns) => {
    const [entries, minTime, maxTime, block] = columns.map((column) => Number(column(0)));
    segment.entries = entries!;
    segment.minTime = entries === 0 ? Number.POSITIVE_INFINITY : minTime!;
    segment.maxTime = maxTime!;
    lastBlock = block!;
  });
  segment.measure();
  segment.nextBlock = Math.max(segment.payload.blocks, lastBlock + 1);
  const lost: number[] = [];
  for (let block = 0; block <= lastBlock; block++)
    if (!segment.payload.has(block)) lost.push(block);
  if (lost.length === 0) return;
  await admin.query(
    `SELECT count(*) FROM ${segment.schema}.entries WHERE "block" IN (${lost.join(',')}) AND "requestLength" + "responseLength" > 0`,
    [],
    ['bigint'],
    (_rows, columns) => {
      const entries = Number(columns[0]!(0));
      if (entries === 0) return;
      repairs.push(
        `Segment ${segment.number}: ${entries} entries have lost their content; their rows are shown without it.`,
      );
    },
  );
}
