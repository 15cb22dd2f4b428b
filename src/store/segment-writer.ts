/**
 * Filled blocks and chunks → the newest segment's files, one job after the other, on other threads
 * than the event loop's. Payload before columns: a row that is found again has its bytes.
 */
import type { Chunk } from './chunk.ts';
import { type Connection, callAsync, DuckError } from './duckdb.ts';
import { duckdb, type Pointer } from './duckdb-library.ts';
import { PayloadFile } from './payload-file.ts';
import type { Segment } from './segment.ts';
import type { Shelf } from './shelf.ts';

/** Bytes of a row in DuckDB's write-ahead log, and of a commit, about: only to make room in time. */
const logBytesPerRow = 320;
const logBytesPerCommit = 64 << 10;

/** The log is folded into the table at this size, or at this share of the limit if that is less. */
const maxLogBytes = 16 << 20;
const logShareOfLimit = 1 / 32;

/** A block on its way to the file. */
export interface BlockJob {
  readonly number: number;
  readonly compressed: Promise<Buffer>;
  readonly rawBytes: number;
}

export class SegmentWriter {
  readonly #shelf: Shelf;
  readonly #connection: Connection;
  readonly #logLimit: number;
  #segment: Segment | undefined;
  #appender: [Pointer | null] = [null];
  /** Rows given to the appender since the last commit. */
  #uncommitted = 0;

  constructor(shelf: Shelf, connection: Connection) {
    this.#shelf = shelf;
    this.#connection = connection;
    this.#logLimit = Math.min(maxLogBytes, shelf.limitBytes * logShareOfLimit);
  }

  get uncommitted(): number {
    return this.#uncommitted;
  }

  async writeBlock(job: BlockJob): Promise<number> {
    const compressed = await job.compressed;
    const bytes = PayloadFile.sizeOf(compressed);
    await this.#shelf.makeRoom(bytes);
    this.#segment?.payload.write(job.number, compressed, job.rawBytes);
    return bytes;
  }

  async appendChunk(chunk: Chunk): Promise<void> {
    const api = duckdb();
    const appender = this.#appender[0];
    if (appender === null) throw new DuckError('no segment is open for writing');
    const state = await callAsync(api.appendChunk, chunk, appender, chunk.pointer);
    if (state !== 0) throw this.#appenderError();
    this.#uncommitted += chunk.rows;
    const segment = this.#segment!;
    segment.minTime = Math.min(segment.minTime, chunk.minTime);
    segment.maxTime = Math.max(segment.maxTime, chunk.maxTime);
  }

  /** Makes what was appended durable. Returns how many rows that were. */
  async commit(): Promise<number> {
    const segment = this.#segment;
    const rows = this.#uncommitted;
    if (!segment || rows === 0) return 0;
    await this.#shelf.makeRoom(logBytesPerCommit + rows * logBytesPerRow);
    this.#uncommitted = 0;
    const state = await callAsync(duckdb().flushAppender, this, this.#appender[0]);
    if (state !== 0) throw this.#appenderError();
    segment.entries += rows;
    segment.measure();
    return rows;
  }

  /** Folds the log into the table when it has grown long. */
  async foldLog(): Promise<void> {
    const segment = this.#segment;
    if (!segment || segment.walBytes < this.#logLimit) return;
    await this.#shelf.makeRoom(segment.walBytes);
    await this.#shelf.checkpoint(segment);
  }

  /** Goes on in the newest segment, which was opened with the folder. */
  continue(segment: Segment): void {
    this.#openAppender(segment);
  }

  /** Finishes the segment and begins the next. */
  async rotate(number: number): Promise<void> {
    const finished = this.#segment;
    await this.commit();
    this.#closeAppender();
    if (finished) {
      await this.#shelf.makeRoom(finished.walBytes);
      await this.#shelf.checkpoint(finished);
    }
    await this.#shelf.makeRoom(logBytesPerCommit);
    this.#openAppender(await this.#shelf.addSegment(number));
  }

  /** Forgets everything stored and begins a segment. */
  async clear(number: number): Promise<void> {
    this.abandon();
    await this.#shelf.clear();
    this.#openAppender(await this.#shelf.addSegment(number));
  }

  /** Gives up what was not committed. Returns how many rows that were. */
  abandon(): number {
    const rows = this.#uncommitted;
    this.#uncommitted = 0;
    this.#closeAppender();
    return rows;
  }

  /** Commits and lets the segment go. */
  async close(): Promise<void> {
    await this.commit();
    this.#closeAppender();
  }

  #openAppender(segment: Segment): void {
    const state = duckdb().createAppender(
      this.#connection.pointer,
      segment.schema,
      'main',
      'entries',
      this.#appender,
    );
    if (state !== 0) throw this.#appenderError();
    this.#segment = segment;
  }

  #closeAppender(): void {
    if (this.#appender[0] !== null) duckdb().destroyAppender(this.#appender);
    this.#appender = [null];
    this.#segment = undefined;
  }

  #appenderError(): DuckError {
    const message = this.#appender[0] === null ? null : duckdb().appenderError(this.#appender[0]);
    return new DuckError(message ?? 'rows could not be appended');
  }
}
