/** Adds up what the stages have counted, for the page and for programs. */
import type { Counters } from '../serve/api.ts';
import type { Store, StoreCounters } from '../store/contract.ts';
import type { ThreadCounters } from './messages.ts';

/** Rates are differences between two reports at least this far apart, ms. */
const rateWindowMs = 900;

const nothingSeen: ThreadCounters = {
  source: { packets: 0, bytes: 0, dropped: 0, ignored: 0, totalBytes: 0, readBytes: 0 },
  damage: [],
  pipeline: {
    packets: 0,
    decodeIgnored: {},
    connections: 0,
    openConnections: 0,
    payloadBytes: 0,
    holes: 0,
    holeBytes: 0,
    shedConnections: 0,
    entries: 0,
    ignored: 0,
    pending: 0,
    shedBodies: 0,
    notUnderstood: {},
  },
  shedRows: 0,
  saved: undefined,
  cpuMs: 0,
};

const nothingStored: StoreCounters = {
  entries: 0,
  appended: 0,
  bytes: 0,
  limitBytes: 0,
  oldestTimestamp: 0,
  expired: 0,
  shed: 0,
  cpuMs: 0,
};

interface Totals {
  readonly time: number;
  readonly packets: number;
  readonly entries: number;
}

/** Makes reports and remembers the one before, for rates. */
export class CounterReports {
  #before: Totals | undefined;
  #packetsPerSecond = 0;
  #entriesPerSecond = 0;

  /** The counters of all stages now; zeros while nothing has been captured. */
  report(seen: ThreadCounters | undefined, store: Store | undefined, ended: boolean): Counters {
    const { source, pipeline, damage, shedRows } = seen ?? nothingSeen;
    const stored = store?.counters() ?? nothingStored;
    const time = Date.now();
    this.#updateRates({ time, packets: pipeline.packets, entries: pipeline.entries });
    const { connections, openConnections, payloadBytes, holes, holeBytes, shedConnections } =
      pipeline;
    const { entries, ignored, pending, shedBodies, notUnderstood } = pipeline;
    return {
      time,
      entriesPerSecond: this.#entriesPerSecond,
      packetsPerSecond: this.#packetsPerSecond,
      capture: {
        ...source,
        ended,
        damage: damage.map(({ file, offset, reason }) => `${file}, byte ${offset}: ${reason}`),
      },
      decode: { ignored: pipeline.decodeIgnored },
      reassemble: { connections, openConnections, payloadBytes, holes, holeBytes, shedConnections },
      dissect: { entries, pending, shedBodies, notUnderstood },
      refine: { ignored },
      ship: { shedRows },
      store: {
        entries: stored.entries,
        bytes: stored.bytes,
        limitBytes: stored.limitBytes,
        oldestTimestamp: stored.oldestTimestamp,
        expired: stored.expired,
        shed: stored.shed,
        repairs: store?.repairs ?? [],
      },
    };
  }

  #updateRates(now: Totals): void {
    this.#before ??= now;
    const elapsedMs = now.time - this.#before.time;
    if (elapsedMs < rateWindowMs) return;
    const perSecond = (count: number) => Math.max(0, Math.round((count * 1000) / elapsedMs));
    this.#packetsPerSecond = perSecond(now.packets - this.#before.packets);
    this.#entriesPerSecond = perSecond(now.entries - this.#before.entries);
    this.#before = now;
  }
}
