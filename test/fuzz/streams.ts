/**
 * Real conversations with damage through the driver with all protocols: bytes are changed, put in, taken
 * out, doubled, conversations are spliced, joined anywhere, cut anywhere and have holes. Nothing may throw;
 * each stream ends in bounded time; what is kept lies within its batch and can be decoded and described, in
 * bounded size; nothing stays behind.
 */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Conversation } from '../../src/dissect/conversation.ts';
import { Dissector, RowWriter } from '../../src/dissect/index.ts';
import { storedFromBatch } from '../../src/entry/row.ts';
import { protocolByCode, protocols } from '../../src/protocols/index.ts';
import { Closed, type Connection, type End } from '../../src/reassemble/contract.ts';
import type { Batch } from '../../src/ship/batch.ts';
import { fuzzed, type Script, scriptsOf } from './material.ts';
import { Random } from './random.ts';
import { StreamMaker } from './stream-maker.ts';

interface StreamFuzzOptions {
  readonly streams?: number;
  readonly minutes?: number;
  readonly seed: number;
  /** One of `fuzzed`; all in turn without. */
  readonly protocol?: string;
  /** To begin with: a round that failed is repeated by its number. */
  readonly round?: number;
  /**
   * Each packet gets memory of its own, between bytes of this value, and `checksum` is made: rows that
   * depend on the filler tell of a look behind the end of a packet.
   */
  readonly filler?: number;
  /** Told of a long run, about twice a minute. */
  readonly report?: (result: StreamFuzzResult) => void;
}

export interface StreamFuzzResult {
  streams: number;
  /** Streams by the protocol whose conversations they were made of. */
  readonly streamsOf: Record<string, number>;
  /** Streams that some protocol recognised as its own. */
  recognised: number;
  rows: number;
  /** Rows by their protocol, which may be another one. */
  readonly rowsOf: Record<string, number>;
  /** Rows that were decoded and described. */
  decoded: number;
  /** CPU time of the process, all its threads, in ms. */
  cpuMs: number;
  /** Of the stream that took the longest: an upper bound of its CPU time in ms, and its number. */
  slowestMs: number;
  slowest: string;
  /** Of an entry, as JSON. */
  largestBytes: number;
  /** Of all rows, when there is a filler. */
  checksum: number;
  /** Of the heap and buffers, from the first rounds to the last, behind a collection each. */
  grownBytes: number;
}

/** Streams of one dissector; then everything starts anew, with other limits. */
const roundStreams = 2000;
/** Rounds after which code and tables of the program are loaded. */
const warmRounds = 3;
/** Streams between two looks at the CPU time, which cost as much as a short stream. */
const groupStreams = 20;
/** CPU time that one stream may take, on a slow machine and with a collection in between. */
const maxStreamMs = 1000;
/** More than this of a row is no description of the few kilobytes it was made of. */
const maxEntryBytes = 16 << 20;
const maxGrownBytes = 32 << 20;
/** One row in so many is decoded and described; every row in every so many rounds. */
const decodedRows = 8;
const decodedRounds = 32;
/** One answer in so many, of those decoded, may teach how to read others, which is kept for good. */
const learntRows = 64;
const reportMs = 30_000;
/** `Random.seed` of what belongs to a round and not to one of its streams. */
const ofRound = -1;
const ofRows = -2;

/** Runs until the number of streams or minutes is reached. Throws at the first broken promise. */
export async function runStreamFuzz(options: StreamFuzzOptions): Promise<StreamFuzzResult> {
  const { protocol, streams = Number.POSITIVE_INFINITY, round: first = 0 } = options;
  const until = Date.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const names = protocol === undefined ? fuzzed : [protocol];
  const scripts = new Map<string, readonly (readonly Script[])[]>();
  for (const name of names) scripts.set(name, await scriptsOf(name));
  const result: StreamFuzzResult = {
    ...{ streams: 0, streamsOf: {}, recognised: 0, rows: 0, rowsOf: {}, decoded: 0, cpuMs: 0 },
    ...{ slowestMs: 0, slowest: '', largestBytes: 0, checksum: 0, grownBytes: 0 },
  };
  const startedAt = process.cpuUsage();
  let heldBytes = 0;
  let reported = Date.now();
  async function measure(): Promise<void> {
    const { user, system } = process.cpuUsage(startedAt);
    result.cpuMs = Math.round((user + system) / 1000);
    if (heldBytes === 0) return;
    result.grownBytes = (await held()) - heldBytes;
    check(result.grownBytes < maxGrownBytes, `memory has grown by ${result.grownBytes} bytes`);
  }
  for (let round = first; result.streams < streams && Date.now() < until; round++) {
    const name = names[round % names.length]!;
    const count = Math.min(roundStreams, streams - result.streams);
    new Round(scripts.get(name)!, options, round, result, name).run(count);
    result.streamsOf[name] = (result.streamsOf[name] ?? 0) + count;
    // Buffers that are not needed are given back between two turns of the event loop.
    await setImmediate();
    if (round - first === warmRounds * names.length) {
      heldBytes = await held();
      // Until here it was the loading of the program.
      result.slowestMs = 0;
    }
    if (options.report !== undefined && Date.now() - reported > reportMs) {
      await measure();
      options.report(result);
      reported = Date.now();
    }
  }
  await measure();
  return result;
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
  readonly #seed: number;
  readonly #filler: number | undefined;
  readonly #round: number;
  readonly #result: StreamFuzzResult;
  readonly #where: string;
  readonly #random = new Random();
  readonly #maker: StreamMaker;
  readonly #writer: RowWriter;
  readonly #dissector: Dissector;
  readonly #rowRandom = new Random();
  readonly #decodedShare: number;
  #groupAt = process.threadCpuUsage();
  /** The slowest stream of the group so far, by the wall clock. */
  #slowestWallMs = 0;
  #slowestNumber = 0;

  constructor(
    scripts: readonly (readonly Script[])[],
    { seed, filler }: StreamFuzzOptions,
    round: number,
    result: StreamFuzzResult,
    name: string,
  ) {
    this.#seed = seed;
    this.#filler = filler;
    if (filler !== undefined) packetMemory.fill(filler);
    this.#round = round;
    this.#result = result;
    this.#where = `seed ${seed}, round ${round} (${name})`;
    const random = this.#random.seed(seed, round, ofRound);
    this.#rowRandom.seed(seed, round, ofRows);
    this.#maker = new StreamMaker(scripts, random);
    this.#decodedShare = random.below(decodedRounds) === 0 ? 1 : 1 / decodedRows;
    this.#writer = new RowWriter({
      ...{ rows: 256, heapBytes: 1 << 20, thread: 0, node: 0, capture: 0 },
      seal: (batch) => this.#read(batch),
    });
    this.#dissector = new Dissector({
      ...{ protocols, rows: this.#writer, thread: 0, redact: random.chance(0.5) },
      bodyLimitBytes: [100, 4096, 1 << 20][random.below(3)]!,
      windowBytes: random.chance(0.2) ? 10_000 : 64 << 20,
      demoPorts: new Set<number>(),
    });
  }

  run(streams: number): void {
    for (let number = 0; number < streams; number++) {
      const before = performance.now();
      try {
        this.#speak(number);
      } catch (error) {
        throw new Error(`${this.#where}, stream ${number}: ${String(error)}`, { cause: error });
      }
      const wallMs = performance.now() - before;
      if (wallMs > this.#slowestWallMs) {
        this.#slowestWallMs = wallMs;
        this.#slowestNumber = number;
      }
      if (number % groupStreams === groupStreams - 1) this.#endGroup();
    }
    this.#endGroup();
    this.#result.streams += streams;
    this.#writer.flush(false);
    check(this.#writer.live === 0, `${this.#where}: ${this.#writer.live} exchanges stay behind`);
  }

  /** No stream took more CPU time than its group, nor than went by on the clock. */
  #endGroup(): void {
    const result = this.#result;
    const { user, system } = process.threadCpuUsage(this.#groupAt);
    this.#groupAt = process.threadCpuUsage();
    const ms = Math.min(this.#slowestWallMs, (user + system) / 1000);
    this.#slowestWallMs = 0;
    if (ms <= result.slowestMs) return;
    result.slowestMs = ms;
    result.slowest = `${this.#where}, stream ${this.#slowestNumber}`;
    check(ms < maxStreamMs, `${result.slowest} took ${ms} ms`);
  }

  #speak(number: number): void {
    const maker = this.#maker;
    const random = this.#random.seed(this.#seed, this.#round, number);
    maker.make();
    const connection = newConnection(number + 1, maker.serverPort, random.chance(0.6));
    this.#dissector.open(connection);
    const { bytes, count } = maker;
    let now = 1_700_000_000_000 + number;
    for (let i = 0; i < count; i++) {
      const from = maker.from[i] as End;
      const start = maker.starts[i]!;
      const end = maker.ends[i]!;
      now += random.chance(0.01) ? random.below(100_000) : random.below(10);
      const at = random.chance(0.3) ? start + random.below(end - start) : end;
      this.#say(connection, from, bytes, start, at, now);
      if (random.chance(0.03)) {
        const length = random.chance(0.3) ? -1 : 1 + random.below(random.chance(0.5) ? 20 : 5000);
        if (!connection.ignored) this.#dissector.hole(connection, from, length, now);
      }
      this.#say(connection, from, bytes, at, end, now);
      if (random.chance(0.004)) this.#writer.flush(random.chance(0.5));
    }
    if (connection.context?.protocol !== undefined) this.#result.recognised++;
    if (random.chance(0.3)) this.#dissector.finish(connection, 0, now);
    this.#dissector.close(connection, random.chance(0.5) ? Closed.Finished : Closed.Idle, now);
    check(connection.context === undefined, 'a closed connection is remembered');
  }

  #say(
    connection: Connection<Conversation | undefined>,
    from: End,
    bytes: Uint8Array,
    start: number,
    end: number,
    now: number,
  ): void {
    if (start === end || connection.ignored) return;
    if (this.#filler !== undefined) {
      const length = end - start;
      packetMemory.set(bytes.subarray(start, end), fillerBytes);
      const to = fillerBytes + length;
      this.#dissector.data(connection, from, packetMemory, fillerBytes, to, now, 1, 0);
      packetMemory.fill(this.#filler, fillerBytes, to);
      return;
    }
    this.#dissector.data(connection, from, bytes, start, end, now, 1, 0);
    // Whoever keeps a view of a packet sees the next one's bytes in it.
    bytes.fill(0x55, start, end);
  }

  #read(batch: Batch): void {
    const { rowsOf } = this.#result;
    this.#result.rows += batch.rows;
    for (let row = 0; row < batch.rows; row++) {
      const protocol = protocolByCode(batch.columns.protocol[row]!);
      if (protocol === undefined) throw new Error(`row ${row} is of no protocol`);
      rowsOf[protocol.id] = (rowsOf[protocol.id] ?? 0) + 1;
      checkBounds(batch, row);
      if (this.#filler !== undefined) this.#sum(batch, row);
      if (this.#rowRandom.chance(this.#decodedShare)) this.#decode(batch, row);
    }
    batch.heap.fill(0xaa, 0, batch.heapUsed);
    this.#writer.recycle(batch.buffer);
  }

  #sum(batch: Batch, row: number): void {
    const { row: shown, payload } = storedFromBatch(batch, row, { protocolByCode });
    let sum = this.#result.checksum;
    const bytes = [Buffer.from(JSON.stringify(shown)), payload.request, payload.response];
    for (const part of bytes) {
      for (const byte of part ?? []) sum = Math.imul(sum ^ byte, 0x01000193);
    }
    this.#result.checksum = sum >>> 0;
  }

  #decode(batch: Batch, row: number): void {
    const result = this.#result;
    const stored = storedFromBatch(batch, row, { protocolByCode });
    const protocol = protocolByCode(stored.protocolCode)!;
    const decoded = protocol.decode(stored.payload);
    // Some values are decoded when they are read.
    const bytes = JSON.stringify(decoded).length;
    const described = JSON.stringify(protocol.describe(decoded)).length;
    result.decoded++;
    result.largestBytes = Math.max(result.largestBytes, bytes, described);
    const { response } = stored.payload;
    if (response !== undefined && this.#rowRandom.below(learntRows) === 0) {
      protocol.learn?.(response);
    }
    check(result.largestBytes < maxEntryBytes, `an entry of ${result.largestBytes} bytes`);
  }
}

/** Texts and payloads lie in the used part of the heap. */
function checkBounds({ columns, heapUsed }: Batch, row: number): void {
  const { requestOffset, requestLength, responseOffset, responseLength } = columns;
  const { method, target, host, contentType, traceId } = columns;
  checkEnd(requestOffset[row]! + requestLength[row]!, heapUsed, row);
  checkEnd(responseOffset[row]! + responseLength[row]!, heapUsed, row);
  checkEnd(method[row * 2]! + method[row * 2 + 1]!, heapUsed, row);
  checkEnd(target[row * 2]! + target[row * 2 + 1]!, heapUsed, row);
  checkEnd(host[row * 2]! + host[row * 2 + 1]!, heapUsed, row);
  checkEnd(contentType[row * 2]! + contentType[row * 2 + 1]!, heapUsed, row);
  checkEnd(traceId[row * 2]! + traceId[row * 2 + 1]!, heapUsed, row);
}

function checkEnd(end: number, heapUsed: number, row: number): void {
  if (end > heapUsed) throw new Error(`row ${row} ends at ${end} of ${heapUsed}`);
}

/** What a packet lies in when its surroundings matter, and how far from the beginning. */
const packetMemory = new Uint8Array(8 << 20);
const fillerBytes = 1024;

const clientAddress = new Uint32Array([0, 0, 0xffff, 1]);
const serverAddress = new Uint32Array([0, 0, 0xffff, 2]);

function newConnection(
  number: number,
  serverPort: number,
  fromStart: boolean,
): Connection<Conversation | undefined> {
  return {
    ...{ number, port0: 40_000, port1: serverPort, scope: 0, client: fromStart ? 0 : -1 },
    ...{ address0: clientAddress, address1: serverAddress },
    ...{ initialSequence0: number, initialSequence1: number, context: undefined, ignored: false },
  };
}
