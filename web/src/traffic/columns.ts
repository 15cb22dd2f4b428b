/** The columns of the list: what each shows, and which query its value stands for. */
import type { Endpoint, EntryRow } from '../../../src/entry/entry.ts';
import { atLeast, bytes, clockTime, duration, exactBytes, exactTime } from '../ui/format.ts';

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

/** Name, or address and port. */
export function endpointText(endpoint: Endpoint): string {
  return endpoint.name === '' ? `${endpoint.ip}:${endpoint.port}` : endpoint.name;
}

function endpointHint(endpoint: Endpoint): string {
  const { name, pod, service, namespace, workload, node, process } = endpoint;
  const parts = { name, service, pod, namespace, workload, node, process };
  const known = Object.entries(parts).filter(([, value]) => value !== undefined && value !== '');
  const lines = known.map(([label, value]) => `${label} ${value}`);
  return [`${endpoint.ip}:${endpoint.port}`, ...lines].join('\n');
}

/** Status as shown; what has none says why. */
export function statusText(row: EntryRow): string {
  if (row.outcome === 'pending') return '…';
  if (row.outcome === 'no response') return '—';
  return row.status === 0 ? '' : String(row.status);
}

function statusHint(row: EntryRow): string {
  if (row.outcome === 'pending') return 'No response yet';
  if (row.outcome === 'no response') return 'No response was seen';
  if (row.outcome === 'no request') return 'The request was not seen';
  return '';
}

/** Red failed, amber incomplete or redirected to nothing; quiet otherwise. */
export function statusClass(row: EntryRow): string {
  if (row.outcome === 'failed' || row.outcome === 'no response') return 'red';
  return row.outcome === 'pending' ? 'dim' : '';
}

const none = () => '';

export const columns: readonly Column[] = [
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
    hint: none,
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
    hint: (row) => endpointHint(row.src),
    query: (row) => (row.src.name === '' ? ['src.ip', row.src.ip] : ['src.name', row.src.name]),
  },
  {
    id: 'destination',
    title: 'destination',
    tip: 'Who is called',
    number: false,
    text: (row) => endpointText(row.dst),
    hint: (row) => endpointHint(row.dst),
    query: (row) => (row.dst.name === '' ? ['dst.ip', row.dst.ip] : ['dst.name', row.dst.name]),
  },
  {
    id: 'size',
    title: 'size',
    tip: 'Bytes of the response on the wire',
    number: true,
    text: (row) => (row.responseSize === 0 ? '' : bytes(row.responseSize)),
    hint: (row) =>
      `request ${exactBytes(row.requestSize)}\nresponse ${exactBytes(row.responseSize)}`,
    query: (row) => ['responseSize', row.responseSize],
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

/** Slower than this is amber, ms. */
export const slowAfter = 1_000;
