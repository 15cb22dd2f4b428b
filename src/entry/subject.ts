/**
 * Stored entry → what the query evaluator asks of it. One implementation for the live tail, the
 * history and exports, so that all give the same answer.
 */
import type { DecodedExchange, Protocol, Value, ValueMap } from '../dissect/contract.ts';
import type { Subject } from '../filter/contract.ts';
import type { Entry, EntryRow, StoredEntry } from './entry.ts';
import type { ProtocolByCode } from './row.ts';

/** Nesting of decoded values that free text looks into. */
const maxTextDepth = 64;

type ColumnValue = string | number | boolean | undefined;

/**
 * Field columns → their value in a row. Undefined is a missing value: it makes only its own
 * comparison false.
 */
const columnReaders: Readonly<Record<string, (row: EntryRow) => ColumnValue>> = {
  id: (row) => row.id,
  timestamp: (row) => row.timestamp,
  elapsedTime: (row) => row.elapsedTime ?? undefined,
  'protocol.name': (row) => row.protocol.name,
  'protocol.version': (row) => row.protocol.version,
  'protocol.abbr': (row) => row.protocol.abbr,
  'src.ip': (row) => row.src.ip,
  'src.port': (row) => row.src.port,
  'src.name': (row) => row.src.name,
  'src.kind': (row) => row.src.kind,
  'src.pod': (row) => row.src.pod,
  'src.service': (row) => row.src.service,
  'src.namespace': (row) => row.src.namespace,
  'src.workload': (row) => row.src.workload,
  'src.node': (row) => row.src.node,
  'src.origin': (row) => row.src.origin,
  'src.process': (row) => row.src.process,
  'dst.ip': (row) => row.dst.ip,
  'dst.port': (row) => row.dst.port,
  'dst.name': (row) => row.dst.name,
  'dst.kind': (row) => row.dst.kind,
  'dst.pod': (row) => row.dst.pod,
  'dst.service': (row) => row.dst.service,
  'dst.namespace': (row) => row.dst.namespace,
  'dst.workload': (row) => row.dst.workload,
  'dst.node': (row) => row.dst.node,
  'dst.origin': (row) => row.dst.origin,
  'dst.process': (row) => row.dst.process,
  'front.ip': (row) => row.front?.ip,
  'front.port': (row) => row.front?.port,
  namespace: (row) => row.namespace,
  node: (row) => row.node,
  sightings: (row) => row.sightings,
  capture: (row) => row.capture,
  outgoing: (row) => row.outgoing,
  demo: (row) => row.demo,
  // 0 stands for "no answer", which is no status: `status < 400` must not find it.
  status: (row) => row.status || undefined,
  method: (row) => row.method,
  target: (row) => row.target,
  host: (row) => row.host,
  contentType: (row) => row.contentType,
  traceId: (row) => row.traceId,
  outcome: (row) => row.outcome,
  stream: (row) => row.stream,
  parent: (row) => row.parent,
  requestSize: (row) => row.requestSize,
  responseSize: (row) => row.responseSize,
};

/** Value of a field's column in a row; undefined when it has none. */
export function columnOf(row: EntryRow, name: string): ColumnValue {
  return Object.hasOwn(columnReaders, name) ? columnReaders[name]!(row) : undefined;
}

const nothing: DecodedExchange = { request: undefined, response: undefined };

/** Request and response of an entry. A payload that cannot be decoded has neither; never throws. */
export function decodeStored(stored: StoredEntry, protocolByCode: ProtocolByCode): DecodedExchange {
  const protocol = protocolByCode(stored.protocolCode);
  if (!protocol) return nothing;
  try {
    return protocol.decode(stored.payload);
  } catch {
    // `decode` promises not to throw; if one does, the entry is still worth showing without its sides.
    return nothing;
  }
}

/** The whole entry, decoded: what `--output jsonl` writes and the details pane shows. */
export function entryOf(stored: StoredEntry, protocolByCode: ProtocolByCode): Entry {
  const { request, response } = decodeStored(stored, protocolByCode);
  return { ...stored.row, request, response };
}

class EntrySubject implements Subject {
  readonly #stored: StoredEntry;
  readonly #protocolByCode: ProtocolByCode;
  #entry: Entry | undefined;

  constructor(stored: StoredEntry, protocolByCode: ProtocolByCode) {
    this.#stored = stored;
    this.#protocolByCode = protocolByCode;
  }

  get decoded(): boolean {
    return this.#entry !== undefined;
  }

  column(name: string): ColumnValue {
    return columnOf(this.#stored.row, name);
  }

  root(): ValueMap {
    this.#entry ??= entryOf(this.#stored, this.#protocolByCode);
    return this.#entry as unknown as ValueMap;
  }

  *texts(): Iterable<string> {
    const { row, protocolCode } = this.#stored;
    yield row.method;
    yield row.target;
    yield row.host;
    const protocol = this.#protocolByCode(protocolCode);
    const maps = protocol ? mapsOf(protocol) : noMaps;
    const { request, response } = this.root();
    yield* textsIn(request, 'request', maps);
    yield* textsIn(response, 'response', maps);
  }
}

/** Members that tell about content and are none: they would make every entry a hit for `utf-8`. */
const remarks: ReadonlySet<string> = new Set([
  'charset',
  'encoding',
  'httpVersion',
  'problems',
  'remark',
]);

const noMaps: ReadonlySet<string> = new Set();
const declaredMaps = new WeakMap<Protocol, ReadonlySet<string>>();

/**
 * Paths of the maps whose members are not declared: headers, cookies. There users choose the names, so
 * names are text as well.
 */
function mapsOf(protocol: Protocol): ReadonlySet<string> {
  let maps = declaredMaps.get(protocol);
  if (!maps) {
    const fields = protocol.fields ?? [];
    const hasMembers = (path: string) => fields.some((field) => field.path.startsWith(`${path}.`));
    const paths = fields.filter((field) => field.type === 'map').map((field) => field.path);
    maps = new Set(paths.filter((path) => !hasMembers(path)));
    declaredMaps.set(protocol, maps);
  }
  return maps;
}

/** The texts below a path, in order; numbers elsewhere than in maps (sizes, counts) are none. */
function* textsIn(
  value: Value,
  path: string,
  maps: ReadonlySet<string>,
  depth = 0,
): Iterable<string> {
  if (typeof value === 'string') {
    yield value;
  } else if (maps.has(path)) {
    yield* everyText(value, depth);
  } else if (value && typeof value === 'object' && depth < maxTextDepth) {
    if (Array.isArray(value)) {
      for (const item of value) yield* textsIn(item, path, maps, depth + 1);
    } else {
      for (const [name, item] of Object.entries(value)) {
        if (!remarks.has(name)) yield* textsIn(item, `${path}.${name}`, maps, depth + 1);
      }
    }
  }
}

function* everyText(value: Value, depth: number): Iterable<string> {
  if (typeof value === 'string') {
    yield value;
  } else if (typeof value === 'number' || typeof value === 'boolean') {
    yield String(value);
  } else if (value && depth < maxTextDepth) {
    if (Array.isArray(value)) {
      for (const item of value) yield* everyText(item, depth + 1);
    } else {
      for (const [name, item] of Object.entries(value)) {
        yield name;
        yield* everyText(item, depth + 1);
      }
    }
  }
}

/** A subject that tells whether answering needed the payload decoded. */
export interface StoredSubject extends Subject {
  readonly decoded: boolean;
}

/** The entry as the evaluator sees it; its payload is decoded only when asked for, and once. */
export function subjectOf(stored: StoredEntry, protocolByCode: ProtocolByCode): StoredSubject {
  return new EntrySubject(stored, protocolByCode);
}
