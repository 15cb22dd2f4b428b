/** Payloads of a batch's rows → raw blocks, ready to be compressed. */
import type { Batch } from '../ship/batch.ts';
import type { Placement } from './chunk.ts';

/** Raw bytes of a block: reading one payload costs a block's decompression, about 1 ms. */
export const blockBytes = 1 << 20;

/** Buffers kept for reuse. */
const spareLimit = 4;

/** A block that has been filled. `raw` is given back with `recycle`. */
export interface FilledBlock {
  readonly number: number;
  readonly raw: Buffer;
  readonly length: number;
}

/** Fills one block after the other; they are numbered from 0 in each segment. */
export class BlockBuilder {
  #buffer: Buffer = Buffer.allocUnsafeSlow(blockBytes);
  #length = 0;
  #number = 0;
  readonly #spare: Buffer[] = [];
  readonly #full: (block: FilledBlock) => void;

  constructor(full: (block: FilledBlock) => void) {
    this.#full = full;
  }

  /** Bytes in the block under construction. */
  get length(): number {
    return this.#length;
  }

  /** Starts numbering for a new segment. The block under construction must be sealed before. */
  restart(number = 0): void {
    this.#number = number;
    this.#length = 0;
  }

  /** Hands the block under construction over, if it holds anything. */
  seal(): void {
    if (this.#length === 0) return;
    this.#full({ number: this.#number, raw: this.#buffer, length: this.#length });
    this.#number++;
    this.#length = 0;
    this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  recycle(raw: Buffer): void {
    if (raw.length === blockBytes && this.#spare.length < spareLimit) this.#spare.push(raw);
  }

  /** Copies the payloads of `rows[from, from + count)` and notes where they went. */
  add(batch: Batch, rows: Uint32Array, from: number, count: number, placement: Placement): void {
    const { requestOffset, requestLength, responseOffset, responseLength } = batch.columns;
    const heap = Buffer.from(batch.heap.buffer, batch.heap.byteOffset, batch.heap.length);
    for (let i = 0; i < count; i++) {
      const row = rows[from + i]!;
      const requestAt = requestOffset[row]!;
      const responseAt = responseOffset[row]!;
      // A damaged batch may point outside its heap: then there is no payload.
      const request = requestAt + requestLength[row]! > heap.length ? 0 : requestLength[row]!;
      const response = responseAt + responseLength[row]! > heap.length ? 0 : responseLength[row]!;
      this.#reserve(request + response);
      placement.block[i] = this.#number;
      placement.blockOffset[i] = this.#length;
      placement.requestLength[i] = request;
      placement.responseLength[i] = response;
      if (request > 0) heap.copy(this.#buffer, this.#length, requestAt, requestAt + request);
      this.#length += request;
      if (response > 0) heap.copy(this.#buffer, this.#length, responseAt, responseAt + response);
      this.#length += response;
    }
  }

  #reserve(bytes: number): void {
    if (this.#length > 0 && this.#length + bytes > blockBytes) this.seal();
    // One exchange above the size of a block gets a block of its own.
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes);
  }
}
