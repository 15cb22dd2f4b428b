import type { Fragments } from './fragments.ts';
import { Layer, u16, u32, type Walk } from './walk.ts';

/** IP protocol numbers and IPv6 extension headers, which share one registry. */
export const IpProtocol = {
  HopByHop: 0,
  Ipv4: 4,
  Tcp: 6,
  Udp: 17,
  Ipv6: 41,
  Routing: 43,
  Fragment: 44,
  Gre: 47,
  Esp: 50,
  Authentication: 51,
  NoNext: 59,
  DestinationOptions: 60,
  EtherIp: 97,
  Mobility: 135,
  Mpls: 137,
  HostIdentity: 139,
  Shim6: 140,
} as const;

const moreFragments = 0x2000;

/**
 * RFC 791:
 *
 *     0 version, header length in words   1 service   2 total length
 *     4 identification                    6 flags, fragment offset in 8 bytes
 *     8 time to live   9 protocol   10 checksum   12 source   16 destination   20 options
 *
 * The total length, not the end of the packet, ends the payload: Ethernet pads short frames. A total
 * length of 0 means that the card was to cut the packet up (segmentation offload): all of it counts.
 */
export function ipv4(walk: Walk, fragments: Fragments): number {
  if (!walk.has(20)) return walk.stop('cut IPv4 header');
  const { bytes, at } = walk;
  const headerLength = (bytes[at]! & 15) * 4;
  const totalLength = u16(bytes, at + 2);
  if (bytes[at]! >> 4 !== 4 || headerLength < 20) return walk.stop('damaged IPv4 header');
  if (totalLength !== 0) {
    if (totalLength < headerLength) return walk.stop('damaged IPv4 header');
    walk.narrow(totalLength);
  }
  if (!walk.has(headerLength)) return walk.stop('cut IPv4 header');
  walk.ipVersion = 4;
  walk.source0 = 0;
  walk.source1 = 0;
  walk.source2 = 0xffff;
  walk.source3 = u32(bytes, at + 12);
  walk.destination0 = 0;
  walk.destination1 = 0;
  walk.destination2 = 0xffff;
  walk.destination3 = u32(bytes, at + 16);
  const protocol = bytes[at + 9]!;
  const fragment = u16(bytes, at + 6);
  walk.at += headerLength;
  if ((fragment & (moreFragments | 0x1fff)) !== 0) {
    const identification = u16(bytes, at + 4);
    const offset = (fragment & 0x1fff) * 8;
    const more = (fragment & moreFragments) !== 0;
    return fragments.add(walk, identification, protocol, offset, more);
  }
  return Layer.IpProtocol + protocol;
}

/**
 * RFC 8200:
 *
 *     0 version, class, flow label   4 payload length   6 next header   7 hop limit
 *     8 source 16   24 destination 16
 *
 * A payload length of 0 is a jumbogram or segmentation offload: all of the packet counts.
 */
export function ipv6(walk: Walk): number {
  if (!walk.has(40)) return walk.stop('cut IPv6 header');
  const { bytes, at } = walk;
  if (bytes[at]! >> 4 !== 6) return walk.stop('damaged IPv6 header');
  walk.ipVersion = 6;
  walk.source0 = u32(bytes, at + 8);
  walk.source1 = u32(bytes, at + 12);
  walk.source2 = u32(bytes, at + 16);
  walk.source3 = u32(bytes, at + 20);
  walk.destination0 = u32(bytes, at + 24);
  walk.destination1 = u32(bytes, at + 28);
  walk.destination2 = u32(bytes, at + 32);
  walk.destination3 = u32(bytes, at + 36);
  const payloadLength = u16(bytes, at + 4);
  walk.at += 40;
  if (payloadLength !== 0) walk.narrow(payloadLength);
  return Layer.IpProtocol + bytes[at + 6]!;
}

/** Headers that only announce another one: IPv6 extensions, and AH in both versions. */
export function extension(walk: Walk, protocol: number, fragments: Fragments): number {
  if (!walk.has(8)) return walk.stop('cut IPv6 extension header');
  const { bytes, at } = walk;
  const next = bytes[at]!;
  if (protocol === IpProtocol.Authentication) {
    // RFC 4302: the length counts 4 bytes, less 2 of them.
    walk.at += (bytes[at + 1]! + 2) * 4;
    return Layer.IpProtocol + next;
  }
  if (walk.ipVersion !== 6) return walk.stop('IP protocol that is not supported');
  if (protocol === IpProtocol.Fragment) {
    // 0 next header   1 reserved   2 offset in 8 bytes, 2 bits, more   4 identification
    const field = u16(bytes, at + 2);
    const more = (field & 1) !== 0;
    walk.at += 8;
    // Offset 0 and no more: whole, and not to be mixed with others of its number (RFC 6946).
    if ((field & 0xfff9) === 0) return Layer.IpProtocol + next;
    return fragments.add(walk, u32(bytes, at + 4), next, field & 0xfff8, more);
  }
  walk.at += (bytes[at + 1]! + 1) * 8;
  return Layer.IpProtocol + next;
}

/** Why a packet of this IP protocol is not handed on. */
export function ignoredProtocol(walk: Walk, protocol: number): number {
  switch (protocol) {
    case 1:
      return walk.stop('ICMP');
    case 2:
      return walk.stop('IGMP');
    case IpProtocol.Esp:
      return walk.stop('encrypted (ESP)');
    case 58:
      return walk.stop('ICMPv6');
    case 132:
      return walk.stop('SCTP');
    case IpProtocol.NoNext:
      return walk.stop('IPv6 without payload');
    default:
      return walk.stop('IP protocol that is not supported');
  }
}
