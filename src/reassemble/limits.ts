import type { ReassembleLimits } from './contract.ts';

/** What `Reassembler` uses unless the operator says otherwise. */
export const defaultReassembleLimits: ReassembleLimits = {
  // More than senders have in flight inside a cluster, little enough for a thousand broken streams.
  streamBufferBytes: 1 << 20,
  totalBufferBytes: 64 << 20,
  // The tap sees an acknowledgement before the bytes only by its own disorder (queues, several
  // rings, merged files), which is far below this; an answer is never shown later than this for it.
  acknowledgedWaitMs: 50,
  // As long as nobody acknowledged them the receiver waits too, so nothing is gained by giving up
  // before the sender does: six retransmission timeouts that double from 200 ms make 12.6 s.
  gapWaitMs: 13_000,
  // Pools, AMQP and watches are silent for long, and losing one's place costs its next message.
  // Idle connections are small; `maxConnections` is what bounds the memory.
  idleTimeoutMs: 3_600_000,
  // About 1 kB each.
  maxConnections: 100_000,
};

/**
 * Sequence numbers further than this from the expected one are not of this window: a stray packet, or
 * the first after a very long loss. Hosts tuned for long fat links use windows of this size.
 */
export const maxWindowBytes = 64 << 20;

/**
 * Bytes behind a gap wait only this long (packet time) when the other end was never seen: no
 * acknowledgement will decide. Long enough for the usual first retransmission.
 */
export const oneSidedWaitMs = 1000;

/** A closed connection is remembered this long (packet time), for its last repeated packets. */
export const lingerMs = 10_000;

/** Closed connections remembered at once. */
export const maxLingering = 16_384;

/** When all streams together hold too much, the fullest are emptied down to this share of the limit. */
export const makeRoomShare = 0.75;

/** Memory of one piece of held data besides its bytes; counted, so that tiny pieces are bounded too. */
export const chunkOverheadBytes = 256;

/** A connection moves in the list of idle ones at most this often (packet time). */
export const touchMs = 1000;

/** How often (packet time) idle and closed connections are looked for. */
export const sweepMs = 1000;

/** Waits end up to this much late (packet time), so that not every packet looks through all. */
export const waitGranularityMs = 5;

/**
 * A packet whose time is further than this from the others', in either direction, does not move the
 * clock unless the next one agrees: one damaged time stamp must not make everything idle.
 */
export const clockJumpMs = 60_000;

/**
 * A SYN that is captured behind data is of the same connection when it begins at most this far before
 * it: what can be in flight so early. Beyond, it is a new connection on the same ports.
 */
export const lateSynBytes = 65_536;
