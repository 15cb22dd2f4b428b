/** Adds up what pipeline threads have counted: those that run, and those of captures that ended. */
import { maxReasons, type TapperCounters } from '../link/index.ts';
import { addReasons, type Reasons } from '../reasons.ts';
import type { ThreadCounters } from '../tap/messages.ts';

export type CaptureCounters = Omit<
  TapperCounters,
  'bufferedBatches' | 'bufferedBytes' | 'memoryBytes' | 'memoryLimitBytes' | 'cpuMs'
>;

export const noCounters: CaptureCounters = {
  packets: 0,
  bytes: 0,
  dropped: 0,
  ignored: 0,
  connections: 0,
  openConnections: 0,
  holes: 0,
  holeBytes: 0,
  payloadBytes: 0,
  entries: 0,
  ignoredEntries: 0,
  decodeIgnored: {},
  notUnderstood: {},
  shedRows: 0,
  shedBodies: 0,
  shedConnections: 0,
};

export function countersOf({ source, pipeline, shedRows }: ThreadCounters): CaptureCounters {
  const { packets, bytes, dropped, ignored } = source;
  const { connections, openConnections, holes, holeBytes, payloadBytes, entries } = pipeline;
  const { shedBodies, shedConnections } = pipeline;
  return {
    packets,
    bytes,
    dropped,
    ignored,
    connections,
    openConnections,
    holes,
    holeBytes,
    payloadBytes,
    entries,
    ignoredEntries: pipeline.ignored,
    decodeIgnored: commonest(pipeline.decodeIgnored),
    notUnderstood: commonest(pipeline.notUnderstood),
    shedRows,
    shedBodies,
    shedConnections,
  };
}

type Amounts = Record<Exclude<keyof CaptureCounters, 'decodeIgnored' | 'notUnderstood'>, number>;

export function sum(one: CaptureCounters, other: CaptureCounters): CaptureCounters {
  const { decodeIgnored, notUnderstood, ...amounts } = one;
  const total: Amounts = { ...amounts };
  for (const name of Object.keys(total) as (keyof Amounts)[]) total[name] += other[name];
  return {
    ...total,
    decodeIgnored: commonest(addReasons(decodeIgnored, other.decodeIgnored)),
    notUnderstood: commonest(addReasons(notUnderstood, other.notUnderstood)),
  };
}

function commonest(reasons: Reasons): Record<string, number> {
  const sorted = Object.entries(reasons).sort(([, one], [, other]) => other - one);
  return Object.fromEntries(
    sorted.slice(0, maxReasons).map(([reason, count]) => [reason.slice(0, 200), count]),
  );
}
