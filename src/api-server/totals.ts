/** Counters of all tappers, summed over nodes and over tappers that have ended. */
import type { JoinCounters } from '../join/index.ts';
import type { TapperCounters, TapperState } from '../link/index.ts';
import type { Counters } from '../serve/api.ts';
import type { Store } from '../store/contract.ts';
import { CounterReports } from '../tap/counters.ts';
import type { ThreadCounters } from '../tap/messages.ts';

/** Totals; the others tell what is now. */
const adding = [
  'packets',
  'bytes',
  'dropped',
  'ignored',
  'connections',
  'holes',
  'holeBytes',
  'entries',
  'shedRows',
  'shedBodies',
  'shedConnections',
] as const satisfies readonly (keyof TapperCounters)[];
type Adding = Record<(typeof adding)[number], number>;

interface Node {
  /** Of tappers before the present one. */
  readonly before: Adding;
  last: TapperCounters;
}

function zeros(): Adding {
  return Object.fromEntries(adding.map((name) => [name, 0])) as Adding;
}

export class Totals {
  readonly #nodes = new Map<string, Node>();
  readonly #reports = new CounterReports();

  /** What every stage has done, as for a tap on one machine. */
  report(
    tappers: readonly TapperState[],
    join: JoinCounters,
    waiting: number,
    store: Store,
  ): Counters {
    const sum = zeros();
    let openConnections = 0;
    let damaged = 0;
    let cpuMs = 0;
    for (const { nodeName, counters, received } of tappers) {
      damaged += received.damaged;
      if (counters === undefined) continue;
      const { before } = this.#node(nodeName, counters);
      for (const name of adding) sum[name] += before[name] + counters[name];
      openConnections += counters.openConnections;
      cpuMs += counters.cpuMs;
    }
    const seen: ThreadCounters = {
      source: {
        packets: sum.packets,
        bytes: sum.bytes,
        dropped: sum.dropped,
        ignored: sum.ignored,
        totalBytes: 0,
        readBytes: 0,
      },
      damage: [],
      pipeline: {
        packets: sum.packets,
        decodeIgnored: {},
        connections: sum.connections,
        openConnections,
        payloadBytes: 0,
        holes: sum.holes,
        holeBytes: sum.holeBytes,
        shedConnections: sum.shedConnections,
        // Each call once.
        entries: join.calls,
        pending: waiting,
        shedBodies: sum.shedBodies,
        notUnderstood: {},
      },
      shedRows: sum.shedRows + damaged,
      saved: undefined,
      cpuMs,
    };
    return this.#reports.report(seen, store, false);
  }

  #node(name: string, counters: TapperCounters): Node {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = { before: zeros(), last: counters };
      this.#nodes.set(name, node);
    }
    // A new tapper counts from zero.
    if (counters.cpuMs < node.last.cpuMs || counters.packets < node.last.packets) {
      for (const key of adding) node.before[key] += node.last[key];
    }
    node.last = counters;
    return node;
  }
}
