/**
 * One batch of rows in one `ArrayBuffer`, as it travels from a pipeline thread over the wire into the
 * store:
 *
 *   header   32 bytes, little endian:
 *              u32 magic "MIZ1" · u32 row count · u32 row capacity · u32 heap bytes used
 *              u32 thread · u32 batch number · u64 reserved
 *   columns  `capacity` values each, in the order of `columns`, each starting at a multiple of 8
 *   heap     texts and payloads, to the end of the buffer
 */
import { type ColumnKind, type ColumnName, columnBytes, columns } from './columns.ts';

const magic = 0x315a494d;
export const headerBytes = 32;
const columnNames = Object.keys(columns) as ColumnName[];

/** Typed array of each column kind. Text: offset at 2·row, length at 2·row+1. Address: 4 words a row. */
interface ColumnArrays {
  f64: Float64Array;
  f32: Float32Array;
  u32: Uint32Array;
  i32: Int32Array;
  u16: Uint16Array;
  u8: Uint8Array;
  /** As `Uint8Array`, 16 bytes a row. */
  address: Uint8Array;
  text: Uint32Array;
}
export type BatchColumns = {
  readonly [Name in ColumnName]: ColumnArrays[(typeof columns)[Name]];
};

function columnArray(kind: ColumnKind, buffer: ArrayBuffer, at: number, capacity: number) {
  switch (kind) {
    case 'f64':
      return new Float64Array(buffer, at, capacity);
    case 'f32':
      return new Float32Array(buffer, at, capacity);
    case 'u32':
      return new Uint32Array(buffer, at, capacity);
    case 'i32':
      return new Int32Array(buffer, at, capacity);
    case 'u16':
      return new Uint16Array(buffer, at, capacity);
    case 'u8':
      return new Uint8Array(buffer, at, capacity);
    case 'address':
      return new Uint8Array(buffer, at, capacity * 16);
    case 'text':
      return new Uint32Array(buffer, at, capacity * 2);
  }
}

/** Offset at which each column starts, then that of the heap. */
function layout(capacity: number): { readonly starts: readonly number[]; readonly heap: number } {
  const starts: number[] = [];
  let at = headerBytes;
  for (const name of columnNames) {
    starts.push(at);
    at += (columnBytes[columns[name]] * capacity + 7) & ~7;
  }
  return { starts, heap: at };
}

/** A batch seen through typed arrays. The views are live: writing to them writes the batch. */
export class Batch {
  readonly buffer: ArrayBuffer;
  readonly columns: BatchColumns;
  readonly heap: Uint8Array;
  readonly capacity: number;
  readonly #header: Uint32Array;

  private constructor(buffer: ArrayBuffer, capacity: number) {
    this.buffer = buffer;
    this.capacity = capacity;
    this.#header = new Uint32Array(buffer, 0, headerBytes / 4);
    const { starts, heap } = layout(capacity);
    this.columns = Object.fromEntries(
      columnNames.map((name, i) => [
        name,
        columnArray(columns[name], buffer, starts[i]!, capacity),
      ]),
    ) as unknown as BatchColumns;
    this.heap = new Uint8Array(buffer, heap);
  }

  /** An empty batch with room for `capacity` rows and `heapBytes` of texts and payloads. */
  static allocate(capacity: number, heapBytes: number): Batch {
    const bytes = layout(capacity).heap + heapBytes;
    const batch = new Batch(new ArrayBuffer((bytes + 7) & ~7), capacity);
    batch.#header[0] = magic;
    batch.#header[2] = capacity;
    return batch;
  }

  /** A batch made elsewhere. Undefined when the buffer is not one: its bounds are checked. */
  static open(buffer: ArrayBuffer): Batch | undefined {
    if (buffer.byteLength < headerBytes) return undefined;
    const header = new Uint32Array(buffer, 0, headerBytes / 4);
    const capacity = header[2]!;
    if (header[0] !== magic || header[1]! > capacity || capacity > 1 << 24) return undefined;
    const { heap } = layout(capacity);
    if (heap + header[3]! > buffer.byteLength) return undefined;
    return new Batch(buffer, capacity);
  }

  get rows(): number {
    return this.#header[1]!;
  }
  set rows(count: number) {
    this.#header[1] = count;
  }
  get heapUsed(): number {
    return this.#header[3]!;
  }
  set heapUsed(bytes: number) {
    this.#header[3] = bytes;
  }
  get thread(): number {
    return this.#header[4]!;
  }
  set thread(thread: number) {
    this.#header[4] = thread;
  }
  /** Counts the batches of a thread, from 1: a receiver notices a missing one. */
  get number(): number {
    return this.#header[5]!;
  }
  set number(number: number) {
    this.#header[5] = number;
  }
}

const decoder = new TextDecoder();

/** Text of a cell; bytes outside the heap (a damaged batch) read as the empty text. */
export function textAt(batch: Batch, column: Uint32Array, row: number): string {
  const at = column[row * 2]!;
  const length = column[row * 2 + 1]!;
  if (length === 0 || at + length > batch.heap.length) return '';
  return decoder.decode(batch.heap.subarray(at, at + length));
}

/** Payload bytes of a cell, without a copy. */
export function payloadAt(batch: Batch, offset: number, length: number): Uint8Array | undefined {
  if (length === 0 || offset + length > batch.heap.length) return undefined;
  return batch.heap.subarray(offset, offset + length);
}

/**
 * An address as people write it: IPv4 dotted, IPv6 as RFC 5952 (lower case, longest run of zeros
 * shortened).
 */
export function addressText(bytes: Uint8Array, at: number): string {
  const word = (i: number) => (bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!;
  if (word(5) === 0xffff && !word(0) && !word(1) && !word(2) && !word(3) && !word(4)) {
    return `${bytes[at + 12]}.${bytes[at + 13]}.${bytes[at + 14]}.${bytes[at + 15]}`;
  }
  let bestAt = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && word(i + length) === 0) length++;
    if (length > bestLength) {
      bestAt = i;
      bestLength = length;
    }
    if (length > 0) i += length - 1;
  }
  const hex = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => word(from + i).toString(16)).join(':');
  return bestAt < 0 ? hex(0, 8) : `${hex(0, bestAt)}::${hex(bestAt + bestLength, 8)}`;
}
