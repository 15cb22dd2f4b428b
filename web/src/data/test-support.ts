/** Rows for tests. */
import type { EntryRow } from '../../../src/entry/entry.ts';

const plain: EntryRow = {
  id: '1',
  protocol: { name: 'http', version: '1.1', abbr: 'HTTP' },
  capture: 'any',
  timestamp: 1,
  elapsedTime: 2,
  src: { ip: '10.0.0.1', port: 5_000, name: 'cart' },
  dst: { ip: '10.0.0.2', port: 80, name: 'payments' },
  namespace: 'shop',
  node: '',
  sightings: 1,
  outgoing: false,
  method: 'GET',
  target: '/api/items',
  host: 'payments',
  contentType: 'text/plain',
  traceId: '',
  status: 200,
  outcome: 'ok',
  requestSize: 100,
  responseSize: 200,
  incomplete: [],
  stream: 's1',
  parent: '',
  demo: false,
  timing: { request: 0, wait: 1 },
  packets: { request: 1, response: 2 },
};

/** A row as if it had just been received: nothing of it is shared with another one. */
export function receivedRow(parts: Partial<EntryRow>): EntryRow {
  const { src, dst, protocol } = plain;
  const own = { src: { ...src }, dst: { ...dst }, protocol: { ...protocol }, incomplete: [] };
  return { ...plain, ...own, ...parts };
}
