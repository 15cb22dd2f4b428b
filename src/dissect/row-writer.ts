/**
 * Writes exchanges into batches. A message's bytes are copied once, from the window straight into the
 * heap of the current batch; only an exchange that still waits when its batch is sealed is copied again.
 */
import { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { ConnectionColumns } from './connection-columns.ts';
import { copyBytes } from './copy-bytes.ts';
import { Exchange, notListed, type Part } from './exchange.ts';
import type { ReportedMessage } from './message.ts';
import type { SharedText } from './shared-text.ts';
import { putText, putValid } from './text.ts';

const redacted = new TextEncoder().encode('[REDACTED]');
/** Room for texts that have to be rewritten because they are not UTF-8, per row. */
const textSlack = 32 << 10;
/** Finished exchanges that are kept for reuse. */
const pooledExchanges = 4096;

/** Batches that were begun. */
let batches = 0;

export interface RowWriterOptions {
  readonly rows: number;
  readonly heapBytes: number;
  readonly thread: number;
  readonly node: number;
  /** `Capture` value. */
  readonly capture: number;
  /** Takes a sealed batch. May give back a buffer for reuse through `recycle`. */
  readonly seal: (batch: Batch) => void;
}

export class RowWriter {
  readonly #options: RowWriterOptions;
  #batch: Batch;
  readonly #connections: ConnectionColumns;
  #serial = 1;
  /** Of the batch, among those of all writers. */
  #batchId = ++batches;
  #rows = 0;
  #used = 0;
  #counter = 0;
  #spare: Batch[] = [];
  /** Exchanges opened since the last announcement; those still live then get a pending row. */
  #opened: Exchange[] = [];
  #pool: Exchange[] = [];
  /** Every exchange of one message that is written as soon as it is there. */
  readonly #single = new Exchange();
  entries = 0;
  live = 0;

  constructor(options: RowWriterOptions) {
    this.#options = options;
    this.#batch = this.#fresh(options.heapBytes);
    this.#connections = new ConnectionColumns(this.#batch);
  }

  /** A new exchange whose time is `timeMs`; it lives until `finish` or `drop`. */
  open(timeMs: number): Exchange {
    const exchange = this.#pool.pop() ?? new Exchange();
    this.#begin(exchange, timeMs);
    exchange.place = this.#opened.length;
    this.#opened.push(exchange);
    this.live++;
    return exchange;
  }

  /** The same for one that is finished (`finishSingle`) before anything else is opened. */
  openSingle(timeMs: number): Exchange {
    this.#begin(this.#single, timeMs);
    return this.#single;
  }

  #begin(exchange: Exchange, timeMs: number): void {
    exchange.reset();
    exchange.idTime = Math.round(timeMs * 1000);
    this.#counter = (this.#counter + 1) & 0xffffff;
    const { node, thread } = this.#options;
    exchange.idSequence = node * 2 ** 32 + thread * 2 ** 24 + this.#counter;
  }

  /** Copies what a message keeps into the heap; `message` offsets are relative to `base` in `bytes`. */
  keep(part: Part, message: ReportedMessage, bytes: Uint8Array, base: number): void {
    const from = base + message.from;
    const length = message.to - message.from;
    const made = message.madeBytes;
    this.#room(length + made + message.redactionCount * redacted.length + textSlack);
    part.serial = this.#serial;
    part.offset = this.#used;
    part.seen = true;
    part.redacted = message.redactionCount > 0;
    const { lead } = message;
    const leadBytes = lead === undefined ? 0 : lead.length;
    if (lead !== undefined) {
      this.#used = copyBytes(lead, 0, leadBytes, this.#batch.heap, this.#used);
    }
    if (message.redactionCount === 0) {
      this.#used = copyBytes(bytes, from + leadBytes, from + length, this.#batch.heap, this.#used);
    } else {
      this.#keepRedacted(message, bytes, base, leadBytes);
    }
    part.length = this.#used - part.offset;
    part.extra = made;
    if (made > 0) {
      this.#used = copyBytes(message.madeTexts!, 0, made, this.#batch.heap, this.#used);
    }
  }

  /**
   * The same for the part that completes an exchange, whose row is written right away: makes room for the
   * whole row first, so that nothing is sealed in between.
   */
  keepLast(
    exchange: Exchange,
    part: Part,
    message: ReportedMessage,
    bytes: Uint8Array,
    base: number,
  ): void {
    const { request, response } = exchange;
    const other = part === request ? response : request;
    const length = message.to - message.from + message.redactionCount * redacted.length;
    this.#room(other.length + other.extra + message.madeBytes + length + 2 * textSlack);
    this.keep(part, message, bytes, base);
  }

  /** Sees to it that the bytes of a part outlive the batch; those of exchanges in the list are saved when it is sealed. */
  hold(exchange: Exchange, part: Part): void {
    if (exchange.place === notListed) this.save(part);
  }

  /** Moves the bytes of a part out of the batch: it will wait longer than the batch lives. */
  save(part: Part): void {
    if (part.serial !== this.#serial) return;
    part.saved = this.#batch.heap.slice(part.offset, part.offset + part.length + part.extra);
    part.serial = 0;
  }

  /** Writes the final row and gives the exchange back to the pool. */
  finish(exchange: Exchange, outcome: Outcome): void {
    this.#writeRow(exchange, outcome);
    this.entries++;
    this.drop(exchange);
  }

  /** The same for the one of `openSingle`. */
  finishSingle(outcome: Outcome): void {
    const exchange = this.#single;
    this.#writeRow(exchange, outcome);
    this.entries++;
    exchange.connection = undefined;
  }

  /** Forgets an exchange without a row. */
  drop(exchange: Exchange): void {
    exchange.live = false;
    exchange.request.saved = undefined;
    exchange.response.saved = undefined;
    exchange.connection = undefined;
    this.live--;
    if (exchange.place !== notListed) this.#unlist(exchange);
    if (this.#pool.length < pooledExchanges) this.#pool.push(exchange);
  }

  /** The exchange gets no row before it is final. */
  hide(exchange: Exchange): void {
    exchange.quiet = true;
    this.save(exchange.request);
    if (exchange.place !== notListed) this.#unlist(exchange);
  }

  /** An exchange has changed that was announced, its answer has begun: it is announced again. */
  renew(exchange: Exchange): void {
    if (exchange.place !== notListed || exchange.quiet) return;
    exchange.place = this.#opened.length;
    this.#opened.push(exchange);
  }

  /** Takes an exchange out of the list of those opened; the last one moves to its place. */
  #unlist(exchange: Exchange): void {
    const last = this.#opened.pop()!;
    if (last !== exchange) {
      this.#opened[exchange.place] = last;
      last.place = exchange.place;
    }
    exchange.place = notListed;
  }

  /** Gives a batch's memory back once its receiver has done with it. */
  recycle(buffer: ArrayBuffer): void {
    const batch = Batch.open(buffer);
    if (batch === undefined || this.#spare.length >= 4) return;
    if (batch.capacity === this.#options.rows && batch.heap.length >= this.#options.heapBytes) {
      this.#spare.push(batch);
    }
  }

  /** Seals what there is; with `announce`, exchanges still waiting get a pending row first. */
  flush(announce: boolean): void {
    if (announce) {
      const opened = this.#opened;
      this.#opened = [];
      opened.sort((one, other) => one.idTime - other.idTime);
      // All bytes are saved before the first row is written: a row may seal the batch they lie in.
      for (const exchange of opened) {
        exchange.place = notListed;
        this.save(exchange.request);
        this.save(exchange.response);
      }
      for (const exchange of opened) {
        if (!exchange.request.seen) continue;
        this.#writeRow(exchange, Outcome.Pending);
        exchange.announced = true;
      }
    }
    if (this.#rows > 0) this.#seal();
  }

  #keepRedacted(
    message: ReportedMessage,
    bytes: Uint8Array,
    base: number,
    leadBytes: number,
  ): void {
    const heap = this.#batch.heap;
    const { redactions, redactionCount } = message;
    const end = base + message.to;
    let at = this.#used;
    let done = base + message.from + leadBytes;
    for (let i = 0; i < redactionCount; i += 2) {
      const from = Math.max(base + redactions[i]!, done);
      const to = Math.min(base + redactions[i + 1]!, end);
      if (to <= from) continue;
      at = copyBytes(bytes, done, from, heap, at);
      for (let k = 0; k < redacted.length; k++) heap[at + k] = redacted[k]!;
      at += redacted.length;
      done = to;
    }
    this.#used = copyBytes(bytes, done, end, heap, at);
  }

  #writeRow(exchange: Exchange, outcome: Outcome): void {
    const { request, response } = exchange;
    const outside =
      (request.serial === this.#serial ? 0 : request.length + request.extra) +
      (response.serial === this.#serial ? 0 : response.length + response.extra);
    // `#room` may seal: then both parts lie outside, saved, and the new batch is empty.
    const both = request.length + request.extra + response.length + response.extra;
    this.#room(outside + textSlack, both + textSlack);
    this.#bringIn(request);
    this.#bringIn(response);
    const row = this.#rows++;
    const columns = this.#batch.columns;
    columns.idTime[row] = exchange.idTime;
    columns.idSequence[row] = exchange.idSequence;
    columns.requestSize[row] = request.size;
    columns.responseSize[row] = response.size;
    columns.requestPacket[row] = request.packet;
    columns.responsePacket[row] = response.packet;
    columns.parentTime[row] = exchange.parentTime;
    columns.parentSequence[row] = exchange.parentSequence;
    columns.requestSequence[row] = request.sequence;
    columns.responseSequence[row] = response.sequence;
    columns.frontPort[row] = 0;
    columns.requestOffset[row] = request.offset;
    columns.requestLength[row] = request.length;
    columns.responseOffset[row] = response.offset;
    columns.responseLength[row] = response.length;
    columns.requestMs[row] = request.seen ? request.endTime - request.startTime : 0;
    const answered = request.seen && response.seen;
    columns.waitMs[row] = answered ? Math.max(0, response.startTime - request.startTime) : NaN;
    columns.elapsedMs[row] = answered ? Math.max(0, response.endTime - request.startTime) : NaN;
    columns.status[row] = exchange.status;
    columns.incomplete[row] = exchange.incomplete;
    columns.version[row] = exchange.version;
    columns.outcome[row] = outcome;
    columns.capture[row] = this.#options.capture;
    this.#writeTexts(exchange, row);
    this.#connections.write(exchange, row);
  }

  #writeTexts(exchange: Exchange, row: number): void {
    const { request, response } = exchange;
    const columns = this.#batch.columns;
    const heap = this.#batch.heap;
    const at = request.seen ? request.offset : response.offset;
    const { method, target, host, traceId } = columns;
    const { methodText, targetText, hostText, isAscii } = exchange;
    let end = this.#used;
    if (methodText !== undefined) end = this.#putShared(methodText, method, row, end);
    else end = putText(method, row, heap, at + exchange.methodFrom, exchange.methodLength, end);
    if (targetText !== undefined) end = this.#putShared(targetText, target, row, end);
    else if (isAscii) putValid(target, row, at + exchange.targetFrom, exchange.targetLength);
    else end = putText(target, row, heap, at + exchange.targetFrom, exchange.targetLength, end);
    if (hostText !== undefined) end = this.#putShared(hostText, host, row, end);
    else if (isAscii) putValid(host, row, at + exchange.hostFrom, exchange.hostLength);
    else end = putText(host, row, heap, at + exchange.hostFrom, exchange.hostLength, end);
    if (isAscii) putValid(traceId, row, at + exchange.traceFrom, exchange.traceLength);
    else end = putText(traceId, row, heap, at + exchange.traceFrom, exchange.traceLength, end);
    // An answer without content (an acknowledgement, a 204) leaves the place to the request.
    const typed = response.contentTypeLength > 0 ? response : request;
    end = putText(
      columns.contentType,
      row,
      heap,
      typed.offset + typed.contentTypeFrom,
      typed.contentTypeLength,
      end,
    );
    this.#used = end;
  }

  /** Returns the end of the heap. */
  #putShared(text: SharedText, column: Uint32Array, row: number, end: number): number {
    const { bytes } = text;
    const isNew = text.batch !== this.#batchId;
    if (isNew) {
      text.batch = this.#batchId;
      text.offset = end;
    }
    putValid(column, row, text.offset, bytes.length);
    return isNew ? copyBytes(bytes, 0, bytes.length, this.#batch.heap, end) : end;
  }

  #bringIn(part: Part): void {
    if (part.length + part.extra === 0 || part.serial === this.#serial) return;
    this.#batch.heap.set(part.saved!, this.#used);
    part.offset = this.#used;
    this.#used += part.length + part.extra;
    // The bytes stay saved as well: this row may be a pending one, completed in a later batch.
  }

  /** Room for a row and `bytes` of heap in this batch, or for `bytesAfterSeal` in the next. */
  #room(bytes: number, bytesAfterSeal = bytes): void {
    if (this.#rows < this.#options.rows && this.#used + bytes <= this.#batch.heap.length) return;
    this.#seal();
    if (bytesAfterSeal > this.#batch.heap.length) this.#use(this.#fresh(bytesAfterSeal));
  }

  #seal(): void {
    for (const exchange of this.#opened) {
      this.save(exchange.request);
      this.save(exchange.response);
    }
    const batch = this.#batch;
    batch.rows = this.#rows;
    batch.heapUsed = this.#used;
    batch.thread = this.#options.thread;
    batch.number = this.#serial;
    if (this.#rows > 0) this.#options.seal(batch);
    else this.#spare.push(batch);
    this.#use(this.#spare.pop() ?? this.#fresh(this.#options.heapBytes));
    this.#serial++;
    this.#rows = 0;
    this.#used = 0;
    this.#batchId = ++batches;
  }

  #use(batch: Batch): void {
    this.#batch = batch;
    this.#connections.use(batch);
  }

  #fresh(heapBytes: number): Batch {
    return Batch.allocate(this.#options.rows, Math.max(heapBytes, this.#options.heapBytes));
  }
}
