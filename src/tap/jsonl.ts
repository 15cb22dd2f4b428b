/** One entry a line on a stream, at the reader's pace. */
import type { Writable } from 'node:stream';
import { type RowContext, storedFromBatch } from '../entry/row.ts';
import { entryOf, subjectOf } from '../entry/subject.ts';
import type { Subject } from '../filter/contract.ts';
import type { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import type { TakeBatch } from './pipelines.ts';

/** Bytes gathered before they are written. */
const chunkBytes = 1 << 18;
/** UTF-8 needs at most so many bytes for a UTF-16 unit. */
const maxBytesPerUnit = 3;

/**
 * Gathers lines as bytes: texts that wait to be joined would outlive the collector's young generation.
 * A chunk is used again once the stream has taken it.
 */
class LineChunks {
  readonly #output: Writable;
  readonly #free: Buffer[] = [];
  #chunk: Buffer = Buffer.allocUnsafeSlow(chunkBytes);
  #used = 0;
  /** The stream has asked to wait. */
  #full = false;

  constructor(output: Writable) {
    this.#output = output;
  }

  add(line: string): void {
    const most = line.length * maxBytesPerUnit + 1;
    if (most > chunkBytes - this.#used) this.flush();
    if (most > chunkBytes) {
      this.#write(Buffer.from(`${line}\n`));
      return;
    }
    this.#used += this.#chunk.write(line, this.#used);
    this.#chunk[this.#used++] = 10;
  }

  flush(): void {
    if (this.#used === 0) return;
    const chunk = this.#chunk;
    this.#write(chunk.subarray(0, this.#used), () => this.#free.push(chunk));
    this.#chunk = this.#free.pop() ?? Buffer.allocUnsafeSlow(chunkBytes);
    this.#used = 0;
  }

  #write(bytes: Buffer, taken?: () => void): void {
    if (!this.#output.write(bytes, taken)) this.#full = true;
  }

  get isFull(): boolean {
    return this.#full;
  }

  /** Resolves when the stream takes more, or never will. */
  drained(): Promise<void> {
    this.#full = false;
    if (this.#output.destroyed) return Promise.resolve();
    return new Promise<void>((resolve) => {
      const events = ['drain', 'close', 'error'];
      const go = () => {
        for (const event of events) this.#output.off(event, go);
        resolve();
      };
      for (const event of events) this.#output.on(event, go);
    });
  }
}

/** Writes every final row that `matches`; a batch is held until the stream has taken its lines. */
export function jsonlWriter(
  output: Writable,
  context: RowContext,
  matches: ((subject: Subject) => boolean) | undefined,
): TakeBatch {
  const chunks = new LineChunks(output);
  const writeFrom = (batch: Batch, first: number): undefined | Promise<void> => {
    for (let row = first; row < batch.rows; row++) {
      if (batch.columns.outcome[row] === Outcome.Pending) continue;
      const stored = storedFromBatch(batch, row, context);
      if (matches !== undefined && !matches(subjectOf(stored, context.protocolByCode))) continue;
      chunks.add(JSON.stringify(entryOf(stored, context.protocolByCode)));
      if (chunks.isFull) return chunks.drained().then(() => writeFrom(batch, row + 1));
    }
    chunks.flush();
    return chunks.isFull ? chunks.drained() : undefined;
  };
  return (batch: Batch) => writeFrom(batch, 0);
}
