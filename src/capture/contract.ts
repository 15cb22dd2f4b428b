/**
 * The contract of the first stage: network card or capture file → packets.
 *
 * A source runs inside a pipeline thread and is pulled: nothing is queued between it and the rest of
 * the pipeline, so it needs no buffer of its own and no limit for one.
 */

/**
 * Link types by their number in the registry that pcap and pcapng share
 * (https://www.tcpdump.org/linktypes.html).
 */
export const LinkType = {
  Null: 0,
  Ethernet: 1,
  Ppp: 9,
  PppHdlc: 50,
  PppEther: 51,
  CiscoHdlc: 104,
  RawIp: 101,
  Loop: 108,
  LinuxCooked: 113,
  Ipv4: 228,
  Ipv6: 229,
  LinuxCooked2: 276,
} as const;

/** Receives packets one by one. */
export interface PacketSink {
  /**
   * One packet: `bytes[start, end)` is what was captured, `wireLength` how long it was on the wire.
   * `timestampMs` is milliseconds since 1970, fractional. The bytes belong to the source and are
   * overwritten after the call returns.
   */
  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
    timestampMs: number,
    interfaceIndex: number,
  ): void;
}

/** What a source has seen so far. All counters only grow. */
export interface SourceCounters {
  packets: number;
  bytes: number;
  /** Packets the kernel had to drop because the ring was full. */
  dropped: number;
  /** Packets left out on purpose: the same packet seen on another interface, own traffic. */
  ignored: number;
  /** Size of the input in bytes when it is known (files), else 0; for progress. */
  totalBytes: number;
  /** How much of `totalBytes` was read (compressed bytes for a compressed file). */
  readBytes: number;
}

/** A defect of the input that did not stop the reading of what came before it. */
export interface SourceDamage {
  /** File name, or `standard input`. */
  readonly file: string;
  /** Offset in the (decompressed) input at which the damage begins. */
  readonly offset: number;
  /** A sentence without a full stop: `record of 4,294,967,295 bytes`. */
  readonly reason: string;
}

export interface PacketSource {
  /** For people: `eth0, lo` or the file's name. */
  readonly description: string;
  /**
   * Hands on what is there (at most a few MiB) and returns the number of packets, 0 after having
   * waited `waitMs` for nothing, or -1 at the end of the input. Never throws for bad input: see
   * `damage`.
   */
  read(sink: PacketSink, waitMs: number): number | Promise<number>;
  counters(): SourceCounters;
  /** Damages found so far, in order. */
  damage(): readonly SourceDamage[];
  close(): void;
}
