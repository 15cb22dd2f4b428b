import { expect, it } from 'vitest';
import { noJoinCounters } from '../join/contract.ts';
import type { TapperState } from '../link/index.ts';
import { testCounters } from '../link/test-support.ts';
import type { Store } from '../store/contract.ts';
import { Totals } from './totals.ts';

const store = {
  counters: () => ({
    entries: 0,
    appended: 0,
    bytes: 0,
    limitBytes: 0,
    oldestTimestamp: 0,
    expired: 0,
    shed: 0,
    cpuMs: 0,
  }),
  repairs: [],
} as unknown as Store;

function tapper(nodeName: string, counters: Partial<typeof testCounters>): TapperState {
  return {
    nodeName,
    nodeNumber: 1,
    podName: '',
    version: '',
    connected: true,
    since: 0,
    lastSeen: 0,
    capture: { state: 'capturing', reason: '', targets: 0 },
    counters: { bufferedBatches: 0, bufferedBytes: 0, ...testCounters, ...counters },
    received: { batches: 0, rows: 0, missing: 0, duplicates: 0, damaged: 1 },
    farewell: '',
    process: 'first',
  };
}

it('what tappers lost is summed over nodes, and kept when a tapper starts anew', () => {
  const totals = new Totals();
  const report = (...tappers: TapperState[]) =>
    totals.report(tappers, { ...noJoinCounters(), calls: 7 }, 2, store);
  report(tapper('a', { dropped: 5, packets: 100, cpuMs: 50, openConnections: 3 }));
  const { capture, ship, reassemble, dissect } = report(
    tapper('a', { dropped: 1, packets: 10, cpuMs: 5, openConnections: 2, shedRows: 4 }),
    tapper('b', { dropped: 10, packets: 20, cpuMs: 5, openConnections: 0 }),
  );
  expect(capture).toMatchObject({ dropped: 16, packets: 130 });
  expect(reassemble.openConnections).toBe(2);
  // Each of the two could not deliver a batch.
  expect(ship.shedRows).toBe(6);
  expect(dissect).toMatchObject({ entries: 7, pending: 2 });
});
