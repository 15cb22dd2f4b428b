/**
 * store: column batches → entries kept on disk within a limit, found again by query.
 *
 *   append → writer (copies) → segment-writer (other threads) → NNNNNN.duckdb, NNNNNN.payload
 *   page, count, histogram, get → query → SQL, then bytes, then the evaluator
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseId } from '../entry/id.ts';
import type { RowContext } from '../entry/row.ts';
import type { FieldSchema } from '../filter/contract.ts';
import type { Store, StoreCounters } from './contract.ts';
import { type Connection, Database } from './duckdb.ts';
import { filterEngine, type QueryEngine } from './engine.ts';
import { storeFolder } from './folder.ts';
import { isKnown, readFormat, refusal, setStoreAside, writeFormat } from './format.ts';
import { lockFolder } from './lock.ts';
import { Pool } from './pool.ts';
import { Queries } from './query.ts';
import { recoverFolder } from './recover.ts';
import { SegmentWriter } from './segment-writer.ts';
import { minimumLimitBytes, Shelf } from './shelf.ts';
import { StoreError } from './store-error.ts';
import { Writer } from './writer.ts';

export { filterEngine, sqlColumns } from './engine.ts';

/** Memory that DuckDB may use, for all segments together. */
const memoryLimit = '56MB';
/** Where statements go that need more for a moment. */
const temporaryName = 'temporary';
/** A commit folds the log itself only beyond this; normally the segment writer does it in time. */
const neverByItself = '1TB';

export interface StoreOptions extends RowContext {
  /** Where to keep what is stored; undefined: a temporary folder that is removed at the end. */
  readonly directory?: string | undefined;
  readonly limitBytes: number;
  /** Names that filters may use. */
  readonly schema: FieldSchema;
  /** How filters are run; Mizu's query language unless a test says otherwise. */
  readonly engine?: QueryEngine;
  /** What to do with a store of another format: `refuse` (a `StoreError`), or begin anew beside it. */
  readonly otherFormat?: 'refuse' | 'set aside';
  /** Told when something could not be stored, in words. */
  readonly onProblem?: (message: string) => void;
}

/**
 * Opens the store of a folder, with all it held. Throws a `StoreError` when the limit is too small, the
 * folder is in use or cannot be written, or a Mizu of another format wrote it.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (!(options.limitBytes >= minimumLimitBytes)) {
    throw new StoreError(
      'bad_store',
      `The store needs a limit of at least ${minimumLimitBytes / 1e6}MB: set --max-entries-db-size higher.`,
    );
  }
  const directory = storeFolder(options.directory);
  const unlock = lockFolder(directory);
  const remove = () => {
    unlock();
    if (options.directory === undefined) rmSync(directory, { recursive: true, force: true });
  };
  try {
    const notice = meetFormat(directory, options.otherFormat ?? 'refuse');
    return await DiskStore.open(directory, options, remove, notice);
  } catch (error) {
    remove();
    throw error;
  }
}

/** Before anything in the folder is touched. Returns what was done with a store of another format. */
function meetFormat(directory: string, otherFormat: 'refuse' | 'set aside'): string | undefined {
  const found = readFormat(directory);
  let notice: string | undefined;
  if (found !== undefined && !isKnown(found)) {
    if (otherFormat === 'refuse') throw new StoreError('other_format', refusal(directory, found));
    notice = setStoreAside(directory, found);
  }
  writeFormat(directory);
  return notice;
}

class DiskStore implements Store {
  readonly repairs: readonly string[];
  readonly notice: string | undefined;
  readonly #database: Database;
  readonly #connections: readonly Connection[];
  readonly #shelf: Shelf;
  readonly #writer: Writer;
  readonly #pool: Pool;
  readonly #queries: Queries;
  readonly #removed: () => void;
  #closing: Promise<void> | undefined;

  private constructor(parts: {
    database: Database;
    connections: readonly Connection[];
    shelf: Shelf;
    writer: Writer;
    options: StoreOptions;
    repairs: readonly string[];
    notice: string | undefined;
    removed: () => void;
  }) {
    const { options } = parts;
    this.#database = parts.database;
    this.#connections = parts.connections;
    this.#shelf = parts.shelf;
    this.#writer = parts.writer;
    this.repairs = parts.repairs;
    this.notice = parts.notice;
    this.#removed = parts.removed;
    this.#pool = new Pool(parts.database);
    const engine =
      options.engine ?? filterEngine(options.schema, options.protocolByCode, options.names);
    this.#queries = new Queries(
      parts.shelf.segments,
      this.#pool,
      engine,
      options,
      options.onProblem ?? (() => {}),
    );
  }

  static async open(
    directory: string,
    options: StoreOptions,
    removed: () => void,
    notice: string | undefined,
  ): Promise<DiskStore> {
    rmSync(join(directory, temporaryName), { recursive: true, force: true });
    const database = Database.open({
      // Statements run on the caller's thread, so several run at once; more only cost memory.
      threads: '1',
      memory_limit: memoryLimit,
      checkpoint_threshold: neverByItself,
      temp_directory: join(directory, temporaryName),
      max_temp_directory_size: `${Math.floor(options.limitBytes / 50)}B`,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    try {
      const admin = database.connect();
      const appending = database.connect();
      const shelf = new Shelf(directory, options.limitBytes, admin);
      const repairs = await recoverFolder(shelf, admin);
      await shelf.makeRoom(0);
      const newest = shelf.newest ?? (await shelf.addSegment(1));
      const target = new SegmentWriter(shelf, appending);
      target.continue(newest);
      const writer = new Writer(shelf, target, newest.nextBlock, options.onProblem ?? (() => {}));
      const connections = [admin, appending];
      const parts = { database, connections, shelf, writer, options, repairs, notice, removed };
      return new DiskStore(parts);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  append: Store['append'] = (batch) => this.#writer.append(batch);

  room: Store['room'] = () => this.#writer.room();

  page: Store['page'] = async (request) => {
    // The newest entries are asked for: those that are not on disk yet belong to the answer.
    if (request.before === undefined) await this.#writer.commit();
    return this.#queries.page(request);
  };

  get: Store['get'] = async (id) => {
    const parsed = parseId(id);
    if (!parsed) return undefined;
    const found = await this.#queries.get(parsed);
    if (found || this.#writer.counters.waiting === 0) return found;
    await this.#writer.commit();
    return this.#queries.get(parsed);
  };

  histogram: Store['histogram'] = (filter, since, until, buckets) =>
    this.#queries.histogram(filter, since, until, buckets);

  count: Store['count'] = (filter, atMost) => this.#queries.count(filter, atMost);

  clear: Store['clear'] = async () => {
    await this.#writer.clear();
    this.#queries.forget();
  };

  counters(): StoreCounters {
    const { appended, shed, cpuMs, waiting } = this.#writer.counters;
    let oldest = Number.POSITIVE_INFINITY;
    for (const segment of this.#shelf.segments) oldest = Math.min(oldest, segment.minTime);
    return {
      entries: this.#shelf.entries + waiting,
      appended,
      bytes: this.#shelf.bytes,
      limitBytes: this.#shelf.limitBytes,
      oldestTimestamp: Number.isFinite(oldest) ? oldest / 1000 : 0,
      expired: this.#shelf.expired,
      shed,
      cpuMs,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#writer.close();
    await this.#pool.close();
    await this.#shelf.close();
    for (const connection of this.#connections) connection.close();
    this.#database.close();
    this.#removed();
  }
}
