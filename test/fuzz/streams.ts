/**
 * Real conversations with damage through the driver with all protocols: bytes are changed, put in, taken
 * out, doubled, conversations are spliced, cut anywhere and have holes. Nothing may throw; each stream ends
 * in bounded time; what is kept can be decoded and described, in bounded size; nothing stays behind.
 */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Conversation } from '../../src/dissect/conversation.ts';
import { Dissector, RowWriter } from '../../src/dissect/index.ts';
import { storedFromBatch } from '../../src/entry/row.ts';
import { protocolByCode, protocols } from '../../src/protocols/index.ts';
import { Closed, type Connection } from '../../src/reassemble/contract.ts';
import type { Batch } from '../../src/ship/batch.ts';
import { damaged } from './damage.ts';
import { seededRandom } from './random.ts';
import { capturedTalks, fixtureTalks, type Said, type Talk } from './talks.ts';

interface StreamFuzzOptions {
  readonly streams?: number;
  readonly minutes?: number;
  readonly seed: number;
  /** One of `fuzzed`; all in turn without. */
  readonly protocol?: string;
}

interface StreamFuzzResult {
  streams: number;
  readonly streamsOf: Record<string, number>;
  rows: number;
  /** Of the stream that took the longest: CPU time in ms, and its number. */
  slowestMs: number;
  slowest: string;
  /** Of an entry, as JSON. */
  largestBytes: number;
  /** Of the heap and buffers, from the first round to the last, behind a collection each. */
  grownBytes: number;
}

/** Names of fixtures, and the captures that have more of the same. */
const material: Readonly<Record<string, RegExp | undefined>> = {
  http: /http-|__http__|chunk|pipelin/,
  http2: /http2|h2c/,
  grpc: /grpc-/,
  'grpc-web': undefined,
  connect: undefined,
  websocket: /websocket/,
  sse: undefined,
  graphql: undefined,
  'json-rpc': /jsonrpc/,
  soap: /soap/i,
  amqp: /amqp/,
  kafka: /kafka/,
  redis: /redis|resp\.pcap/,
};
export const fuzzed: readonly string[] = Object.keys(material);

/** Streams of one dissector; then everything starts anew, with other limits. */
const roundStreams = 2000;
/** Rounds after which code and tables of the program are loaded. */
const warmRounds = 3;
/** CPU time that one short stream may take, on a slow machine and with a collection in between. */
const maxStreamMs = 1000;
/** More than this of a row is no description of the few kilobytes it was made of. */
const maxEntryBytes = 16 << 20;
const maxGrownBytes = 32 << 20;
/** What is taken of one piece, and pieces of a conversation at most. */
const maxPieceBytes = 3000;
const maxPieces = 8;
/** The same of a few, in which costs that grow with the square show. */
const longShare = 0.002;
const maxLongPieceBytes = 30_000;
const maxLongPieces = 100;

type Random = () => number;
const below = (random: Random, limit: number) => Math.floor(random() * limit);

/** Runs until the number of streams or minutes is reached. Throws at the first broken promise. */
export async function runStreamFuzz(options: StreamFuzzOptions): Promise<StreamFuzzResult> {
  const { seed, protocol, streams = Number.POSITIVE_INFINITY } = options;
  const until = Date.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const names = protocol === undefined ? fuzzed : [protocol];
  const talks = new Map<string, readonly Talk[]>();
  for (const name of names) talks.set(name, await talksOf(name));
  const result: StreamFuzzResult = {
    ...{ streams: 0, streamsOf: {}, rows: 0, slowestMs: 0, slowest: '' },
    ...{ largestBytes: 0, grownBytes: 0 },
  };
  let heldBytes = 0;
  for (let round = 0; result.streams < streams && Date.now() < until; round++) {
    const name = names[round % names.length]!;
    // A round of its own seed: any of them can be repeated by itself.
    const roundSeed = seed * 1_000_003 + round;
    const count = Math.min(roundStreams, streams - result.streams);
    new Round(talks.get(name)!, roundSeed, result, `seed ${seed}, round ${round} (${name})`).run(
      count,
    );
    result.streamsOf[name] = (result.streamsOf[name] ?? 0) + count;
    // Buffers that are not needed are given back between two turns of the event loop.
    await setImmediate();
    if (round === warmRounds * names.length) heldBytes = await held();
  }
  if (heldBytes > 0) {
    result.grownBytes = (await held()) - heldBytes;
    check(result.grownBytes < maxGrownBytes, `memory has grown by ${result.grownBytes} bytes`);
  }
  return result;
}

async function talksOf(name: string): Promise<Talk[]> {
  if (material[name] === undefined && !fuzzed.includes(name)) {
    throw new Error(`No protocol ${name}; there are ${fuzzed.join(', ')}.`);
  }
  const files = material[name];
  return [...fixtureTalks(name), ...(files === undefined ? [] : await capturedTalks(files))];
}

/** Bytes in use once what is not needed is collected. */
async function held(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** One dissector and its streams. */
class Round {
  readonly #talks: readonly Talk[];
  readonly #random: Random;
  readonly #result: StreamFuzzResult;
  readonly #where: string;
  readonly #writer: RowWriter;
  readonly #dissector: Dissector;

  constructor(talks: readonly Talk[], seed: number, result: StreamFuzzResult, where: string) {
    this.#talks = talks;
    this.#random = seededRandom(seed);
    this.#result = result;
    this.#where = where;
    const random = this.#random;
    this.#writer = new RowWriter({
      ...{ rows: 256, heapBytes: 1 << 20, thread: 0, node: 0, capture: 0 },
      seal: (batch) => this.#read(batch),
    });
    this.#dissector = new Dissector({
      ...{ protocols, rows: this.#writer, thread: 0, redact: random() < 0.5 },
      bodyLimitBytes: [100, 4096, 1 << 20][below(random, 3)]!,
      windowBytes: random() < 0.2 ? 10_000 : 64 << 20,
      demoPorts: new Set<number>(),
    });
  }

  run(streams: number): void {
    for (let number = 0; number < streams; number++) {
      try {
        this.#timed(number);
      } catch (error) {
        throw new Error(`${this.#where}, stream ${number}: ${String(error)}`, { cause: error });
      }
    }
    this.#writer.flush(false);
    check(this.#writer.live === 0, `${this.#where}: ${this.#writer.live} exchanges stay behind`);
  }

  #timed(number: number): void {
    const result = this.#result;
    const before = process.threadCpuUsage();
    this.#speak(number);
    const { user, system } = process.threadCpuUsage(before);
    const ms = (user + system) / 1000;
    if (ms > result.slowestMs) {
      result.slowestMs = ms;
      result.slowest = `${this.#where}, stream ${number}`;
    }
    check(ms < maxStreamMs, `took ${ms} ms`);
    result.streams++;
  }

  #speak(number: number): void {
    const random = this.#random;
    const talk = this.#talks[below(random, this.#talks.length)]!;
    const connection = newConnection(number + 1, talk.serverPort, random() < 0.6);
    this.#dissector.open(connection);
    let now = 1_700_000_000_000 + number;
    for (const { from, bytes } of this.#pieces(talk)) {
      now += random() < 0.01 ? random() * 100_000 : random() * 10;
      const at = random() < 0.5 ? below(random, bytes.length) : bytes.length;
      this.#say(connection, from, bytes.subarray(0, at), now);
      if (random() < 0.03) {
        const length = random() < 0.3 ? -1 : 1 + below(random, random() < 0.5 ? 20 : 5000);
        if (!connection.ignored) this.#dissector.hole(connection, from, length, now);
      }
      this.#say(connection, from, bytes.subarray(at), now);
      if (random() < 0.02) this.#writer.flush(random() < 0.5);
    }
    if (random() < 0.3) this.#dissector.finish(connection, 0, now);
    this.#dissector.close(connection, random() < 0.5 ? Closed.Finished : Closed.Idle, now);
  }

  #say(
    connection: Connection<Conversation | undefined>,
    from: 0 | 1,
    piece: Uint8Array,
    now: number,
  ): void {
    if (piece.length === 0 || connection.ignored) return;
    // Whoever keeps a view of a packet sees the next one's bytes in it.
    const bytes = piece.slice();
    this.#dissector.data(connection, from, bytes, 0, bytes.length, now, 1, 0);
    bytes.fill(0x55);
  }

  /** Some of the talk, from its beginning or its middle, with damage, at times in tiny pieces. */
  #pieces(talk: Talk): Said[] {
    const random = this.#random;
    const { said } = talk;
    const first = random() < 0.5 ? 0 : below(random, said.length);
    const pieces: Said[] = [];
    const isLong = random() < longShare;
    const tiny = random() < (isLong ? 0.7 : 0.05);
    const count = 1 + below(random, isLong ? maxLongPieces : maxPieces);
    for (const { from, bytes } of said.slice(first, first + count)) {
      const skipped = random() < 0.05 ? below(random, bytes.length) : 0;
      const kept = bytes.subarray(skipped, skipped + (isLong ? maxLongPieceBytes : maxPieceBytes));
      const other = this.#talks[below(random, this.#talks.length)]!.said;
      const harmed = damaged(kept, random, other[below(random, other.length)]!.bytes);
      const step = tiny ? 1 + below(random, 30) : harmed.length;
      for (let at = 0; at < harmed.length; at += step) {
        pieces.push({ from, bytes: harmed.subarray(at, at + step) });
      }
    }
    return pieces;
  }

  #read(batch: Batch): void {
    const result = this.#result;
    for (let row = 0; row < batch.rows; row++) {
      result.rows++;
      const stored = storedFromBatch(batch, row, { protocolByCode });
      const protocol = protocolByCode(stored.protocolCode);
      if (protocol === undefined) throw new Error(`row ${row} is of no protocol`);
      const decoded = protocol.decode(stored.payload);
      // Some values are decoded when they are read.
      const bytes = JSON.stringify(decoded).length;
      const described = JSON.stringify(protocol.describe(decoded)).length;
      result.largestBytes = Math.max(result.largestBytes, bytes, described);
      check(result.largestBytes < maxEntryBytes, `an entry of ${result.largestBytes} bytes`);
    }
    batch.heap.fill(0xaa);
    this.#writer.recycle(batch.buffer);
  }
}

function newConnection(
  number: number,
  serverPort: number,
  fromStart: boolean,
): Connection<Conversation | undefined> {
  return {
    ...{ number, port0: 40_000, port1: serverPort, scope: 0, client: fromStart ? 0 : -1 },
    address0: new Uint32Array([0, 0, 0xffff, 1]),
    address1: new Uint32Array([0, 0, 0xffff, 2]),
    ...{ initialSequence0: number, initialSequence1: number, context: undefined, ignored: false },
  };
}
