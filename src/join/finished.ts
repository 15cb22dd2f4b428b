/** Calls that went out, remembered for a while: later sightings of them are dropped. */
import { Chains } from './chains.ts';
import { rememberMs, wantedMs } from './contract.ts';
import { compare, type Head, type Sameness, type Sighting, type Trace } from './sighting.ts';

const firstCapacity = 1024;

/** How a sighting stands to what went out. */
export const Past = {
  Unknown: 0,
  /** It belongs to a call that went out. */
  Late: 1,
  /** It is another call, but its id was given to one that went out. */
  IdTaken: 2,
} as const;
export type Past = (typeof Past)[keyof typeof Past];

/** The columns of one capacity. */
class Table {
  readonly capacity: number;
  readonly byRequest: Chains;
  readonly byResponse: Chains;
  /** Sequences, hashes of both messages, hashes of both ends. */
  readonly words: Uint32Array;
  readonly lengths: Uint8Array;
  readonly sourcePorts: Uint16Array;
  /** Request time, response time, halves of the id, stream, pipeline, when it went out, halves of the parent's id. */
  readonly numbers: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.byRequest = new Chains(capacity);
    this.byResponse = new Chains(capacity);
    this.words = new Uint32Array(capacity * wordsPerCall);
    this.lengths = new Uint8Array(capacity * lengthsPerCall);
    this.sourcePorts = new Uint16Array(capacity);
    this.numbers = new Float64Array(capacity * numbersPerCall);
  }
}

const wordsPerCall = 8;
const lengthsPerCall = 2;
const numbersPerCall = 9;

/** Columns of `Table`, without unused rows. */
export interface SavedCalls {
  readonly words: Uint32Array;
  readonly lengths: Uint8Array;
  readonly sourcePorts: Uint16Array;
  readonly numbers: Float64Array;
}

interface MutableTrace extends Trace {
  parentTime: number;
  parentSequence: number;
  requestSequence: number;
  responseSequence: number;
  requestMs: number;
  responseMs: number;
  readonly request: Head;
  readonly response: Head;
  sourcePort: number;
  sourceHash: number;
  destinationHash: number;
}

export class Finished {
  /** Calls forgotten before their time. */
  forgottenEarly = 0;
  readonly #limit: number;
  #table = new Table(firstCapacity);
  #oldest = 0;
  #size = 0;
  readonly #scratch: MutableTrace = {
    parentTime: 0,
    parentSequence: 0,
    requestSequence: 0,
    responseSequence: 0,
    requestMs: 0,
    responseMs: 0,
    request: { length: 0, hash: 0, headHash: 0 },
    response: { length: 0, hash: 0, headHash: 0 },
    sourcePort: 0,
    sourceHash: 0,
    destinationHash: 0,
  };

  /** `limit` is a power of two. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#size;
  }

  /** Remembers a call by what was known of it, and by the sighting that gave it its id. */
  add(trace: Trace, first: Sighting, nowMs: number): void {
    this.#expire(nowMs);
    const table = this.#table;
    const slot = (this.#oldest + this.#size) & (table.capacity - 1);
    this.#size++;
    const { request, response } = trace;
    table.words.set(
      [
        trace.requestSequence,
        trace.responseSequence,
        request.hash,
        request.headHash,
        response.hash,
        response.headHash,
        trace.sourceHash,
        trace.destinationHash,
      ],
      slot * wordsPerCall,
    );
    table.lengths.set([request.length, response.length], slot * lengthsPerCall);
    table.sourcePorts[slot] = trace.sourcePort;
    const { idTime, idSequence, stream, pipeline } = first;
    table.numbers.set(
      [
        trace.requestMs,
        trace.responseMs,
        idTime,
        idSequence,
        stream,
        pipeline,
        nowMs,
        trace.parentTime,
        trace.parentSequence,
      ],
      slot * numbersPerCall,
    );
    this.#link(table, slot);
  }

  /** Everything remembered, the oldest first, to be kept over a restart. */
  save(): SavedCalls {
    const { words, lengths, sourcePorts, numbers, capacity } = this.#table;
    const order = <Kind extends Numbers>(from: Kind, perRow: number): Kind => {
      const to = from.slice() as Kind;
      moveRows(from, to, perRow, this.#oldest);
      return to.slice(0, Math.min(this.#size, capacity) * perRow) as Kind;
    };
    return {
      words: order(words, wordsPerCall),
      lengths: order(lengths, lengthsPerCall),
      sourcePorts: order(sourcePorts, 1),
      numbers: order(numbers, numbersPerCall),
    };
  }

  /** Remembers what was saved, as if it had gone out now. Returns false when it is damaged. */
  restore(saved: SavedCalls, nowMs: number): boolean {
    const { words, lengths, sourcePorts, numbers } = saved;
    const size = sourcePorts.length;
    const fits =
      words.length === size * wordsPerCall &&
      lengths.length === size * lengthsPerCall &&
      numbers.length === size * numbersPerCall;
    if (!fits || size > this.#limit || this.#size > 0) return false;
    while (this.#table.capacity < size) this.#table = new Table(this.#table.capacity * 2);
    const table = this.#table;
    table.words.set(words);
    table.lengths.set(lengths);
    table.sourcePorts.set(sourcePorts);
    table.numbers.set(numbers);
    this.#oldest = 0;
    this.#size = size;
    for (let slot = 0; slot < size; slot++) {
      table.numbers[slot * numbersPerCall + 6] = nowMs;
      this.#link(table, slot);
    }
    return true;
  }

  /** Looks a sighting up; `atLeast` is the certainty that is needed. */
  find(sighting: Sighting, atLeast: Sameness): Past {
    const { byRequest, byResponse } = this.#table;
    let past: Past = Past.Unknown;
    for (const chains of [byRequest, byResponse]) {
      const key = chains === byRequest ? sighting.requestSequence : sighting.responseSequence;
      if (key === 0) continue;
      for (let slot = chains.first(key); slot >= 0; slot = chains.after(slot)) {
        const found = this.#judge(slot, sighting, atLeast);
        if (found === Past.Late) return found;
        if (found === Past.IdTaken) past = found;
      }
    }
    return past;
  }

  /** A call with the same request number went out, with another answer than this one. */
  hasOtherAnswer({ requestSequence, responseSequence }: Sighting): boolean {
    const { byRequest, words } = this.#table;
    if (requestSequence === 0 || responseSequence === 0) return false;
    for (let slot = byRequest.first(requestSequence); slot >= 0; slot = byRequest.after(slot)) {
      const request = words[slot * wordsPerCall];
      const response = words[slot * wordsPerCall + 1];
      if (request === requestSequence && response !== 0 && response !== responseSequence) {
        return true;
      }
    }
    return false;
  }

  #judge(slot: number, sighting: Sighting, atLeast: Sameness): Past {
    const { numbers } = this.#table;
    const at = slot * numbersPerCall;
    const isItsId = numbers[at + 2] === sighting.idTime && numbers[at + 3] === sighting.idSequence;
    const isSame = compare(sighting, this.#read(slot)) >= atLeast;
    if (isItsId) return isSame ? Past.Late : Past.IdTaken;
    // Whoever saw the call has told of it once: another one on the same connection is another call.
    const isItsStream =
      numbers[at + 4] === sighting.stream && numbers[at + 5] === sighting.pipeline;
    return isSame && !isItsStream ? Past.Late : Past.Unknown;
  }

  #read(slot: number): Trace {
    const { words, lengths, sourcePorts, numbers } = this.#table;
    const trace = this.#scratch;
    const word = slot * wordsPerCall;
    const length = slot * lengthsPerCall;
    const number = slot * numbersPerCall;
    trace.requestSequence = words[word]!;
    trace.responseSequence = words[word + 1]!;
    // Hashes are compared as signed numbers.
    trace.request.hash = words[word + 2]! | 0;
    trace.request.headHash = words[word + 3]! | 0;
    trace.response.hash = words[word + 4]! | 0;
    trace.response.headHash = words[word + 5]! | 0;
    trace.sourceHash = words[word + 6]!;
    trace.destinationHash = words[word + 7]!;
    trace.request.length = lengths[length]!;
    trace.response.length = lengths[length + 1]!;
    trace.sourcePort = sourcePorts[slot]!;
    trace.requestMs = numbers[number]!;
    trace.responseMs = numbers[number + 1]!;
    trace.parentTime = numbers[number + 7]!;
    trace.parentSequence = numbers[number + 8]!;
    return trace;
  }

  #link(table: Table, slot: number): void {
    const request = table.words[slot * wordsPerCall]!;
    const response = table.words[slot * wordsPerCall + 1]!;
    if (request !== 0) table.byRequest.add(slot, request);
    if (response !== 0) table.byResponse.add(slot, response);
  }

  /** Forgets what is old, and makes room for one more. */
  #expire(nowMs: number): void {
    const { numbers } = this.#table;
    while (this.#size > 0 && numbers[this.#oldest * numbersPerCall + 6]! < nowMs - rememberMs) {
      this.#forgetOldest();
    }
    if (this.#size < this.#table.capacity) return;
    if (this.#table.capacity < this.#limit) {
      this.#grow();
    } else {
      const outMs = numbers[this.#oldest * numbersPerCall + 6]!;
      if (nowMs - outMs < wantedMs) this.forgottenEarly++;
      this.#forgetOldest();
    }
  }

  #forgetOldest(): void {
    const table = this.#table;
    const slot = this.#oldest;
    const request = table.words[slot * wordsPerCall]!;
    const response = table.words[slot * wordsPerCall + 1]!;
    if (request !== 0) table.byRequest.remove(slot, request);
    if (response !== 0) table.byResponse.remove(slot, response);
    this.#oldest = (slot + 1) & (table.capacity - 1);
    this.#size--;
  }

  #grow(): void {
    const old = this.#table;
    const table = new Table(old.capacity * 2);
    // The oldest comes first; what lies before it in memory follows.
    const split = this.#oldest;
    moveRows(old.words, table.words, wordsPerCall, split);
    moveRows(old.lengths, table.lengths, lengthsPerCall, split);
    moveRows(old.sourcePorts, table.sourcePorts, 1, split);
    moveRows(old.numbers, table.numbers, numbersPerCall, split);
    this.#table = table;
    this.#oldest = 0;
    for (let slot = 0; slot < this.#size; slot++) this.#link(table, slot);
  }
}

type Numbers = Uint32Array | Uint16Array | Uint8Array | Float64Array;

function moveRows<Kind extends Numbers>(from: Kind, to: Kind, perRow: number, split: number): void {
  to.set(from.subarray(split * perRow));
  to.set(from.subarray(0, split * perRow), from.length - split * perRow);
}
