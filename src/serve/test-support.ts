/** Fakes for this folder's tests: a store in memory, a small filter, and a server around them. */
import type { Protocol, ValueMap } from '../dissect/contract.ts';
import type { EntryRow, StoredEntry } from '../entry/entry.ts';
import { formatId } from '../entry/id.ts';
import type { QueryError } from '../filter/contract.ts';
import { Batch, payloadAt } from '../ship/batch.ts';
import { Outcome, outcomeNames } from '../ship/columns.ts';
import type { Page, PageRequest, Store } from '../store/contract.ts';
import type { Counters } from './api.ts';
import type { ServeContext } from './context.ts';
import type { Matcher } from './filter-group.ts';
import { LiveFeed } from './live-feed.ts';
import { type ServeOptions, type ServerHandle, startServer } from './server.ts';

export interface FakeRow {
  /** Microseconds since 1970. */
  readonly time: number;
  readonly sequence: number;
  readonly outcome?: Outcome;
  readonly status?: number;
  readonly request?: string;
  readonly response?: string;
  /** `Incomplete` bits. */
  readonly incomplete?: number;
}

const encoder = new TextEncoder();

export function batchOf(rows: readonly FakeRow[]): Batch {
  const batch = Batch.allocate(Math.max(1, rows.length), 1 << 20);
  const { columns } = batch;
  const heap = (text: string | undefined) => {
    const bytes = encoder.encode(text ?? '');
    const at = batch.heapUsed;
    batch.heap.set(bytes, at);
    batch.heapUsed = at + bytes.length;
    return [at, bytes.length] as const;
  };
  rows.forEach((row, i) => {
    columns.idTime[i] = row.time;
    columns.idSequence[i] = row.sequence;
    columns.outcome[i] = row.outcome ?? Outcome.Ok;
    columns.status[i] = row.status ?? 0;
    columns.incomplete[i] = row.incomplete ?? 0;
    [columns.requestOffset[i], columns.requestLength[i]] = heap(row.request);
    [columns.responseOffset[i], columns.responseLength[i]] = heap(row.response);
  });
  batch.rows = rows.length;
  return batch;
}

export function entryAt(batch: Batch, row: number): StoredEntry {
  const { columns } = batch;
  const endpoint = { ip: '10.0.0.1', port: 80, name: '' };
  const entry: EntryRow = {
    id: formatId(columns.idTime[row]!, columns.idSequence[row]!),
    protocol: { name: 'http', version: '1.1', abbr: 'HTTP' },
    capture: 'pcap',
    timestamp: columns.idTime[row]! / 1000,
    elapsedTime: null,
    src: endpoint,
    dst: endpoint,
    namespace: '',
    node: '',
    sightings: 1,
    outgoing: false,
    method: 'GET',
    target: '/',
    host: '',
    contentType: '',
    traceId: '',
    status: columns.status[row]!,
    outcome: outcomeNames[columns.outcome[row]! as Outcome],
    requestSize: 0,
    responseSize: 0,
    incomplete: [],
    stream: '0',
    parent: '',
    demo: false,
    timing: { request: 0, wait: null },
    packets: { request: 0, response: 0 },
  };
  const part = (offset: number, length: number) => payloadAt(batch, offset, length);
  return {
    row: entry,
    protocolCode: 1,
    payload: {
      version: 11,
      request: part(columns.requestOffset[row]!, columns.requestLength[row]!),
      response: part(columns.responseOffset[row]!, columns.responseLength[row]!),
      incomplete: columns.incomplete[row]!,
    },
  };
}

/** `status N` and `outcome WORD`; empty matches everything; all else is an error. */
export function compileFake(filter: string): Matcher | QueryError {
  const [field, value, ...rest] = filter.split(' ');
  if (filter === '') return () => true;
  if (field === 'status' && rest.length === 0) return ({ row }) => row.status === Number(value);
  if (field === 'outcome' && rest.length === 0) return ({ row }) => row.outcome === value;
  const message = `${field} is not a field`;
  return { message, from: 0, to: field?.length ?? 0, suggestion: 'status' };
}

const decoder = new TextDecoder();

/** Both messages are their own body. `broken` cannot be decoded. */
export const fakeProtocol = {
  code: 1,
  id: 'http',
  title: 'HTTP',
  label: 'HTTP',
  colour: '#123456',
  textColour: '#ffffff',
  specification: 'https://www.rfc-editor.org/rfc/rfc9112',
  ports: [80],
  pairing: 'order',
  versionText: String,
  parser: undefined as never,
  decode({ request, response }) {
    const side = (bytes: Uint8Array | undefined): ValueMap | undefined =>
      bytes && { body: decoder.decode(bytes) };
    if (request && decoder.decode(request) === 'broken') throw new Error('broken');
    return { request: side(request), response: side(response) };
  },
  describe({ request, response }) {
    const side = (map: ValueMap | undefined, name: string) => {
      const { body: content } = map ?? {};
      if (typeof content !== 'string') return [];
      const path = `${name}.body`;
      const shared = { title: 'Body', mediaType: 'text/html', size: content.length, cut: false };
      return [{ kind: 'body', encoding: 'text', content, path, ...shared } as const];
    };
    return { request: side(request, 'request'), response: side(response, 'response') };
  },
  fields: [],
  macros: { http: 'protocol.name == "http"' },
} satisfies Protocol;

export class FakeStore implements Store {
  entries: StoredEntry[] = [];
  readonly repairs: readonly string[] = [];

  append(batch: Batch): void {
    for (let row = 0; row < batch.rows; row++) {
      if (batch.columns.outcome[row] !== Outcome.Pending) this.entries.push(entryAt(batch, row));
    }
  }
  async room(): Promise<void> {}

  async page({ filter, limit, before, after }: PageRequest): Promise<Page> {
    const matches = compileFake(filter) as Matcher;
    const found = this.entries
      .filter(({ row }) => before === undefined || row.id < before)
      .filter(({ row }) => after === undefined || row.id > after)
      .filter(matches)
      .sort((a, b) => (a.row.id < b.row.id ? -1 : 1));
    const entries = after === undefined ? found.slice(-limit) : found.slice(0, limit);
    return { entries, end: entries.length === found.length, scanned: found.length, decoded: 0 };
  }
  async get(id: string): Promise<StoredEntry | undefined> {
    return this.entries.find(({ row }) => row.id === id);
  }
  async histogram(_filter: string, since: number) {
    return [{ start: since, count: this.entries.length, failed: 0 }];
  }
  async count(filter: string, atMost: number) {
    return Math.min(atMost, this.entries.filter(compileFake(filter) as Matcher).length);
  }
  async clear() {
    this.entries = [];
  }
  counters() {
    const zero = { appended: 0, bytes: 0, limitBytes: 0, expired: 0, shed: 0, cpuMs: 0 };
    const oldestTimestamp = this.entries[0]?.row.timestamp ?? 0;
    return { ...zero, entries: this.entries.length, oldestTimestamp };
  }
  async close() {}
}

export const zeroCounters: Counters = {
  time: 0,
  entriesPerSecond: 0,
  packetsPerSecond: 0,
  capture: {
    packets: 0,
    bytes: 0,
    dropped: 0,
    ignored: 0,
    totalBytes: 0,
    readBytes: 0,
    ended: false,
    damage: [],
  },
  decode: { ignored: {} },
  reassemble: {
    connections: 0,
    openConnections: 0,
    payloadBytes: 0,
    holes: 0,
    holeBytes: 0,
    shedConnections: 0,
  },
  dissect: { entries: 0, pending: 0, shedBodies: 0, notUnderstood: {} },
  refine: { ignored: 0 },
  ship: { shedRows: 0 },
  store: {
    entries: 0,
    bytes: 0,
    limitBytes: 0,
    oldestTimestamp: 0,
    expired: 0,
    shed: 0,
    repairs: [],
  },
};

export interface FakeContext extends ServeContext {
  readonly store: FakeStore;
  /** What the pipelines do with a batch. */
  arrive(rows: readonly FakeRow[]): void;
}

export function fakeContext(webRoot?: string): FakeContext {
  const store = new FakeStore();
  const live = new LiveFeed({ entryAt, compile: compileFake, counters: () => zeroCounters });
  return {
    store,
    live,
    counters: () => zeroCounters,
    info: () => ({
      version: '1.2.3',
      kind: 'local',
      description: 'this machine',
      startedAt: 1,
      redacting: true,
      demo: false,
      bodyLimitBytes: 1024,
    }),
    schema: { fields: [{ path: 'status', type: 'number', help: 'Status' }], macros: {} },
    protocols: [fakeProtocol],
    checkQuery(text) {
      const compiled = compileFake(text);
      if (typeof compiled === 'function') return { valid: true, explain: [] };
      return { valid: false, error: { code: 'bad_filter', ...compiled } };
    },
    clear: () => store.clear(),
    webRoot,
    arrive(rows) {
      const batch = batchOf(rows);
      live.push(batch);
      store.append(batch);
    },
  };
}

export const testToken = 'token-of-the-tests';

export function serveFake(
  context: ServeContext,
  options: Partial<ServeOptions> = {},
): Promise<ServerHandle> {
  return startServer({ context, port: 0, token: testToken, ...options });
}
