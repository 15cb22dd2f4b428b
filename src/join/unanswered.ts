/**
 * Pending rows, kept until their final row has come. When nobody can bring it any more, or nobody has in
 * a bounded time, the row goes out as it is, with `no response` and the reason: nothing waits for ever.
 */
import { Incomplete } from '../dissect/contract.ts';
import { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { batchOfRow, copyRow, heapBytesOf } from '../ship/copy-row.ts';

export const unansweredDefaults = {
  /** How long without a sign of life, ms: longer than a tapper waits on an idle connection. */
  patienceMs: 2 * 3_600_000,
  rows: 20_000,
  bytes: 16 << 20,
} as const;

/** How often the time of all that wait is looked at, ms. */
const lookEveryMs = 1000;
/** Ids remembered after they were settled: what still comes for them would be a second final row. */
const maxSettled = 20_000;
/** Rows that go out in one batch. */
const settledRows = 256;

export interface UnansweredOptions {
  /** Gets final rows. The batch is its own. */
  readonly emit: (batch: Batch) => void;
  readonly patienceMs?: number;
  /** Most rows kept, and most bytes; beyond either the oldest are forgotten, not settled. */
  readonly rows?: number;
  readonly bytes?: number;
}

const nothing: readonly number[] = [];

interface Kept {
  readonly idTime: number;
  /** A batch of this row alone. */
  readonly buffer: ArrayBuffer;
  /** Last sign of life, ms of the caller's clock. */
  seenMs: number;
}

/** By the second half of the id. */
export class Unanswered {
  /** Rows that went out without their answer. */
  settled = 0;
  /** Final rows that came for one of these, and were left out. */
  late = 0;
  readonly #options: Required<UnansweredOptions>;
  /** The longest without a sign of life first. */
  readonly #kept = new Map<number, Kept>();
  readonly #settledIds = new Map<number, number>();
  #bytes = 0;
  #lookedMs = 0;

  constructor(options: UnansweredOptions) {
    this.#options = { ...unansweredDefaults, ...options };
  }

  get size(): number {
    return this.#kept.size;
  }

  /**
   * Takes note of a batch's rows. Returns the batch to hand on: this one, or one without the rows that
   * come too late; undefined when nothing is left of it.
   */
  take(batch: Batch, nowMs: number): Batch | undefined {
    const { outcome, idTime, idSequence, parentTime, parentSequence } = batch.columns;
    let late: Set<number> | undefined;
    for (let row = 0; row < batch.rows; row++) {
      const sequence = idSequence[row]!;
      const wasSettled = this.#settledIds.size > 0 && this.#isSettled(idTime[row]!, sequence);
      if (wasSettled) {
        late = (late ?? new Set()).add(row);
      } else if (outcome[row] === Outcome.Pending) {
        this.#keep(sequence, batch, row, nowMs);
      } else if (this.#kept.size > 0) {
        this.#forget(sequence, idTime[row]!);
        if (parentTime[row] !== 0) this.#touch(parentSequence[row]!, parentTime[row]!, nowMs);
      }
    }
    if (late === undefined) return batch;
    this.late += late.size;
    return without(batch, late);
  }

  /** Settles what has waited too long; returns the second halves of the ids. */
  advance(nowMs: number): readonly number[] {
    if (nowMs - this.#lookedMs < lookEveryMs) return nothing;
    this.#lookedMs = nowMs;
    const overdue: number[] = [];
    for (const [sequence, { seenMs }] of this.#kept) {
      if (nowMs - seenMs < this.#options.patienceMs) break;
      overdue.push(sequence);
    }
    this.settle(overdue, Incomplete.Overdue);
    return overdue;
  }

  /** These will not be answered; `why` is an `Incomplete` bit. Ids that are not kept are left out. */
  settle(sequences: Iterable<number>, why: number): void {
    let rows: Batch[] = [];
    for (const sequence of sequences) {
      const kept = this.#kept.get(sequence);
      const row = kept && Batch.open(kept.buffer);
      if (kept === undefined || row === undefined) continue;
      this.#forget(sequence, kept.idTime);
      this.#remember(sequence, kept.idTime);
      row.columns.outcome[0] = Outcome.NoResponse;
      row.columns.incomplete[0]! |= Incomplete.NoResponse | why;
      this.settled++;
      rows.push(row);
      if (rows.length < settledRows) continue;
      this.#options.emit(together(rows));
      rows = [];
    }
    if (rows.length > 0) this.#options.emit(together(rows));
  }

  clear(): void {
    this.#kept.clear();
    this.#bytes = 0;
  }

  #keep(sequence: number, batch: Batch, row: number, nowMs: number): void {
    this.#forget(sequence, batch.columns.idTime[row]!);
    const { buffer } = batchOfRow(batch, row);
    this.#kept.set(sequence, { idTime: batch.columns.idTime[row]!, buffer, seenMs: nowMs });
    this.#bytes += buffer.byteLength;
    for (const [oldest, { idTime }] of this.#kept) {
      const isWithin = this.#kept.size <= this.#options.rows && this.#bytes <= this.#options.bytes;
      if (isWithin || oldest === sequence) return;
      this.#forget(oldest, idTime);
    }
  }

  #forget(sequence: number, idTime: number): void {
    const kept = this.#kept.get(sequence);
    if (kept === undefined || kept.idTime !== idTime) return;
    this.#kept.delete(sequence);
    this.#bytes -= kept.buffer.byteLength;
  }

  /** Its messages go on: the call lives. */
  #touch(sequence: number, idTime: number, nowMs: number): void {
    const kept = this.#kept.get(sequence);
    if (kept === undefined || kept.idTime !== idTime) return;
    kept.seenMs = nowMs;
    this.#kept.delete(sequence);
    this.#kept.set(sequence, kept);
  }

  #isSettled(idTime: number, sequence: number): boolean {
    return this.#settledIds.get(sequence) === idTime;
  }

  #remember(sequence: number, idTime: number): void {
    this.#settledIds.set(sequence, idTime);
    if (this.#settledIds.size <= maxSettled) return;
    for (const oldest of this.#settledIds.keys()) {
      this.#settledIds.delete(oldest);
      return;
    }
  }
}

function together(rows: readonly Batch[]): Batch {
  const heapBytes = rows.reduce((sum, { heapUsed }) => sum + heapUsed, 0);
  return gather(
    rows.map((batch) => ({ batch, row: 0 })),
    heapBytes,
  );
}

function without(batch: Batch, rows: ReadonlySet<number>): Batch | undefined {
  const left = Array.from({ length: batch.rows }, (_, row) => row).filter((row) => !rows.has(row));
  if (left.length === 0) return undefined;
  return gather(
    left.map((row) => ({ batch, row })),
    left.reduce((sum, row) => sum + heapBytesOf(batch, row), 0),
  );
}

function gather(
  rows: readonly { readonly batch: Batch; readonly row: number }[],
  heapBytes: number,
): Batch {
  const gathered = Batch.allocate(rows.length, heapBytes);
  let used = 0;
  rows.forEach(({ batch, row }, at) => {
    used = copyRow(batch, row, gathered, at, used);
  });
  gathered.rows = rows.length;
  gathered.heapUsed = used;
  return gathered;
}
