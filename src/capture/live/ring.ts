import type { PacketSink } from '../contract.ts';
import { LinkType } from '../contract.ts';
import type { TargetSet } from '../targets.ts';
import { ARPHRD_LOOPBACK, isVlanInterface, linkTypeOf } from './interfaces.ts';
import { HEADROOM_BYTES, type RingSize } from './packet-socket.ts';
import { Repeats } from './repeats.ts';

/** `tp_status` of a block: with the kernel, with us. */
const BLOCK_OF_KERNEL = 0;
const BLOCK_OF_USER = 1;
/** `tp_status` of a packet: the card took a VLAN tag off, and says its type. */
const VLAN_VALID = 0x10;
const VLAN_TYPE_VALID = 0x40;
const VLAN_TYPE = 0x8100;
const ETHERNET_HEADER_BYTES = 14;
const SERVICE_VLAN_TYPE = 0x88a8;
const ETHERTYPE_IP = 0x0800;
const ETHERTYPE_IP6 = 0x86dd;
/** Interfaces whose kind is remembered; a node's pods come and go. */
const MAX_REMEMBERED_INTERFACES = 4_096;

/**
 * Walks the blocks of a `TPACKET_V3` ring in the order of the kernel.
 *
 * ```
 * block    version u32 | private u32 | status u32 | packets u32 | first packet u32 | length u32 | ...
 * packet    0 next u32 | seconds u32 | nanoseconds u32 | captured u32 | wire u32 | status u32
 *          24 link header u16 | network header u16 | flow hash u32 | VLAN tag u32 | VLAN type u16
 *          48 family u16 | EtherType u16, network order | interface i32 | ARPHRD u16 | packet type u8
 * ```
 *
 * Offsets of headers count from the packet's first byte. Numbers are in the machine's byte order.
 */
export class Ring {
  packets = 0;
  bytes = 0;
  ignored = 0;
  /** Only packets of these are handed on; undefined: all. */
  targets: TargetSet | undefined;
  private readonly size: RingSize;
  private readonly octets: Uint8Array;
  private readonly halves: Uint16Array;
  private readonly words: Uint32Array;
  private readonly statuses: Int32Array;
  private block = 0;
  private readonly repeats = new Repeats();
  private readonly skipVlanInterfaces: boolean;
  /** Whether packets of an interface (by number) are left out. */
  private readonly kinds = new Map<number, boolean>();
  private lastInterface = 0;
  private lastSkipped = false;
  /** Two interfaces carried IP packets, loopback not counted: only then can packets repeat. */
  private several = false;
  private firstInterface = 0;

  /**
   * `skipVlanInterfaces`: leave out interfaces that carry one VLAN of another interface, because
   * that one is captured too and keeps the tag. Otherwise the two directions of a connection could
   * be seen first on different ones, and be taken for two connections.
   */
  constructor(memory: ArrayBuffer, size: RingSize, skipVlanInterfaces: boolean) {
    this.size = size;
    this.skipVlanInterfaces = skipVlanInterfaces;
    this.octets = new Uint8Array(memory);
    this.halves = new Uint16Array(memory);
    this.words = new Uint32Array(memory);
    this.statuses = new Int32Array(memory);
  }

  /** Whether the kernel has handed over the next block. */
  get isReady(): boolean {
    // Atomic: nothing of the block may be read before its status.
    return (Atomics.load(this.statuses, this.statusAt()) & BLOCK_OF_USER) !== 0;
  }

  /** Hands on the packets of the block that is ready, gives it back, and returns their number. */
  walk(sink: PacketSink): number {
    const start = this.block * this.size.blockBytes;
    const count = this.words[(start >> 2) + 3]!;
    let at = start + this.words[(start >> 2) + 4]!;
    const before = this.packets;
    for (let packet = 0; packet < count; packet++) {
      this.packet(at, sink);
      at += this.words[at >> 2]!;
    }
    Atomics.store(this.statuses, this.statusAt(), BLOCK_OF_KERNEL);
    this.block = (this.block + 1) % this.size.blocks;
    return this.packets - before;
  }

  private statusAt(): number {
    return (this.block * this.size.blockBytes + 8) >> 2;
  }

  private packet(at: number, sink: PacketSink): void {
    const word = at >> 2;
    const timestampMs = this.words[word + 1]! * 1e3 + this.words[word + 2]! / 1e6;
    let captured = this.words[word + 3]!;
    let wireLength = this.words[word + 4]!;
    const status = this.words[word + 5]!;
    let start = at + this.halves[(at + 24) >> 1]!;
    const network = at + this.halves[(at + 26) >> 1]!;
    const end = start + captured;
    const protocol = this.octets[at + 50]! * 256 + this.octets[at + 51]!;
    const interfaceIndex = this.words[word + 13]!;
    const hardwareType = this.halves[(at + 56) >> 1]!;
    const linkType = linkTypeOf(hardwareType);
    const isLoopback = hardwareType === ARPHRD_LOOPBACK;
    if (!isLoopback && this.isSkipped(interfaceIndex)) {
      this.ignored++;
      return;
    }
    if (linkType === LinkType.RawIp) {
      // Behind whatever header this kind of interface has, where IP begins.
      wireLength -= network - start;
      captured -= network - start;
      start = network;
    }
    const ipAt = this.ipHeader(start, end, linkType, protocol);
    if (
      this.targets !== undefined &&
      !(ipAt >= 0 && this.targets.accepts(this.octets, ipAt, end))
    ) {
      this.ignored++;
      return;
    }
    const isRepeat =
      this.several &&
      !isLoopback &&
      ipAt >= 0 &&
      this.repeats.isRepeat(this.octets, ipAt, end, interfaceIndex, timestampMs);
    if (isRepeat || (ipAt < 0 && linkType === LinkType.RawIp)) {
      this.ignored++;
      return;
    }
    if ((status & VLAN_VALID) !== 0 && linkType === LinkType.Ethernet && captured >= 12) {
      this.putBackTag(start, at, status);
      start -= HEADROOM_BYTES;
      captured += HEADROOM_BYTES;
      wireLength += HEADROOM_BYTES;
    }
    this.packets++;
    this.bytes += captured;
    sink.packet(this.octets, start, end, wireLength, linkType, timestampMs, interfaceIndex);
  }

  /**
   * Where the IP header begins, or -1. Not what the kernel says for Ethernet: the two sides of a
   * tagged packet differ in whether their network header is the tag or behind it.
   */
  private ipHeader(start: number, end: number, linkType: number, protocol: number): number {
    let at = start;
    let type = protocol;
    if (linkType === LinkType.Ethernet) {
      at += ETHERNET_HEADER_BYTES;
      type = this.typeBefore(at);
      while ((type === VLAN_TYPE || type === SERVICE_VLAN_TYPE) && at + 4 <= end) {
        at += 4;
        type = this.typeBefore(at);
      }
    }
    return (type === ETHERTYPE_IP || type === ETHERTYPE_IP6) && at < end ? at : -1;
  }

  private typeBefore(at: number): number {
    return this.octets[at - 2]! * 256 + this.octets[at - 1]!;
  }

  private isSkipped(interfaceIndex: number): boolean {
    if (interfaceIndex !== this.lastInterface) this.changeInterface(interfaceIndex);
    return this.lastSkipped;
  }

  private changeInterface(interfaceIndex: number): void {
    this.lastInterface = interfaceIndex;
    let skipped = this.kinds.get(interfaceIndex);
    if (skipped === undefined) {
      skipped = this.skipVlanInterfaces && isVlanInterface(interfaceIndex);
      if (this.kinds.size >= MAX_REMEMBERED_INTERFACES) this.kinds.clear();
      this.kinds.set(interfaceIndex, skipped);
    }
    this.lastSkipped = skipped;
    if (this.firstInterface === 0) this.firstInterface = interfaceIndex;
    else if (interfaceIndex !== this.firstInterface && !skipped) this.several = true;
  }

  /** Moves the two MAC addresses into the headroom and writes the tag behind them. */
  private putBackTag(start: number, at: number, status: number): void {
    const { octets } = this;
    octets.copyWithin(start - HEADROOM_BYTES, start, start + 12);
    const type = (status & VLAN_TYPE_VALID) !== 0 ? this.halves[(at + 36) >> 1]! : VLAN_TYPE;
    const tag = this.words[(at + 32) >> 2]!;
    octets[start + 8] = type >> 8;
    octets[start + 9] = type & 0xff;
    octets[start + 10] = (tag >> 8) & 0xff;
    octets[start + 11] = tag & 0xff;
  }
}
