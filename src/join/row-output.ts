/** Writes rows of other batches into one of our own and hands it on when it is full. */
import { Batch } from '../ship/batch.ts';
import { copyRow, heapBytesOf } from '../ship/copy-row.ts';
import type { Ends } from './ends.ts';
import type { KeptIds } from './kept-ids.ts';

const outputRows = 1024;
const outputHeapBytes = 2 << 20;
/** Pipelines (node and thread) that streams are told apart by: what a stream number has room for. */
const maxPipelines = 8192;
const connectionsPerPipeline = 2 ** 40;

export interface RowPlace {
  readonly batch: Batch;
  readonly row: number;
}

/** What replaces the columns of a row. */
export interface RowFacts {
  readonly idTime: number;
  readonly idSequence: number;
  readonly stream: number;
  readonly ends: Ends;
  readonly otherNodes: number;
  readonly sightings: number;
}

export class RowOutput {
  readonly #emit: (batch: Batch) => void;
  readonly #keptIds: KeptIds;
  readonly #pipelines = new Map<number, number>();
  #batch = Batch.allocate(outputRows, outputHeapBytes);
  #rows = 0;
  #used = 0;
  #number = 0;

  constructor(emit: (batch: Batch) => void, keptIds: KeptIds) {
    this.#emit = emit;
    this.#keptIds = keptIds;
  }

  /** Copies a row, with what all sightings together tell. */
  add(from: RowPlace, facts: RowFacts): void {
    const { batch, row } = from;
    const { idTime, idSequence, stream, ends } = facts;
    this.#room(heapBytesOf(batch, row));
    const to = this.#rows++;
    const out = this.#batch.columns;
    this.#used = copyRow(batch, row, this.#batch, to, this.#used);
    out.idTime[to] = idTime;
    out.idSequence[to] = idSequence;
    out.stream[to] = stream;
    out.otherNodes[to] = facts.otherNodes;
    out.sightings[to] = facts.sightings;
    if (out.parentTime[to] !== 0) this.#keptIds.map(out.parentTime, out.parentSequence, to);
    out.sourceAddress.set(ends.source.bytes, to * 16);
    out.sourcePort[to] = ends.sourcePort;
    out.destinationAddress.set(ends.destination.bytes, to * 16);
    out.destinationPort[to] = ends.destinationPort;
    if (ends.front !== undefined) out.frontAddress.set(ends.front.bytes, to * 16);
    out.frontPort[to] = ends.frontPort;
  }

  /** The stream's number among those of all nodes. */
  streamOf(pipeline: number, stream: number): number {
    let number = this.#pipelines.get(pipeline);
    if (number === undefined) {
      number = this.#pipelines.size % maxPipelines;
      this.#pipelines.set(pipeline, number);
    }
    return number * connectionsPerPipeline + (stream % connectionsPerPipeline);
  }

  flush(): void {
    if (this.#rows === 0) return;
    const batch = this.#batch;
    batch.rows = this.#rows;
    batch.heapUsed = this.#used;
    batch.number = ++this.#number;
    this.#emit(batch);
    this.#rows = 0;
    this.#used = 0;
    // Memory for one large message is not kept.
    if (batch.heap.length > outputHeapBytes * 2) {
      this.#batch = Batch.allocate(outputRows, outputHeapBytes);
    }
  }

  #room(bytes: number): void {
    if (this.#rows < outputRows && this.#used + bytes <= this.#batch.heap.length) return;
    this.flush();
    if (bytes > this.#batch.heap.length) this.#batch = Batch.allocate(outputRows, bytes);
  }
}
