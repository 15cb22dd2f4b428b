/**
 * DuckDB through its C API: SQL → columns of values. Statements run on koffi's thread pool, so the
 * event loop goes on meanwhile; results are read straight from DuckDB's vectors.
 *
 * A connection runs one statement at a time: callers wait for the promise before the next.
 */
import koffi from 'koffi';
import { duckdb, type Pointer, resultBytes } from './duckdb-library.ts';

export type SqlValue = string | number | bigint | boolean | null;

/** Values of one result column, as it lies in memory. */
export type ColumnReader = (row: number) => SqlValue;

/** Types that results are read as: those of the stored columns and of aggregates. */
export type ReadType = 'bigint' | 'integer' | 'float' | 'u32' | 'u16' | 'u8' | 'text';

const readBytes: Readonly<Record<ReadType, number>> = {
  bigint: 8,
  integer: 4,
  float: 4,
  u32: 4,
  u16: 2,
  u8: 1,
  text: 16,
};

/** A call on koffi's thread pool. `held` keeps memory that C looks at alive until it is done. */
export function callAsync(
  call: { async: (...values: unknown[]) => void },
  held: unknown,
  ...values: unknown[]
): Promise<number> {
  return new Promise((resolve, reject) => {
    call.async(...values, (error: Error | null, state: number) => {
      // Naming it here keeps it from the garbage collector until C is done.
      void held;
      if (error) reject(error);
      else resolve(state);
    });
  });
}

/** An SQL statement that DuckDB refused; the message is DuckDB's. */
export class DuckError extends Error {}

/** One DuckDB instance in memory, to which segment files are attached. */
export class Database {
  #pointer: [Pointer | null];

  private constructor(pointer: Pointer) {
    this.#pointer = [pointer];
  }

  static open(settings: Readonly<Record<string, string>>): Database {
    const api = duckdb();
    const config: [Pointer | null] = [null];
    api.createConfig(config);
    for (const [name, value] of Object.entries(settings)) {
      if (api.setConfig(config[0], name, value) !== 0) {
        throw new DuckError(`DuckDB does not know the setting ${name}=${value}`);
      }
    }
    const pointer: [Pointer | null] = [null];
    const error: [Pointer | null] = [null];
    const state = api.openExt(':memory:', pointer, config[0], error);
    api.destroyConfig(config);
    if (state !== 0 || pointer[0] === null) throw new DuckError('DuckDB could not be started');
    return new Database(pointer[0]);
  }

  connect(): Connection {
    const connection: [Pointer | null] = [null];
    if (duckdb().connect(this.#pointer[0], connection) !== 0 || connection[0] === null) {
      throw new DuckError('DuckDB gave no connection');
    }
    return new Connection(connection[0]);
  }

  close(): void {
    if (this.#pointer[0] !== null) duckdb().close(this.#pointer);
    this.#pointer = [null];
  }
}

/** A connection; also the owner of appenders made on it. */
export class Connection {
  #pointer: [Pointer | null];

  constructor(pointer: Pointer) {
    this.#pointer = [pointer];
  }

  get pointer(): Pointer {
    if (this.#pointer[0] === null) throw new DuckError('the connection is closed');
    return this.#pointer[0];
  }

  /** Runs a statement whose result does not matter. */
  async run(sql: string): Promise<void> {
    const api = duckdb();
    const result = Buffer.alloc(resultBytes);
    const state = await callAsync(api.query, result, this.pointer, sql, result);
    const message = state === 0 ? undefined : api.resultError(result);
    api.destroyResult(result);
    if (message !== undefined) throw new DuckError(message ?? 'unknown error');
  }

  /**
   * Runs a query and hands each chunk of its result to `take`: the number of rows, and a reader per
   * column. The readers are only good during the call.
   */
  async query(
    sql: string,
    parameters: readonly unknown[],
    types: readonly ReadType[],
    take: (rows: number, columns: readonly ColumnReader[]) => void,
  ): Promise<void> {
    const api = duckdb();
    const statement: [Pointer | null] = [null];
    try {
      // Planning a query over many segments takes milliseconds: not on the event loop either.
      if ((await callAsync(api.prepare, statement, this.pointer, sql, statement)) !== 0) {
        throw new DuckError(api.prepareError(statement[0]) ?? 'the query cannot be prepared');
      }
      parameters.forEach((value, i) => {
        bind(statement[0]!, i + 1, value);
      });
      const result = Buffer.alloc(resultBytes);
      const state = await callAsync(api.execute, result, statement[0], result);
      try {
        if (state !== 0) throw new DuckError(api.resultError(result) ?? 'the query failed');
        readResult(result, types, take);
      } finally {
        api.destroyResult(result);
      }
    } finally {
      if (statement[0] !== null) api.destroyPrepare(statement);
    }
  }

  /** Stops the statement that is running; its promise is rejected. */
  interrupt(): void {
    if (this.#pointer[0] !== null) duckdb().interrupt(this.#pointer[0]);
  }

  close(): void {
    if (this.#pointer[0] !== null) duckdb().disconnect(this.#pointer);
    this.#pointer = [null];
  }
}

function bind(statement: Pointer, at: number, value: unknown): void {
  const api = duckdb();
  let state: number;
  if (typeof value === 'number') state = api.bindDouble(statement, at, value);
  else if (typeof value === 'bigint') state = api.bindInteger(statement, at, value);
  else if (typeof value === 'boolean') state = api.bindBoolean(statement, at, value);
  else if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    state = api.bindText(statement, at, bytes.length > 0 ? bytes : Buffer.alloc(1), bytes.length);
  } else state = api.bindNull(statement, at);
  if (state !== 0) throw new DuckError(`parameter ${at} cannot be bound`);
}

function readResult(
  result: Buffer,
  types: readonly ReadType[],
  take: (rows: number, columns: readonly ColumnReader[]) => void,
): void {
  const api = duckdb();
  const decoded = koffi.decode(result, api.result);
  for (;;) {
    const chunk: Pointer | null = api.fetchChunk(decoded);
    if (chunk === null) return;
    try {
      const rows = Number(api.chunkSize(chunk));
      if (rows === 0) return;
      take(
        rows,
        types.map((type, column) => columnReader(api.chunkVector(chunk, column), type, rows)),
      );
    } finally {
      api.destroyChunk([chunk]);
    }
  }
}

function columnReader(vector: Pointer, type: ReadType, rows: number): ColumnReader {
  const api = duckdb();
  const buffer = koffi.view(api.vectorData(vector), rows * readBytes[type]);
  const validity: Pointer | null = api.vectorValidity(vector);
  const read = valueReader(buffer, type);
  if (validity === null) return read;
  const bits = new Uint8Array(koffi.view(validity, ((rows + 63) >> 6) * 8));
  return (row) => ((bits[row >> 3]! >> (row & 7)) & 1 ? read(row) : null);
}

function valueReader(buffer: ArrayBuffer, type: ReadType): ColumnReader {
  switch (type) {
    case 'bigint':
      return wholeReader(buffer);
    case 'integer':
      return elementReader(new Int32Array(buffer));
    case 'float':
      return elementReader(new Float32Array(buffer));
    case 'u32':
      return elementReader(new Uint32Array(buffer));
    case 'u16':
      return elementReader(new Uint16Array(buffer));
    case 'u8':
      return elementReader(new Uint8Array(buffer));
    case 'text':
      return textReader(buffer);
  }
}

function elementReader(values: { readonly [row: number]: number }): ColumnReader {
  return (row) => values[row]!;
}

/** 64-bit integers; the store's stay below 2^53. */
function wholeReader(buffer: ArrayBuffer): ColumnReader {
  const low = new Uint32Array(buffer);
  const high = new Int32Array(buffer);
  return (row) => high[row * 2 + 1]! * 0x1_0000_0000 + low[row * 2]!;
}

/** duckdb_string_t: u32 length, then 12 bytes in place, or 4 bytes of prefix and a pointer. */
function textReader(buffer: ArrayBuffer): ColumnReader {
  const view = new DataView(buffer);
  const bytes = Buffer.from(buffer);
  return (row) => {
    const at = row * 16;
    const length = view.getUint32(at, true);
    if (length <= 12) return bytes.toString('utf8', at + 4, at + 4 + length);
    return koffi.decode.string(view.getBigUint64(at + 8, true), length);
  };
}
