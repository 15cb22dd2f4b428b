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
  private readonly kind: Compression;
  private stream: Transform & zlib.Zlib;
  private readonly queue = new ChunkQueue();
  private readonly compressed = new Uint8Array(COMPRESSED_CHUNK_BYTES);
  /** What was given to the decompressor last, and how much in all. */
  private current: Uint8Array = new Uint8Array(0);
  private written = 0;
  private inputEnded = false;
  /** The decompressor still works on `current`. */
  private busy = false;
  private ended = false;
  private problem = '';

  /** `head` is what was already read from `inner`. */
  constructor(inner: ByteInput, kind: Compression, head: Uint8Array) {
    this.inner = inner;
    this.totalBytes = inner.totalBytes;
    this.kind = kind;
    this.stream = this.start();
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

  private start(): Transform & zlib.Zlib {
    const options = { chunkSize: OUTPUT_CHUNK_BYTES };
    const stream =
      this.kind === 'gzip' ? zlib.createGunzip(options) : zlib.createZstdDecompress(options);
    stream.on('data', (chunk: Uint8Array) => {
      this.queue.push(chunk);
      if (this.queue.isFull) stream.pause();
    });
    stream.on('error', (error) => {
      this.problem = `the ${this.kind} data is damaged or cut (${reasonOf(error)})`;
      this.end();
    });
    stream.on('end', () => this.streamEnded());
    return stream;
  }

  /**
   * Node's gzip goes on with the next member by itself, its zstd ends behind a frame (parallel
   * compressors write many) and leaves the rest of the bytes to whoever knows where it stopped.
   */
  private streamEnded(): void {
    const unread = this.written - this.stream.bytesWritten;
    if (this.kind === 'gzip' || unread <= 0 || this.ended) {
      this.end();
      return;
    }
    const rest = this.current.slice(this.current.length - unread);
    this.stream.destroy();
    this.written = 0;
    this.stream = this.start();
    this.write(rest);
    if (this.inputEnded) this.stream.end();
  }

  private write(bytes: Uint8Array): void {
    this.busy = true;
    this.current = bytes;
    this.written += bytes.length;
    const { stream } = this;
    stream.write(bytes, () => {
      // A stream that was given up reports its write as failed, after the next one began.
      if (stream !== this.stream) return;
      this.busy = false;
      this.queue.signal();
    });
  }

  private finish(): void {
    this.busy = true;
    this.inputEnded = true;
    this.stream.end();
  }

  private end(): void {
    this.ended = true;
    this.queue.signal();
  }
}
