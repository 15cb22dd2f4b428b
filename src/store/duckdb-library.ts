/** The DuckDB library of this machine, and the functions of its C API that the store calls. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import koffi from 'koffi';

/** DuckDB's `duckdb_type` numbers of the types that the store uses. */
export const DuckType = {
  BigInt: 5,
  TinyUnsigned: 6,
  SmallUnsigned: 7,
  Unsigned: 8,
  Integer: 4,
  Float: 10,
  Double: 11,
  Text: 17,
} as const;
export type DuckType = (typeof DuckType)[keyof typeof DuckType];

/** Rows of a data chunk: DuckDB's vector size. */
export const chunkRows = 2048;

/** A C pointer as koffi gives it. */
export type Pointer = bigint;

/**
 * duckdb_result, which `duckdb_fetch_chunk` takes by value:
 *   u64 column count · u64 rows · u64 rows changed · columns* · error* · internal*
 */
export const resultBytes = 48;

/** Path of the shared library in its platform package, which npm installed beside the bindings. */
function libraryPath(): string {
  const require = createRequire(import.meta.url);
  const bindings = createRequire(require.resolve('@duckdb/node-api'));
  const platform = `@duckdb/node-bindings-${process.platform}-${process.arch}`;
  const file = process.platform === 'darwin' ? 'libduckdb.dylib' : 'libduckdb.so';
  for (const resolver of [require, bindings]) {
    try {
      const path = join(dirname(resolver.resolve(`${platform}/duckdb.node`)), file);
      if (existsSync(path)) return path;
    } catch {
      // Not installed where this resolver looks; the other may see it.
    }
  }
  throw new Error(
    `DuckDB's library is missing (${platform}): run npm ci without --omit=optional, on this machine.`,
  );
}

function load() {
  const library = koffi.load(libraryPath());
  const result = koffi.struct({
    columnCount: 'uint64_t',
    rowCount: 'uint64_t',
    rowsChanged: 'uint64_t',
    columns: 'void *',
    error: 'void *',
    internal: 'void *',
  });
  const define = (declaration: string) => library.func(declaration);
  return {
    result,
    createConfig: define('int duckdb_create_config(_Out_ void **config)'),
    setConfig: define('int duckdb_set_config(void *config, const char *name, const char *value)'),
    destroyConfig: define('void duckdb_destroy_config(_Inout_ void **config)'),
    openExt: define(
      'int duckdb_open_ext(const char *path, _Out_ void **database, void *config, _Out_ void **error)',
    ),
    close: define('void duckdb_close(_Inout_ void **database)'),
    connect: define('int duckdb_connect(void *database, _Out_ void **connection)'),
    disconnect: define('void duckdb_disconnect(_Inout_ void **connection)'),
    interrupt: define('void duckdb_interrupt(void *connection)'),
    prepare: define(
      'int duckdb_prepare(void *connection, const char *sql, _Out_ void **statement)',
    ),
    prepareError: define('const char *duckdb_prepare_error(void *statement)'),
    destroyPrepare: define('void duckdb_destroy_prepare(_Inout_ void **statement)'),
    bindDouble: define('int duckdb_bind_double(void *statement, uint64_t at, double value)'),
    bindInteger: define('int duckdb_bind_int64(void *statement, uint64_t at, int64_t value)'),
    bindBoolean: define('int duckdb_bind_boolean(void *statement, uint64_t at, bool value)'),
    bindNull: define('int duckdb_bind_null(void *statement, uint64_t at)'),
    bindText: define(
      'int duckdb_bind_varchar_length(void *statement, uint64_t at, void *text, uint64_t length)',
    ),
    execute: define('int duckdb_execute_prepared(void *statement, void *result)'),
    query: define('int duckdb_query(void *connection, const char *sql, void *result)'),
    resultError: define('const char *duckdb_result_error(void *result)'),
    destroyResult: define('void duckdb_destroy_result(void *result)'),
    fetchChunk: library.func('duckdb_fetch_chunk', 'void *', [result]),
    createType: define('void *duckdb_create_logical_type(int type)'),
    destroyType: define('void duckdb_destroy_logical_type(_Inout_ void **type)'),
    createChunk: define('void *duckdb_create_data_chunk(void *types, uint64_t columns)'),
    resetChunk: define('void duckdb_data_chunk_reset(void *chunk)'),
    destroyChunk: define('void duckdb_destroy_data_chunk(_Inout_ void **chunk)'),
    chunkSize: define('uint64_t duckdb_data_chunk_get_size(void *chunk)'),
    setChunkSize: define('void duckdb_data_chunk_set_size(void *chunk, uint64_t rows)'),
    chunkVector: define('void *duckdb_data_chunk_get_vector(void *chunk, uint64_t column)'),
    vectorData: define('void *duckdb_vector_get_data(void *vector)'),
    vectorValidity: define('void *duckdb_vector_get_validity(void *vector)'),
    writableValidity: define('void duckdb_vector_ensure_validity_writable(void *vector)'),
    createAppender: define(
      'int duckdb_appender_create_ext(void *connection, const char *catalog, const char *schema, const char *table, _Out_ void **appender)',
    ),
    appenderError: define('const char *duckdb_appender_error(void *appender)'),
    appendChunk: define('int duckdb_append_data_chunk(void *appender, void *chunk)'),
    flushAppender: define('int duckdb_appender_flush(void *appender)'),
    destroyAppender: define('int duckdb_appender_destroy(_Inout_ void **appender)'),
  };
}

/**
 * glibc keeps what threads free in an arena for each, and after large blocks were freed serves large
 * ones from there too: a hundred megabytes that nobody uses. Elsewhere this does nothing.
 */
function tameAllocator(): void {
  const arenaMax = -8;
  const mmapThreshold = -3;
  const trimThreshold = -1;
  if (process.platform !== 'linux') return;
  try {
    const mallopt = koffi.load('libc.so.6').func('int mallopt(int option, int value)');
    mallopt(arenaMax, 2);
    mallopt(mmapThreshold, 2 << 20);
    mallopt(trimThreshold, 4 << 20);
  } catch {
    // Another C library: its allocator is left alone.
  }
}

let loaded: ReturnType<typeof load> | undefined;

/** The C API; the library is loaded at the first call. Throws a sentence when it is not installed. */
export function duckdb(): ReturnType<typeof load> {
  if (!loaded) {
    tameAllocator();
    loaded = load();
  }
  return loaded;
}
