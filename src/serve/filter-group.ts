/** Viewers with the same filter: an entry is matched and written once for all of them. */
import type { StoredEntry } from '../entry/entry.ts';
import type { Viewer } from './viewer.ts';

/** New entries that a group is sent in a second; a page cannot show more. Also the largest burst. */
const rowsPerSecond = 2000;
/** JSON text waiting for the next flush, in UTF-16 units. */
const queuedTextLimit = 8 << 20;

export type Matcher = (entry: StoredEntry) => boolean;

export class FilterGroup {
  readonly filter: string;
  readonly matcher: Matcher;
  readonly viewers = new Set<Viewer>();
  #queue: string[] = [];
  #queuedText = 0;
  #room = rowsPerSecond;
  #missed = 0;

  constructor(filter: string, matcher: Matcher) {
    this.filter = filter;
    this.matcher = matcher;
  }

  /** An entry that breaks its decoder matches nothing, and costs nobody else anything. */
  matches(entry: StoredEntry): boolean {
    try {
      return this.matcher(entry);
    } catch {
      return false;
    }
  }

  /** Somebody looks. */
  get active(): boolean {
    for (const viewer of this.viewers) if (!viewer.paused) return true;
    return false;
  }

  get hasRoom(): boolean {
    return this.#room > 0 && this.#queuedText < queuedTextLimit;
  }

  /** Queues an entry's row as JSON. `update`: of an entry that was sent before, outside the rate. */
  add(json: string, update: boolean): void {
    if (this.#queuedText >= queuedTextLimit) {
      this.#missed++;
      return;
    }
    if (!update) this.#room--;
    this.#queue.push(json);
    this.#queuedText += json.length;
  }

  /** An entry that was not looked at, or does not fit. */
  miss(): void {
    this.#missed++;
  }

  /** Sends what is queued to those who look, and tells them what they missed. */
  flush(): void {
    const count = this.#queue.length;
    const text = count === 0 ? '' : `{"type":"entries","entries":[${this.#queue.join(',')}]}`;
    for (const viewer of this.viewers) {
      if (viewer.paused) continue;
      if (count > 0) viewer.sendEntries(text, count);
      viewer.miss(this.#missed);
      viewer.tellMissed();
    }
    this.discard();
  }

  discard(): void {
    this.#queue = [];
    this.#queuedText = 0;
    this.#missed = 0;
  }

  /** Time has passed: more may be sent. */
  refill(elapsedMs: number): void {
    this.#room = Math.min(rowsPerSecond, this.#room + (rowsPerSecond * elapsedMs) / 1000);
  }
}
