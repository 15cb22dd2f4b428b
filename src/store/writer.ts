/**
 * Batches → blocks and chunks, queued for the segment writer. `append` only copies; what it copies to
 * is bounded, and what does not fit is shed and counted.
 */
import type { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { BlockBuilder, blockBytes, type FilledBlock } from './block-builder.ts';
import { BlockCompressor } from './block-compressor.ts';
import { Chunk, newPlacement } from './chunk.ts';
import { chunkRows } from './duckdb-library.ts';
import type { BlockJob, SegmentWriter } from './segment-writer.ts';
import type { Shelf } from './shelf.ts';

/** Payload bytes that wait for compression and disk. */
const maxQueuedBytes = 8 << 20;
/** Chunks that wait; each takes about 1 MB. */
const maxQueuedChunks = 8;
/** Rows after which a commit is due before its time. */
const commitRows = 30_720;
/** What is appended is durable after this time and that of a commit. */
const commitEveryMs = 500;
/** Time between two sentences about failures. */
const tellEveryMs = 10_000;
/** Bytes of a row on disk until it is known better. */
const firstRowBytes = 160;

type Job =
  | ({ readonly kind: 'block' } & BlockJob & FilledBlock)
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'commit' }
  | { readonly kind: 'rotate'; readonly number: number }
  | { readonly kind: 'clear'; readonly number: number };

/** A job in its turn, and who waits for it. */
interface QueuedJob {
  readonly job: Job;
  readonly done?: () => void;
}

export interface WriterCounters {
  appended: number;
  shed: number;
  cpuMs: number;
  /** Rows accepted and not yet durable. */
  waiting: number;
}

export class Writer {
  readonly counters: WriterCounters = { appended: 0, shed: 0, cpuMs: 0, waiting: 0 };
  readonly #onProblem: (message: string) => void;
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #shelf: Shelf;
  readonly #target: SegmentWriter;
  readonly #blocks: BlockBuilder;
  readonly #compressor = new BlockCompressor();
  readonly #placement = newPlacement();
  readonly #jobs: QueuedJob[] = [];
  readonly #spareChunks: Chunk[] = [];
  #chunk = new Chunk();
  #rows = new Uint32Array(chunkRows);
  #queuedBytes = 0;
  #queuedChunks = 0;
  /** Of the segment that is being filled, as `append` sees it. */
  #segmentNumber: number;
  #rowsSinceCommit = 0;
  #rawSinceCommit = 0;
  #rowsInSegment = 0;
  #rawInSegment = 0;
  /** Compressed bytes a raw byte becomes, lately. */
  #ratio = 1;
  #running: Promise<void> | undefined;
  #roomWaiters: (() => void)[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(
    shelf: Shelf,
    target: SegmentWriter,
    nextBlock: number,
    onProblem: (message: string) => void,
  ) {
    this.#shelf = shelf;
    this.#target = target;
    this.#onProblem = onProblem;
    this.#segmentNumber = shelf.newest?.number ?? 0;
    this.#blocks = new BlockBuilder((block) => this.#queueBlock(block));
    this.#blocks.restart(nextBlock);
    this.#timer = setInterval(() => this.#commitIfDue(), commitEveryMs);
    this.#timer.unref();
  }

  /** Whether another batch fits without shedding. */
  get hasRoom(): boolean {
    return this.#queuedBytes < maxQueuedBytes && this.#queuedChunks < maxQueuedChunks;
  }

  /** Resolves when there is room for another batch. */
  room(): Promise<void> {
    if (this.hasRoom) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  append(batch: Batch): void {
    const started = performance.now();
    const rows = this.#select(batch);
    if (!this.hasRoom) {
      this.counters.shed += rows;
      return;
    }
    let from = 0;
    while (from < rows) {
      if (this.#segmentIsFull()) this.#rotate();
      const count = this.#chunk.room(batch, this.#rows, from, this.#groupEnd(batch, from, rows));
      if (count === 0) {
        this.#sealChunk();
        continue;
      }
      this.#blocks.add(batch, this.#rows, from, count, this.#placement);
      this.#chunk.add(batch, this.#rows, from, count, this.#placement);
      this.#rowsSinceCommit += count;
      this.#rowsInSegment += count;
      if (this.#chunk.rows === chunkRows) this.#sealChunk();
      from += count;
      if (this.#rowsSinceCommit >= commitRows || this.#isMuchForASegment()) this.#queueCommit();
    }
    this.counters.appended += rows;
    this.counters.waiting += rows;
    this.counters.cpuMs += performance.now() - started;
  }

  /** Makes everything appended so far durable and visible to queries. */
  async commit(): Promise<void> {
    if (this.counters.waiting > 0) await new Promise<void>((done) => this.#queueCommit(done));
  }

  /** Forgets everything stored and everything on its way. */
  async clear(): Promise<void> {
    this.#chunk.reset();
    this.#dropJobs();
    this.#segmentNumber++;
    this.#startSegment();
    this.counters.waiting = 0;
    await new Promise<void>((done) => {
      this.#push({ kind: 'clear', number: this.#segmentNumber }, done);
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.commit();
    while (this.#running) await this.#running;
    await this.#target.close();
    await this.#compressor.close();
    for (const chunk of [this.#chunk, ...this.#spareChunks.splice(0)]) chunk.destroy();
  }

  /** Indexes of the rows to store into `#rows`; returns how many there are. */
  #select(batch: Batch): number {
    if (this.#rows.length < batch.rows) this.#rows = new Uint32Array(batch.capacity);
    const { outcome } = batch.columns;
    let count = 0;
    for (let row = 0; row < batch.rows; row++) {
      if (outcome[row] !== Outcome.Pending) this.#rows[count++] = row;
    }
    return count;
  }

  /** End of a group of rows whose payloads fill about a block, so that limits are looked at often. */
  #groupEnd(batch: Batch, from: number, rows: number): number {
    const { requestLength, responseLength } = batch.columns;
    let bytes = 0;
    let at = from;
    while (at < rows && bytes < blockBytes) {
      const row = this.#rows[at++]!;
      bytes += requestLength[row]! + responseLength[row]!;
    }
    this.#rawSinceCommit += bytes;
    this.#rawInSegment += bytes;
    return at;
  }

  #segmentIsFull(): boolean {
    const segment = this.#shelf.newest;
    if (segment?.number !== this.#segmentNumber) {
      // Not begun yet: all of it is still on its way.
      const coming = this.#rawInSegment * this.#ratio + this.#rowsInSegment * firstRowBytes;
      return coming >= this.#shelf.segmentBytes;
    }
    const rowBytes = segment.entries > 5000 ? segment.columnBytes / segment.entries : firstRowBytes;
    const raw = this.#queuedBytes + this.#blocks.length;
    const coming = raw * this.#ratio + this.counters.waiting * rowBytes;
    // The log shrinks when it is folded into the table, to about a third.
    const held = segment.payload.bytes + segment.columnBytes + segment.walBytes / 3;
    return held + coming >= this.#shelf.segmentBytes;
  }

  #isMuchForASegment(): boolean {
    return this.#rawSinceCommit * this.#ratio > this.#shelf.segmentBytes / 4;
  }

  #rotate(): void {
    this.#queueCommit();
    this.#segmentNumber++;
    this.#startSegment();
    this.#push({ kind: 'rotate', number: this.#segmentNumber });
  }

  #startSegment(): void {
    this.#blocks.restart();
    this.#rawSinceCommit = 0;
    this.#rowsSinceCommit = 0;
    this.#rawInSegment = 0;
    this.#rowsInSegment = 0;
  }

  #sealChunk(): void {
    if (this.#chunk.rows === 0) return;
    this.#chunk.seal();
    this.#queuedChunks++;
    this.#push({ kind: 'chunk', chunk: this.#chunk });
    this.#chunk = this.#spareChunks.pop() ?? new Chunk();
  }

  #queueBlock(block: FilledBlock): void {
    this.#queuedBytes += block.length;
    const compressed = this.#compressor.compress(block);
    // Awaited when its turn comes; until then a failure must not count as unhandled.
    compressed.catch(() => {});
    this.#push({ kind: 'block', ...block, compressed, rawBytes: block.length });
  }

  #commitIfDue(): void {
    if (this.#rowsSinceCommit > 0) this.#queueCommit();
  }

  #queueCommit(done?: () => void): void {
    this.#blocks.seal();
    this.#sealChunk();
    this.#rawSinceCommit = 0;
    this.#rowsSinceCommit = 0;
    this.#push({ kind: 'commit' }, done);
  }

  #push(job: Job, done?: () => void): void {
    this.#jobs.push(done ? { job, done } : { job });
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // One turn later, so that the caller's batch is copied whole before the first job begins.
    await Promise.resolve();
    for (let next = this.#jobs.shift(); next; next = this.#jobs.shift()) {
      const started = performance.now();
      try {
        await this.#do(next);
      } catch (error) {
        await this.#recover(error);
      }
      this.#forget(next);
      this.counters.cpuMs += performance.now() - started;
    }
    this.#running = undefined;
  }

  async #do({ job, done }: QueuedJob): Promise<void> {
    switch (job.kind) {
      case 'block': {
        const bytes = await this.#target.writeBlock(job);
        this.#ratio = bytes / job.length;
        return;
      }
      case 'chunk':
        await this.#target.appendChunk(job.chunk);
        return;
      case 'commit': {
        const rows = await this.#target.commit();
        this.counters.waiting -= rows;
        // Whoever waits to see these rows need not wait for the log.
        done?.();
        await this.#target.foldLog();
        return;
      }
      case 'rotate':
        await this.#target.rotate(job.number);
        return;
      case 'clear':
        await this.#target.clear(job.number);
        return;
    }
  }

  /** A failed write costs what is not committed yet; writing goes on in a new segment. */
  async #recover(error: unknown): Promise<void> {
    this.#target.abandon();
    const lost = this.counters.waiting;
    this.counters.shed += lost;
    this.counters.waiting = 0;
    this.#tell(`${lost} entries could not be stored: ${(error as Error).message}`);
    this.#chunk.reset();
    this.#dropJobs();
    this.#segmentNumber++;
    this.#startSegment();
    try {
      const loss = await this.#shelf.revive(error as Error);
      if (loss) this.#tell(loss);
      await this.#target.rotate(this.#segmentNumber);
    } catch (again) {
      this.#tell(`The store cannot go on: ${(again as Error).message}`);
    }
  }

  /** A full disk fails at every turn; it is said now and then, and counted always. */
  #tell(message: string): void {
    if (performance.now() - this.#toldAt < tellEveryMs) return;
    this.#toldAt = performance.now();
    this.#onProblem(message);
  }

  #dropJobs(): void {
    for (const queued of this.#jobs.splice(0)) this.#forget(queued);
  }

  /** Gives back what a job held. */
  #forget({ job, done }: QueuedJob): void {
    if (job.kind === 'block') {
      this.#queuedBytes -= job.length;
      job.compressed.finally(() => this.#blocks.recycle(job.raw)).catch(() => {});
    } else if (job.kind === 'chunk') {
      this.#queuedChunks--;
      job.chunk.reset();
      this.#spareChunks.push(job.chunk);
    }
    done?.();
    if (this.#roomWaiters.length > 0 && this.hasRoom) {
      for (const resolve of this.#roomWaiters.splice(0)) resolve();
    }
  }
}
