/** The columns of the list: what each shows, and which query its value stands for. */
import type { EntryRow } from '../../../src/entry/entry.ts';
import { senderOf } from '../data/messages.ts';
import { useObserved } from '../data/observable.ts';
import { statusName } from '../data/protocol-of.ts';
import { settings } from '../data/settings.ts';
import { atLeast, bytes, clockTime, duration, exactBytes, exactTime } from '../ui/format.ts';
import { endpointText, endQuery } from './ends.ts';

export interface Column {
  readonly id: string;
  readonly title: string;
  readonly tip: string;
  readonly number: boolean;
  /** What is shown; also what is copied. */
  readonly text: (row: EntryRow) => string;
  /** Exact value or explanation; empty for none. */
  readonly hint: (row: EntryRow) => string;
  /** Path and value of "show only these"; undefined when there is nothing to filter by. */
  readonly query: (
    row: EntryRow,
  ) => readonly [path: string, value: string | number, operator?: '>='] | undefined;
}

/** Status as shown; what has none says why. A call may fail although its status says otherwise. */
export function statusText(row: EntryRow): string {
  const { outcome, status } = row;
  if (outcome === 'pending') return '…';
  if (outcome === 'no response') return '—';
  if (outcome !== 'failed') return status === 0 ? statusName(row) : String(status);
  if (status === 0) return 'error';
  return status >= 200 && status < 300 ? `${status}!` : String(status);
}

function statusHint(row: EntryRow): string {
  if (row.outcome === 'pending') return 'No response yet';
  if (row.outcome === 'no response') return 'No response was seen';
  if (row.outcome === 'no request') return 'The request was not seen';
  if (statusName(row) !== '') return `${row.status} ${statusName(row)}`;
  if (statusText(row).endsWith('!')) return 'The answer tells of an error within it';
  return '';
}

/** Red failed, amber incomplete or redirected to nothing; quiet otherwise. */
export function statusClass(row: EntryRow): string {
  if (row.outcome === 'failed' || row.outcome === 'no response') return 'red';
  return row.outcome === 'pending' ? 'dim' : '';
}

/** Whose bytes the size of a row is: those of the answer, of a message its own. */
function sizeOf(row: EntryRow): readonly [path: string, size: number] {
  const isSent = row.parent !== '' && senderOf(row) === 'client';
  return isSent ? ['requestSize', row.requestSize] : ['responseSize', row.responseSize];
}

/** Where a call was seen, when that is more than once: on both nodes, on several interfaces. */
export function seenText({ node: nearest, seenOn, sightings }: EntryRow): string {
  const nodes = [...new Set(seenOn ?? [nearest])].filter((name) => name !== '');
  const times = sightings > 1 ? `seen ${sightings} times` : '';
  if (nodes.length < 2) return times === '' ? nodes.join('') : `${nodes.join('')} · ${times}`;
  return `${times === '' ? 'seen' : times}, on ${nodes.join(' and ')}`;
}

const none = () => '';

const node: Column = {
  id: 'node',
  title: 'node',
  tip: 'Node that saw the call',
  number: false,
  text: (row) => row.node,
  hint: seenText,
  query: (row) => (row.node === '' ? undefined : ['node', row.node]),
};

const standard: readonly Column[] = [
  {
    id: 'time',
    title: 'time',
    tip: 'First byte of the request, local time',
    number: false,
    text: (row) => clockTime(row.timestamp),
    hint: (row) => exactTime(row.timestamp),
    query: () => undefined,
  },
  {
    id: 'proto',
    title: 'proto',
    tip: 'Protocol',
    number: false,
    text: (row) => row.protocol.abbr,
    hint: (row) =>
      `${row.protocol.name} ${row.protocol.version}${row.demo ? '\ndemo traffic' : ''}`,
    query: (row) => ['protocol.abbr', row.protocol.abbr],
  },
  {
    id: 'status',
    title: 'status',
    tip: 'Status of the response',
    number: true,
    text: statusText,
    hint: statusHint,
    query: (row) => (row.status === 0 ? ['outcome', row.outcome] : ['status', row.status]),
  },
  {
    id: 'method',
    title: 'method',
    tip: 'Method or command',
    number: false,
    text: (row) => row.method,
    hint: (row) =>
      row.parent === '' ? '' : `Message of a call, sent by the ${senderOf(row)} (p shows the call)`,
    query: (row) => ['method', row.method],
  },
  {
    id: 'target',
    title: 'target',
    tip: 'What the call is about',
    number: false,
    text: (row) => row.target,
    hint: (row) => (row.target.length > 40 ? row.target : ''),
    query: (row) => ['target', row.target],
  },
  {
    id: 'source',
    title: 'source',
    tip: 'Who calls',
    number: false,
    text: (row) => endpointText(row.src),
    hint: none,
    query: (row) => endQuery(row, 'src'),
  },
  {
    id: 'destination',
    title: 'destination',
    tip: 'Who is called',
    number: false,
    text: (row) => endpointText(row.dst),
    hint: none,
    query: (row) => endQuery(row, 'dst'),
  },
  {
    id: 'size',
    title: 'size',
    tip: 'Bytes of the response on the wire; of a message its own',
    number: true,
    text: (row) => (sizeOf(row)[1] === 0 ? '' : bytes(sizeOf(row)[1])),
    hint: (row) =>
      `request ${exactBytes(row.requestSize)}\nresponse ${exactBytes(row.responseSize)}`,
    query: sizeOf,
  },
  {
    id: 'elapsed',
    title: 'elapsed',
    tip: 'First byte of the request to last byte of the response',
    number: true,
    text: (row) => (row.elapsedTime === null ? '' : duration(row.elapsedTime)),
    hint: (row) => (row.elapsedTime === null ? '' : `${row.elapsedTime.toFixed(3)} ms`),
    query: (row) =>
      row.elapsedTime === null ? undefined : ['elapsedTime', atLeast(row.elapsedTime), '>='],
  },
];

const withNode = [...standard.slice(0, 7), node, ...standard.slice(7)];

/** The columns as they are chosen. */
export function columnsNow(): readonly Column[] {
  return settings.get().nodeColumn ? withNode : standard;
}

export function useColumns(): readonly Column[] {
  return useObserved(settings, (value) => value.nodeColumn) ? withNode : standard;
}

/** Slower than this is amber, ms. */
export const slowAfter = 1_000;
