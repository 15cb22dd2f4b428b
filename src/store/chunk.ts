/**
 * Batch columns → one DuckDB data chunk. Numbers are copied column by column into DuckDB's vectors,
 * texts into an arena that the chunk owns, so that the batch can be reused at once and the chunk be
 * appended by another thread.
 */
import { isUtf8 } from 'node:buffer';
import koffi from 'koffi';
import { cachedAddressText } from '../entry/row.ts';
import type { Batch, BatchColumns } from '../ship/batch.ts';
import { chunkRows, duckdb, type Pointer } from './duckdb-library.ts';
import { kindFacts, type StoredName, storedColumns, storedNames, vectorBytes } from './table.ts';

/** Bytes of text that a chunk holds; a chunk is full when they are used up. */
const arenaBytes = 512 << 10;

/** Texts longer than this are cut: a row shows the beginning, the payload holds the rest. */
const maxTextBytes = 64 << 10;

const textNames = ['method', 'target', 'host', 'contentType', 'traceId'] as const;
/** Texts of an address: at most 45 characters, three times. */
const addressBytes = 3 * 48;
const wordSize = 0x1_0000_0000;

/** Where the payload of each row of a group went. */
export interface Placement {
  readonly block: Uint32Array;
  readonly blockOffset: Uint32Array;
  readonly requestLength: Uint32Array;
  readonly responseLength: Uint32Array;
}

export function newPlacement(): Placement {
  return {
    block: new Uint32Array(chunkRows),
    blockOffset: new Uint32Array(chunkRows),
    requestLength: new Uint32Array(chunkRows),
    responseLength: new Uint32Array(chunkRows),
  };
}

interface Vector {
  readonly pointer: Pointer;
  readonly data: ArrayBuffer;
}

/** A data chunk of DuckDB and the memory its texts point into. */
export class Chunk {
  readonly pointer: Pointer;
  rows = 0;
  /** Lowest and highest `idTime` of the rows, and bytes of text: what a segment wants to know. */
  minTime = Number.POSITIVE_INFINITY;
  maxTime = 0;
  readonly #arena = new Uint8Array(arenaBytes);
  /** The arena's address in two halves: no big integer for each text. */
  readonly #arenaLow: number;
  readonly #arenaHigh: number;
  #arenaUsed = 0;
  readonly #vectors = new Map<StoredName, Vector>();

  constructor() {
    const api = duckdb();
    const types = storedNames.map((name) => api.createType(kindFacts[storedColumns[name]].type));
    this.pointer = api.createChunk(new BigUint64Array(types), types.length);
    for (const type of types) api.destroyType([type]);
    const address = koffi.address(this.#arena);
    this.#arenaLow = Number(address & 0xffff_ffffn);
    this.#arenaHigh = Number(address >> 32n);
    this.#refresh();
  }

  /** Makes the chunk empty again. */
  reset(): void {
    duckdb().resetChunk(this.pointer);
    this.#refresh();
    this.rows = 0;
    this.minTime = Number.POSITIVE_INFINITY;
    this.maxTime = 0;
    this.#arenaUsed = 0;
  }

  /** Tells DuckDB how many rows there are. Nothing is added afterwards. */
  seal(): void {
    duckdb().setChunkSize(this.pointer, this.rows);
  }

  destroy(): void {
    this.#vectors.clear();
    duckdb().destroyChunk([this.pointer]);
  }

  /**
   * How many of the rows `rows[from, to)` of the batch fit. At least one does when the chunk is
   * empty.
   */
  room(batch: Batch, rows: Uint32Array, from: number, to: number): number {
    const most = Math.min(to, from + chunkRows - this.rows);
    const { columns } = batch;
    let left = arenaBytes - this.#arenaUsed;
    for (let i = from; i < most; i++) {
      const at = rows[i]! * 2 + 1;
      left -= addressBytes;
      for (const name of textNames) left -= Math.min(columns[name][at]!, maxTextBytes);
      if (left < 0) return i - from;
    }
    return most - from;
  }

  /** Adds rows of a batch, for which there is `room`. */
  add(batch: Batch, rows: Uint32Array, from: number, count: number, placement: Placement): void {
    const { columns } = batch;
    for (const name of storedNames) this.#addColumn(name, columns, rows, from, count, placement);
    const heap = Buffer.from(batch.heap.buffer, batch.heap.byteOffset, batch.heap.length);
    for (const name of textNames) this.#addTexts(name, columns[name], heap, rows, from, count);
    this.#addAddresses('source', columns.sourceAddress, rows, from, count);
    this.#addAddresses('destination', columns.destinationAddress, rows, from, count);
    this.#addAddresses('front', columns.frontAddress, rows, from, count, columns.frontPort);
    for (let i = from; i < from + count; i++) {
      const time = columns.idTime[rows[i]!]!;
      if (time < this.minTime) this.minTime = time;
      if (time > this.maxTime) this.maxTime = time;
    }
    this.rows += count;
  }

  #refresh(): void {
    const api = duckdb();
    storedNames.forEach((name, column) => {
      const vector: Pointer = api.chunkVector(this.pointer, column);
      const pointer: Pointer = api.vectorData(vector);
      if (this.#vectors.get(name)?.pointer !== pointer) {
        this.#vectors.set(name, { pointer, data: koffi.view(pointer, vectorBytes(name)) });
      }
    });
  }

  #addColumn(
    name: StoredName,
    columns: BatchColumns,
    rows: Uint32Array,
    from: number,
    count: number,
    placement: Placement,
  ): void {
    const { data } = this.#vectors.get(name)!;
    const to = this.rows;
    switch (storedColumns[name]) {
      case 'whole':
        copyWhole(columns[name as 'idTime'], new Uint32Array(data), to, rows, from, count);
        return;
      case 'float':
        gather(columns[name as 'requestMs'], new Float32Array(data), to, rows, from, count);
        return;
      case 'optionalFloat':
        gather(columns[name as 'waitMs'], new Float32Array(data), to, rows, from, count);
        this.#nullWhere(name, columns[name as 'waitMs'], Number.isNaN, rows, from, count);
        return;
      case 'status':
        gather(columns.status, new Int32Array(data), to, rows, from, count);
        this.#nullWhere(name, columns.status, isZero, rows, from, count);
        return;
      case 'u32':
        new Uint32Array(data).set(placement[name as keyof Placement].subarray(0, count), to);
        return;
      case 'u16':
        gather(columns[name as 'version'], new Uint16Array(data), to, rows, from, count);
        return;
      case 'u8':
        gather(columns[name as 'flags'], new Uint8Array(data), to, rows, from, count);
        return;
      case 'text':
        return;
    }
  }

  #nullWhere(
    name: StoredName,
    values: Float32Array | Int32Array,
    isMissing: (value: number) => boolean,
    rows: Uint32Array,
    from: number,
    count: number,
  ): void {
    let bits: Uint8Array | undefined;
    for (let i = 0; i < count; i++) {
      if (!isMissing(values[rows[from + i]!]!)) continue;
      bits ??= this.#validity(name);
      const row = this.rows + i;
      bits[row >> 3]! &= ~(1 << (row & 7));
    }
  }

  #validity(name: StoredName): Uint8Array {
    const api = duckdb();
    const vector: Pointer = api.chunkVector(this.pointer, storedNames.indexOf(name));
    api.writableValidity(vector);
    return new Uint8Array(koffi.view(api.vectorValidity(vector), chunkRows / 8));
  }

  #addTexts(
    name: StoredName,
    column: Uint32Array,
    heap: Buffer,
    rows: Uint32Array,
    from: number,
    count: number,
  ): void {
    const { data } = this.#vectors.get(name)!;
    const words = new Uint32Array(data);
    const bytes = new Uint8Array(data);
    for (let i = 0; i < count; i++) {
      const row = rows[from + i]!;
      const at = column[row * 2]!;
      const length = at + column[row * 2 + 1]! > heap.length ? 0 : column[row * 2 + 1]!;
      this.#putText(words, bytes, this.rows + i, heap, at, length);
    }
  }

  /** One duckdb_string_t: u32 length, then 12 bytes in place, or 4 bytes of prefix and a pointer. */
  #putText(
    words: Uint32Array,
    bytes: Uint8Array,
    row: number,
    heap: Buffer,
    at: number,
    length: number,
  ): void {
    let high = 0;
    const word = row * 4;
    if (length <= 12) {
      words[word] = length;
      words[word + 1] = words[word + 2] = words[word + 3] = 0;
      const target = row * 16 + 4;
      for (let i = 0; i < length; i++) {
        const byte = heap[at + i]!;
        high |= byte;
        bytes[target + i] = byte;
      }
      if (high < 0x80 || isUtf8(heap.subarray(at, at + length))) return;
    } else {
      const arena = this.#arena;
      const target = this.#arenaUsed;
      const kept = Math.min(length, maxTextBytes);
      for (let i = 0; i < kept; i++) {
        const byte = heap[at + i]!;
        high |= byte;
        arena[target + i] = byte;
      }
      if (kept === length && (high < 0x80 || isUtf8(heap.subarray(at, at + length)))) {
        this.#arenaUsed += length;
        this.#pointAt(words, bytes, row, target, length);
        return;
      }
    }
    this.#putRepaired(words, bytes, row, heap.subarray(at, at + Math.min(length, maxTextBytes)));
  }

  /** Bytes that are not UTF-8 would crash DuckDB's functions: they become U+FFFD, or are cut off. */
  #putRepaired(words: Uint32Array, bytes: Uint8Array, row: number, damaged: Uint8Array): void {
    const room = Math.min(damaged.length, arenaBytes - this.#arenaUsed);
    const repaired = Buffer.from(Buffer.from(damaged).toString('utf8'));
    let length = Math.min(repaired.length, room);
    while (length > 0 && length < repaired.length && (repaired[length]! & 0xc0) === 0x80) length--;
    this.#putText(words, bytes, row, repaired, 0, length);
  }

  #pointAt(
    words: Uint32Array,
    bytes: Uint8Array,
    row: number,
    target: number,
    length: number,
  ): void {
    const word = row * 4;
    words[word] = length;
    for (let i = 0; i < 4; i++) bytes[row * 16 + 4 + i] = this.#arena[target + i]!;
    const low = this.#arenaLow + target;
    words[word + 2] = low;
    words[word + 3] = low < wordSize ? this.#arenaHigh : this.#arenaHigh + 1;
  }

  #addAddresses(
    name: StoredName,
    column: Uint8Array,
    rows: Uint32Array,
    from: number,
    count: number,
    ports?: Uint16Array,
  ): void {
    const { data } = this.#vectors.get(name)!;
    const words = new Uint32Array(data);
    const bytes = new Uint8Array(data);
    let last = '';
    let lastAt = -1;
    for (let i = 0; i < count; i++) {
      const at = rows[from + i]!;
      // An optional address is there when its port is.
      const text = ports?.[at] === 0 ? '' : cachedAddressText(column, at * 16);
      const row = this.rows + i;
      if (text === last && lastAt >= 0) {
        words.copyWithin(row * 4, lastAt, lastAt + 4);
        continue;
      }
      const buffer = addressBuffer(text);
      this.#putText(words, bytes, row, buffer, 0, buffer.length);
      last = text;
      lastAt = row * 4;
    }
  }
}

const isZero = (value: number) => value === 0;

const addressBuffers = new Map<string, Buffer>();
function addressBuffer(text: string): Buffer {
  let buffer = addressBuffers.get(text);
  if (!buffer) {
    if (addressBuffers.size >= 4096) addressBuffers.clear();
    buffer = Buffer.from(text, 'latin1');
    addressBuffers.set(text, buffer);
  }
  return buffer;
}

type Numbers = Float32Array | Int32Array | Uint16Array | Uint8Array;

function gather<Column extends Numbers>(
  source: Column,
  target: Column,
  to: number,
  rows: Uint32Array,
  from: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[to + i] = source[rows[from + i]!]!;
}

/** Whole numbers of up to 53 bits as 64-bit integers, in two halves. */
function copyWhole(
  source: Float64Array,
  words: Uint32Array,
  to: number,
  rows: Uint32Array,
  from: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const value = source[rows[from + i]!]!;
    const high = Math.floor(value / wordSize);
    words[(to + i) * 2] = value - high * wordSize;
    words[(to + i) * 2 + 1] = high;
  }
}
