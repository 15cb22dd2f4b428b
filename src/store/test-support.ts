/** Batches of made-up HTTP exchanges, for tests and measurements of the store. */
import type { Protocol } from '../dissect/contract.ts';
import { entryFields } from '../entry/fields.ts';
import { buildSchema } from '../filter/index.ts';
import { Batch } from '../ship/batch.ts';
import { Capture, Outcome } from '../ship/columns.ts';

/** A protocol that shows the first line and the body: enough for filters to look into. */
export const testProtocol = {
  code: 1,
  id: 'http',
  title: 'HTTP',
  label: 'HTTP',
  versionText: (version: number) => `${Math.floor(version / 10)}.${version % 10}`,
  decode: (payload: { request: Uint8Array | undefined; response: Uint8Array | undefined }) => ({
    request: payload.request && sideOf(payload.request),
    response: payload.response && sideOf(payload.response),
  }),
  fields: [
    { path: 'request.body', type: 'text', help: '' },
    { path: 'response.body', type: 'text', help: '' },
    { path: 'response.status', type: 'number', help: '', column: 'status' },
  ],
  macros: { http: 'protocol.name == "http"' },
} as unknown as Protocol;

export const protocolByCode = (code: number) => (code === 1 ? testProtocol : undefined);
export const schema = buildSchema(entryFields, [testProtocol]);

function sideOf(bytes: Uint8Array) {
  const text = new TextDecoder().decode(bytes);
  const at = text.indexOf('\r\n\r\n');
  return { line: text.slice(0, text.indexOf('\r\n')), body: at < 0 ? '' : text.slice(at + 4) };
}

export interface TrafficOptions {
  readonly rows: number;
  /** Number of the first exchange; it is in its target, its body and its id. */
  readonly first: number;
  /** Milliseconds since 1970 of exchange 0; each starts 10 us after the one before. */
  readonly start?: number;
  /** Bytes of the answer's body. */
  readonly bodyBytes?: number;
  /** Bodies that do not compress. */
  readonly random?: boolean;
  /** Each so many rows is out of its order by time: it began long before. */
  readonly lateEvery?: number;
  /** Rows that are still pending. */
  readonly pending?: (number: number) => boolean;
}

export const trafficStart = 1_700_000_000_000;
const latest = 1_000_000;

/** Microseconds at which exchange `number` begins. */
export function trafficTime(number: number, options: Partial<TrafficOptions> = {}): number {
  const late = options.lateEvery !== undefined && number % options.lateEvery === 0 ? latest : 0;
  return (options.start ?? trafficStart) * 1000 + number * 10 - late;
}

const words = 'order user cart item price total street city name mail count date status open'.split(
  ' ',
);

function bodyOf(number: number, options: TrafficOptions): string {
  const wanted = options.bodyBytes ?? 600;
  let body = `{"number":${number}`;
  for (let i = 0; body.length < wanted; i++) {
    const word = words[(number * 7 + i * 3) % words.length];
    body += options.random
      ? `,"r":"${Math.random().toString(36)}${Math.random().toString(36)}"`
      : `,"${word}${i}":"${word} ${(number * 31 + i * 17) % 9973}"`;
  }
  return `${body}}`;
}

/** A batch of exchanges as a pipeline would hand over. */
export function trafficBatch(options: TrafficOptions): Batch {
  const { rows, first } = options;
  const batch = Batch.allocate(rows, rows * ((options.bodyBytes ?? 600) + 1200) + 4096);
  let at = 0;
  const heap = Buffer.from(batch.heap.buffer, batch.heap.byteOffset, batch.heap.length);
  const put = (text: string) => {
    const from = at;
    at += heap.write(text, at, 'utf8');
    return [from, at - from] as const;
  };
  const c = batch.columns;
  for (let row = 0; row < rows; row++) {
    const number = first + row;
    const status = number % 50 === 0 ? 404 : 200;
    const body = bodyOf(number, options);
    c.idTime[row] = trafficTime(number, options);
    c.idSequence[row] = number;
    c.stream[row] = number % 64;
    c.requestPacket[row] = number * 2;
    c.responsePacket[row] = number * 2 + 1;
    const target = `/api/users/${number}/orders?page=${number % 10}`;
    c.method.set(put(number % 5 === 0 ? 'POST' : 'GET'), row * 2);
    c.target.set(put(target), row * 2);
    c.host.set(put('shop.example.internal'), row * 2);
    c.contentType.set(put('application/json'), row * 2);
    c.sourceAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, number % 16], row * 16);
    c.destinationAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 1, 7], row * 16);
    c.sourcePort[row] = 40_000 + (number % 64);
    c.destinationPort[row] = 8080;
    c.elapsedMs[row] = 1 + (number % 1000) / 100;
    c.waitMs[row] = 1;
    c.status[row] = status;
    c.version[row] = 11;
    c.protocol[row] = 1;
    c.outcome[row] = status === 404 ? Outcome.Failed : Outcome.Ok;
    if (options.pending?.(number)) c.outcome[row] = Outcome.Pending;
    c.capture[row] = Capture.File;
    const request = put(
      `GET ${target} HTTP/1.1\r\nHost: shop.example.internal\r\nUser-Agent: wrk\r\nAccept: */*\r\nX-Request-Id: ${number}\r\n\r\n`,
    );
    const response = put(
      `HTTP/1.1 ${status} OK\r\nServer: nginx\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    [c.requestOffset[row], c.requestLength[row]] = request;
    [c.responseOffset[row], c.responseLength[row]] = response;
    c.requestSize[row] = request[1];
    c.responseSize[row] = response[1];
  }
  batch.rows = rows;
  batch.heapUsed = at;
  return batch;
}
