/** Names of addresses that were heard on the wire, gathered where packets are read; told in small lists. */
import type { NameOrigin } from './contract.ts';

export interface HeardName {
  readonly address: string;
  readonly host: string;
  readonly origin: NameOrigin;
  /** When it was said, ms since 1970. */
  readonly timeMs: number;
}

/** Names that wait to be told; on a network that is asked for more they are left out, and counted. */
const maxWaiting = 2000;
/** What was told is not told again for so long (packet time). */
const repeatMs = 600_000;
const maxTold = 20_000;

export class HeardNames {
  /** Names left out. */
  lost = 0;
  #waiting: HeardName[] = [];
  readonly #told = new Map<string, number>();

  hear(address: string, host: string, origin: NameOrigin, timeMs: number): void {
    const key = `${origin} ${address} ${host}`;
    const before = this.#told.get(key);
    if (before !== undefined && Math.abs(timeMs - before) < repeatMs) return;
    if (this.#waiting.length >= maxWaiting) {
      this.lost++;
      return;
    }
    if (this.#told.size >= maxTold) this.#told.clear();
    this.#told.set(key, timeMs);
    this.#waiting.push({ address, host, origin, timeMs });
  }

  /** What was heard since the last time. */
  take(): readonly HeardName[] {
    if (this.#waiting.length === 0) return nothing;
    const heard = this.#waiting;
    this.#waiting = [];
    return heard;
  }
}

const nothing: readonly HeardName[] = [];
