/** Batches some of whose rows still wait: how much memory they hold. */
import type { Batch } from '../ship/batch.ts';

export interface HeldBatch {
  readonly batch: Batch;
  /** Rows that still wait. */
  rows: number;
}

export class HeldBatches {
  bytes = 0;

  hold(held: HeldBatch): void {
    if (held.rows === 0) this.bytes += held.batch.buffer.byteLength;
    held.rows++;
  }

  letGo(held: HeldBatch): void {
    held.rows--;
    if (held.rows === 0) this.bytes -= held.batch.buffer.byteLength;
  }
}
