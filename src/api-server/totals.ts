/** Counters of all tappers, summed over nodes and over tappers that have ended. */
import type { JoinCounters } from '../join/index.ts';
import type { TapperCounters, TapperState } from '../link/index.ts';
import { addReasons, type Reasons } from '../reasons.ts';
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
  'payloadBytes',
  'entries',
  'ignoredEntries',
  'shedRows',
  'shedBodies',
  'shedConnections',
] as const satisfies readonly (keyof TapperCounters)[];
const reasons = ['decodeIgnored', 'notUnderstood'] as const satisfies (keyof TapperCounters)[];
type Adding = Record<(typeof adding)[number], number> & Record<(typeof reasons)[number], Reasons>;

interface Node {
  /** Of tappers before the present one. */
  readonly before: Adding;
  process: string;
  last: TapperCounters;
}

function zeros(): Adding {
  const amounts = Object.fromEntries(adding.map((name) => [name, 0]));
  return { ...amounts, decodeIgnored: {}, notUnderstood: {} } as Adding;
}

function add(sum: Adding, other: Readonly<Adding>): void {
  for (const name of adding) sum[name] += other[name];
  for (const name of reasons) sum[name] = addReasons(sum[name], other[name]);
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
    for (const { nodeName, process, counters, received } of tappers) {
      damaged += received.damaged;
      if (counters === undefined) continue;
      const { before } = this.#node(nodeName, process, counters);
      add(sum, before);
      add(sum, counters);
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
        decodeIgnored: sum.decodeIgnored,
        connections: sum.connections,
        openConnections,
        payloadBytes: sum.payloadBytes,
        holes: sum.holes,
        holeBytes: sum.holeBytes,
        shedConnections: sum.shedConnections,
        // Each call once.
        entries: join.calls,
        ignored: sum.ignoredEntries,
        pending: waiting,
        shedBodies: sum.shedBodies,
        notUnderstood: sum.notUnderstood,
      },
      shedRows: sum.shedRows + damaged,
      saved: undefined,
      cpuMs,
    };
    return this.#reports.report(seen, store, false);
  }

  #node(name: string, process: string, counters: TapperCounters): Node {
    let node = this.#nodes.get(name);
    if (node === undefined) {
      node = { before: zeros(), process, last: counters };
      this.#nodes.set(name, node);
    }
    // A new tapper counts from zero.
    if (node.process !== process) add(node.before, node.last);
    node.process = process;
    node.last = counters;
    return node;
  }
}
