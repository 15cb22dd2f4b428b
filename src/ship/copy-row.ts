/** Rows from one batch to another, or into as little memory as one needs. */
import { Batch } from './batch.ts';
import { type ColumnName, columns } from './columns.ts';

const names = Object.keys(columns) as ColumnName[];
const textNames = ['method', 'target', 'host', 'contentType', 'traceId'] as const;
const addressNames = ['sourceAddress', 'destinationAddress', 'frontAddress'] as const;
/** One value a row; texts have two, addresses 16 bytes. */
const plainNames = names.filter((name) => columns[name] !== 'text' && columns[name] !== 'address');

/** The most bytes of heap that a row can need. */
export function heapBytesOf({ columns: from, heap }: Batch, row: number): number {
  let bytes = Math.min(from.requestLength[row]!, heap.length);
  bytes += Math.min(from.responseLength[row]!, heap.length);
  for (const name of textNames) bytes += Math.min(from[name][row * 2 + 1]!, heap.length);
  return bytes;
}

/**
 * Copies a row to `at`, its heap to `used`, for which there must be room; returns where the heap is used
 * up to then. `rows` and `heapUsed` of the batch are left to the caller.
 */
export function copyRow(from: Batch, row: number, to: Batch, at: number, used: number): number {
  for (const name of plainNames) {
    (to.columns[name] as Float64Array)[at] = (from.columns[name] as Float64Array)[row]!;
  }
  for (const name of addressNames) {
    to.columns[name].set(from.columns[name].subarray(row * 16, row * 16 + 16), at * 16);
  }
  return copyHeap(from, row, to, at, used);
}

/** Payloads, then texts: those that lie in a payload (most do) are not copied again. */
function copyHeap(batch: Batch, row: number, to: Batch, at: number, used: number): number {
  const { columns: from } = batch;
  const out = to.columns;
  const requestFrom = from.requestOffset[row]!;
  const requestLength = copyBytes(batch, requestFrom, from.requestLength[row]!, to, used);
  out.requestOffset[at] = used;
  out.requestLength[at] = requestLength;
  const responseFrom = from.responseOffset[row]!;
  const responseTo = used + requestLength;
  const responseLength = copyBytes(batch, responseFrom, from.responseLength[row]!, to, responseTo);
  out.responseOffset[at] = responseTo;
  out.responseLength[at] = responseLength;
  let end = responseTo + responseLength;
  for (const name of textNames) {
    const textFrom = from[name][row * 2]!;
    let length = from[name][row * 2 + 1]!;
    let textTo = end;
    if (textFrom >= requestFrom && textFrom + length <= requestFrom + requestLength) {
      textTo = used + textFrom - requestFrom;
    } else if (textFrom >= responseFrom && textFrom + length <= responseFrom + responseLength) {
      textTo = responseTo + textFrom - responseFrom;
    } else {
      length = copyBytes(batch, textFrom, length, to, end);
      end += length;
    }
    out[name][at * 2] = textTo;
    out[name][at * 2 + 1] = length;
  }
  return end;
}

/** Returns how many bytes were copied: none when they lie outside the heap (a damaged batch). */
function copyBytes(
  { heap }: Batch,
  from: number,
  length: number,
  to: Batch,
  toOffset: number,
): number {
  if (length === 0 || from + length > heap.length) return 0;
  to.heap.set(heap.subarray(from, from + length), toOffset);
  return length;
}

/** A batch of this row alone. */
export function batchOfRow(from: Batch, row: number): Batch {
  const alone = Batch.allocate(1, heapBytesOf(from, row));
  alone.heapUsed = copyRow(from, row, alone, 0, 0);
  alone.rows = 1;
  return alone;
}

/** Only these rows stay, in their order, which is ascending; the heap stays as it is. */
export function keepRows(batch: Batch, kept: readonly number[]): void {
  for (const name of names) {
    const column = batch.columns[name];
    // Values a row: 2 for texts, 16 for addresses, else 1.
    const values = column.length / batch.capacity;
    kept.forEach((row, to) => {
      if (row !== to) column.copyWithin(to * values, row * values, (row + 1) * values);
    });
  }
  batch.rows = kept.length;
}
