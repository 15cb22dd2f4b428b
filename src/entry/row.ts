/**
 * Batch columns (or the store's) → rows as people see them. Runs for every entry that is listed or
 * exported, never while capturing.
 */
import type { Protocol } from '../dissect/contract.ts';
import type { Identity, NameResolver } from '../resolve/contract.ts';
import { addressText, type Batch, payloadAt } from '../ship/batch.ts';
import { captureNames, outcomeNames, RowFlag } from '../ship/columns.ts';
import { type Endpoint, type EntryRow, incompleteReasons, type StoredEntry } from './entry.ts';
import { formatId, nodeNumber, otherNodeNumbers, streamText } from './id.ts';

/** Addresses whose text is remembered; protects memory when somebody scans a network. */
const addressCacheLimit = 4096;

export type ProtocolByCode = (code: number) => Protocol | undefined;

/** What a row needs beyond its columns. */
export interface RowContext {
  readonly protocolByCode: ProtocolByCode;
  /** What addresses and nodes are called; without it nothing has a name. */
  readonly names?: NameResolver | undefined;
}

/** The values of one row, numbers as in the columns, texts decoded. */
export interface RowValues {
  idTime: number;
  idSequence: number;
  requestSize: number;
  responseSize: number;
  stream: number;
  requestPacket: number;
  responsePacket: number;
  parentTime: number;
  parentSequence: number;
  otherNodes: number;
  sightings: number;
  method: string;
  target: string;
  host: string;
  contentType: string;
  traceId: string;
  source: string;
  destination: string;
  /** Empty: no translation was seen. */
  front: string;
  elapsedMs: number;
  requestMs: number;
  waitMs: number;
  status: number;
  sourcePort: number;
  destinationPort: number;
  frontPort: number;
  incomplete: number;
  version: number;
  protocol: number;
  outcome: number;
  capture: number;
  flags: number;
}

/** A row's values before anything is known. */
export function emptyRowValues(): RowValues {
  return {
    idTime: 0,
    idSequence: 0,
    requestSize: 0,
    responseSize: 0,
    stream: 0,
    requestPacket: 0,
    responsePacket: 0,
    parentTime: 0,
    parentSequence: 0,
    otherNodes: 0,
    sightings: 0,
    method: '',
    target: '',
    host: '',
    contentType: '',
    traceId: '',
    source: '',
    destination: '',
    front: '',
    elapsedMs: 0,
    requestMs: 0,
    waitMs: 0,
    status: 0,
    sourcePort: 0,
    destinationPort: 0,
    frontPort: 0,
    incomplete: 0,
    version: 0,
    protocol: 0,
    outcome: 0,
    capture: 0,
    flags: 0,
  };
}

const v4Texts = new Map<number, string>();
const v6Texts = new Map<string, string>();

/** `addressText`, remembered: few addresses make up most rows. */
export function cachedAddressText(bytes: Uint8Array, at: number): string {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return v6Text(bytes, at);
  if (bytes[at + 10] !== 0xff || bytes[at + 11] !== 0xff) return v6Text(bytes, at);
  const key =
    ((bytes[at + 12]! << 24) |
      (bytes[at + 13]! << 16) |
      (bytes[at + 14]! << 8) |
      bytes[at + 15]!) >>>
    0;
  return remembered(v4Texts, key, bytes, at);
}

function v6Text(bytes: Uint8Array, at: number): string {
  return remembered(v6Texts, bufferOf(bytes).toString('latin1', at, at + 16), bytes, at);
}

function remembered<Key>(texts: Map<Key, string>, key: Key, bytes: Uint8Array, at: number): string {
  let text = texts.get(key);
  if (text === undefined) {
    if (texts.size >= addressCacheLimit) texts.clear();
    text = addressText(bytes, at);
    texts.set(key, text);
  }
  return text;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type ProtocolName = EntryRow['protocol'];
const protocolNames = new WeakMap<ProtocolByCode, Map<number, ProtocolName>>();

/** Name, version and badge; one shared object for all rows of a protocol's version. */
function protocolName(lookup: ProtocolByCode, code: number, version: number): ProtocolName {
  let names = protocolNames.get(lookup);
  if (!names) {
    names = new Map();
    protocolNames.set(lookup, names);
  }
  const key = code * 0x1_0000 + version;
  let name = names.get(key);
  if (!name) {
    const protocol = lookup(code);
    name = protocol
      ? {
          name: protocol.name ?? protocol.id,
          version: protocol.versionText(version),
          abbr: protocol.label,
        }
      : { name: 'unknown', version: '', abbr: '?' };
    names.set(key, name);
  }
  return name;
}

const noReasons: readonly string[] = [];
const noNodes: readonly string[] = [];

type EndpointNames = Omit<Endpoint, 'ip' | 'port'>;
const unnamed: EndpointNames = { name: '' };
const namesOfIdentity = new WeakMap<Identity, EndpointNames>();

/** What an end shows of an identity: all but the labels, which are shown on demand. */
function namesOf(identity: Identity | undefined): EndpointNames {
  if (identity === undefined) return unnamed;
  let names = namesOfIdentity.get(identity);
  if (!names) {
    const { labels: _, ...shown } = identity;
    names = shown;
    namesOfIdentity.set(identity, names);
  }
  return names;
}

/** The pod behind and the service in front: the client asked for the service, so it gives the name. */
function destinationOf(values: RowValues, names: NameResolver | undefined): Endpoint {
  const { destination: ip, destinationPort: port, frontPort, front } = values;
  const time = values.idTime / 1000;
  const behind = namesOf(names?.identify(ip, port, time));
  const end = { ip, port, ...behind };
  if (frontPort === 0) return end;
  const before = names?.identify(front, frontPort, time);
  if (before === undefined) return end;
  if (behind.name === '') return { ip, port, ...namesOf(before) };
  if (before.service === undefined) return end;
  return { ...end, name: before.name, service: before.service };
}

/** Names of the nodes that saw a call, the one that saw it first before the others. */
function seenOn(
  { idSequence, otherNodes }: RowValues,
  names: NameResolver | undefined,
): readonly string[] {
  const first = names?.nodeName?.(nodeNumber(idSequence)) ?? '';
  if (otherNodes === 0) return first === '' ? noNodes : [first];
  const others = otherNodeNumbers(otherNodes).map((node) => names?.nodeName?.(node) ?? '');
  return [first, ...others].filter((name) => name !== '');
}

/** The row that people see, from its values. */
export function rowFromValues(values: RowValues, context: RowContext): EntryRow {
  const { names } = context;
  const { source: ip, sourcePort: port } = values;
  const src = { ip, port, ...namesOf(names?.identify(ip, port, values.idTime / 1000)) };
  const dst = destinationOf(values, names);
  const nodes = seenOn(values, names);
  return {
    id: formatId(values.idTime, values.idSequence),
    protocol: protocolName(context.protocolByCode, values.protocol, values.version),
    capture: captureNames[values.capture] ?? captureNames[0],
    timestamp: values.idTime / 1000,
    elapsedTime: Number.isNaN(values.elapsedMs) ? null : rounded(values.elapsedMs),
    src,
    dst,
    ...(values.frontPort === 0 ? {} : { front: { ip: values.front, port: values.frontPort } }),
    namespace: dst.namespace ?? src.namespace ?? '',
    node: nodes[0] ?? '',
    ...(nodes.length === 0 ? {} : { seenOn: nodes }),
    // What an older Mizu stored was seen, but not counted.
    sightings: values.sightings || 1,
    outgoing: (values.flags & RowFlag.Outgoing) !== 0,
    method: values.method,
    target: values.target,
    host: values.host,
    contentType: values.contentType,
    traceId: values.traceId,
    status: values.status,
    outcome: outcomeNames[values.outcome] ?? 'failed',
    requestSize: values.requestSize,
    responseSize: values.responseSize,
    incomplete: values.incomplete === 0 ? noReasons : incompleteReasons(values.incomplete),
    stream: streamText(values.stream),
    parent: values.parentTime === 0 ? '' : formatId(values.parentTime, values.parentSequence),
    demo: (values.flags & RowFlag.Demo) !== 0,
    timing: {
      request: rounded(values.requestMs),
      wait: Number.isNaN(values.waitMs) ? null : rounded(values.waitMs),
    },
    packets: { request: values.requestPacket, response: values.responsePacket },
  };
}

/** Columns hold 32-bit floats; their binary digits behind the microsecond are noise to a reader. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}

const scratch = emptyRowValues();

/** The row that people see, from a batch. The row must lie below `batch.rows`. */
export function rowFromBatch(batch: Batch, row: number, context: RowContext): EntryRow {
  const { columns } = batch;
  const heap = bufferOf(batch.heap);
  const values = scratch;
  values.idTime = columns.idTime[row]!;
  values.idSequence = columns.idSequence[row]!;
  values.requestSize = columns.requestSize[row]!;
  values.responseSize = columns.responseSize[row]!;
  values.stream = columns.stream[row]!;
  values.requestPacket = columns.requestPacket[row]!;
  values.responsePacket = columns.responsePacket[row]!;
  values.parentTime = columns.parentTime[row]!;
  values.parentSequence = columns.parentSequence[row]!;
  values.otherNodes = columns.otherNodes[row]!;
  values.sightings = columns.sightings[row]!;
  values.method = heapText(heap, columns.method, row);
  values.target = heapText(heap, columns.target, row);
  values.host = heapText(heap, columns.host, row);
  values.contentType = heapText(heap, columns.contentType, row);
  values.traceId = heapText(heap, columns.traceId, row);
  values.source = cachedAddressText(columns.sourceAddress, row * 16);
  values.destination = cachedAddressText(columns.destinationAddress, row * 16);
  values.elapsedMs = columns.elapsedMs[row]!;
  values.requestMs = columns.requestMs[row]!;
  values.waitMs = columns.waitMs[row]!;
  values.status = columns.status[row]!;
  values.sourcePort = columns.sourcePort[row]!;
  values.destinationPort = columns.destinationPort[row]!;
  values.frontPort = columns.frontPort[row]!;
  values.front = values.frontPort === 0 ? '' : cachedAddressText(columns.frontAddress, row * 16);
  values.incomplete = columns.incomplete[row]!;
  values.version = columns.version[row]!;
  values.protocol = columns.protocol[row]!;
  values.outcome = columns.outcome[row]!;
  values.capture = columns.capture[row]!;
  values.flags = columns.flags[row]!;
  return rowFromValues(values, context);
}

/** Text of a cell; bytes outside the heap (a damaged batch) read as the empty text. */
function heapText(heap: Buffer, column: Uint32Array, row: number): string {
  const length = column[row * 2 + 1]!;
  if (length === 0) return '';
  const at = column[row * 2]!;
  return at + length > heap.length ? '' : heap.toString('utf8', at, at + length);
}

/**
 * A row with what is needed to decode it. The payload is a view into the batch: it is good as long as
 * the batch is not reused.
 */
export function storedFromBatch(batch: Batch, row: number, context: RowContext): StoredEntry {
  const { columns } = batch;
  return {
    row: rowFromBatch(batch, row, context),
    protocolCode: columns.protocol[row]!,
    payload: {
      version: columns.version[row]!,
      request: payloadAt(batch, columns.requestOffset[row]!, columns.requestLength[row]!),
      response: payloadAt(batch, columns.responseOffset[row]!, columns.responseLength[row]!),
      incomplete: columns.incomplete[row]!,
      requestSize: columns.requestSize[row]!,
      responseSize: columns.responseSize[row]!,
    },
  };
}
