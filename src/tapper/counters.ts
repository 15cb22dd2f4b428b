/** Adds up what pipeline threads have counted: those that run, and those of captures that ended. */
import type { TapperCounters } from '../link/index.ts';
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
  entries: 0,
  shedRows: 0,
  shedBodies: 0,
  shedConnections: 0,
};

export function countersOf({ source, pipeline, shedRows }: ThreadCounters): CaptureCounters {
  const { packets, bytes, dropped, ignored } = source;
  const { connections, openConnections, holes, holeBytes, entries } = pipeline;
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
    entries,
    shedRows,
    shedBodies,
    shedConnections,
  };
}

export function sum(one: CaptureCounters, other: CaptureCounters): CaptureCounters {
  const total = { ...one };
  for (const name of Object.keys(total) as (keyof CaptureCounters)[]) total[name] += other[name];
  return total;
}
