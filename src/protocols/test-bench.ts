/**
 * For the tests of protocols: the bytes of one connection go through the real driver, in any pieces and
 * with holes; entries come out as people see them, decoded.
 *
 *   const talk = [client(request), server(answer)];
 *   expect(entriesOf([protocol], talk)).toEqual(entriesOf([protocol], byteByByte(talk)));
 */

import type { Protocol } from '../dissect/contract.ts';
import type { Conversation } from '../dissect/conversation.ts';
import { Dissector, RowWriter } from '../dissect/index.ts';
import type { Entry, StoredEntry } from '../entry/entry.ts';
import { storedFromBatch } from '../entry/row.ts';
import { entryOf } from '../entry/subject.ts';
import { Closed, type Connection } from '../reassemble/contract.ts';
import type { Batch } from '../ship/batch.ts';

/** Bytes that one end says, or that are lost on their way; in the order of the wire. */
export type Event =
  | { readonly from: 'client' | 'server'; readonly bytes: Uint8Array }
  | { readonly from: 'client' | 'server'; readonly lost: number };

export interface BenchOptions {
  /** The connection's beginning was seen, so the client is known. Default true. */
  readonly fromStart?: boolean;
  readonly redact?: boolean;
  readonly bodyLimitBytes?: number;
  readonly windowBytes?: number;
  /** Both ends have sent FIN. Default true; else the connection was given up. */
  readonly finished?: boolean;
  /** Default 9000. */
  readonly serverPort?: number;
  /** Time between two events in ms. Default 1. */
  readonly stepMs?: number;
}

const startMs = 1_700_000_000_000;

/** What the client says: bytes, or text as UTF-8. */
export function client(...parts: readonly (Uint8Array | string)[]): Event {
  return { from: 'client', bytes: Buffer.concat(parts.map((part) => Buffer.from(part))) };
}

/** What the server says. */
export function server(...parts: readonly (Uint8Array | string)[]): Event {
  return { from: 'server', bytes: Buffer.concat(parts.map((part) => Buffer.from(part))) };
}

/** Every event in pieces of one byte. */
export function byteByByte(events: readonly Event[]): Event[] {
  return inPieces(events, () => 1);
}

/** Every event in pieces whose lengths `random` (0 to 1) draws, `longest` at most. */
export function inRandomPieces(
  events: readonly Event[],
  random: () => number,
  longest = 40,
): Event[] {
  return inPieces(events, () => 1 + Math.floor(random() * longest));
}

function inPieces(events: readonly Event[], next: () => number): Event[] {
  const pieces: Event[] = [];
  for (const event of events) {
    if ('lost' in event) {
      pieces.push(event);
      continue;
    }
    for (let at = 0; at < event.bytes.length; ) {
      const to = Math.min(event.bytes.length, at + Math.max(1, next()));
      pieces.push({ from: event.from, bytes: event.bytes.subarray(at, to) });
      at = to;
    }
  }
  return pieces;
}

/**
 * The same events, but `length` bytes of event `index` from offset `at` never come. The index must be
 * that of an event with bytes.
 */
export function withHole(
  events: readonly Event[],
  index: number,
  at: number,
  length: number,
): Event[] {
  const holed = events[index];
  if (holed === undefined || 'lost' in holed) throw new Error(`no bytes in event ${index}`);
  const { from, bytes } = holed;
  const end = Math.min(bytes.length, at + length);
  const pieces: Event[] = [
    { from, bytes: bytes.subarray(0, at) },
    { from, lost: end - at },
    { from, bytes: bytes.subarray(end) },
  ];
  const kept = pieces.filter((piece) => 'lost' in piece || piece.bytes.length > 0);
  return [...events.slice(0, index), ...kept, ...events.slice(index + 1)];
}

/** One connection through a dissector of its own. Feed it with `say`, `lose`, `close`. */
export class ProtocolBench {
  /** Final rows so far, oldest first, decoded. */
  readonly entries: Entry[] = [];
  /** Rows of exchanges that were announced while they waited. */
  readonly pending: Entry[] = [];
  /** The same as stored: what `decode` and `describe` get. */
  readonly stored: StoredEntry[] = [];
  readonly dissector: Dissector;
  now = startMs;
  readonly #writer: RowWriter;
  readonly #protocols: readonly Protocol[];
  readonly #connection: Connection<Conversation | undefined>;
  readonly #options: BenchOptions;
  #packet = 0;

  constructor(protocols: readonly Protocol[], options: BenchOptions = {}) {
    const { redact = false, bodyLimitBytes = 1 << 20, windowBytes = 64 << 20 } = options;
    this.#protocols = protocols;
    this.#options = options;
    this.#writer = new RowWriter({
      rows: 64,
      heapBytes: 256 << 10,
      thread: 0,
      node: 0,
      capture: 0,
      seal: (batch) => this.#read(batch),
    });
    this.dissector = new Dissector({
      protocols,
      rows: this.#writer,
      thread: 0,
      bodyLimitBytes,
      redact,
      windowBytes,
      demoPorts: new Set(),
    });
    this.#connection = {
      number: 1,
      address0: new Uint32Array([0, 0, 0xffff, 0x0a000001]),
      port0: 40_000,
      address1: new Uint32Array([0, 0, 0xffff, 0x0a000002]),
      port1: options.serverPort ?? 9000,
      scope: 0,
      client: options.fromStart === false ? -1 : 0,
      initialSequence0: 0,
      initialSequence1: 0,
      context: undefined,
      ignored: false,
    };
    this.dissector.open(this.#connection);
  }

  /** Feeds events one after the other; the memory of each is overwritten right after. */
  feed(events: readonly Event[]): this {
    for (const event of events) {
      this.now += this.#options.stepMs ?? 1;
      const end = event.from === 'client' ? 0 : 1;
      if ('lost' in event) {
        this.dissector.hole(this.#connection, end, event.lost, this.now);
        continue;
      }
      const bytes = Uint8Array.from(event.bytes);
      this.#packet++;
      this.dissector.data(this.#connection, end, bytes, 0, bytes.length, this.now, this.#packet, 0);
      bytes.fill(0x5a);
    }
    return this;
  }

  /** Hands on what there is, waiting exchanges as `pending`: what a viewer sees now. */
  announce(): this {
    this.#writer.flush(true);
    return this;
  }

  /** Ends the connection. All entries, in the order in which they became final. */
  close(): Entry[] {
    const how = this.#options.finished === false ? Closed.Idle : Closed.Finished;
    this.dissector.close(this.#connection, how, this.now);
    this.#writer.flush(false);
    return this.entries;
  }

  #read(batch: Batch): void {
    const protocolByCode = (code: number) => this.#protocols.find((each) => each.code === code);
    for (let row = 0; row < batch.rows; row++) {
      const seen = storedFromBatch(batch, row, { protocolByCode });
      const { request, response } = seen.payload;
      const payload = { ...seen.payload, request: request?.slice(), response: response?.slice() };
      const stored = { ...seen, payload };
      const entry = entryOf(stored, protocolByCode);
      if (entry.outcome === 'pending') {
        this.pending.push(entry);
        continue;
      }
      this.stored.push(stored);
      this.entries.push(entry);
    }
    batch.heap.fill(0x79);
    this.#writer.recycle(batch.buffer);
  }
}

/** The final entries of a whole connection. */
export function entriesOf(
  protocols: readonly Protocol[],
  events: readonly Event[],
  options: BenchOptions = {},
): Entry[] {
  return new ProtocolBench(protocols, options).feed(events).close();
}

/**
 * An entry without what depends on how its bytes came: ids, times and packet numbers. For comparing
 * the same talk in other pieces.
 */
export function timeless(entry: Entry): Partial<Entry> {
  const { id: _id, timestamp: _at, elapsedTime: _elapsed, timing: _timing, ...rest } = entry;
  const { packets: _packets, stream: _stream, parent: _parent, ...lasting } = rest;
  return lasting;
}
