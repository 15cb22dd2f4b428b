/**
 * A batch in a binary frame of the WebSocket, little endian:
 *
 *   u32 number         batches of a session, from 1
 *   u32 plain bytes    of the batch when decompressed
 *   u32 rows           to count what is shed without decompressing
 *   u32 flags          1: sent before, on another connection
 *   zstd frame         the batch, without the unused part of its columns and heap
 */
import { promisify } from 'node:util';
import { constants, zstdCompressSync, zstdDecompress } from 'node:zlib';
import { Batch, type BatchColumns } from '../ship/batch.ts';
import type { ColumnName } from '../ship/columns.ts';

export const frameHeaderBytes = 16;
/** A decompressed batch is at most so large: a heap grows with the largest message it holds. */
const maxBatchBytes = 128 << 20;
/** Longest binary frame: what cannot be compressed gets a little longer. */
export const maxFrameBytes: number = maxBatchBytes + (1 << 20);
const resentFlag = 1;

const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const decompress = promisify(zstdDecompress) as (
  bytes: Uint8Array,
  options: { maxOutputLength: number; chunkSize: number },
) => Promise<Buffer>;

export interface FrameHeader {
  readonly number: number;
  readonly plainBytes: number;
  readonly rows: number;
  readonly resent: boolean;
}

/** A batch as a frame; the batch's memory is free afterwards. */
export function packFrame(batch: Batch, number: number): Buffer {
  const plain = new Uint8Array(trimmed(batch).buffer);
  const packed = zstdCompressSync(plain, fastest);
  const frame = Buffer.allocUnsafeSlow(frameHeaderBytes + packed.length);
  frame.writeUInt32LE(number, 0);
  frame.writeUInt32LE(plain.length, 4);
  frame.writeUInt32LE(batch.rows, 8);
  frame.writeUInt32LE(0, 12);
  frame.set(packed, frameHeaderBytes);
  return frame;
}

/** Says in the frame that it was sent before. */
export function markResent(frame: Buffer): void {
  frame.writeUInt32LE(resentFlag, 12);
}

/** The header of a frame, or undefined when it cannot be one. */
export function readHeader(frame: Buffer): FrameHeader | undefined {
  if (frame.length <= frameHeaderBytes) return undefined;
  const number = frame.readUInt32LE(0);
  const plainBytes = frame.readUInt32LE(4);
  if (number === 0 || plainBytes === 0 || plainBytes > maxBatchBytes) return undefined;
  return {
    number,
    plainBytes,
    rows: frame.readUInt32LE(8),
    resent: (frame.readUInt32LE(12) & resentFlag) !== 0,
  };
}

/** The batch of a frame in memory of its own, or undefined when it is damaged. */
export async function unpackFrame(
  frame: Buffer,
  header: FrameHeader,
): Promise<ArrayBuffer | undefined> {
  const { plainBytes } = header;
  let plain: Buffer;
  try {
    plain = await decompress(frame.subarray(frameHeaderBytes), {
      maxOutputLength: plainBytes,
      // One piece: the result needs no copy.
      chunkSize: Math.max(plainBytes, 64),
    });
  } catch {
    return undefined;
  }
  if (plain.length !== plainBytes) return undefined;
  const isAlone = plain.byteOffset === 0 && plain.buffer.byteLength === plainBytes;
  const buffer = isAlone ? plain.buffer : new Uint8Array(plain).buffer;
  return buffer instanceof ArrayBuffer && Batch.open(buffer) !== undefined ? buffer : undefined;
}

/** The same rows in as little memory as they need: batches are handed on long before they are full. */
function trimmed(batch: Batch): Batch {
  const { rows, heapUsed, capacity } = batch;
  const small = Batch.allocate(rows, heapUsed);
  for (const name of Object.keys(batch.columns) as (keyof BatchColumns & ColumnName)[]) {
    const from = batch.columns[name];
    // Values a row: 2 for texts, 16 for addresses, else 1.
    const values = (from.length / capacity) * rows;
    small.columns[name].set(from.subarray(0, values));
  }
  small.heap.set(batch.heap.subarray(0, heapUsed));
  small.rows = rows;
  small.heapUsed = heapUsed;
  small.thread = batch.thread;
  small.number = batch.number;
  return small;
}
