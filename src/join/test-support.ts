/** Rows as tappers send them, and what comes out of a join, for tests. */
import { otherNodeNumbers } from '../entry/id.ts';
import { addressText, Batch, payloadAt, textAt } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';

export interface Seen {
  readonly node: number;
  readonly thread?: number;
  readonly stream: number;
  /** Third part of the id; unique within node and thread. */
  readonly counter: number;
  readonly timeMs: number;
  readonly source: string;
  readonly destination: string;
  readonly requestSequence?: number;
  readonly responseSequence?: number;
  readonly request?: string;
  readonly response?: string;
  readonly waitMs?: number;
  readonly outcome?: Outcome;
  readonly incomplete?: number;
  readonly parent?: readonly [time: number, sequence: number];
  readonly front?: string;
  readonly sightings?: number;
}

export function idOf({ node, thread = 0, counter, timeMs }: Seen): readonly [number, number] {
  return [Math.round(timeMs * 1000), node * 2 ** 32 + thread * 2 ** 24 + counter];
}

const encoder = new TextEncoder();

/** `10.0.0.1:80` as address bytes and port. */
function endOf(text: string): { readonly bytes: Uint8Array; readonly port: number } {
  const [address = '', port = '0'] = text.split(':');
  const bytes = new Uint8Array(16);
  bytes.set([0xff, 0xff, ...address.split('.').map(Number)], 10);
  return { bytes, port: Number(port) };
}

/** A batch of these rows, in a buffer as it comes off the wire. */
export function batchOf(rows: readonly Seen[]): ArrayBuffer {
  const heapBytes = rows.reduce(
    (sum, { request = '', response = '' }) => sum + request.length + response.length + 16,
    0,
  );
  const batch = Batch.allocate(rows.length, heapBytes);
  let used = 0;
  const put = (text: string): number => {
    const at = used;
    used += encoder.encodeInto(text, batch.heap.subarray(used)).written;
    return at;
  };
  rows.forEach((seen, row) => {
    const { columns } = batch;
    const { request = '', response = '' } = seen;
    [columns.idTime[row], columns.idSequence[row]] = idOf(seen);
    [columns.parentTime[row], columns.parentSequence[row]] = seen.parent ?? [0, 0];
    columns.stream[row] = seen.stream;
    columns.requestSequence[row] = seen.requestSequence ?? 0;
    columns.responseSequence[row] = seen.responseSequence ?? 0;
    columns.requestOffset[row] = put(request);
    columns.requestLength[row] = request.length;
    columns.method[row * 2] = columns.requestOffset[row]!;
    columns.method[row * 2 + 1] = Math.min(3, request.length);
    columns.target[row * 2] = put('/made');
    columns.target[row * 2 + 1] = 5;
    columns.responseOffset[row] = put(response);
    columns.responseLength[row] = response.length;
    columns.waitMs[row] = seen.waitMs ?? Number.NaN;
    columns.outcome[row] = seen.outcome ?? Outcome.Ok;
    columns.sightings[row] = seen.sightings ?? 1;
    columns.incomplete[row] = seen.incomplete ?? 0;
    const source = endOf(seen.source);
    const destination = endOf(seen.destination);
    columns.sourceAddress.set(source.bytes, row * 16);
    columns.sourcePort[row] = source.port;
    columns.destinationAddress.set(destination.bytes, row * 16);
    columns.destinationPort[row] = destination.port;
    if (seen.front !== undefined) {
      const front = endOf(seen.front);
      columns.frontAddress.set(front.bytes, row * 16);
      columns.frontPort[row] = front.port;
    }
  });
  batch.rows = rows.length;
  batch.heapUsed = used;
  return batch.buffer;
}

export interface Shown {
  readonly id: string;
  readonly parent: string;
  readonly outcome: number;
  readonly stream: number;
  readonly source: string;
  readonly destination: string;
  readonly front: string;
  readonly request: string;
  readonly response: string;
  readonly method: string;
  readonly target: string;
  readonly sightings: number;
  readonly otherNodes: readonly number[];
}

export function idText([time, sequence]: readonly [number, number]): string {
  return `${time}-${sequence}`;
}

/** Every row of a batch. */
export function rowsOf(batch: Batch): Shown[] {
  const { columns } = batch;
  const end = (bytes: Uint8Array, row: number, port: number) =>
    `${addressText(bytes, row * 16)}:${port}`;
  const payload = (offset: number, length: number) =>
    Buffer.from(payloadAt(batch, offset, length) ?? []).toString();
  return Array.from({ length: batch.rows }, (_, row) => ({
    id: idText([columns.idTime[row]!, columns.idSequence[row]!]),
    parent:
      columns.parentTime[row] === 0
        ? ''
        : idText([columns.parentTime[row]!, columns.parentSequence[row]!]),
    outcome: columns.outcome[row]!,
    stream: columns.stream[row]!,
    source: end(columns.sourceAddress, row, columns.sourcePort[row]!),
    destination: end(columns.destinationAddress, row, columns.destinationPort[row]!),
    front:
      columns.frontPort[row] === 0 ? '' : end(columns.frontAddress, row, columns.frontPort[row]!),
    request: payload(columns.requestOffset[row]!, columns.requestLength[row]!),
    response: payload(columns.responseOffset[row]!, columns.responseLength[row]!),
    method: textAt(batch, columns.method, row),
    target: textAt(batch, columns.target, row),
    sightings: columns.sightings[row]!,
    otherNodes: otherNodeNumbers(columns.otherNodes[row]!),
  }));
}
