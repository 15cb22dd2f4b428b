import type { PacketSink } from '../contract.ts';
import { type InterfaceTable, MAX_INTERFACES } from './interface-table.ts';
import { PcapngInterfaces } from './pcapng-interfaces.ts';
import {
  grouped,
  MAX_RECORD_BYTES,
  type RecordParser,
  readUint32Big,
  readUint32Little,
} from './record-parser.ts';

/** Block types; everything else is skipped. */
const Block = {
  Section: 0x0a0d0d0a,
  Interface: 1,
  OldPacket: 2,
  SimplePacket: 3,
  Statistics: 5,
  EnhancedPacket: 6,
} as const;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, length again. */
const SMALLEST_BLOCK_BYTES = 12;
const SMALLEST_SECTION_BYTES = 28;
/** Bytes of a packet block around the packet: enhanced and old, simple. */
const PACKET_BLOCK_BYTES = 32;
const SIMPLE_BLOCK_BYTES = 16;

/** Whether `bytes` begin as a pcapng file. */
export function isPcapng(bytes: Uint8Array): boolean {
  return readUint32Little(bytes, 0) === Block.Section;
}

/**
 * The pcapng format (https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcapng.html).
 *
 * ```
 * every block       type u32 | length u32 | body, padded to 4 | length u32
 * section           byte order magic u32 | major u16 | minor u16 | section length u64 | options
 * interface         link type u16 | reserved u16 | snap length u32 | options
 * enhanced packet   interface u32 | time high u32 | time low u32 | captured u32 | wire u32 | bytes | options
 * old packet        interface u16 | drops u16 | time high u32 | time low u32 | captured u32 | wire u32 | bytes
 * simple packet     wire u32 | bytes (first interface, no time)
 * ```
 *
 * Each section has its own byte order and its own interfaces, numbered from 0.
 */
export class PcapngParser implements RecordParser {
  packets = 0;
  packetBytes = 0;
  needed = SMALLEST_SECTION_BYTES;
  damage = '';
  private readonly interfaces: PcapngInterfaces;
  private big = false;
  /** Simple packets have no time: they take that of the packet before. */
  private lastTimestampMs = 0;

  constructor(interfaces: InterfaceTable) {
    this.interfaces = new PcapngInterfaces(interfaces);
  }

  get dropped(): number {
    return this.interfaces.dropped;
  }

  parse(bytes: Uint8Array, start: number, end: number, sink: PacketSink): number {
    let at = start;
    while (this.damage === '') {
      this.needed = SMALLEST_BLOCK_BYTES;
      if (at + SMALLEST_BLOCK_BYTES > end) break;
      if (readUint32Little(bytes, at) === Block.Section && !this.readByteOrder(bytes, at)) break;
      const length = this.read32(bytes, at + 4);
      if (length < SMALLEST_BLOCK_BYTES || length > MAX_RECORD_BYTES || length % 4 !== 0) {
        this.damage = `block of ${grouped(length)} bytes`;
        break;
      }
      if (at + length > end) {
        this.needed = length;
        break;
      }
      if (this.read32(bytes, at + length - 4) !== length) {
        this.damage = `block whose length is ${grouped(length)} in front and another behind`;
        break;
      }
      this.block(bytes, at, length, sink);
      if (this.damage === '') at += length;
    }
    return at;
  }

  private block(bytes: Uint8Array, at: number, length: number, sink: PacketSink): void {
    const type = this.read32(bytes, at);
    if (type === Block.EnhancedPacket) this.packetBlock(bytes, at, length, sink, false);
    else if (type === Block.OldPacket) this.packetBlock(bytes, at, length, sink, true);
    else if (type === Block.SimplePacket) this.simplePacket(bytes, at, length, sink);
    else if (type === Block.Interface) this.addInterface(bytes, at, length);
    else if (type === Block.Section) this.interfaces.startSection();
    else if (type === Block.Statistics) this.interfaces.statistics(bytes, at, length, this.big);
  }

  private packetBlock(
    bytes: Uint8Array,
    at: number,
    length: number,
    sink: PacketSink,
    old: boolean,
  ): void {
    if (length < PACKET_BLOCK_BYTES) {
      this.damage = `packet block of ${length} bytes`;
      return;
    }
    const first = this.read32(bytes, at + 8);
    // The old block has two 16-bit numbers here, in the order of the section.
    const local = old ? (this.big ? first >>> 16 : first & 0xffff) : first;
    const high = this.read32(bytes, at + 12);
    const low = this.read32(bytes, at + 16);
    const captured = this.read32(bytes, at + 20);
    const onWire = this.read32(bytes, at + 24);
    if (captured > length - PACKET_BLOCK_BYTES) {
      this.damage = `packet of ${grouped(captured)} bytes in a block of ${grouped(length)}`;
      return;
    }
    if (local >= this.interfaces.count) {
      this.damage = `packet of interface ${grouped(local)}, which the file does not declare`;
      return;
    }
    const time = this.interfaces.timestampMs(local, high, low);
    this.lastTimestampMs = time;
    this.handOn(bytes, at + 28, captured, onWire, local, time, sink);
  }

  private simplePacket(bytes: Uint8Array, at: number, length: number, sink: PacketSink): void {
    if (length < SIMPLE_BLOCK_BYTES || this.interfaces.count === 0) {
      this.damage = `simple packet block of ${length} bytes without an interface`;
      return;
    }
    const onWire = this.read32(bytes, at + 8);
    const snapLength = this.interfaces.snapLength(0);
    let captured = Math.min(onWire, length - SIMPLE_BLOCK_BYTES);
    if (snapLength > 0) captured = Math.min(captured, snapLength);
    this.handOn(bytes, at + 12, captured, onWire, 0, this.lastTimestampMs, sink);
  }

  private handOn(
    bytes: Uint8Array,
    from: number,
    captured: number,
    onWire: number,
    local: number,
    time: number,
    sink: PacketSink,
  ): void {
    this.packets++;
    this.packetBytes += captured;
    sink.packet(
      bytes,
      from,
      from + captured,
      Math.max(onWire, captured),
      this.interfaces.linkType(local),
      time,
      this.interfaces.globalIndex(local),
    );
  }

  private addInterface(bytes: Uint8Array, at: number, length: number): void {
    if (length < 20) this.damage = `interface block of ${length} bytes`;
    else if (!this.interfaces.add(bytes, at, length, this.big)) {
      this.damage = `more than ${grouped(MAX_INTERFACES)} interfaces`;
    }
  }

  /** Sets the byte order from a section block's magic; false when there is no such magic. */
  private readByteOrder(bytes: Uint8Array, at: number): boolean {
    if (readUint32Little(bytes, at + 8) === BYTE_ORDER_MAGIC) this.big = false;
    else if (readUint32Big(bytes, at + 8) === BYTE_ORDER_MAGIC) this.big = true;
    else {
      this.damage = 'section without a byte order';
      return false;
    }
    return true;
  }

  private read32(bytes: Uint8Array, at: number): number {
    return this.big ? readUint32Big(bytes, at) : readUint32Little(bytes, at);
  }
}
