/** A query → entries: SQL narrows, bytes narrow further, the evaluator decides; a slice at a time. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StoredEntry } from '../entry/entry.ts';
import { type EntryId, parseId } from '../entry/id.ts';
import { emptyRowValues, type RowContext, rowFromValues } from '../entry/row.ts';
import { subjectOf } from '../entry/subject.ts';
import { mayContain } from './byte-search.ts';
import type { HistogramBucket, Page, PageRequest } from './contract.ts';
import type { ColumnReader, Connection } from './duckdb.ts';
import type { PreparedQuery, QueryEngine } from './engine.ts';
import { LazyPayload, PayloadReader } from './payload-reader.ts';
import type { Segment } from './segment.ts';
import { type StoredName, selectList, selectTypes, storedColumns, storedNames } from './table.ts';

/** Entries looked at before the first slice is evaluated, and in the largest slice. */
const firstSlice = 256;
const largestSlice = 8192;
const sliceGrowth = 4;

/** The evaluator lets other work run after this long. */
const yieldAfterMs = 8;

/** Gives connections to statements; a connection runs one at a time. */
export interface ConnectionPool {
  use<Result>(
    run: (connection: Connection) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result>;
}

/** Bounds of a search; ids are exclusive. */
interface Bounds {
  before?: EntryId;
  after?: EntryId;
  readonly since?: number;
  readonly until?: number;
}

type Direction = 'newest' | 'oldest';

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
  readonly #payloads = new PayloadReader();
  readonly #values = emptyRowValues();

  constructor(
    segments: readonly Segment[],
    pool: ConnectionPool,
    engine: QueryEngine,
    context: RowContext,
  ) {
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
    const where = `"idTime" = ${BigInt(id.idTime)} AND "idSequence" = ${BigInt(id.idSequence)}`;
    const inRange = (segment: Segment) =>
      segment.minTime <= id.idTime && segment.maxTime >= id.idTime;
    const candidates = await this.#select(inRange, where, [], 'newest', 1, undefined);
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
    const bounds = { ...search.bounds };
    let slice = query.exact ? Math.min(wanted, largestSlice) : Math.max(firstSlice, wanted);
    while (found.entries.length < wanted) {
      signal?.throwIfAborted();
      const where = `${boundsSql(bounds)} AND (${query.where})`;
      const candidates = await this.#select(
        overlaps(bounds),
        where,
        query.parameters,
        direction,
        slice,
        signal,
      );
      await this.#judge(candidates, search, found);
      const last = candidates.at(-1);
      if (!last || candidates.length < slice) break;
      if (direction === 'newest') bounds.before = last.id;
      else bounds.after = last.id;
      slice = Math.min(slice * sliceGrowth, largestSlice);
    }
    return found;
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
      if (mayContain(stored.payload, stored.row.protocol.name, query.literals)) {
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

  async #union(
    inRange: (segment: Segment) => boolean,
    run: (segments: readonly Segment[], connection: Connection) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    const segments = this.#segments.filter((segment) => segment.entries > 0 && inRange(segment));
    if (segments.length === 0) return;
    for (const segment of segments) segment.use();
    try {
      await this.#pool.use((connection) => run(segments, connection), signal);
    } finally {
      for (const segment of segments) segment.release();
    }
  }

  async #select(
    inRange: (segment: Segment) => boolean,
    where: string,
    parameters: readonly unknown[],
    direction: Direction,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    const sign = direction === 'newest' ? 'DESC' : 'ASC';
    const order = `ORDER BY "idTime" ${sign}, "idSequence" ${sign} LIMIT ${BigInt(limit)}`;
    await this.#union(
      inRange,
      async (segments, connection) => {
        const parts = segments.map(
          (segment, i) =>
            `(SELECT ${i} AS segment, ${selectList} FROM ${segment.schema}.entries WHERE ${where} ${order})`,
        );
        const sql =
          parts.length === 1 ? parts[0]! : `SELECT * FROM (${parts.join(' UNION ALL ')}) ${order}`;
        const repeated = segments.flatMap(() => parameters);
        const types = ['integer', ...selectTypes] as const;
        await connection.query(sql, repeated, types, (rows, [segmentAt, ...columns]) => {
          for (let row = 0; row < rows; row++) {
            const segment = segments[Number(segmentAt!(row))]!;
            candidates.push(this.#candidate(segment, columns, row));
          }
        });
      },
      signal,
    );
    return candidates;
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
    const { protocol, version, incomplete, idTime, idSequence } = this.#values;
    return {
      id: { idTime, idSequence },
      stored: {
        row: rowFromValues(this.#values, this.#context),
        protocolCode: protocol,
        payload: new LazyPayload(place, version, incomplete, this.#payloads),
      },
    };
  }
}

function boundsOf(request: PageRequest): Bounds {
  const before = request.before === undefined ? undefined : parseId(request.before);
  const after = request.after === undefined ? undefined : parseId(request.after);
  return {
    ...(before ? { before } : {}),
    ...(after ? { after } : {}),
    ...(request.since === undefined ? {} : { since: request.since }),
    ...(request.until === undefined ? {} : { until: request.until }),
  };
}

/** Milliseconds → the whole microseconds at or after it. */
function microseconds(milliseconds: number): bigint {
  return BigInt(Math.ceil(Math.min(Math.max(milliseconds * 1000, 0), Number.MAX_SAFE_INTEGER)));
}

function boundsSql({ before, after, since, until }: Bounds): string {
  const parts: string[] = [];
  const beyond = (id: EntryId, sign: string) => {
    const time = BigInt(id.idTime);
    parts.push(
      `"idTime" ${sign}= ${time} AND ("idTime" ${sign} ${time} OR "idSequence" ${sign} ${BigInt(id.idSequence)})`,
    );
  };
  if (before) beyond(before, '<');
  if (after) beyond(after, '>');
  if (since !== undefined) parts.push(`"idTime" >= ${microseconds(since)}`);
  if (until !== undefined) parts.push(`"idTime" < ${microseconds(until)}`);
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

function overlaps({ before, after, since, until }: Bounds): (segment: Segment) => boolean {
  const low = Math.max(after?.idTime ?? 0, (since ?? 0) * 1000);
  const high = Math.min(
    before?.idTime ?? Number.POSITIVE_INFINITY,
    (until ?? Number.POSITIVE_INFINITY) * 1000,
  );
  return (segment) => segment.maxTime >= low && segment.minTime <= high;
}
