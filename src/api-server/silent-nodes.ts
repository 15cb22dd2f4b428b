/** Nodes with targets from which no tapper reports: nothing of them is seen. */
import type { TapperState } from '../link/index.ts';

/** A tapper that has not been heard of for so long is not running. */
export const silentMs = 15_000;

type Tapper = Pick<TapperState, 'nodeName' | 'connected' | 'lastSeen'>;

export function isHeard({ connected, lastSeen }: Tapper, nowMs: number): boolean {
  return connected && nowMs - lastSeen < silentMs;
}

export class SilentNodes {
  /** Node → since when a tapper was due or last heard there, ms since 1970. */
  readonly #since = new Map<string, number>();

  /** Of the nodes on which tappers shall run, sorted. Those that have just become so get their time. */
  find(wanted: readonly string[], tappers: readonly Tapper[], nowMs: number): string[] {
    const known = new Map(tappers.map((tapper) => [tapper.nodeName, tapper]));
    for (const name of this.#since.keys()) if (!wanted.includes(name)) this.#since.delete(name);
    for (const name of wanted) {
      const tapper = known.get(name);
      const since = this.#since.get(name) ?? nowMs;
      this.#since.set(name, tapper !== undefined && isHeard(tapper, nowMs) ? nowMs : since);
    }
    return wanted.filter((name) => nowMs - this.#since.get(name)! >= silentMs).sort();
  }
}
