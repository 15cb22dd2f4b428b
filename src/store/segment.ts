/**
 * A segment: a DuckDB file with the columns and a payload file, under one number. The newest is
 * written, the oldest is dropped when the limit is reached.
 */
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from './duckdb.ts';
import { PayloadFile } from './payload-file.ts';
import { createTable } from './table.ts';

/**
 * DuckDB's block: with blocks of 16 KiB texts compress so badly that a row takes twice the space, with
 * its usual 256 KiB an almost empty segment takes a megabyte. Below a limit of this size the small
 * ones are better.
 */
const blockBytes = 65_536;
const smallBlockBytes = 16_384;
const smallSegmentBytes = 4_000_000;
/** Rows of a row group: a complete one is written once, however often the log is folded in. */
const rowGroupRows = 30_720;

/** File names of a segment in its folder. */
export function segmentPaths(directory: string, number: number) {
  const base = join(directory, String(number).padStart(6, '0'));
  return { columns: `${base}.duckdb`, wal: `${base}.duckdb.wal`, payload: `${base}.payload` };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** An SQL text literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** One pair of files, attached to the database while it is open. */
export class Segment {
  readonly number: number;
  /** Name of the attached database in SQL. */
  readonly schema: string;
  readonly payload: PayloadFile;
  readonly #directory: string;
  /** Committed rows. */
  entries = 0;
  /** Bounds of the rows' `idTime`, committed or about to be. */
  minTime = Number.POSITIVE_INFINITY;
  maxTime = 0;
  /** Sizes when they were last looked at. */
  columnBytes = 0;
  walBytes = 0;
  /** Number of the next block to write. */
  nextBlock = 0;
  /** Queries that are looking at it. */
  #readers = 0;
  #whenUnused: (() => void) | undefined;

  constructor(directory: string, number: number, payload: PayloadFile) {
    this.#directory = directory;
    this.number = number;
    this.schema = `segment${number}`;
    this.payload = payload;
  }

  /** Begins a segment that is full at about `fullBytes`. */
  static async create(
    admin: Connection,
    directory: string,
    number: number,
    fullBytes: number,
  ): Promise<Segment> {
    const paths = segmentPaths(directory, number);
    for (const path of Object.values(paths)) rmSync(path, { force: true });
    const segment = new Segment(directory, number, PayloadFile.create(paths.payload));
    const block = fullBytes < smallSegmentBytes ? smallBlockBytes : blockBytes;
    try {
      await segment.attach(admin, `BLOCK_SIZE ${block}, `);
      await admin.run(createTable(segment.schema));
    } catch (error) {
      await segment.drop(admin).catch(() => {});
      for (const path of Object.values(paths)) rmSync(path, { force: true });
      throw error;
    }
    segment.measure();
    return segment;
  }

  /** A file that exists has its block size. */
  async attach(admin: Connection, options = ''): Promise<void> {
    const { columns } = segmentPaths(this.#directory, this.number);
    const all = `${options}ROW_GROUP_SIZE ${rowGroupRows}`;
    await admin.run(`ATTACH ${quoted(columns)} AS ${this.schema} (${all})`);
  }

  /** Bytes on disk, when they were last looked at. */
  get bytes(): number {
    return this.columnBytes + this.walBytes + this.payload.bytes;
  }

  /** Looks at the sizes of the files. */
  measure(): void {
    const paths = segmentPaths(this.#directory, this.number);
    this.columnBytes = sizeOf(paths.columns);
    this.walBytes = sizeOf(paths.wal);
  }

  /** Keeps the segment attached until `release`. */
  use(): void {
    this.#readers++;
  }

  release(): void {
    this.#readers--;
    if (this.#readers === 0) this.#whenUnused?.();
  }

  async detach(admin: Connection): Promise<void> {
    await this.#unused();
    await admin.run(`DETACH ${this.schema}`);
    this.payload.close();
  }

  /** Opens the columns again after DuckDB gave them up: what was committed is there. */
  async reattach(admin: Connection): Promise<void> {
    await this.#unused();
    await admin.run(`DETACH ${this.schema}`);
    await this.attach(admin);
    const sql = `SELECT count(*) FROM ${this.schema}.entries`;
    await admin.query(sql, [], ['bigint'], (_rows, [count]) => {
      this.entries = Number(count!(0));
    });
    this.measure();
  }

  async #unused(): Promise<void> {
    while (this.#readers > 0) {
      await new Promise<void>((resolve) => {
        this.#whenUnused = resolve;
      });
    }
  }

  /** Takes the segment and its files away, as soon as no query looks at it any more. */
  async drop(admin: Connection): Promise<void> {
    const paths = segmentPaths(this.#directory, this.number);
    rmSync(paths.payload, { force: true });
    await this.detach(admin);
    rmSync(paths.columns, { force: true });
    rmSync(paths.wal, { force: true });
  }
}
