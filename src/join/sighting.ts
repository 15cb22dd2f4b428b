/**
 * One row as a tapper saw it, reduced to what tells calls apart: TCP sequence numbers and first bytes,
 * which every translation of addresses keeps, and addresses and time, which it changes a little.
 */
import type { Batch } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { type Address, type Addresses, endHash } from './address.ts';
import type { KeptIds } from './kept-ids.ts';

/** First bytes of a message that are compared. */
const comparedBytes = 64;
/** Of a message that was cut shorter at one sighting at least these are the same. */
const headBytes = 16;

/**
 * Time that sightings with one equal sequence number may be apart, ms: a request that a broken network
 * kept back is sent again, by Linux after up to two minutes. Clocks of nodes differ by less.
 */
const strongMs = 120_000;
/** The same when only the caller's port or the called end agrees. */
const weakMs = 2000;
/** The same when nothing of the addresses agrees. */
const strangerMs = 200;

/** First bytes of one message. */
export interface Head {
  /** Bytes looked at, at most `comparedBytes`; 0: the message was not seen. */
  length: number;
  /** Hash of all of them, and of the first `headBytes`. */
  hash: number;
  headHash: number;
}

/** What is compared: of a sighting, or what is remembered of a call. */
export interface Trace {
  /** Id under which the parent is kept; 0: it has none. */
  readonly parentTime: number;
  readonly parentSequence: number;
  /** TCP sequence numbers; 0: the message was not seen. */
  readonly requestSequence: number;
  readonly responseSequence: number;
  /** First byte of each message, ms since 1970. */
  readonly requestMs: number;
  readonly responseMs: number;
  readonly request: Head;
  readonly response: Head;
  readonly sourcePort: number;
  /** Hashes of address and port. */
  readonly sourceHash: number;
  readonly destinationHash: number;
}

export interface Sighting extends Trace {
  readonly idTime: number;
  readonly idSequence: number;
  /** node · thread: who saw it. */
  readonly pipeline: number;
  readonly stream: number;
  readonly outcome: number;
  readonly incomplete: number;
  readonly source: Address;
  readonly destination: Address;
  readonly destinationPort: number;
  /** Already joined on its node; undefined: no translation was seen there. */
  readonly front: Address | undefined;
  readonly frontPort: number;
  readonly keptBytes: number;
  /** How often it was seen there. */
  readonly seen: number;
}

const notSeen: Head = { length: 0, hash: 0, headHash: 0 };

/** Reads a row. Nothing of the batch is kept. Names the parent by its kept id. */
export function readSighting(
  batch: Batch,
  row: number,
  addresses: Addresses,
  keptIds: KeptIds,
): Sighting {
  const { columns, heap } = batch;
  if (columns.parentTime[row] !== 0) keptIds.map(columns.parentTime, columns.parentSequence, row);
  const outcome = columns.outcome[row]!;
  const idTime = columns.idTime[row]!;
  const idSequence = columns.idSequence[row]!;
  const waitMs = columns.waitMs[row]!;
  const requestLength = columns.requestLength[row]!;
  const responseLength = columns.responseLength[row]!;
  const frontPort = columns.frontPort[row]!;
  const startMs = idTime / 1000;
  const source = addresses.at(columns.sourceAddress, row * 16);
  const sourcePort = columns.sourcePort[row]!;
  const destination = addresses.at(columns.destinationAddress, row * 16);
  const destinationPort = columns.destinationPort[row]!;
  return {
    idTime,
    idSequence,
    pipeline: Math.floor(idSequence / 2 ** 24),
    stream: columns.stream[row]!,
    parentTime: columns.parentTime[row]!,
    parentSequence: columns.parentSequence[row]!,
    outcome,
    incomplete: columns.incomplete[row]!,
    requestSequence: columns.requestSequence[row]!,
    responseSequence: outcome === Outcome.Pending ? 0 : columns.responseSequence[row]!,
    requestMs: startMs,
    responseMs: Number.isNaN(waitMs) ? startMs : startMs + waitMs,
    request: readHead(heap, columns.requestOffset[row]!, requestLength),
    response: readHead(heap, columns.responseOffset[row]!, responseLength),
    source,
    sourcePort,
    sourceHash: endHash(source, sourcePort),
    destination,
    destinationPort,
    destinationHash: endHash(destination, destinationPort),
    front: frontPort === 0 ? undefined : addresses.at(columns.frontAddress, row * 16),
    frontPort,
    keptBytes: requestLength + responseLength,
    seen: columns.sightings[row]!,
  };
}

/** FNV-1a. */
function readHead(heap: Uint8Array, offset: number, length: number): Head {
  const kept = Math.min(length, comparedBytes, heap.length - offset);
  if (kept <= 0) return notSeen;
  let hash = 0x811c9dc5;
  const headEnd = Math.min(kept, headBytes);
  for (let i = 0; i < headEnd; i++) hash = Math.imul(hash ^ heap[offset + i]!, 0x01000193);
  const headHash = hash;
  for (let i = headEnd; i < kept; i++) hash = Math.imul(hash ^ heap[offset + i]!, 0x01000193);
  return { length: kept, hash, headHash };
}

/** How sure it is that two sightings are of one call. */
export const Sameness = {
  Different: 0,
  /** One sequence number is the same: enough to hold back an unanswered call, which can be undone. */
  Possible: 1,
  /** And the request's bytes are: enough for a call that waits for its answer, of which there are few. */
  Likely: 2,
  Same: 3,
} as const;
export type Sameness = (typeof Sameness)[keyof typeof Sameness];

/**
 * Both sequence numbers (64 bits drawn at random for each connection) prove that two sightings are one
 * call, however late one of them came, and so does one of them under the same parent. One alone is equal
 * by chance every few seconds on a busy cluster: then bytes, time and addresses must agree as well.
 */
export function compare(one: Trace, other: Trace): Sameness {
  const isChild = one.parentTime !== 0;
  if (isChild !== (other.parentTime !== 0)) return Sameness.Different;
  const requests = agreement(one.requestSequence, other.requestSequence);
  const responses = agreement(one.responseSequence, other.responseSequence);
  if (requests < 0 || responses < 0 || requests + responses === 0) return Sameness.Different;
  const isProved = requests + responses === 2 || (isChild && isSameParent(one, other));
  if (isProved && !isChild) return Sameness.Same;
  const apartMs =
    requests > 0
      ? Math.abs(one.requestMs - other.requestMs)
      : Math.abs(one.responseMs - other.responseMs);
  if (apartMs > strongMs) return Sameness.Different;
  const bytesAgree =
    requests > 0 ? agree(one.request, other.request) : agree(one.response, other.response);
  if (bytesAgree && (isProved || apartMs <= nearMs(one, other))) return Sameness.Same;
  if (requests <= 0) return Sameness.Different;
  return bytesAgree ? Sameness.Likely : Sameness.Possible;
}

/** How far apart in time two sightings of one message may be, by what agrees of their ends. */
function nearMs(one: Trace, other: Trace): number {
  // A caller does not use its port again so soon with the same sequence number.
  if (one.sourceHash === other.sourceHash) return strongMs;
  const isNear =
    one.destinationHash === other.destinationHash || one.sourcePort === other.sourcePort;
  return isNear ? weakMs : strangerMs;
}

function isSameParent(one: Trace, other: Trace): boolean {
  return one.parentSequence === other.parentSequence && one.parentTime === other.parentTime;
}

/** 1: both were seen and are equal; 0: not known; -1: they differ. */
function agreement(one: number, other: number): number {
  if (one === 0 || other === 0) return 0;
  return one === other ? 1 : -1;
}

function agree(one: Head, other: Head): boolean {
  if (one.length === other.length) return one.hash === other.hash;
  // Bodies are left out when a tapper is short of time: what is left is the beginning.
  return one.length < headBytes || other.length < headBytes || one.headHash === other.headHash;
}
