import type { PacketSink } from '../contract.ts';
import { type InterfaceTable, normalLinkType } from './interface-table.ts';
import {
  grouped,
  MAX_RECORD_BYTES,
  type RecordParser,
  readUint32Big,
  readUint32Little,
} from './record-parser.ts';

/** Snap lengths below this are not believed: some programs write 0 or a wrong one. */
const USUAL_SNAP_LENGTH = 262_144;
const FILE_HEADER_BYTES = 24;
const Magic = { Micro: 0xa1b2c3d4, Nano: 0xa1b23c4d, Patched: 0xa1b2cd34 } as const;

/** Whether `bytes` begin as a pcap file. */
export function isPcap(bytes: Uint8Array): boolean {
  return isMagic(readUint32Little(bytes, 0)) || isMagic(readUint32Big(bytes, 0));
}

function isMagic(value: number): boolean {
  return value === Magic.Micro || value === Magic.Nano || value === Magic.Patched;
}

/**
 * The pcap format (https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcap.html).
 *
 * ```
 * file header   magic u32 | major u16 | minor u16 | reserved u32 x 2 | snap length u32 | link type u32
 * record        seconds u32 | micro- or nanoseconds u32 | captured length u32 | wire length u32 | bytes
 * ```
 *
 * All numbers are in the byte order of the magic number. The patched variant (2000, still written
 * by some appliances) has 8 more bytes in each record's header: interface, protocol, packet type.
 */
export class PcapParser implements RecordParser {
  packets = 0;
  packetBytes = 0;
  needed = FILE_HEADER_BYTES;
  damage = '';
  dropped = 0;
  private readonly interfaces: InterfaceTable;
  private started = false;
  private big = false;
  private nano = false;
  private headerBytes = 16;
  private longest = USUAL_SNAP_LENGTH;
  private linkType = 0;
  private interfaceIndex = 0;

  constructor(interfaces: InterfaceTable) {
    this.interfaces = interfaces;
  }

  parse(bytes: Uint8Array, start: number, end: number, sink: PacketSink): number {
    let at = start;
    if (!this.started) {
      if (end - start < FILE_HEADER_BYTES) return start;
      this.readFileHeader(bytes, start);
      at += FILE_HEADER_BYTES;
    }
    return this.big
      ? this.records(bytes, at, end, sink, true)
      : this.records(bytes, at, end, sink, false);
  }

  private records(
    bytes: Uint8Array,
    start: number,
    end: number,
    sink: PacketSink,
    big: boolean,
  ): number {
    const { headerBytes, longest, linkType, interfaceIndex, nano } = this;
    let at = start;
    let packets = 0;
    let packetBytes = 0;
    this.needed = headerBytes;
    while (at + headerBytes <= end) {
      const seconds = big ? readUint32Big(bytes, at) : readUint32Little(bytes, at);
      const fraction = big ? readUint32Big(bytes, at + 4) : readUint32Little(bytes, at + 4);
      const captured = big ? readUint32Big(bytes, at + 8) : readUint32Little(bytes, at + 8);
      const onWire = big ? readUint32Big(bytes, at + 12) : readUint32Little(bytes, at + 12);
      if (captured > longest) {
        this.damage = `record of ${grouped(captured)} bytes`;
        break;
      }
      const from = at + headerBytes;
      const to = from + captured;
      if (to > end) {
        this.needed = headerBytes + captured;
        break;
      }
      // Whole units first, then one division: a microsecond survives being a fraction of a double.
      const time = nano ? seconds * 1e3 + fraction / 1e6 : (seconds * 1e6 + fraction) / 1e3;
      packets++;
      packetBytes += captured;
      const wireLength = Math.max(onWire, captured);
      sink.packet(bytes, from, to, wireLength, linkType, time, interfaceIndex);
      at = to;
    }
    this.packets += packets;
    this.packetBytes += packetBytes;
    return at;
  }

  private readFileHeader(bytes: Uint8Array, at: number): void {
    this.started = true;
    this.big = isMagic(readUint32Big(bytes, at));
    const read = this.big ? readUint32Big : readUint32Little;
    const magic = read(bytes, at);
    this.nano = magic === Magic.Nano;
    this.headerBytes = magic === Magic.Patched ? 24 : 16;
    this.longest = Math.min(Math.max(read(bytes, at + 16), USUAL_SNAP_LENGTH), MAX_RECORD_BYTES);
    // The upper 16 bits tell the length of a frame check sequence, which decoders ignore anyway.
    this.linkType = normalLinkType(read(bytes, at + 20) & 0xffff);
    this.interfaceIndex = Math.max(0, this.interfaces.add('', this.linkType));
  }
}
