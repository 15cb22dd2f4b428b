/** Writes rows of other batches into one of our own and hands it on when it is full. */
import { Batch } from '../ship/batch.ts';
import { type ColumnName, columns } from '../ship/columns.ts';
import type { Ends } from './ends.ts';
import type { KeptIds } from './kept-ids.ts';

const outputRows = 1024;
const outputHeapBytes = 2 << 20;
/** Pipelines (node and thread) that streams are told apart by: what a stream number has room for. */
const maxPipelines = 8192;
const connectionsPerPipeline = 2 ** 40;

const names = Object.keys(columns) as ColumnName[];
const texts = ['method', 'target', 'host', 'contentType', 'traceId'] as const;
/** Values a row takes: 16 bytes an address, two numbers a text, else one. */
const plainNames = names.filter((name) => columns[name] !== 'text' && columns[name] !== 'address');

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
    for (const name of plainNames) {
      (out[name] as Float64Array)[to] = (batch.columns[name] as Float64Array)[row]!;
    }
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
    this.#copyHeap(batch, row, to);
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

  /** Payloads, then texts: those that lie in a payload (most do) are not copied again. */
  #copyHeap(batch: Batch, row: number, to: number): void {
    const { columns: from } = batch;
    const out = this.#batch.columns;
    const requestFrom = from.requestOffset[row]!;
    const requestTo = this.#used;
    const requestLength = this.#copy(batch, requestFrom, from.requestLength[row]!);
    out.requestOffset[to] = requestTo;
    out.requestLength[to] = requestLength;
    const responseFrom = from.responseOffset[row]!;
    const responseTo = this.#used;
    const responseLength = this.#copy(batch, responseFrom, from.responseLength[row]!);
    out.responseOffset[to] = responseTo;
    out.responseLength[to] = responseLength;
    for (const name of texts) {
      const at = from[name][row * 2]!;
      const length = from[name][row * 2 + 1]!;
      let copied = this.#used;
      let kept = length;
      if (at >= requestFrom && at + length <= requestFrom + requestLength) {
        copied = requestTo + at - requestFrom;
      } else if (at >= responseFrom && at + length <= responseFrom + responseLength) {
        copied = responseTo + at - responseFrom;
      } else {
        kept = this.#copy(batch, at, length);
      }
      out[name][to * 2] = copied;
      out[name][to * 2 + 1] = kept;
    }
  }

  /** Returns how many bytes were copied: none when they lie outside the heap (a damaged batch). */
  #copy({ heap }: Batch, at: number, length: number): number {
    if (length === 0 || at + length > heap.length) return 0;
    this.#batch.heap.set(heap.subarray(at, at + length), this.#used);
    this.#used += length;
    return length;
  }
}

/** The most bytes of heap that a row can need. */
function heapBytesOf({ columns: from, heap }: Batch, row: number): number {
  let bytes = Math.min(from.requestLength[row]!, heap.length);
  bytes += Math.min(from.responseLength[row]!, heap.length);
  for (const name of texts) bytes += Math.min(from[name][row * 2 + 1]!, heap.length);
  return bytes;
}
