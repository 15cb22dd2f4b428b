/** The contract of the second stage: packets → TCP segments and UDP datagrams. */

/** What a packet turned out to be. */
export const Decoded = {
  /** Nothing to hand on: another protocol, a fragment that waits for its rest, damaged headers. */
  None: 0,
  Tcp: 1,
  Udp: 2,
} as const;

/** TCP flag bits (RFC 9293 section 3.1). */
export const TcpFlag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16, Urg: 32 } as const;

/**
 * One TCP segment or UDP datagram. There is one such object per decoder, overwritten by each packet:
 * whoever wants to keep something copies it.
 *
 * Addresses are 128 bits in four unsigned 32-bit words, most significant first; IPv4 is written as
 * an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2): 0, 0, 0xffff, address.
 */
export interface Segment {
  /** The buffer that holds the payload: the packet's, or the defragmenter's. */
  bytes: Uint8Array;
  payloadStart: number;
  payloadEnd: number;
  /** Bytes of payload that were on the wire behind `payloadEnd` but not captured (snaplen). */
  missing: number;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  destination0: number;
  destination1: number;
  destination2: number;
  destination3: number;
  sourcePort: number;
  destinationPort: number;
  /**
   * Identity of the VLANs and tunnels around the packet, 0 for none. Equal numbers mean the same
   * stack of tags and tunnel ids, so overlapping addresses in different tunnels stay apart.
   */
  scope: number;
  /** TCP only. Unsigned 32 bits. */
  sequence: number;
  acknowledgement: number;
  /** `TcpFlag` bits. */
  flags: number;
  windowSize: number;
  urgentPointer: number;
  timestampMs: number;
  /** Number of the packet in this source, from 1, as Wireshark counts. */
  packetNumber: number;
}

/** Why packets were not handed on, by reason; for the summary and `/metrics`. */
export interface DecodeCounters {
  packets: number;
  tcp: number;
  udp: number;
  fragments: number;
  /** reason in words → packets */
  ignored: Map<string, number>;
}
