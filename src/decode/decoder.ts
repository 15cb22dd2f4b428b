import { LinkType } from '../capture/contract.ts';
import { type DecodeCounters, Decoded, type Segment } from './contract.ts';
import { Fragments } from './fragments.ts';
import { extension, IpProtocol, ignoredProtocol, ipv4, ipv6 } from './ip.ts';
import { EtherType, enterEtherType, enterLink } from './link.ts';
import { Scopes } from './scope.ts';
import { enterUdpTunnel, gre } from './tunnel.ts';
import { Layer, u16, u32, Walk } from './walk.ts';

/** Headers passed in one packet, tags and extension headers included: bounds loops and nesting. */
const maxLayers = 32;

const ethernetHeader = 14;
const ipv4Header = 20;
const tcpHeader = 20;
const udpHeader = 8;

/** Reads packets down to the payload of TCP and UDP. One per pipeline. */
export class Decoder {
  /** What the last packet held; overwritten by the next. */
  readonly segment: Segment = emptySegment();
  readonly counters: DecodeCounters = {
    packets: 0,
    tcp: 0,
    udp: 0,
    fragments: 0,
    ignored: new Map(),
  };
  readonly #walk = new Walk();
  readonly #scopes = new Scopes();
  readonly #fragments = new Fragments((packets) =>
    this.#countIgnored('fragments whose rest never came', packets),
  );

  /**
   * Reads the packet `bytes[start, end)` that was `wireLength` bytes long on the wire, and returns a
   * `Decoded` value. Unless that is `None`, `segment` describes it until the next call.
   *
   * The usual packet (Ethernet, IPv4 without options or fragments, TCP, not cut) is read here
   * in one go; all others walk from layer to layer.
   */
  decode(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
    timestampMs: number,
  ): number {
    const segment = this.segment;
    segment.packetNumber = ++this.counters.packets;
    segment.timestampMs = timestampMs;
    const ip = start + ethernetHeader;
    const tcp = ip + ipv4Header;
    if (
      linkType === LinkType.Ethernet &&
      tcp + tcpHeader <= end &&
      bytes[start + 12] === 0x08 &&
      bytes[start + 13] === 0x00 &&
      bytes[ip] === 0x45 &&
      bytes[ip + 9] === IpProtocol.Tcp &&
      ((bytes[ip + 6]! & 0x3f) | bytes[ip + 7]!) === 0
    ) {
      const payloadEnd = ip + ((bytes[ip + 2]! << 8) | bytes[ip + 3]!);
      const payloadStart = tcp + (bytes[tcp + 12]! >> 4) * 4;
      if (payloadEnd <= end && payloadStart <= payloadEnd && payloadStart >= tcp + tcpHeader) {
        segment.bytes = bytes;
        segment.payloadStart = payloadStart;
        segment.payloadEnd = payloadEnd;
        segment.missing = 0;
        segment.scope = 0;
        segment.source0 = 0;
        segment.source1 = 0;
        segment.source2 = 0xffff;
        segment.source3 = u32(bytes, ip + 12);
        segment.destination0 = 0;
        segment.destination1 = 0;
        segment.destination2 = 0xffff;
        segment.destination3 = u32(bytes, ip + 16);
        readTcpHeader(segment, bytes, tcp);
        this.counters.tcp++;
        return Decoded.Tcp;
      }
    }
    return this.#decodeOther(bytes, start, end, wireLength, linkType);
  }

  #decodeOther(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
  ): number {
    const walk = this.#walk;
    walk.bytes = bytes;
    walk.at = start;
    walk.end = end;
    walk.wireEnd = Math.max(end, start + wireLength);
    walk.scope = 0;
    walk.ipVersion = 0;
    walk.timestampMs = this.segment.timestampMs;
    let layer = linkType >= 0 && linkType < Layer.EtherType ? linkType : 0xffff;
    for (let layers = 0; layers < maxLayers; layers++) {
      if (layer === Layer.IpProtocol + IpProtocol.Tcp) return this.#tcp(walk);
      if (layer === Layer.IpProtocol + IpProtocol.Udp) {
        layer = this.#udp(walk);
        if (layer === Layer.Stop && walk.reason === '') return this.#handOnUdp(walk);
      } else {
        layer = this.#enter(walk, layer);
      }
      if (layer === Layer.Stop) return this.#ignore(walk.reason);
    }
    return this.#ignore('nested too deeply');
  }

  #enter(walk: Walk, layer: number): number {
    if (layer < Layer.EtherType) return enterLink(walk, layer, this.#scopes);
    if (layer < Layer.IpProtocol) {
      const etherType = layer - Layer.EtherType;
      if (etherType === EtherType.Ipv6) return ipv6(walk);
      if (etherType !== EtherType.Ipv4) return enterEtherType(walk, etherType, this.#scopes);
      // Some tools label IPv6 as IPv4 (raw links); the version decides.
      return walk.has(1) && walk.bytes[walk.at]! >> 4 === 6 ? ipv6(walk) : this.#ipv4(walk);
    }
    return this.#enterIp(walk, layer - Layer.IpProtocol);
  }

  #ipv4(walk: Walk): number {
    // More fragments, or an offset.
    if (walk.has(ipv4Header) && (u16(walk.bytes, walk.at + 6) & 0x3fff) !== 0) {
      this.counters.fragments++;
    }
    return ipv4(walk, this.#fragments);
  }

  #enterIp(walk: Walk, protocol: number): number {
    switch (protocol) {
      case IpProtocol.Ipv4:
        return this.#ipv4(walk);
      case IpProtocol.Ipv6:
        return ipv6(walk);
      case IpProtocol.Gre:
        return gre(walk, this.#scopes);
      case IpProtocol.Mpls:
        return Layer.EtherType + EtherType.Mpls;
      case IpProtocol.EtherIp:
        // RFC 3378: version 4 bits, reserved 12.
        walk.at += 2;
        return Layer.EtherType + EtherType.TransparentEthernet;
      case IpProtocol.Fragment:
        this.counters.fragments++;
        return extension(walk, protocol, this.#fragments);
      case IpProtocol.HopByHop:
      case IpProtocol.Routing:
      case IpProtocol.Authentication:
      case IpProtocol.DestinationOptions:
      case IpProtocol.Mobility:
      case IpProtocol.HostIdentity:
      case IpProtocol.Shim6:
        return extension(walk, protocol, this.#fragments);
      default:
        return ignoredProtocol(walk, protocol);
    }
  }

  /** Cut in the options, or behind them: the payload is empty and its bytes are `missing`. */
  #tcp(walk: Walk): number {
    const { bytes, at, end, wireEnd } = walk;
    if (!walk.has(tcpHeader)) return this.#ignore('cut TCP header');
    const payload = at + (bytes[at + 12]! >> 4) * 4;
    if (payload < at + tcpHeader || payload > wireEnd) return this.#ignore('damaged TCP header');
    const segment = this.segment;
    segment.bytes = bytes;
    segment.payloadStart = Math.min(payload, end);
    segment.payloadEnd = end;
    segment.missing = wireEnd - Math.max(payload, end);
    copyAddresses(segment, walk);
    readTcpHeader(segment, bytes, at);
    this.counters.tcp++;
    return Decoded.Tcp;
  }

  /**
   * RFC 768: source port 2, destination port 2, length 2 with the header (0: to the end), checksum 2.
   * `Layer.Stop` without a reason means that the datagram is to be handed on.
   */
  #udp(walk: Walk): number {
    if (!walk.has(udpHeader)) return walk.stop('cut UDP header');
    const { bytes, at } = walk;
    const length = u16(bytes, at + 4);
    if (length !== 0) {
      if (length < udpHeader) return walk.stop('damaged UDP header');
      walk.narrow(length);
    }
    const segment = this.segment;
    segment.sourcePort = u16(bytes, at);
    segment.destinationPort = u16(bytes, at + 2);
    walk.at += udpHeader;
    walk.reason = '';
    return enterUdpTunnel(walk, segment.sourcePort, segment.destinationPort, this.#scopes);
  }

  #handOnUdp(walk: Walk): number {
    const segment = this.segment;
    segment.bytes = walk.bytes;
    segment.payloadStart = walk.at;
    segment.payloadEnd = walk.end;
    segment.missing = walk.wireEnd - walk.end;
    copyAddresses(segment, walk);
    this.counters.udp++;
    return Decoded.Udp;
  }

  #ignore(reason: string): number {
    if (reason !== '') this.#countIgnored(reason, 1);
    return Decoded.None;
  }

  #countIgnored(reason: string, packets: number): void {
    const { ignored } = this.counters;
    ignored.set(reason, (ignored.get(reason) ?? 0) + packets);
  }
}

/**
 * RFC 9293:
 *
 *     0 source port   2 destination port   4 sequence   8 acknowledgement
 *     12 header length in words 4 bits   13 flags   14 window   16 checksum   18 urgent pointer
 */
function readTcpHeader(segment: Segment, bytes: Uint8Array, at: number): void {
  segment.sourcePort = (bytes[at]! << 8) | bytes[at + 1]!;
  segment.destinationPort = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  segment.sequence = u32(bytes, at + 4);
  segment.acknowledgement = u32(bytes, at + 8);
  segment.flags = bytes[at + 13]! & 63;
  segment.windowSize = (bytes[at + 14]! << 8) | bytes[at + 15]!;
  segment.urgentPointer = (bytes[at + 18]! << 8) | bytes[at + 19]!;
}

function copyAddresses(segment: Segment, walk: Walk): void {
  segment.scope = walk.scope;
  segment.source0 = walk.source0;
  segment.source1 = walk.source1;
  segment.source2 = walk.source2;
  segment.source3 = walk.source3;
  segment.destination0 = walk.destination0;
  segment.destination1 = walk.destination1;
  segment.destination2 = walk.destination2;
  segment.destination3 = walk.destination3;
}

function emptySegment(): Segment {
  return {
    bytes: new Uint8Array(0),
    payloadStart: 0,
    payloadEnd: 0,
    missing: 0,
    source0: 0,
    source1: 0,
    source2: 0,
    source3: 0,
    destination0: 0,
    destination1: 0,
    destination2: 0,
    destination3: 0,
    sourcePort: 0,
    destinationPort: 0,
    scope: 0,
    sequence: 0,
    acknowledgement: 0,
    flags: 0,
    windowSize: 0,
    urgentPointer: 0,
    timestampMs: 0,
    packetNumber: 0,
  };
}
