/** The contract of the third stage: segments → the bytes of each side in order, and holes. */

/** Which end sent the bytes: index into `Connection.streams`. 0 sent the first packet seen. */
export type End = 0 | 1;

/** How a connection ended. */
export const Closed = {
  /** FIN from both ends. */
  Finished: 0,
  Reset: 1,
  /** A new SYN for the same ports. */
  Reused: 2,
  /** Nothing came for `idleTimeoutMs` of packet time. */
  Idle: 3,
  /** Given up for memory: counted as shed. */
  Shed: 4,
  /** The source ended while the connection was open. */
  InputEnded: 5,
} as const;
export type Closed = (typeof Closed)[keyof typeof Closed];

/** One TCP connection: two streams. Made by the reassembler, carried through to the dissector. */
export interface Connection<Context = unknown> {
  /** Unique in this pipeline thread, counts from 1. */
  readonly number: number;
  /** Addresses as in `Segment`, of the end that sent the first packet seen (end 0). */
  readonly address0: Uint32Array;
  readonly port0: number;
  /** And of the other (end 1). */
  readonly address1: Uint32Array;
  readonly port1: number;
  readonly scope: number;
  /** The end that sent the SYN (or did not send the SYN-ACK), or -1 when neither was seen. */
  readonly client: End | -1;
  /** Initial sequence numbers of both ends, or -1 where the SYN was not seen. */
  readonly initialSequence0: number;
  readonly initialSequence1: number;
  /** Belongs to the sink: set in `open`, untouched by the reassembler. */
  context: Context;
  /** The sink is not interested in the rest: no more `data`, and no memory is spent on it. */
  ignored: boolean;
}

/**
 * Receives the bytes of every connection. Order across the two ends follows cause: bytes of one end
 * are handed on only after all bytes of the other end that they acknowledge (or the hole in their
 * place), so an answer never overtakes its request.
 */
export interface StreamSink<Context = unknown> {
  open(connection: Connection<Context>): void;
  /**
   * The next bytes of one end: `bytes[start, end)`, only valid during the call. `timestampMs` and
   * `packetNumber` are those of the packet that carried them; `nextSequence` is the TCP sequence number
   * behind the last byte, as a signed 32-bit integer.
   */
  data(
    connection: Connection<Context>,
    from: End,
    bytes: Uint8Array,
    start: number,
    end: number,
    timestampMs: number,
    packetNumber: number,
    nextSequence: number,
  ): void;
  /** `length` bytes of this end will never come; -1 when it is not known how many. */
  hole(connection: Connection<Context>, from: End, length: number, timestampMs: number): void;
  /** This end will send nothing more (FIN, in order). */
  finish(connection: Connection<Context>, from: End, timestampMs: number): void;
  /** The connection is over; nothing follows. */
  close(connection: Connection<Context>, how: Closed, timestampMs: number): void;
}

/** Named limits of the reassembler; every one can be set by the operator. */
export interface ReassembleLimits {
  /** Bytes kept out of order for one stream before a hole is declared. */
  readonly streamBufferBytes: number;
  /** The same for all streams together; beyond it the fullest streams get their holes declared. */
  readonly totalBufferBytes: number;
  /** How long (packet time) bytes that were acknowledged may be late before they are a hole. */
  readonly acknowledgedWaitMs: number;
  /** How long (packet time) bytes behind a gap wait when nothing was acknowledged. */
  readonly gapWaitMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConnections: number;
}

export interface ReassembleCounters {
  segments: number;
  payloadBytes: number;
  connections: number;
  openConnections: number;
  retransmittedBytes: number;
  outOfOrderSegments: number;
  holes: number;
  holeBytes: number;
  /** Connections given up for memory or number. */
  shedConnections: number;
  bufferedBytes: number;
}
