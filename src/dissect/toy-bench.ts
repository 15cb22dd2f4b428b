/**
 * A toy protocol and a bench for the driver's tests: requests `Q<number>\n`, answers `A<number>\n`,
 * so that a wrong pair shows.
 */
import type { Connection, End } from '../reassemble/contract.ts';
import { type Batch, payloadAt } from '../ship/batch.ts';
import { outcomeNames } from '../ship/columns.ts';
import { type Pairing, type Parser, type Protocol, Step, Verdict } from './contract.ts';
import type { Conversation } from './conversation.ts';
import { Dissector, RowWriter } from './index.ts';

interface ToyState {
  fresh: boolean;
}

const newline = 10;
/** A request `?` is not recognised by itself. */
const doubtful = '?'.charCodeAt(0);
const first = { client: 'Q'.charCodeAt(0), server: 'A'.charCodeAt(0) } as const;

const parser: Parser<ToyState> = {
  recognise(window, side) {
    if (window.u8(0) === doubtful && side === 'client') return window.length + 1;
    return window.u8(0) === first[side] ? Verdict.Yes : Verdict.No;
  },
  newState: () => ({ fresh: true }),
  parse(window, { side, out }) {
    const isDoubtful = window.u8(0) === doubtful && side === 'client';
    if (window.u8(0) !== first[side] && !isDoubtful) return Step.Lost;
    const end = isDoubtful ? 0 : window.indexOf(newline, 0);
    if (end < 0) return window.length + 1;
    const { message } = out;
    message.reset();
    message.to = end + 1;
    message.target.from = 1;
    message.target.to = end;
    message.key = Number.parseInt(window.latin1(1, end), 10);
    message.quiet = window.latin1(1, end).endsWith('?');
    message.fold = window.latin1(1, end).endsWith('-');
    if (out.redacting && window.indexOf(0x21, 0) >= 0) message.redact(1, 2);
    out.whole();
    window.consume(end + 1);
    return Step.Next;
  },
  hole: () => false,
  resync(window, { side }) {
    for (let at = window.indexOf(newline, 0); at >= 0; at = window.indexOf(newline, at + 1)) {
      if (at + 1 < window.length && window.u8(at + 1) === first[side]) return at + 1;
    }
    return window.length > 0 && window.u8(0) === first[side] ? 0 : -1;
  },
  resyncTail: 1,
  end: () => undefined,
  inMessage: (window) => window.length > 0,
};

export function toyProtocol(pairing: Pairing): Protocol {
  return {
    code: 200,
    id: 'toy',
    title: 'Toy',
    label: 'TOY',
    colour: '#000000',
    textColour: '#ffffff',
    specification: '',
    ports: [],
    pairing,
    versionText: () => '1',
    parser,
    decode: () => ({ request: undefined, response: undefined }),
    describe: () => ({ request: [], response: [] }),
    fields: [],
    macros: {},
  };
}

export interface ToyRow {
  readonly request: string;
  readonly response: string;
  readonly outcome: string;
  readonly incomplete: number;
  readonly id: number;
}

/** A dissector with one connection and the rows it has written. */
export class ToyBench {
  readonly rows: ToyRow[] = [];
  readonly writer: RowWriter;
  readonly dissector: Dissector;
  readonly connection: Connection<Conversation | undefined>;
  now = 1000;

  constructor(pairing: Pairing = 'order', options: { client?: End | -1; redact?: boolean } = {}) {
    const { client = 0, redact = false } = options;
    this.writer = new RowWriter({
      rows: 8,
      heapBytes: 256 << 10,
      thread: 0,
      node: 0,
      capture: 0,
      seal: (batch) => this.#read(batch),
    });
    this.dissector = new Dissector({
      protocols: [toyProtocol(pairing)],
      rows: this.writer,
      thread: 0,
      bodyLimitBytes: 1000,
      redact,
      windowBytes: 1 << 20,
      demoPorts: new Set(),
    });
    this.connection = {
      number: 1,
      address0: new Uint32Array([0, 0, 0xffff, 0x0a000001]),
      port0: 40000,
      address1: new Uint32Array([0, 0, 0xffff, 0x0a000002]),
      port1: 80,
      scope: 0,
      client,
      initialSequence0: 0,
      initialSequence1: 0,
      context: undefined,
      ignored: false,
    };
    this.dissector.open(this.connection);
  }

  /** Bytes from an end, in memory that is overwritten right after. */
  say(from: End, text: string): this {
    this.now += 1;
    const bytes = new TextEncoder().encode(text);
    this.dissector.data(this.connection, from, bytes, 0, bytes.length, this.now, this.now, 0);
    bytes.fill(0x78);
    return this;
  }

  lose(from: End, length: number): this {
    this.dissector.hole(this.connection, from, length, this.now);
    return this;
  }

  close(): readonly ToyRow[] {
    this.dissector.close(this.connection, 0, this.now);
    this.writer.flush(false);
    return this.rows;
  }

  #read(batch: Batch): void {
    const text = (offset: number, length: number) =>
      new TextDecoder().decode(payloadAt(batch, offset, length) ?? new Uint8Array()).trim();
    const { columns } = batch;
    for (let row = 0; row < batch.rows; row++) {
      this.rows.push({
        request: text(columns.requestOffset[row]!, columns.requestLength[row]!),
        response: text(columns.responseOffset[row]!, columns.responseLength[row]!),
        outcome: outcomeNames[columns.outcome[row]!]!,
        incomplete: columns.incomplete[row]!,
        id: columns.idSequence[row]!,
      });
    }
    batch.heap.fill(0x79);
    this.writer.recycle(batch.buffer);
  }
}
