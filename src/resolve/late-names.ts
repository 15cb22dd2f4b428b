/**
 * Entries whose ends had no name when they were shown: a pod's first call can be faster than the news of
 * the pod. Once the name is known they are shown again.
 */
import type { NameResolver } from './contract.ts';

/** Entries without names that are waited for; the oldest make room. */
const maxWaiting = 20_000;
/** Names that come later than this are seen when the entry is looked at again. */
const waitMs = 60_000;
/** Old ones are looked for at most so often. */
const sweepEveryMs = 5000;

/** What is needed of a row. */
export interface NamedEnds {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly src: { readonly ip: string; readonly port: number; readonly name: string };
  readonly dst: { readonly ip: string; readonly port: number; readonly name: string };
}

interface Waiting {
  readonly row: NamedEnds;
  readonly since: number;
}

export class LateNames {
  readonly #names: NameResolver;
  readonly #waiting = new Map<string, Waiting>();
  readonly #byAddress = new Map<string, Set<string>>();
  #sweptAt = 0;

  constructor(names: NameResolver) {
    this.#names = names;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Takes note of a row when an end has no name. `now` in ms. */
  note(row: NamedEnds, now: number): void {
    if (row.src.name !== '' && row.dst.name !== '') return;
    this.#forget(row.id);
    this.#waiting.set(row.id, { row, since: now });
    for (const { ip, name } of [row.src, row.dst]) {
      if (name === '') this.#byAddress.set(ip, (this.#byAddress.get(ip) ?? new Set()).add(row.id));
    }
    if (now - this.#sweptAt > sweepEveryMs) this.#sweep(now);
    while (this.#waiting.size > maxWaiting) {
      const [oldest = ''] = this.#waiting.keys();
      this.#forget(oldest);
    }
  }

  /** Ids of the entries that have a name now that they had not; they are not waited for any more. */
  completed(addresses: ReadonlySet<string>): string[] {
    const ids: string[] = [];
    for (const address of addresses) {
      for (const id of [...(this.#byAddress.get(address) ?? [])]) {
        const row = this.#waiting.get(id)?.row;
        if (!row || !this.#isNamed(row, address)) continue;
        ids.push(id);
        this.#forget(id);
      }
    }
    return ids;
  }

  #isNamed({ src, dst, timestamp }: NamedEnds, address: string): boolean {
    return [src, dst].some(
      ({ ip, port }) => ip === address && this.#names.identify(ip, port, timestamp) !== undefined,
    );
  }

  #forget(id: string): void {
    const known = this.#waiting.get(id);
    if (!known) return;
    this.#waiting.delete(id);
    for (const { ip } of [known.row.src, known.row.dst]) {
      const ids = this.#byAddress.get(ip);
      ids?.delete(id);
      if (ids?.size === 0) this.#byAddress.delete(ip);
    }
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [id, { since }] of this.#waiting) {
      if (now - since < waitMs) return;
      this.#forget(id);
    }
  }
}
