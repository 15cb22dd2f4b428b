/** Adds up what the stages have counted, for the page and for programs. */
import type { Counters } from '../serve/api.ts';
import type { Store } from '../store/contract.ts';
import type { ThreadCounters } from './messages.ts';

interface Seen {
  time: number;
  packets: number;
  entries: number;
}

/** Rates are differences between two reports at least this far apart, ms. */
const rateWindowMs = 900;
let before: Seen | undefined;
let rates = { packetsPerSecond: 0, entriesPerSecond: 0 };

/** The counters of all stages now; zeros while nothing has been captured. */
export function counterReport(
  thread: ThreadCounters | undefined,
  store: Store | undefined,
  ended: boolean,
): Counters {
  const source = thread?.source;
  const pipeline = thread?.pipeline;
  const stored = store?.counters();
  const time = Date.now();
  updateRates({ time, packets: pipeline?.packets ?? 0, entries: pipeline?.entries ?? 0 });
  return {
    time,
    ...rates,
    capture: {
      packets: source?.packets ?? 0,
      bytes: source?.bytes ?? 0,
      dropped: source?.dropped ?? 0,
      ignored: source?.ignored ?? 0,
      totalBytes: source?.totalBytes ?? 0,
      readBytes: source?.readBytes ?? 0,
      ended,
      damage: (thread?.damage ?? []).map(
        ({ file, offset, reason }) => `${file}, byte ${offset}: ${reason}`,
      ),
    },
    decode: { ignored: pipeline?.decodeIgnored ?? {} },
    reassemble: {
      connections: pipeline?.connections ?? 0,
      openConnections: pipeline?.openConnections ?? 0,
      payloadBytes: pipeline?.payloadBytes ?? 0,
      holes: pipeline?.holes ?? 0,
      holeBytes: pipeline?.holeBytes ?? 0,
      shedConnections: pipeline?.shedConnections ?? 0,
    },
    dissect: {
      entries: pipeline?.entries ?? 0,
      pending: pipeline?.pending ?? 0,
      shedBodies: pipeline?.shedBodies ?? 0,
      notUnderstood: pipeline?.notUnderstood ?? {},
    },
    ship: { shedRows: thread?.shedRows ?? 0 },
    store: {
      entries: stored?.entries ?? 0,
      bytes: stored?.bytes ?? 0,
      limitBytes: stored?.limitBytes ?? 0,
      oldestTimestamp: stored?.oldestTimestamp ?? 0,
      expired: stored?.expired ?? 0,
      shed: stored?.shed ?? 0,
      repairs: store?.repairs ?? [],
    },
  };
}

function updateRates(now: Seen): void {
  before ??= now;
  const elapsedMs = now.time - before.time;
  if (elapsedMs < rateWindowMs) return;
  const perSecond = (count: number) => Math.max(0, Math.round((count * 1000) / elapsedMs));
  rates = {
    packetsPerSecond: perSecond(now.packets - before.packets),
    entriesPerSecond: perSecond(now.entries - before.entries),
  };
  before = now;
}
