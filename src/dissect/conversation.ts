/** What the dissector remembers of one connection. */
import type { Connection, End } from '../reassemble/contract.ts';
import type { ParserStream, Protocol, Side } from './contract.ts';
import type { Exchange, RowConnection } from './exchange.ts';
import type { MostlyOne } from './mostly-one.ts';
import { WaitingList } from './waiting.ts';
import { type BufferPool, StreamWindow } from './window.ts';

/** What is being done with the bytes of one end. */
export const Phase = {
  /** Not known yet which protocol this is. */
  Recognise: 0,
  Parse: 1,
  /** Looking for the next message after a loss. */
  Resync: 2,
  /** Of no further interest. */
  Off: 3,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

const noExchanges: readonly Exchange[] = [];

/** Messages of one kind that are on their way at a time, for `pairing: 'key'`; the oldest are finished. */
export const maxOpenMessages = 4096;

/** Times that a connection goes on with a protocol that has to be recognised. */
const maxAfresh = 16;

/**
 * Looks at unread bytes in vain, for a protocol or for the next message, after which each further one waits
 * until they have grown by a quarter, or so much time has gone by: bytes that come one by one would
 * otherwise cost the square of their number.
 */
const maxEagerLooks = 64;
const lookAgainMs = 100;

/** One end of a conversation. */
export class Speaker {
  readonly window: StreamWindow;
  phase: Phase = Phase.Recognise;
  side: Side = 'client';
  stream: ParserStream<unknown> | undefined;
  /** The exchange whose message was begun and is not finished. */
  open: Exchange | undefined;
  /** FIN was seen and reported to the parser. */
  over = false;
  /** How often its bytes were recognised as nothing. */
  misses = 0;
  /** Waits, just recognised, until what the other end said before it is read. */
  waits = false;

  #looks = 0;
  #lookedMs = 0;

  constructor(pool: BufferPool) {
    this.window = new StreamWindow(pool);
  }

  /** Nothing was found in the window; `wanted`: bytes at which it may be worth looking again. */
  lookAgain(wanted: number, now: number): void {
    const { length } = this.window;
    this.#looks++;
    this.#lookedMs = now;
    const isEager = this.#looks <= maxEagerLooks || wanted > length + 1;
    this.window.needed = isEager ? wanted : length + 1 + (length >> 2);
  }

  /** Something was found. */
  found(): void {
    this.#looks = 0;
  }

  /** Whether to look although the window has not grown as far as it was to. */
  isDue(now: number): boolean {
    return this.#looks > maxEagerLooks && now - this.#lookedMs >= lookAgainMs;
  }
}

export class Conversation implements RowConnection {
  readonly connection: Connection<Conversation | undefined>;
  readonly stream: number;
  readonly speakers: readonly [Speaker, Speaker];
  readonly waiting = new WaitingList();
  /** Answers that were complete before their request was. */
  early: readonly Exchange[] = noExchanges;
  protocol: Protocol | undefined;
  clientEnd: End | -1;
  /** With `pairing: 'key'`, by their key: exchanges whose first message is not reported yet. */
  reserved: MostlyOne<Exchange> | undefined;
  /** Those whose request was begun and is not finished. */
  openRequests: MostlyOne<Exchange> | undefined;
  /** The same for their answers. */
  openResponses: MostlyOne<Exchange> | undefined;
  /** Id of the exchange by which this connection went on with its present protocol; 0: none. */
  parentTime = 0;
  parentSequence = 0;
  /** The client has sent requests without waiting for the answer before. */
  pipelined = false;
  /** `pairing: 'order'`: requests were lost, and no answer has come or was lost since. */
  lossIsOpen = false;
  /** `pairing: 'order'`: answers still to come, first of all, to requests that were given up. */
  owed = 0;
  demo = false;
  /** What it seems to be as long as no protocol has recognised it; undefined once counted. */
  seems: string | undefined;
  /** The first bytes of an end were lost: what comes next may be the middle of a message. */
  beginningLost = false;
  /** How often it was recognised afresh. */
  afresh = 0;
  /** Time of the last byte of either end. */
  lastTime = 0;
  /** When its first bytes came; negative: they have not. */
  metMs = -1;
  /** The same connection after its addresses were translated, when it was seen there as well. */
  behind: Connection<unknown> | undefined;
  sightings = 1;

  constructor(connection: Connection<Conversation | undefined>, stream: number, pool: BufferPool) {
    this.connection = connection;
    this.stream = stream;
    this.clientEnd = connection.client;
    this.speakers = [new Speaker(pool), new Speaker(pool)];
  }

  /** Forgets the protocol. False: that was done too often, the ends only seem to speak one. */
  recogniseAfresh(): boolean {
    this.protocol = undefined;
    for (const speaker of this.speakers) {
      speaker.phase = Phase.Recognise;
      speaker.window.needed = 0;
    }
    return ++this.afresh <= maxAfresh;
  }

  /** The oldest answer that came before its request. */
  takeEarly(): Exchange | undefined {
    const [first, ...rest] = this.early;
    this.early = rest.length === 0 ? noExchanges : rest;
    return first;
  }

  get protocolCode(): number {
    return this.protocol?.code ?? 0;
  }
  get clientAddress(): Uint32Array {
    return this.clientEnd === 1 ? this.connection.address1 : this.connection.address0;
  }
  get clientPort(): number {
    return this.clientEnd === 1 ? this.connection.port1 : this.connection.port0;
  }
  get serverAddress(): Uint32Array {
    return this.clientEnd === 1 ? this.connection.address0 : this.connection.address1;
  }
  get serverPort(): number {
    return this.clientEnd === 1 ? this.connection.port0 : this.connection.port1;
  }
  get behindAddress(): Uint32Array | undefined {
    return this.behind?.client === 1 ? this.behind.address0 : this.behind?.address1;
  }
  get behindPort(): number {
    return (this.behind?.client === 1 ? this.behind.port0 : this.behind?.port1) ?? 0;
  }
  /** The speaker of a side; only meaningful once the client end is known. */
  speaker(side: Side): Speaker {
    const client = this.clientEnd === 1 ? 1 : 0;
    return this.speakers[side === 'client' ? client : client === 0 ? 1 : 0];
  }
}

const bothSides: readonly Side[] = ['client', 'server'];
const onlyClient: readonly Side[] = ['client'];
const onlyServer: readonly Side[] = ['server'];

/** What an end can be: both as long as no handshake has told. */
export function possibleSides(conversation: Conversation, from: End): readonly Side[] {
  const { client } = conversation.connection;
  if (client === -1) return bothSides;
  return client === from ? onlyClient : onlyServer;
}
