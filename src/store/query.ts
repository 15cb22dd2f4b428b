/** A query → entries: SQL narrows, bytes narrow further, the evaluator decides; a slice at a time. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEntry } from '../entry/entry.ts';
import type { EntryId } from '../entry/id.ts';
import { emptyRowValues, type RowContext, rowFromValues } from '../entry/row.ts';
import { subjectOf } from '../entry/subject.ts';
import { mayContain } from './byte-search.ts';
import type { HistogramBucket, Page, PageRequest } from './contract.ts';
import type { ColumnReader, Connection } from './duckdb.ts';
import type { PreparedQuery, QueryEngine } from './engine.ts';
import { LazyPayload, PayloadReader } from './payload-reader.ts';
import type { Segment } from './segment.ts';
import { Stride } from './stride.ts';
import { type StoredName, selectList, selectTypes, storedColumns, storedNames } from './table.ts';
import {
  type Bounds,
  beyondSql,
  boundsOf,
  boundsSql,
  type Direction,
  joined,
  overlaps,
  shared,
  type Window,
  windowSql,
  windowsOf,
} from './windows.ts';

/**
 * Entries looked at before the first slice is evaluated, and in the largest slice. Reading a slice's
 * rows is one turn of the event loop, which live rows wait for: 1024 take a few milliseconds.
 */
const firstSlice = 256;
const largestSlice = 1024;
const sliceGrowth = 4;

/** The evaluator lets other work run after this long. */
const yieldAfterMs = 4;

/** Gives connections to statements; a connection runs one at a time. */
export interface ConnectionPool {
  use<Result>(
    run: (connection: Connection) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result>;
}

/** An entry and the id that a next slice goes on from. */
interface Candidate {
  readonly stored: StoredEntry;
  readonly id: EntryId;
}

interface Search {
  readonly query: PreparedQuery;
  readonly bounds: Bounds;
  readonly direction: Direction;
  readonly wanted: number;
  readonly signal: AbortSignal | undefined;
}

/** What SQL is asked for. */
interface Select {
  readonly where: string;
  readonly parameters: readonly unknown[];
  readonly bounds: Bounds;
  /** Nothing outside is looked at. */
  readonly within: Window;
  readonly direction: Direction;
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

interface Found {
  readonly entries: StoredEntry[];
  scanned: number;
  decoded: number;
}

const readerOf = Object.fromEntries(storedNames.map((name, i) => [name, i])) as Record<
  StoredName,
  number
>;
/** Columns that rows take over as they are. */
const plainNames = storedNames.filter(
  (name) => !['block', 'blockOffset', 'requestLength', 'responseLength'].includes(name),
) as Exclude<StoredName, 'block' | 'blockOffset' | 'requestLength' | 'responseLength'>[];
const missing: Readonly<Partial<Record<StoredName, number>>> = {
  elapsedMs: Number.NaN,
  waitMs: Number.NaN,
};

export class Queries {
  readonly #segments: readonly Segment[];
  readonly #pool: ConnectionPool;
  readonly #engine: QueryEngine;
  readonly #context: RowContext;
  readonly #payloads: PayloadReader;
  readonly #values = emptyRowValues();

  constructor(
    segments: readonly Segment[],
    pool: ConnectionPool,
    engine: QueryEngine,
    context: RowContext,
    onProblem: (message: string) => void,
  ) {
    this.#payloads = new PayloadReader(onProblem);
    this.#segments = segments;
    this.#pool = pool;
    this.#engine = engine;
    this.#context = context;
  }

  async page(request: PageRequest): Promise<Page> {
    const query = this.#engine.prepare(request.filter);
    const limit = Math.min(request.limit, query.limit);
    const direction = request.after === undefined ? 'newest' : 'oldest';
    const found = await this.#search({
      query,
      bounds: boundsOf(request),
      direction,
      wanted: limit + 1,
      signal: request.signal,
    });
    const entries = found.entries.slice(0, limit);
    if (direction === 'newest') entries.reverse();
    const { scanned, decoded } = found;
    return { entries, end: found.entries.length <= limit, scanned, decoded };
  }

  async get(id: EntryId): Promise<StoredEntry | undefined> {
    const { idTime, idSequence } = id;
    const candidates = await this.#select({
      where: `"idSequence" = ${BigInt(idSequence)}`,
      parameters: [],
      bounds: {
        after: { idTime, idSequence: idSequence - 1 },
        before: { idTime, idSequence: idSequence + 1 },
      },
      within: { low: 0, high: Number.POSITIVE_INFINITY },
      direction: 'newest',
      limit: 1,
      signal: undefined,
    });
    return candidates[0]?.stored;
  }

  async count(filter: string, atMost: number): Promise<number> {
    const query = this.#engine.prepare(filter);
    if (!query.exact) {
      const direction = 'newest';
      const search = { query, bounds: {}, direction, wanted: atMost, signal: undefined } as const;
      return (await this.#search(search)).entries.length;
    }
    let count = 0;
    await this.#union(
      () => true,
      async (segments, connection) => {
        const parts = segments.map((s) => `SELECT 1 FROM ${s.schema}.entries WHERE ${query.where}`);
        const sql = `SELECT count(*) FROM (SELECT * FROM (${parts.join(' UNION ALL ')}) LIMIT ${BigInt(atMost)})`;
        const parameters = segments.flatMap(() => query.parameters);
        await connection.query(sql, parameters, ['bigint'], (_rows, [value]) => {
          count = Number(value!(0));
        });
      },
    );
    return count;
  }

  async histogram(
    filter: string,
    since: number,
    until: number,
    buckets: number,
  ): Promise<HistogramBucket[]> {
    const query = this.#engine.prepare(filter);
    const width = Math.max((until - since) / buckets, 0.001);
    const result = Array.from({ length: buckets }, (_, i) => ({
      start: since + i * width,
      count: 0,
      failed: 0,
    }));
    const range = boundsSql({ since, until });
    const bucket = `least(floor(("idTime" / 1000 - ${since}::DOUBLE) / ${width}::DOUBLE), ${buckets - 1})::INTEGER`;
    await this.#union(overlaps({ since, until }), async (segments, connection) => {
      const parts = segments.map(
        (segment) =>
          `SELECT ${bucket} AS bucket, "outcome" = 2 AS failed FROM ${segment.schema}.entries WHERE ${range} AND (${query.where})`,
      );
      const sql = `SELECT bucket, count(*), count(*) FILTER (failed) FROM (${parts.join(' UNION ALL ')}) GROUP BY bucket`;
      const parameters = segments.flatMap(() => query.parameters);
      await connection.query(sql, parameters, ['integer', 'bigint', 'bigint'], (rows, columns) => {
        for (let row = 0; row < rows; row++) {
          const entry = result[Math.max(Number(columns[0]!(row)), 0)];
          if (!entry) continue;
          entry.count = Number(columns[1]!(row));
          entry.failed = Number(columns[2]!(row));
        }
      });
    });
    return result;
  }

  /** Forgets cached payloads. */
  forget(): void {
    this.#payloads.clear();
  }

  async #search(search: Search): Promise<Found> {
    const { query, direction, wanted, signal } = search;
    const found: Found = { entries: [], scanned: 0, decoded: 0 };
    const bounds: Bounds = { ...search.bounds };
    const stride = new Stride(direction);
    let slice = query.exact ? Math.min(wanted, largestSlice) : Math.max(firstSlice, wanted);
    const read = () => {
      const within = stride.window(bounds);
      const select = { ...query, bounds: { ...bounds }, within, direction, limit: slice, signal };
      const candidates = this.#select(select);
      // Read ahead: a failure is told when its turn comes, or not at all.
      candidates.catch(() => undefined);
      return { within, limit: slice, candidates };
    };
    let turn = wanted > 0 ? read() : undefined;
    while (turn !== undefined) {
      signal?.throwIfAborted();
      const candidates = await turn.candidates;
      const isLast = this.#moveOn(candidates, turn, stride, bounds);
      slice = Math.min(slice * sliceGrowth, largestSlice);
      // DuckDB finds the next candidates while these are judged.
      const ahead = isLast || query.exact ? undefined : read();
      await this.#judge(candidates, search, found);
      if (isLast || found.entries.length >= wanted) return found;
      turn = ahead ?? read();
    }
    return found;
  }

  /** Sets the bounds behind a slice. True: there is nothing beyond it. */
  #moveOn(
    candidates: readonly Candidate[],
    { within, limit }: { readonly within: Window; readonly limit: number },
    stride: Stride,
    bounds: Bounds,
  ): boolean {
    const last = candidates.at(-1);
    if (last === undefined || candidates.length < limit) {
      if (stride.isLast(within, this.#inRange(overlaps(bounds)))) return true;
      stride.exhausted(within, bounds);
      return false;
    }
    stride.filled(candidates[0]!.id, last.id);
    if (stride.direction === 'newest') bounds.before = last.id;
    else bounds.after = last.id;
    return false;
  }

  /** Moves the candidates that match to `found`, until there are enough. */
  async #judge(candidates: readonly Candidate[], search: Search, found: Found): Promise<void> {
    const { query, wanted, signal } = search;
    let turnStarted = performance.now();
    for (const { stored } of candidates) {
      if (found.entries.length >= wanted) return;
      found.scanned++;
      if (query.exact) {
        found.entries.push(stored);
        continue;
      }
      if (query.decodes) await this.#read(stored);
      const protocol = this.#context.protocolByCode(stored.protocolCode);
      if (mayContain(stored.payload, protocol?.plainText === true, query.literals)) {
        const subject = subjectOf(stored, this.#context.protocolByCode);
        if (query.test(subject)) found.entries.push(stored);
        if (subject.decoded) found.decoded++;
      }
      if (performance.now() - turnStarted > yieldAfterMs) {
        await nextTurn();
        signal?.throwIfAborted();
        turnStarted = performance.now();
      }
    }
  }

  async #read(stored: StoredEntry): Promise<void> {
    if (stored.payload instanceof LazyPayload) await stored.payload.prepare();
  }

  #inRange(inRange: (segment: Segment) => boolean): Segment[] {
    return this.#segments.filter((segment) => segment.entries > 0 && inRange(segment));
  }

  async #union(
    inRange: (segment: Segment) => boolean,
    run: (segments: readonly Segment[], connection: Connection) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    const segments = this.#inRange(inRange);
    if (segments.length === 0) return;
    for (const segment of segments) segment.use();
    try {
      await this.#pool.use((connection) => run(segments, connection), signal);
    } finally {
      for (const segment of segments) segment.release();
    }
  }

  /** The first `limit` entries that satisfy SQL's part of the query. */
  async #select(select: Select): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    const windows = windowsOf(this.#inRange(overlaps(select.bounds)), select.direction)
      .map((window) => shared(window, select.within))
      .filter(({ low, high }) => low < high);
    // Most queries are answered by the first window; those that find little look at ever more at once.
    let from = 0;
    for (let width = 1; from < windows.length && candidates.length < select.limit; width *= 2) {
      const group = windows.slice(from, from + width);
      from += width;
      await this.#selectWindow(select, joined(group), candidates);
    }
    return candidates;
  }

  /**
   * Two steps: first the id at which there are enough, then the rows up to it. Sorting whole rows
   * would take DuckDB ten times the memory.
   */
  async #selectWindow(select: Select, window: Window, candidates: Candidate[]): Promise<void> {
    const where = `${windowSql(window)} AND ${boundsSql(select.bounds)} AND (${select.where})`;
    const inWindow = (segment: Segment) =>
      segment.maxTime >= window.low && segment.minTime < window.high;
    const found: Candidate[] = [];
    await this.#union(
      inWindow,
      async (segments, connection) => {
        const from = (columns: (i: number) => string, condition: string) =>
          segments
            .map((s, i) => `SELECT ${columns(i)} FROM ${s.schema}.entries WHERE ${condition}`)
            .join(' UNION ALL ');
        const parameters = segments.flatMap(() => select.parameters);
        const ids = from(() => '"idTime", "idSequence"', where);
        const missing = select.limit - candidates.length;
        const edge = await edgeOf(connection, ids, parameters, select.direction, missing);
        const rows = from((i) => `${i} AS segment, ${selectList}`, `${edge} AND ${where}`);
        const types = ['integer', ...selectTypes] as const;
        await connection.query(rows, parameters, types, (count, [segmentAt, ...columns]) => {
          for (let row = 0; row < count; row++) {
            const segment = segments[Number(segmentAt!(row))]!;
            found.push(this.#candidate(segment, columns, row));
          }
        });
      },
      select.signal,
    );
    const sign = select.direction === 'newest' ? -1 : 1;
    found.sort(
      ({ id: a }, { id: b }) => sign * (a.idTime - b.idTime || a.idSequence - b.idSequence),
    );
    for (const candidate of found) candidates.push(candidate);
  }

  #candidate(segment: Segment, columns: readonly ColumnReader[], row: number): Candidate {
    const values = this.#values as unknown as Record<string, string | number>;
    for (const name of plainNames) {
      const value = columns[readerOf[name]]!(row);
      values[name] = (value ?? missing[name] ?? (storedColumns[name] === 'text' ? '' : 0)) as
        | string
        | number;
    }
    const number = (name: StoredName) => Number(columns[readerOf[name]]!(row));
    const place = {
      file: segment.payload,
      block: number('block'),
      offset: number('blockOffset'),
      requestLength: number('requestLength'),
      responseLength: number('responseLength'),
    };
    const { protocol, idTime, idSequence } = this.#values;
    return {
      id: { idTime, idSequence },
      stored: {
        row: rowFromValues(this.#values, this.#context),
        protocolCode: protocol,
        payload: new LazyPayload(place, this.#values, this.#payloads),
      },
    };
  }
}

/** The condition that the first `count` of the ids satisfy, and no others. */
async function edgeOf(
  connection: Connection,
  ids: string,
  parameters: readonly unknown[],
  direction: Direction,
  count: number,
): Promise<string> {
  const sign = direction === 'newest' ? 'DESC' : 'ASC';
  const sql = `SELECT * FROM (${ids}) ORDER BY "idTime" ${sign}, "idSequence" ${sign} LIMIT 1 OFFSET ${BigInt(count - 1)}`;
  let edge = 'true';
  await connection.query(sql, parameters, ['bigint', 'bigint'], (rows, [time, sequence]) => {
    if (rows === 0) return;
    const id = { idTime: Number(time!(0)), idSequence: Number(sequence!(0)) };
    edge = beyondSql(id, direction === 'newest' ? '>' : '<', true);
  });
  return edge;
}
