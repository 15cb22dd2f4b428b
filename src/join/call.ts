/** A call on its way: every sighting of it that has come. */
import { Outcome } from '../ship/columns.ts';
import type { HeldBatch } from './held-batches.ts';
import type { Sighting, Trace } from './sighting.ts';

/** Sightings of one call that are looked at for addresses; more add nothing. */
const maxSightings = 16;

/** A final row that waits. */
export interface HeldRow {
  readonly sighting: Sighting;
  readonly batch: HeldBatch;
  readonly row: number;
}

export class Call {
  /** The first gives the call its id. */
  readonly first: Sighting;
  readonly sightings: Sighting[];
  /** When the first sighting came, of the join's clock. */
  readonly bornMs: number;
  readonly rows: HeldRow[] = [];
  /** A row without an answer has gone out under the id of the first. */
  announced = false;
  /** The id of the first is another call's: this one is used. 0: it is not. */
  otherSequence = 0;
  /** Time of the first final row; NaN while there is none. */
  finalSinceMs = Number.NaN;
  /** What sightings are compared with: what is known of both messages. */
  trace: Trace;

  constructor(first: Sighting, bornMs = 0) {
    this.first = first;
    this.bornMs = bornMs;
    this.sightings = [first];
    this.trace = first;
  }

  get isOpen(): boolean {
    return this.rows.length === 0;
  }

  get idSequence(): number {
    return this.otherSequence || this.first.idSequence;
  }

  /** The sighting with this id, if it is one of this call. */
  has(sighting: Sighting): boolean {
    return this.sightings.some((known) => isSameId(known, sighting));
  }

  /** Whether whoever saw this one has told of another exchange in this call: then it is not the same. */
  hasOtherOf(sighting: Sighting): boolean {
    return this.sightings.some(
      (known) =>
        known.stream === sighting.stream &&
        known.pipeline === sighting.pipeline &&
        !isSameId(known, sighting),
    );
  }

  add(sighting: Sighting): void {
    const at = this.sightings.findIndex((known) => isSameId(known, sighting));
    if (at > 0) this.sightings[at] = sighting;
    else if (at < 0 && this.sightings.length < maxSightings) this.sightings.push(sighting);
  }

  hold(sighting: Sighting, batch: HeldBatch, row: number, nowMs: number): void {
    this.add(sighting);
    if (this.isOpen) this.finalSinceMs = nowMs;
    this.rows.push({ sighting, batch, row });
    this.trace = merged(this.trace, sighting);
  }

  /** Sightings of which only the request has come: their answer may follow. */
  get waitsForOthers(): boolean {
    return this.sightings.some(
      (known) => !this.rows.some(({ sighting }) => isSameId(known, sighting)),
    );
  }

  /** The fullest of the rows. */
  best(): HeldRow {
    return this.rows.reduce((best, row) => (isFuller(row.sighting, best.sighting) ? row : best));
  }

  /** Takes a sighting out, with its row: it is of another call. */
  part(sighting: Sighting): void {
    remove(this.sightings, (known) => isSameId(known, sighting));
    remove(this.rows, (row) => isSameId(row.sighting, sighting));
    this.trace = this.rows.reduce<Trace>((trace, row) => merged(trace, row.sighting), this.first);
    if (this.isOpen) this.finalSinceMs = Number.NaN;
  }
}

export function isSameId(one: Sighting, other: Sighting): boolean {
  return one.idSequence === other.idSequence && one.idTime === other.idTime;
}

function remove<Item>(items: Item[], which: (item: Item) => boolean): void {
  const at = items.findIndex(which);
  if (at >= 0) items.splice(at, 1);
}

/** What both traces know of a call; the first counts where both know something. */
function merged(one: Trace, other: Trace): Trace {
  const requestKnown = one.requestSequence !== 0 || other.requestSequence === 0;
  const responseKnown = one.responseSequence !== 0 || other.responseSequence === 0;
  if (requestKnown && responseKnown) return one;
  const request = requestKnown ? one : other;
  const response = responseKnown ? one : other;
  const { parentTime, parentSequence, sourcePort, sourceHash, destinationHash } = one;
  return {
    parentTime,
    parentSequence,
    sourcePort,
    sourceHash,
    destinationHash,
    requestSequence: request.requestSequence,
    requestMs: request.requestMs,
    request: request.request,
    responseSequence: response.responseSequence,
    responseMs: response.responseMs,
    response: response.response,
  };
}

export function isComplete({ outcome, incomplete }: Sighting): boolean {
  return incomplete === 0 && (outcome === Outcome.Ok || outcome === Outcome.Failed);
}

function isFuller(one: Sighting, other: Sighting): boolean {
  const oneIsWhole = isAnswered(one);
  if (oneIsWhole !== isAnswered(other)) return oneIsWhole;
  if (isComplete(one) !== isComplete(other)) return isComplete(one);
  return one.keptBytes > other.keptBytes;
}

function isAnswered({ outcome }: Sighting): boolean {
  return outcome === Outcome.Ok || outcome === Outcome.Failed;
}
