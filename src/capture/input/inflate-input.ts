import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { reasonOf } from '../source-error.ts';
import { type ByteInput, EndOfInput, NothingYet } from './byte-input.ts';
import { ChunkQueue } from './chunk-queue.ts';

/** Compressed bytes given to the decompressor at a time. */
const COMPRESSED_CHUNK_BYTES = 128 << 10;
/** Size of the decompressor's output buffers. */
const OUTPUT_CHUNK_BYTES = 256 << 10;

export type Compression = 'gzip' | 'zstd';

/** The compression that the first bytes show: gzip (RFC 1952) or zstd (RFC 8878), or none. */
export function compressionOf(bytes: Uint8Array, length: number): Compression | undefined {
  if (length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  if (length < 4) return undefined;
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) {
    return 'zstd';
  }
  return undefined;
}

/**
 * Decompresses another input as it comes. Compressed bytes are given to the decompressor only when
 * all it made of the bytes before was taken: its output stays bounded, and whatever came out before
 * a damage is not thrown away with the failed stream.
 */
export class InflateInput implements ByteInput {
  readonly totalBytes: number;
  private readonly inner: ByteInput;
  private readonly stream: Transform;
  private readonly queue = new ChunkQueue();
  private readonly compressed = new Uint8Array(COMPRESSED_CHUNK_BYTES);
  /** The decompressor still works on `compressed`. */
  private busy = false;
  private ended = false;
  private problem = '';

  /** `head` is what was already read from `inner`. */
  constructor(inner: ByteInput, kind: Compression, head: Uint8Array) {
    this.inner = inner;
    this.totalBytes = inner.totalBytes;
    const options = { chunkSize: OUTPUT_CHUNK_BYTES };
    this.stream = kind === 'gzip' ? zlib.createGunzip(options) : zlib.createZstdDecompress(options);
    this.stream.on('data', (chunk: Uint8Array) => {
      this.queue.push(chunk);
      if (this.queue.isFull) this.stream.pause();
    });
    this.stream.on('error', (error) => {
      this.problem = `the ${kind} data is damaged or cut (${reasonOf(error)})`;
      this.end();
    });
    this.stream.on('end', () => this.end());
    this.write(head.slice());
  }

  async fill(target: Uint8Array, at: number, waitMs: number): Promise<number> {
    while (this.queue.isEmpty) {
      if (this.ended) return EndOfInput;
      if (this.busy) {
        await this.queue.changed(Number.POSITIVE_INFINITY);
        continue;
      }
      const count = await this.inner.fill(this.compressed, 0, waitMs);
      if (count === NothingYet) return NothingYet;
      if (count === EndOfInput) this.finish();
      else this.write(this.compressed.subarray(0, count));
    }
    const count = this.queue.take(target, at);
    if (!this.queue.isFull) this.stream.resume();
    return count;
  }

  readBytes(): number {
    return this.inner.readBytes();
  }

  failure(): string {
    return this.inner.failure() || this.problem;
  }

  close(): void {
    this.end();
    this.stream.destroy();
    this.inner.close();
  }

  private write(bytes: Uint8Array): void {
    this.busy = true;
    this.stream.write(bytes, () => {
      this.busy = false;
      this.queue.signal();
    });
  }

  private finish(): void {
    this.busy = true;
    this.stream.end();
  }

  private end(): void {
    this.ended = true;
    this.queue.signal();
  }
}
