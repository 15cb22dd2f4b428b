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

function tapper(
  nodeName: string,
  counters: Partial<NonNullable<TapperState['counters']>>,
  process = 'first',
): TapperState {
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
    process,
  };
}

it('what tappers lost is summed over nodes, and kept when a tapper starts anew', () => {
  const totals = new Totals();
  const report = (...tappers: TapperState[]) =>
    totals.report(tappers, { ...noJoinCounters(), calls: 7 }, 2, store);
  const first = { dropped: 5, packets: 100, openConnections: 3, notUnderstood: { TLS: 2 } };
  report(tapper('a', first));
  const { capture, ship, reassemble, refine, decode, dissect } = report(
    tapper(
      'a',
      {
        dropped: 1,
        packets: 10,
        openConnections: 2,
        shedRows: 4,
        ignoredEntries: 3,
        decodeIgnored: { ARP: 1 },
        notUnderstood: { TLS: 1, SSH: 1 },
      },
      'second',
    ),
    tapper('b', { dropped: 10, packets: 20, openConnections: 0, decodeIgnored: { ARP: 5 } }),
  );
  expect(capture).toMatchObject({ dropped: 16, packets: 130 });
  expect(reassemble).toMatchObject({ openConnections: 2, payloadBytes: 21 });
  expect(refine.ignored).toBe(3);
  expect(decode.ignored).toEqual({ ARP: 6 });
  // Each of the two could not deliver a batch.
  expect(ship.shedRows).toBe(6);
  expect(dissect).toMatchObject({ entries: 7, pending: 2, notUnderstood: { TLS: 3, SSH: 1 } });
});
