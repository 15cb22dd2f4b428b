/**
 * The requests of one connection that wait for their answers, oldest first, and answers that came
 * before their request was complete.
 *
 * Most connections have one at a time, which needs no list. The others wait in an array with a head
 * index: a `Map` or `shift()` walks over what was deleted. Answers mostly come in order, or nearly; a
 * search that goes further than that makes an index by key, which is kept until few are left. As long
 * as there is an index, what is taken out leaves a gap, so that nothing moves.
 */
import type { Exchange } from './exchange.ts';

/**
 * More requests than this in flight on one connection: the oldest are given up. Where answers come in
 * order, a pipeline may be longer as long as no more than `maxLive` exchanges of all connections are on
 * their way.
 */
export const maxWaiting = 4096;
export const maxLive = 32_768;
/** So many are searched one by one; with this many or fewer left, the index is given up. */
const nearBy = 16;
const few = 4;
/** The head index at which what lies in front of it is cut off. */
const slack = 64;

/** Of all but the oldest. */
class Index {
  /** Key → where the first with it is in the array. */
  readonly places = new Map<number, number>();
  /** Some have the same key. */
  twins = false;
  /** Gaps in the array, behind its head. */
  gaps = 0;
}

const nothing: (Exchange | undefined)[] = [];

export class WaitingList {
  #oldest: Exchange | undefined = undefined;
  /** All others, from `head`. The first and the last of them are no gaps. */
  #rest: (Exchange | undefined)[] = nothing;
  #head = 0;
  #index: Index | undefined = undefined;

  get length(): number {
    return this.#oldest === undefined ? 0 : 1 + this.#others;
  }

  get #others(): number {
    return this.#rest.length - this.#head - (this.#index?.gaps ?? 0);
  }

  push(exchange: Exchange): void {
    if (this.#oldest === undefined) {
      this.#oldest = exchange;
      return;
    }
    if (this.#rest === nothing) this.#rest = [];
    this.#rest.push(exchange);
    if (this.#index !== undefined) enter(this.#index, exchange, this.#rest.length - 1);
  }

  oldest(): Exchange | undefined {
    return this.#oldest;
  }

  newest(): Exchange | undefined {
    const rest = this.#rest;
    return rest.length > this.#head ? rest[rest.length - 1] : this.#oldest;
  }

  shift(): Exchange | undefined {
    const item = this.#oldest;
    this.#oldest = undefined;
    const rest = this.#rest;
    if (rest === nothing) return item;
    if (this.#index !== undefined) leave(this.#index, rest, this.#head);
    this.#oldest = rest[this.#head++];
    this.#trim();
    return item;
  }

  /** The first one with this key, which stays. */
  find(key: number): Exchange | undefined {
    const first = this.#oldest;
    if (first !== undefined && first.key === key && !first.barrier) return first;
    if (this.#rest === nothing) return undefined;
    const at = this.#search(key);
    return at < 0 ? undefined : this.#rest[at];
  }

  /** Takes out the first one with this key. */
  take(key: number): Exchange | undefined {
    const first = this.#oldest;
    if (first !== undefined && first.key === key && !first.barrier) return this.shift();
    if (this.#rest === nothing) return undefined;
    const at = this.#search(key);
    if (at < 0) return undefined;
    const item = this.#rest[at];
    this.#takeOut(at);
    return item;
  }

  remove(exchange: Exchange): void {
    if (exchange === this.#oldest) {
      this.shift();
      return;
    }
    if (this.#rest === nothing) return;
    let at = this.#search(exchange.key);
    if (at >= 0 && this.#rest[at] !== exchange) at = this.#rest.indexOf(exchange, this.#head);
    if (at >= 0) this.#takeOut(at);
  }

  /** Where the first of the others with this key is, or -1. */
  #search(key: number): number {
    if (this.#index === undefined) {
      const rest = this.#rest;
      const near = Math.min(rest.length, this.#head + nearBy);
      for (let i = this.#head; i < near; i++) {
        const item = rest[i]!;
        if (item.key === key && !item.barrier) return i;
      }
      if (near === rest.length) return -1;
      this.#makeIndex();
    }
    return this.#index!.places.get(key) ?? -1;
  }

  #makeIndex(): void {
    this.#close();
    const index = new Index();
    this.#index = index;
    for (let i = 0; i < this.#rest.length; i++) enter(index, this.#rest[i]!, i);
  }

  /** Nothing lies in front of the others any more, nor between them. */
  #close(): void {
    const rest = this.#rest.slice(this.#head);
    const hasGaps = this.#index !== undefined && this.#index.gaps > 0;
    this.#rest = hasGaps ? rest.filter((item) => item !== undefined) : rest;
    this.#head = 0;
    this.#index = undefined;
  }

  #takeOut(at: number): void {
    const index = this.#index;
    if (index === undefined) this.#rest.splice(at, 1);
    else {
      leave(index, this.#rest, at);
      this.#rest[at] = undefined;
      index.gaps++;
    }
    this.#trim();
  }

  /** Gives up what is not needed any more: gaps at both ends, a long front, an index of few. */
  #trim(): void {
    const rest = this.#rest;
    const index = this.#index;
    if (index !== undefined) {
      for (; index.gaps > 0 && rest[this.#head] === undefined; index.gaps--) this.#head++;
      for (; index.gaps > 0 && rest.at(-1) === undefined; index.gaps--) rest.pop();
    }
    if (this.#head === rest.length) {
      this.#rest = nothing;
      this.#head = 0;
      this.#index = undefined;
    } else if (index === undefined) {
      if (this.#head === slack) this.#close();
    } else if (this.#others <= few) this.#close();
    else if (rest.length > 2 * this.#others + slack) this.#makeIndex();
  }
}

function enter(index: Index, { key, barrier }: Exchange, at: number): void {
  if (barrier) return;
  if (index.places.has(key)) index.twins = true;
  else index.places.set(key, at);
}

/** The one at `at` is going: the next one with its key, if any, takes its place. */
function leave(index: Index, rest: readonly (Exchange | undefined)[], at: number): void {
  const { key, barrier } = rest[at]!;
  if (barrier || index.places.get(key) !== at) return;
  index.places.delete(key);
  if (!index.twins) return;
  for (let i = at + 1; i < rest.length; i++) {
    const item = rest[i];
    if (item?.key !== key || item.barrier) continue;
    index.places.set(key, i);
    return;
  }
}
