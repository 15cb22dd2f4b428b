/**
 * Joins the sightings of each call. A call without its answer goes out at once, from whoever saw it
 * first; with its answer it waits a little for the other sightings, then goes out once: under the id of
 * the first, with the fullest row, and with the addresses that all of them together tell.
 */
import { nodeNumber } from '../entry/id.ts';
import { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { Addresses } from './address.ts';
import { Call, type HeldRow, isComplete, isSameId } from './call.ts';
import { Calls } from './calls.ts';
import { type JoinCounters, type JoinOptions, joinDefaults, noJoinCounters } from './contract.ts';
import { endsOf } from './ends.ts';
import { Finished, Past } from './finished.ts';
import { type HeldBatch, HeldBatches } from './held-batches.ts';
import { KeptIds } from './kept-ids.ts';
import { placesOf } from './places.ts';
import { RowOutput, type RowPlace } from './row-output.ts';
import { packJoin, unpackJoin } from './saved.ts';
import { compare, readSighting, Sameness, type Sighting } from './sighting.ts';

/**
 * Who waits so long, ms, may have an answer that another tapper brings first: the request had to be sent
 * again. Of these there are few, so that two of them are hardly alike by chance.
 */
const longOpenMs = 5000;
/** Thread number of ids that are made here; pipelines have lower ones. */
const ownThread = 255;

interface Waiting {
  readonly call: Call;
  readonly dueMs: number;
}

export class Join {
  readonly #options: Required<JoinOptions>;
  readonly #counters = noJoinCounters();
  readonly #addresses = new Addresses();
  readonly #calls = new Calls();
  /** Calls without an answer, the oldest first. */
  readonly #open = new Set<Call>();
  /** Calls with an answer in the order in which they are due; those before `#next` are gone. */
  #waiting: Waiting[] = [];
  #next = 0;
  readonly #held = new HeldBatches();
  readonly #finished: Finished;
  readonly #keptIds = new KeptIds();
  readonly #output: RowOutput;
  #nowMs = 0;
  #ownIds = 0;

  constructor(options: JoinOptions) {
    this.#options = { ...joinDefaults, kindOf: () => undefined, ...options };
    this.#finished = new Finished(this.#options.finishedCalls);
    this.#output = new RowOutput(this.#options.emit, this.#keptIds);
  }

  /**
   * Takes a batch; its memory belongs to the join from now on. `nowMs` is any clock that goes
   * forward. What is not a batch is ignored.
   */
  take(buffer: ArrayBuffer, nowMs: number): void {
    const batch = Batch.open(buffer);
    if (batch === undefined) return;
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    const held: HeldBatch = { batch, rows: 0 };
    const { outcome } = batch.columns;
    this.#counters.sightings += batch.rows;
    for (let row = 0; row < batch.rows; row++) {
      const sighting = readSighting(batch, row, this.#addresses, this.#keptIds);
      if (outcome[row] === Outcome.Pending) this.#takePending(sighting, batch, row);
      else this.#takeFinal(sighting, held, row);
    }
    while (this.#held.bytes > this.#options.heldBytes && this.#next < this.#waiting.length) {
      this.#counters.hurried++;
      this.#finish(this.#waiting[this.#next++]!.call);
    }
    this.advance(nowMs);
  }

  /** Hands on what has waited long enough. */
  advance(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    for (let head = this.#waiting[this.#next]; head !== undefined; ) {
      if (head.dueMs > this.#nowMs) break;
      this.#next++;
      if (this.#isWorthWaiting(head.call)) this.#wait(head.call);
      else this.#finish(head.call);
      head = this.#waiting[this.#next];
    }
    if (this.#next > 1024 && this.#next * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    this.#output.flush();
  }

  /** Hands on everything that has an answer, at once. */
  flush(): void {
    for (; this.#next < this.#waiting.length; this.#next++) {
      this.#finish(this.#waiting[this.#next]!.call);
    }
    this.#waiting = [];
    this.#next = 0;
    this.#output.flush();
  }

  /** What is remembered, after `flush`: for the join of a restarted process. */
  save(): Buffer {
    return packJoin(this.#finished.save(), this.#keptIds.save());
  }

  /** Takes over what another join saved, before the first batch. Returns false when that is nothing. */
  restore(bytes: Uint8Array, nowMs: number): boolean {
    const saved = unpackJoin(bytes);
    if (saved === undefined || !this.#finished.restore(saved.calls, nowMs)) return false;
    this.#keptIds.restore(saved.keptIds);
    return true;
  }

  /** Unanswered calls that this node alone has seen: when its tapper is gone nobody brings the answer. */
  orphans(node: number, bornBeforeMs: number): number[] {
    return [...this.#open]
      .filter(({ bornMs }) => bornMs < bornBeforeMs)
      .filter(({ sightings }) => sightings.every((seen) => nodeNumber(seen.idSequence) === node))
      .map(({ idSequence }) => idSequence);
  }

  /** Nobody waits for these any more; what still comes for them is late. Returns those that did wait. */
  giveUp(ids: readonly number[]): number[] {
    const given = new Set(ids);
    const calls = [...this.#open].filter(({ idSequence }) => given.has(idSequence));
    for (const call of calls) {
      this.#open.delete(call);
      this.#calls.remove(call);
      this.#finished.add(call.trace, call.first, this.#nowMs);
      this.#counters.calls++;
    }
    return calls.map(({ idSequence }) => idSequence);
  }

  counters(): JoinCounters {
    return { ...this.#counters, forgottenEarly: this.#finished.forgottenEarly };
  }

  /** Calls that wait for their answer, and those that wait for other sightings. */
  get waiting(): { readonly open: number; readonly final: number; readonly heldBytes: number } {
    return {
      open: this.#open.size,
      final: this.#waiting.length - this.#next,
      heldBytes: this.#held.bytes,
    };
  }

  #takePending(sighting: Sighting, batch: Batch, row: number): void {
    const own = this.#calls.own(sighting);
    const call = own ?? this.#calls.find(sighting, Sameness.Possible);
    if (call !== undefined) {
      if (own === undefined) this.#joinTo(call, sighting);
      // A newer state of what is shown already.
      else if (isSameId(call.first, sighting) && call.isOpen) this.#announce(call, batch, row);
      return;
    }
    if (this.#finished.find(sighting, Sameness.Possible) === Past.Late) {
      this.#counters.late++;
      return;
    }
    const fresh = new Call(sighting, this.#nowMs);
    this.#calls.add(fresh);
    this.#addOpen(fresh);
    this.#announce(fresh, batch, row);
  }

  #takeFinal(sighting: Sighting, held: HeldBatch, row: number): void {
    const own = this.#calls.own(sighting);
    const others = own === undefined ? [] : this.#strangers(own, sighting);
    let call = own?.has(sighting) ? own : undefined;
    if (call === undefined) {
      call =
        this.#calls.find(sighting, Sameness.Same) ??
        this.#calls.findOpen(sighting, this.#nowMs - longOpenMs);
      if (call !== undefined) this.#joinTo(call, sighting);
    }
    if (call === undefined) {
      const past = this.#finished.find(sighting, Sameness.Same);
      if (past === Past.Late || this.#isForgotten(sighting)) {
        this.#counters.late++;
        return;
      }
      call = new Call(sighting);
      if (past === Past.IdTaken) call.otherSequence = this.#ownId(sighting);
    }
    this.#hold(call, sighting, held, row);
    for (const other of others) {
      this.#held.letGo(other.batch);
      this.#takeFinal(other.sighting, other.batch, other.row);
    }
    const twin = this.#calls.twin(call);
    if (twin !== undefined) this.#absorb(call, twin);
  }

  /**
   * Its request was joined to a call that went out so long ago that it is forgotten. Where calls without
   * an answer had to be forgotten it may be of one of these: then an answer is worth more than order.
   */
  #isForgotten(sighting: Sighting): boolean {
    const { idTime, idSequence, outcome } = sighting;
    if (!this.#keptIds.isJoined(idTime, idSequence)) return false;
    // Not forgotten: it went out with another answer, so this is another call.
    if (this.#finished.hasOtherAnswer(sighting)) return false;
    return this.#counters.forgottenOpen === 0 || outcome === Outcome.NoResponse;
  }

  /**
   * A final row has come for a call to which requests alone were counted. Takes out of it what is now
   * seen to be of another call: the sighting itself, or, when the call has its id from it, others'
   * rows, which are returned.
   */
  #strangers(call: Call, sighting: Sighting): HeldRow[] {
    if (call.sightings.length === 1) return [];
    const isLongOpen = call.bornMs <= this.#nowMs - longOpenMs;
    const needed = isLongOpen ? Sameness.Likely : Sameness.Same;
    if (!isSameId(call.first, sighting)) {
      if (compare(sighting, call.trace) < needed) this.#part(call, sighting);
      return [];
    }
    const others = call.rows.filter((row) => compare(sighting, row.sighting) < needed);
    for (const other of others) this.#part(call, other.sighting);
    return others;
  }

  #part(call: Call, sighting: Sighting): void {
    this.#counters.parted++;
    this.#calls.remove(call);
    call.part(sighting);
    this.#calls.add(call);
    const { idTime, idSequence } = sighting;
    this.#keptIds.add(idTime, idSequence, idTime, idSequence);
  }

  #joinTo(call: Call, sighting: Sighting): void {
    this.#counters.joined++;
    call.add(sighting);
    this.#alias(call, sighting);
  }

  #alias(call: Call, { idTime, idSequence }: Sighting): void {
    this.#keptIds.add(idTime, idSequence, call.first.idTime, call.idSequence);
  }

  #hold(call: Call, sighting: Sighting, held: HeldBatch, row: number): void {
    const wasOpen = call.isOpen;
    this.#calls.remove(call);
    call.hold(sighting, held, row, this.#nowMs);
    this.#calls.add(call);
    this.#held.hold(held);
    if (!wasOpen) return;
    this.#open.delete(call);
    this.#wait(call);
  }

  /** The rows of `twin` become rows of `call`. */
  #absorb(call: Call, twin: Call): void {
    this.#calls.remove(twin);
    this.#calls.remove(call);
    for (const { sighting, batch, row } of twin.rows) {
      call.hold(sighting, batch, row, this.#nowMs);
      this.#counters.joined++;
    }
    for (const sighting of twin.sightings) this.#alias(call, sighting);
    // In the list of those that wait it is found empty.
    twin.rows.length = 0;
    this.#calls.add(call);
  }

  #wait(call: Call): void {
    this.#waiting.push({ call, dueMs: this.#nowMs + this.#options.windowMs });
  }

  /** Its answer was lost, and somebody else has seen the request. */
  #isWorthWaiting(call: Call): boolean {
    return (
      !call.isOpen &&
      this.#nowMs - call.finalSinceMs < this.#options.patienceMs &&
      !isComplete(call.best().sighting) &&
      call.waitsForOthers
    );
  }

  #finish(call: Call): void {
    // Its rows went to another call.
    if (call.isOpen) return;
    const best = call.best();
    this.#calls.remove(call);
    // Of a request alone it is not sure that it belongs here.
    const sightings = call.rows.map(({ sighting }) => sighting);
    this.#write({ batch: best.batch.batch, row: best.row }, call, sightings);
    this.#finished.add(call.trace, call.first, this.#nowMs);
    this.#counters.calls++;
    for (const { batch } of call.rows) this.#held.letGo(batch);
    call.rows.length = 0;
  }

  #announce(call: Call, batch: Batch, row: number): void {
    call.announced = true;
    this.#write({ batch, row }, call, [call.first]);
  }

  #write(place: RowPlace, call: Call, sightings: readonly Sighting[]): void {
    this.#output.add(place, {
      idTime: call.first.idTime,
      idSequence: call.idSequence,
      stream: this.#streamOf(sightings),
      ends: endsOf(sightings, this.#options.kindOf),
      ...placesOf(call.first, sightings),
    });
  }

  /** The same for all calls of a connection, whoever was first. */
  #streamOf(sightings: readonly Sighting[]): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { pipeline, stream } of sightings) {
      least = Math.min(least, this.#output.streamOf(pipeline, stream));
    }
    return least;
  }

  #addOpen(call: Call): void {
    this.#open.add(call);
    if (this.#open.size <= this.#options.openCalls) return;
    for (const oldest of this.#open) {
      this.#open.delete(oldest);
      this.#calls.remove(oldest);
      this.#counters.forgottenOpen++;
      return;
    }
  }

  /** An id that no pipeline gives. */
  #ownId({ idSequence }: Sighting): number {
    this.#ownIds = (this.#ownIds + 1) & 0xffffff;
    return Math.floor(idSequence / 2 ** 32) * 2 ** 32 + ownThread * 2 ** 24 + this.#ownIds;
  }
}
