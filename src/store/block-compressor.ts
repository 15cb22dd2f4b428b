/** Blocks → zstd frames, one after the other, on another thread than the event loop's. */
import { constants, createZstdCompress, type ZstdCompress } from 'node:zlib';
import type { FilledBlock } from './block-builder.ts';

/** Compressed bytes are taken in pieces of this size. */
const pieceBytes = 128 << 10;

/**
 * One stream makes all frames. A stream for each block would cost as much as the compression itself: its
 * tables are megabytes of fresh memory.
 */
export class BlockCompressor {
  #stream: ZstdCompress | undefined;
  #pieces: Buffer[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves with a frame of its own; `block` must stay as it is until then. */
  compress(block: FilledBlock): Promise<Buffer> {
    const content = block.raw.subarray(0, block.length);
    const frame = this.#last.then(() => this.#frame(content));
    // What follows has a stream of its own after a failure.
    this.#last = frame.catch(() => undefined);
    return frame;
  }

  /** Lets the stream's memory go, once what is on its way is done. */
  async close(): Promise<void> {
    await this.#last;
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  #frame(content: Buffer): Promise<Buffer> {
    this.#stream ??= this.#open();
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.#stream = undefined;
        this.#pieces = [];
        reject(error);
      };
      stream.once('error', fail);
      stream.write(content);
      stream.flush(constants.ZSTD_e_end, () => {
        stream.off('error', fail);
        const pieces = this.#pieces;
        this.#pieces = [];
        resolve(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
      });
    });
  }

  #open(): ZstdCompress {
    const stream = createZstdCompress({
      chunkSize: pieceBytes,
      params: { [constants.ZSTD_c_compressionLevel]: 1 },
    });
    stream.on('data', (piece: Buffer) => this.#pieces.push(piece));
    return stream;
  }
}
