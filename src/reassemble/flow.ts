import type { Segment } from '../decode/contract.ts';
import type { Closed, Connection, End } from './contract.ts';
import { Stream } from './stream.ts';

/** A power of two: addresses that are remembered. */
const sharedAddresses = 1024;
const addresses: (Uint32Array | undefined)[] = new Array(sharedAddresses).fill(undefined);

/** Few addresses make up most connections: those in use are shared, each costs 200 bytes. */
function addressOf(word0: number, word1: number, word2: number, word3: number): Uint32Array {
  const mixed = Math.imul(word0 ^ word1 ^ word2 ^ word3, 0x9e3779b1) >>> 16;
  const slot = mixed & (sharedAddresses - 1);
  let address = addresses[slot];
  if (
    address === undefined ||
    (address[3]! | 0) !== word3 ||
    (address[2]! | 0) !== word2 ||
    (address[1]! | 0) !== word1 ||
    (address[0]! | 0) !== word0
  ) {
    address = Uint32Array.of(word0, word1, word2, word3);
    addresses[slot] = address;
  }
  return address;
}

/** The connection as the sink sees it. */
class OpenConnection<Context> implements Connection<Context> {
  readonly number: number;
  readonly address0: Uint32Array;
  readonly port0: number;
  readonly address1: Uint32Array;
  readonly port1: number;
  readonly scope: number;
  client: End | -1 = -1;
  initialSequence0 = -1;
  initialSequence1 = -1;
  // The sink sets it in `open`, before anything reads it.
  context: Context = undefined as Context;
  ignored = false;

  constructor(
    number: number,
    address0: Uint32Array,
    port0: number,
    address1: Uint32Array,
    port1: number,
    scope: number,
  ) {
    this.number = number;
    this.address0 = address0;
    this.port0 = port0;
    this.address1 = address1;
    this.port1 = port1;
    this.scope = scope;
  }
}

const noAddress = new Uint32Array(4);
/** What a closed flow has instead: nobody looks at it any more. */
const closedConnection = new OpenConnection<unknown>(0, noAddress, 0, noAddress, 0, 0);
const closedStream = new Stream();

/**
 * An entry of the table of connections: the key, the two streams, and places in the lists. Kept
 * apart from `Connection`, which dissectors may hold for longer.
 */
export class Flow<Context> {
  /** Addresses of both ends as signed 32-bit words (compare with `| 0`), ports, scope, hash. */
  readonly word00: number;
  readonly word01: number;
  readonly word02: number;
  readonly word03: number;
  readonly port0: number;
  readonly word10: number;
  readonly word11: number;
  readonly word12: number;
  readonly word13: number;
  readonly port1: number;
  readonly scope: number;
  readonly hash: number;
  connection: OpenConnection<Context>;
  stream0 = new Stream();
  stream1 = new Stream();
  /** Open, nothing waits, no SYN in doubt: the next segment may take the short way. */
  calm = true;
  /** How it was closed; -1 while it is open. */
  closed: Closed | -1 = -1;
  /** The end whose RST closed it, or -1. */
  resetBy: End | -1 = -1;
  /** Once it is closed, of both ends: the number in its SYN (or -1), and where it had come to. */
  closedInitial0 = -1;
  closedInitial1 = -1;
  closedNext0 = 0;
  closedNext1 = 0;
  /** Where the table keeps it. */
  slot = -1;
  /** Neighbours in the list by last use. */
  newer: Flow<Context> | undefined = undefined;
  older: Flow<Context> | undefined = undefined;
  /** When it was last moved to the front of its list (packet time). */
  usedMs: number;
  /** Place in the list of those that wait for time to pass, or -1; and until when. */
  waitingIndex = -1;
  deadlineMs = 0;

  /** End 0 is the sender of `segment`, or its receiver if `reversed`. */
  constructor(number: number, segment: Segment, hash: number, reversed: boolean) {
    if (reversed) {
      this.word00 = segment.destination0 | 0;
      this.word01 = segment.destination1 | 0;
      this.word02 = segment.destination2 | 0;
      this.word03 = segment.destination3 | 0;
      this.port0 = segment.destinationPort;
      this.word10 = segment.source0 | 0;
      this.word11 = segment.source1 | 0;
      this.word12 = segment.source2 | 0;
      this.word13 = segment.source3 | 0;
      this.port1 = segment.sourcePort;
    } else {
      this.word00 = segment.source0 | 0;
      this.word01 = segment.source1 | 0;
      this.word02 = segment.source2 | 0;
      this.word03 = segment.source3 | 0;
      this.port0 = segment.sourcePort;
      this.word10 = segment.destination0 | 0;
      this.word11 = segment.destination1 | 0;
      this.word12 = segment.destination2 | 0;
      this.word13 = segment.destination3 | 0;
      this.port1 = segment.destinationPort;
    }
    this.scope = segment.scope;
    this.hash = hash;
    this.usedMs = segment.timestampMs;
    this.connection = new OpenConnection(
      number,
      addressOf(this.word00, this.word01, this.word02, this.word03),
      this.port0,
      addressOf(this.word10, this.word11, this.word12, this.word13),
      this.port1,
      this.scope,
    );
  }

  /** What both streams hold. */
  get heldBytes(): number {
    return this.stream0.heldBytes + this.stream1.heldBytes;
  }

  /** A closed flow is remembered for a while, many at a time: only what its late packets are told by. */
  release(): void {
    this.closedInitial0 = this.stream0.initialSequence;
    this.closedInitial1 = this.stream1.initialSequence;
    this.closedNext0 = this.stream0.next;
    this.closedNext1 = this.stream1.next;
    this.stream0 = closedStream;
    this.stream1 = closedStream;
    this.connection = closedConnection as OpenConnection<Context>;
  }

  stream(end: End): Stream {
    return end === 0 ? this.stream0 : this.stream1;
  }
}

/** Whether end 0 sent `segment` of this scope to end 1. */
export function isForward<Context>(flow: Flow<Context>, segment: Segment): boolean {
  return (
    flow.word03 === (segment.source3 | 0) &&
    flow.port0 === segment.sourcePort &&
    flow.word13 === (segment.destination3 | 0) &&
    flow.port1 === segment.destinationPort &&
    flow.scope === segment.scope &&
    flow.word02 === (segment.source2 | 0) &&
    flow.word01 === (segment.source1 | 0) &&
    flow.word00 === (segment.source0 | 0) &&
    flow.word12 === (segment.destination2 | 0) &&
    flow.word11 === (segment.destination1 | 0) &&
    flow.word10 === (segment.destination0 | 0)
  );
}

/** Whether end 1 sent `segment` of this scope to end 0. */
export function isBackward<Context>(flow: Flow<Context>, segment: Segment): boolean {
  return (
    flow.word13 === (segment.source3 | 0) &&
    flow.port1 === segment.sourcePort &&
    flow.word03 === (segment.destination3 | 0) &&
    flow.port0 === segment.destinationPort &&
    flow.scope === segment.scope &&
    flow.word12 === (segment.source2 | 0) &&
    flow.word11 === (segment.source1 | 0) &&
    flow.word10 === (segment.source0 | 0) &&
    flow.word02 === (segment.destination2 | 0) &&
    flow.word01 === (segment.destination1 | 0) &&
    flow.word00 === (segment.destination0 | 0)
  );
}
