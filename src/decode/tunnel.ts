import { EtherType, ipByVersion, ppp } from './link.ts';
import { ScopeKind, type Scopes } from './scope.ts';
import { Layer, u16, u24, u32, type Walk } from './walk.ts';

/** Extension headers read in one GTP-U header; the standards define about ten kinds. */
const maxGtpExtensions = 8;

const Port = { Gtp: 2152, Teredo: 3544, Vxlan: 4789, Geneve: 6081, LinuxVxlan: 8472 } as const;

/**
 * A tunnel in the UDP payload at `walk.at`: the layer inside it, or `Layer.Stop` with the walk
 * unmoved when there is none and the datagram is to be handed on.
 */
export function enterUdpTunnel(
  walk: Walk,
  sourcePort: number,
  destinationPort: number,
  scopes: Scopes,
): number {
  switch (destinationPort) {
    case Port.Vxlan:
    case Port.LinuxVxlan:
      return vxlan(walk, scopes);
    case Port.Geneve:
      return geneve(walk, scopes);
    case Port.Gtp:
      return gtp(walk);
    default:
      if (sourcePort === Port.Gtp) return gtp(walk);
      return teredo(walk, sourcePort === Port.Teredo || destinationPort === Port.Teredo);
  }
}

/** RFC 7348: flags 1 (08: the id is valid), reserved 3, VNI 3, reserved 1; then Ethernet. */
function vxlan(walk: Walk, scopes: Scopes): number {
  const { bytes, at } = walk;
  if (!walk.has(8 + 14) || (bytes[at]! & 0x08) === 0) return Layer.Stop;
  walk.scope = scopes.inside(walk.scope, ScopeKind.Vxlan, u24(bytes, at + 4));
  walk.at += 8;
  return Layer.EtherType + EtherType.TransparentEthernet;
}

/** RFC 8926: version 2 bits, options length 6 (in 4 bytes), flags 1, EtherType 2, VNI 3, 1. */
function geneve(walk: Walk, scopes: Scopes): number {
  const { bytes, at } = walk;
  if (!walk.has(8) || bytes[at]! >> 6 !== 0) return Layer.Stop;
  const headerLength = 8 + (bytes[at]! & 63) * 4;
  if (!walk.has(headerLength)) return Layer.Stop;
  walk.scope = scopes.inside(walk.scope, ScopeKind.Geneve, u24(bytes, at + 4));
  walk.at += headerLength;
  return Layer.EtherType + u16(bytes, at + 2);
}

/**
 * 3GPP TS 29.281: version 3 bits (1), protocol type 1 (1), spare, E, S, PN; message type 1 (255 is
 * user data), length 2, endpoint id 4; with any of E, S, PN: sequence 2, N-PDU 1, next extension 1.
 */
function gtp(walk: Walk): number {
  const { bytes, at } = walk;
  if (!walk.has(9) || (bytes[at]! & 0xf0) !== 0x30 || bytes[at + 1] !== 255) return Layer.Stop;
  let inner = at + 8;
  if ((bytes[at]! & 7) !== 0) {
    if (inner + 4 > walk.end) return Layer.Stop;
    let next = bytes[inner + 3]!;
    inner += 4;
    // Each extension: length in 4 bytes, content, next extension.
    for (let count = 0; next !== 0 && (bytes[at]! & 4) !== 0; count++) {
      const length = inner < walk.end ? bytes[inner]! * 4 : 0;
      if (length === 0 || inner + length > walk.end || count === maxGtpExtensions) {
        return Layer.Stop;
      }
      next = bytes[inner + length - 1]!;
      inner += length;
    }
  }
  if (inner >= walk.end) return Layer.Stop;
  const version = bytes[inner]! >> 4;
  if (version !== 4 && version !== 6) return Layer.Stop;
  walk.at = inner;
  return ipByVersion(walk);
}

/**
 * RFC 4380: IPv6 in UDP, on its port after an optional authentication header (00 01, lengths of id
 * and value, both, nonce 8, confirmation 1) and origin indication (00 00, 6 more). On other ports,
 * which its peers use among themselves, only when the lengths agree and an address is of its prefix.
 */
function teredo(walk: Walk, onPort: boolean): number {
  const { bytes } = walk;
  let at = walk.at;
  if (onPort) {
    if (at + 13 < walk.end && u16(bytes, at) === 1) at += 13 + bytes[at + 2]! + bytes[at + 3]!;
    if (at + 8 < walk.end && u16(bytes, at) === 0) at += 8;
  }
  if (at + 40 > walk.end || bytes[at]! >> 4 !== 6) return Layer.Stop;
  if (40 + u16(bytes, at + 4) > walk.wireEnd - at) return Layer.Stop;
  if (!onPort) {
    if (40 + u16(bytes, at + 4) !== walk.wireEnd - at) return Layer.Stop;
    const prefix = 0x2001_0000;
    if (u32(bytes, at + 8) !== prefix && u32(bytes, at + 24) !== prefix) return Layer.Stop;
  }
  walk.at = at;
  return Layer.EtherType + EtherType.Ipv6;
}

const Gre = {
  Checksum: 0x8000,
  Routing: 0x4000,
  Key: 0x2000,
  Sequence: 0x1000,
  Ack: 0x80,
} as const;
const erspan2 = 0x88be;
const erspan3 = 0x22eb;

/**
 * RFC 2784 and 2890: flags and version 2, EtherType 2; then as flagged checksum 4, key 4, sequence 4.
 * Version 1 (PPTP, RFC 2637): the key holds a length and a call id; acknowledgement 4 may follow.
 */
export function gre(walk: Walk, scopes: Scopes): number {
  if (!walk.has(4)) return walk.stop('cut GRE header');
  const { bytes, at } = walk;
  const flags = u16(bytes, at);
  const type = u16(bytes, at + 2);
  const version = flags & 7;
  if (version > 1 || (flags & Gre.Routing) !== 0) return walk.stop('GRE that is not supported');
  let length = 4;
  if ((flags & Gre.Checksum) !== 0) length += 4;
  const keyAt = at + length;
  if ((flags & Gre.Key) !== 0) length += 4;
  if ((flags & Gre.Sequence) !== 0) length += 4;
  if (version === 1 && (flags & Gre.Ack) !== 0) length += 4;
  if (!walk.has(length)) return walk.stop('cut GRE header');
  walk.at += length;
  if (version === 1) return type === EtherType.Ppp ? ppp(walk) : walk.stop('GRE keep-alive');
  if (type === erspan2) return erspanTwo(walk, (flags & Gre.Sequence) !== 0);
  if (type === erspan3) return erspanThree(walk);
  if ((flags & Gre.Key) !== 0) {
    const id = greId(type, u32(bytes, keyAt));
    if (id !== 0) walk.scope = scopes.inside(walk.scope, ScopeKind.Gre, id);
  }
  if (type === 0) return walk.stop('GRE keep-alive');
  return Layer.EtherType + type;
}

/**
 * The part of a GRE key that both directions share, 0 for none. Of Ethernet tunnels: NVGRE (RFC 7637)
 * splits the key into a network of 24 bits, never below 4096, and a flow of 8 bits that may differ;
 * mirrors of virtual switches mark the direction in the top byte and leave the rest 0.
 */
function greId(type: number, key: number): number {
  if (type !== EtherType.TransparentEthernet) return key;
  if ((key & 0xff_ffff) === 0) return 0;
  const network = key >>> 8;
  return network >= 4096 ? network : key;
}

/** Type I has no header and no GRE sequence; type II: version 4 bits, VLAN 12, ... 8 in all. */
function erspanTwo(walk: Walk, sequence: boolean): number {
  if (sequence) {
    if (!walk.has(8)) return walk.stop('cut ERSPAN header');
    walk.at += 8;
  }
  return Layer.EtherType + EtherType.TransparentEthernet;
}

/** 12 bytes; the last bit says that 8 more follow, bits 3 to 7 of byte 10 name the frame's kind. */
function erspanThree(walk: Walk): number {
  if (!walk.has(12)) return walk.stop('cut ERSPAN header');
  const last = u16(walk.bytes, walk.at + 10);
  walk.at += (last & 1) === 1 ? 20 : 12;
  const kind = (last >> 10) & 31;
  return kind === 2 ? ipByVersion(walk) : Layer.EtherType + EtherType.TransparentEthernet;
}
