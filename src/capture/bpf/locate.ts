import { LinkType } from '../contract.ts';
import type { PacketFacts } from './interpret.ts';
import { EtherType } from './syntax.ts';

/** VLAN tags that are stepped over. */
const MAX_TAGS = 4;
const PPP_IP = 0x0021;
const PPP_IP6 = 0x0057;

/**
 * Fills in `protocol` and `networkOffset` of a packet from its link header, so that one program does
 * for all link types. VLAN tags are stepped over, as the kernel does when it captures live. A packet
 * that is too short or of another link type has protocol 0.
 */
export function locate(
  facts: PacketFacts,
  bytes: Uint8Array,
  start: number,
  end: number,
  linkType: number,
): void {
  facts.protocol = 0;
  facts.networkOffset = end - start;
  switch (linkType) {
    case LinkType.Ethernet:
      behindType(facts, bytes, start, end, 12, 14);
      return;
    case LinkType.LinuxCooked:
      behindType(facts, bytes, start, end, 14, 16);
      return;
    case LinkType.LinuxCooked2:
      behindType(facts, bytes, start, end, 0, 20);
      return;
    case LinkType.CiscoHdlc:
      behindType(facts, bytes, start, end, 2, 4);
      return;
    case LinkType.RawIp:
    case LinkType.Ipv4:
    case LinkType.Ipv6:
      byVersion(facts, bytes, start, end, 0);
      return;
    case LinkType.Null:
    case LinkType.Loop:
      byVersion(facts, bytes, start, end, 4);
      return;
    case LinkType.Ppp:
    case LinkType.PppHdlc:
      behindPpp(facts, bytes, start, end, bytes[start] === 0xff ? 2 : 0);
      return;
    case LinkType.PppEther:
      behindPpp(facts, bytes, start, end, 6);
      return;
  }
}

function behindType(
  facts: PacketFacts,
  bytes: Uint8Array,
  start: number,
  end: number,
  typeOffset: number,
  networkOffset: number,
): void {
  let typeAt = start + typeOffset;
  let networkAt = start + networkOffset;
  for (let tags = 0; networkAt <= end && tags <= MAX_TAGS; tags++) {
    const type = bytes[typeAt]! * 256 + bytes[typeAt + 1]!;
    if (type !== 0x8100 && type !== 0x88a8 && type !== 0x9100) {
      facts.protocol = type;
      facts.networkOffset = networkAt - start;
      return;
    }
    // A tag: control u16 | type of what follows u16.
    typeAt = networkAt + 2;
    networkAt += 4;
  }
}

function behindPpp(
  facts: PacketFacts,
  bytes: Uint8Array,
  start: number,
  end: number,
  protocolOffset: number,
): void {
  const at = start + protocolOffset;
  if (at + 2 > end) return;
  const protocol = bytes[at]! * 256 + bytes[at + 1]!;
  if (protocol === PPP_IP) facts.protocol = EtherType.Ip;
  else if (protocol === PPP_IP6) facts.protocol = EtherType.Ip6;
  facts.networkOffset = protocolOffset + 2;
}

function byVersion(
  facts: PacketFacts,
  bytes: Uint8Array,
  start: number,
  end: number,
  networkOffset: number,
): void {
  if (start + networkOffset >= end) return;
  const version = bytes[start + networkOffset]! >> 4;
  if (version === 4) facts.protocol = EtherType.Ip;
  else if (version === 6) facts.protocol = EtherType.Ip6;
  facts.networkOffset = networkOffset;
}
