import { LinkType } from '../capture/contract.ts';
import { ScopeKind, type Scopes } from './scope.ts';
import { Layer, u16, u24, type Walk } from './walk.ts';

/** Labels read in one stack; real networks use up to about ten. */
const maxMplsLabels = 16;

export const EtherType = {
  Ipv4: 0x0800,
  TransparentEthernet: 0x6558,
  Vlan: 0x8100,
  Ipv6: 0x86dd,
  Ppp: 0x880b,
  Mpls: 0x8847,
  MplsMulticast: 0x8848,
  PppoeSession: 0x8864,
  ServiceVlan: 0x88a8,
  OldServiceVlan: 0x9100,
} as const;

const knownEtherTypes: ReadonlySet<number> = new Set(Object.values(EtherType));

/** Up to here the type field of Ethernet is a length (IEEE 802.3 clause 3.2.6). */
const maxLength = 1500;
/** Raw IP under the numbers that BSD systems use in memory; some tools write them into files. */
const rawIpLinkTypes: readonly number[] = [LinkType.RawIp, 12, 14];
/** Only old captures have it, and its header is skipped in one line. */
const fddi = 10;

/** From the first byte of a packet to its network layer. */
export function enterLink(walk: Walk, linkType: number, scopes: Scopes): number {
  switch (linkType) {
    case LinkType.Ethernet:
      return ethernet(walk);
    case LinkType.LinuxCooked:
      return linuxCooked(walk, 16, 14);
    case LinkType.LinuxCooked2:
      return linuxCooked(walk, 20, 0);
    case LinkType.Null:
    case LinkType.Loop:
      return loopback(walk);
    case LinkType.Ppp:
    case LinkType.PppHdlc:
      return ppp(walk);
    case LinkType.PppEther:
      return pppoe(walk, scopes);
    case LinkType.CiscoHdlc:
      return ciscoHdlc(walk);
    case fddi:
      // Control 1, destination 6, source 6, then LLC.
      walk.at += 13;
      return logicalLink(walk, Math.max(0, walk.wireEnd - walk.at));
    case LinkType.Ipv4:
      return Layer.EtherType + EtherType.Ipv4;
    case LinkType.Ipv6:
      return Layer.EtherType + EtherType.Ipv6;
    default:
      return rawIpLinkTypes.includes(linkType)
        ? ipByVersion(walk)
        : walk.stop('link type that is not supported');
  }
}

/** Everything an EtherType can announce but IP itself. */
export function enterEtherType(walk: Walk, etherType: number, scopes: Scopes): number {
  switch (etherType) {
    case EtherType.Vlan:
    case EtherType.ServiceVlan:
    case EtherType.OldServiceVlan:
      return vlan(walk, scopes);
    case EtherType.Mpls:
    case EtherType.MplsMulticast:
      return mpls(walk);
    case EtherType.PppoeSession:
      return pppoe(walk, scopes);
    case EtherType.Ppp:
      return ppp(walk);
    case EtherType.TransparentEthernet:
      return ethernet(walk);
    case 0x0806:
      return walk.stop('ARP');
    case 0x8863:
      return walk.stop('PPPoE discovery');
    case 0x88cc:
      return walk.stop('LLDP');
    default:
      return etherType <= maxLength
        ? logicalLink(walk, etherType)
        : walk.stop('EtherType that is not supported');
  }
}

/** Destination 6, source 6, EtherType or length 2. */
export function ethernet(walk: Walk): number {
  if (!walk.has(14)) return walk.stop('cut Ethernet header');
  const type = u16(walk.bytes, walk.at + 12);
  walk.at += 14;
  return Layer.EtherType + type;
}

/** Priority 3 bits, drop eligible 1, id 12; then the EtherType of what is inside. */
function vlan(walk: Walk, scopes: Scopes): number {
  if (!walk.has(4)) return walk.stop('cut VLAN tag');
  const id = u16(walk.bytes, walk.at) & 0xfff;
  const type = u16(walk.bytes, walk.at + 2);
  // Id 0 carries a priority and no VLAN (IEEE 802.1Q): often on one direction only.
  if (id !== 0) walk.scope = scopes.inside(walk.scope, ScopeKind.Vlan, id);
  walk.at += 4;
  return Layer.EtherType + type;
}

/** IEEE 802.2: DSAP, SSAP, control; with SNAP (aa aa 03) then OUI 3 and EtherType 2. */
function logicalLink(walk: Walk, length: number): number {
  walk.narrow(length);
  if (!walk.has(3)) return walk.stop('cut LLC header');
  const { bytes, at } = walk;
  if (bytes[at] === 0xaa && bytes[at + 1] === 0xaa && walk.has(8)) {
    const type = u16(bytes, at + 6);
    // OUI 0 is EtherType; 00-00-f8 the same on bridges to other media (IEEE 802.1H).
    const oui = u24(bytes, at + 3);
    if ((oui === 0 || oui === 0xf8) && type > maxLength) {
      walk.at += 8;
      return Layer.EtherType + type;
    }
    return walk.stop('LLC/SNAP that is not supported');
  }
  if (bytes[at] === 0x06 && bytes[at + 1] === 0x06) {
    walk.at += 3;
    return Layer.EtherType + EtherType.Ipv4;
  }
  return walk.stop(bytes[at] === 0x42 ? 'spanning tree' : 'LLC that is not supported');
}

/** Linux cooked capture: the protocol is at `typeAt`, the payload behind `headerLength` bytes. */
function linuxCooked(walk: Walk, headerLength: number, typeAt: number): number {
  if (!walk.has(headerLength)) return walk.stop('cut Linux cooked header');
  const type = u16(walk.bytes, walk.at + typeAt);
  walk.at += headerLength;
  // 4 means an LLC header follows, without a length of its own.
  if (type === 4) return logicalLink(walk, walk.wireEnd - walk.at);
  return type <= maxLength
    ? walk.stop('Linux cooked protocol that is not supported')
    : Layer.EtherType + type;
}

/**
 * Address family in 4 bytes: NULL in the byte order of the machine that captured, LOOP in network
 * order. IPv4 is 2 everywhere; IPv6 is 10 on Linux, 24 on NetBSD, 28 on FreeBSD, 30 on Darwin.
 */
function loopback(walk: Walk): number {
  if (!walk.has(4)) return walk.stop('cut loopback header');
  const { bytes, at } = walk;
  const family = bytes[at] !== 0 ? bytes[at] : bytes[at + 3];
  walk.at += 4;
  switch (family) {
    case 2:
      return Layer.EtherType + EtherType.Ipv4;
    case 10:
    case 24:
    case 28:
    case 30:
      return Layer.EtherType + EtherType.Ipv6;
    default:
      return walk.stop('loopback family that is not supported');
  }
}

/**
 * RFC 1662 and 1661: address ff and control 03, both optional; protocol in 2 bytes, or in 1 when it
 * is odd. Cisco HDLC under the same link type starts with 0f or 8f.
 */
export function ppp(walk: Walk): number {
  if (walk.has(4) && (walk.bytes[walk.at] === 0x0f || walk.bytes[walk.at] === 0x8f)) {
    return ciscoHdlc(walk);
  }
  if (walk.has(2) && walk.bytes[walk.at] === 0xff && walk.bytes[walk.at + 1] === 0x03) {
    walk.at += 2;
  }
  if (!walk.has(2)) return walk.stop('cut PPP header');
  const first = walk.bytes[walk.at]!;
  const short = (first & 1) === 1;
  const protocol = short ? first : u16(walk.bytes, walk.at);
  walk.at += short ? 1 : 2;
  switch (protocol) {
    case 0x0021:
      return Layer.EtherType + EtherType.Ipv4;
    case 0x0057:
      return Layer.EtherType + EtherType.Ipv6;
    case 0x0281:
    case 0x0283:
      return Layer.EtherType + EtherType.Mpls;
    default:
      return walk.stop('PPP control');
  }
}

/** RFC 2516: version and type 1, code 1, session 2, length 2, then PPP without ff 03. */
function pppoe(walk: Walk, scopes: Scopes): number {
  if (!walk.has(8)) return walk.stop('cut PPPoE header');
  const { bytes, at } = walk;
  if (bytes[at] !== 0x11 || bytes[at + 1] !== 0) return walk.stop('PPPoE discovery');
  walk.scope = scopes.inside(walk.scope, ScopeKind.Pppoe, u16(bytes, at + 2));
  const length = u16(bytes, at + 4);
  walk.at += 6;
  walk.narrow(length);
  return ppp(walk);
}

/** Address 1 (0f unicast, 8f multicast), control 1, EtherType 2. */
function ciscoHdlc(walk: Walk): number {
  if (!walk.has(4)) return walk.stop('cut HDLC header');
  const type = u16(walk.bytes, walk.at + 2);
  walk.at += 4;
  return Layer.EtherType + type;
}

/**
 * RFC 3032: label 20 bits, class 3, bottom of stack 1, time to live 8. Nothing says what follows the
 * bottom: a 4 or 6 is IP; a 0 may be the control word of a pseudowire (RFC 4385), when an EtherType
 * stands where it then must; anything else is Ethernet without control word.
 */
function mpls(walk: Walk): number {
  for (let labels = 0; labels < maxMplsLabels; labels++) {
    if (!walk.has(5)) return walk.stop('cut MPLS label');
    const bottom = walk.bytes[walk.at + 2]! & 1;
    walk.at += 4;
    if (bottom === 1) {
      const version = walk.bytes[walk.at]! >> 4;
      if (version === 4 || version === 6) return ipByVersion(walk);
      if (version === 0 && isEthernetAt(walk, walk.at + 4)) walk.at += 4;
      return ethernet(walk);
    }
  }
  return walk.stop('nested too deeply');
}

function isEthernetAt(walk: Walk, at: number): boolean {
  if (at + 14 > walk.end) return false;
  const type = u16(walk.bytes, at + 12);
  return type === 0x0806 || knownEtherTypes.has(type);
}

/** IPv4 or IPv6 by the first four bits. */
export function ipByVersion(walk: Walk): number {
  if (!walk.has(1)) return walk.stop('empty packet');
  const version = walk.bytes[walk.at]! >> 4;
  if (version === 4) return Layer.EtherType + EtherType.Ipv4;
  if (version === 6) return Layer.EtherType + EtherType.Ipv6;
  return walk.stop('neither IPv4 nor IPv6');
}
