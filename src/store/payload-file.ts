/**
 * Payload bytes of a segment ↔ a file of compressed blocks.
 *
 * Block, little endian:
 *   u32 magic "MZB1" · u32 number, from 0 · u32 compressed bytes · u32 raw bytes
 *   u32 CRC-32 of the compressed bytes · u32 CRC-32 of the 20 bytes before
 *   compressed bytes (zstd)
 *
 * Blocks are numbered rather than addressed: a row knows its block before it is known how small the
 * blocks in front of it will compress.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const magic = 0x31425a4d;
const headerBytes = 24;

/** A raw block longer than this is damage: an exchange's two bodies and heads stay far below. */
export const maxRawBytes = 1 << 30;

/** How much of the content is checked when a file is opened; the rest is when it is read. */
export type Verify = 'everything' | 'last blocks';
const lastBlocks = 2;

/** Bytes read at once while looking for the next block behind damage. */
const scanBytes = 1 << 20;

/** A compressed block as read from the file. */
export interface RawBlock {
  readonly compressed: Buffer;
  readonly rawBytes: number;
}

interface BlockHeader {
  readonly number: number;
  readonly compressedBytes: number;
  readonly rawBytes: number;
  readonly checksum: number;
}

function parseHeader(header: Buffer): BlockHeader | undefined {
  if (header.length < headerBytes || header.readUInt32LE(0) !== magic) return undefined;
  if (header.readUInt32LE(20) !== crc32(header.subarray(0, 20))) return undefined;
  const rawBytes = header.readUInt32LE(12);
  if (rawBytes > maxRawBytes) return undefined;
  return {
    number: header.readUInt32LE(4),
    compressedBytes: header.readUInt32LE(8),
    rawBytes,
    checksum: header.readUInt32LE(16),
  };
}

/** One segment's payload file. Writing and reading are synchronous: single blocks, mostly cached. */
export class PayloadFile {
  readonly path: string;
  readonly #file: number;
  /** Block number → offset in the file; undefined where damage has taken a block. */
  readonly #offsets: (number | undefined)[] = [];
  #bytes = 0;
  #closed = false;
  /** What was found damaged when the file was opened, in words. */
  readonly repairs: string[] = [];

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
  }

  static create(path: string): PayloadFile {
    return new PayloadFile(path, openSync(path, 'wx+'));
  }

  /** Opens a file and finds its blocks. A damaged tail is cut off. */
  static open(path: string, verify: Verify): PayloadFile {
    const file = new PayloadFile(path, openSync(path, 'r+'));
    file.#recover(verify);
    return file;
  }

  /** Length of the file in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number that the next written block must have. */
  get blocks(): number {
    return this.#offsets.length;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that a block takes in the file. */
  static sizeOf(compressed: Uint8Array): number {
    return headerBytes + compressed.length;
  }

  /** Appends block `number`; numbers may leave gaps (blocks that were given up), never go back. */
  write(number: number, compressed: Uint8Array, rawBytes: number): void {
    const block = Buffer.allocUnsafe(headerBytes + compressed.length);
    block.writeUInt32LE(magic, 0);
    block.writeUInt32LE(number, 4);
    block.writeUInt32LE(compressed.length, 8);
    block.writeUInt32LE(rawBytes, 12);
    block.writeUInt32LE(crc32(compressed), 16);
    block.writeUInt32LE(crc32(block.subarray(0, 20)), 20);
    block.set(compressed, headerBytes);
    let written = 0;
    while (written < block.length) {
      written += writeSync(
        this.#file,
        block,
        written,
        block.length - written,
        this.#bytes + written,
      );
    }
    while (this.#offsets.length < number) this.#offsets.push(undefined);
    this.#offsets.push(this.#bytes);
    this.#bytes += block.length;
  }

  /** Block `number`, or undefined when it is missing or damaged, or the file is closed. */
  read(number: number): RawBlock | undefined {
    const offset = this.#offsets[number];
    if (offset === undefined || this.#closed) return undefined;
    const header = parseHeader(this.#readAt(offset, headerBytes));
    if (!header || header.number !== number) return undefined;
    const compressed = this.#readAt(offset + headerBytes, header.compressedBytes);
    if (compressed.length < header.compressedBytes) return undefined;
    if (crc32(compressed) !== header.checksum) return undefined;
    return { compressed, rawBytes: header.rawBytes };
  }

  /** Whether the file holds a block of this number. */
  has(number: number): boolean {
    return this.#offsets[number] !== undefined;
  }

  close(): void {
    if (!this.#closed) closeSync(this.#file);
    this.#closed = true;
  }

  #readAt(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    let got = 0;
    while (got < length) {
      const count = readSync(this.#file, buffer, got, length - got, offset + got);
      if (count === 0) break;
      got += count;
    }
    return buffer.subarray(0, got);
  }

  #recover(verify: Verify): void {
    const size = fstatSync(this.#file).size;
    let at = 0;
    let end = 0;
    while (at + headerBytes <= size) {
      const header = parseHeader(this.#readAt(at, headerBytes));
      const next = header ? at + headerBytes + header.compressedBytes : 0;
      if (!header || next > size || header.number < this.#offsets.length) {
        const found = this.#findBlock(at + 1, size);
        if (found < 0) break;
        this.repairs.push(`${found - at} damaged bytes were skipped`);
        at = found;
        continue;
      }
      while (this.#offsets.length < header.number) this.#offsets.push(undefined);
      this.#offsets.push(at);
      at = next;
      end = next;
    }
    end = this.#dropDamagedTail(end);
    if (verify === 'everything') this.#forgetDamaged();
    if (end < size) {
      this.repairs.push(`${size - end} damaged bytes at the end were cut off`);
      ftruncateSync(this.#file, end);
    }
    this.#bytes = end;
  }

  /** Offset of the next good header at or after `from`, or -1. */
  #findBlock(from: number, size: number): number {
    for (let at = from; at < size; at += scanBytes - headerBytes) {
      const bytes = this.#readAt(at, Math.min(scanBytes, size - at));
      for (let i = bytes.indexOf('MZB1'); i >= 0; i = bytes.indexOf('MZB1', i + 1)) {
        const header = parseHeader(bytes.subarray(i, i + headerBytes));
        if (!header || header.number < this.#offsets.length) continue;
        if (at + i + headerBytes + header.compressedBytes <= size) return at + i;
      }
      if (bytes.length < scanBytes) break;
    }
    return -1;
  }

  /** A power cut may leave a block's length without its content. */
  #dropDamagedTail(end: number): number {
    for (let i = 0; i < lastBlocks && this.#offsets.length > 0; i++) {
      const last = this.#offsets.length - 1;
      const offset = this.#offsets[last];
      if (offset === undefined || this.read(last)) break;
      this.#offsets.pop();
      while (this.#offsets.length > 0 && this.#offsets.at(-1) === undefined) this.#offsets.pop();
      end = offset;
    }
    return end;
  }

  #forgetDamaged(): void {
    let damaged = 0;
    for (let block = 0; block < this.#offsets.length; block++) {
      if (!this.has(block) || this.read(block)) continue;
      this.#offsets[block] = undefined;
      damaged++;
    }
    if (damaged > 0) this.repairs.push(`${damaged} blocks are damaged`);
  }
}
