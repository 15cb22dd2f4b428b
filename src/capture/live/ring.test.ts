import { describe, expect, it } from 'vitest';
import { LinkType } from '../contract.ts';
import { collector } from '../testing/collect.ts';
import { Ring } from './ring.ts';

const BLOCK_BYTES = 4_096;
const BLOCKS = 2;
const IP = Buffer.from(
  '450000280001000040060000' +
    '0a0000010a000002' +
    '04d21f900000000700000009501000640000'.padEnd(40, '0'),
  'hex',
);
const ETHERNET = Buffer.from('aaaaaaaaaaaabbbbbbbbbbbb0800', 'hex');

interface RingPacket {
  readonly bytes: Buffer;
  /** Bytes of `bytes` in front of the network header. */
  readonly linkBytes?: number;
  readonly protocol?: number;
  readonly interfaceIndex?: number;
  readonly hardwareType?: number;
  readonly vlan?: { tag: number; type: number };
  readonly wireLength?: number;
}

/** Writes packets into a block as the kernel does (layout: see `Ring`), and hands it over. */
function fillBlock(memory: ArrayBuffer, block: number, packets: readonly RingPacket[]): void {
  const start = block * BLOCK_BYTES;
  const bytes = Buffer.from(memory, start, BLOCK_BYTES);
  bytes.fill(0);
  bytes.writeUInt32LE(packets.length, 12);
  bytes.writeUInt32LE(48, 16);
  let at = 48;
  for (const packet of packets) {
    const { linkBytes = 14, vlan, hardwareType = 1, interfaceIndex = 2 } = packet;
    const link = 96 + 4 - linkBytes;
    const size = (link + packet.bytes.length + 15) & ~15;
    bytes.writeUInt32LE(size, at);
    bytes.writeUInt32LE(1_700_000_000, at + 4);
    bytes.writeUInt32LE(250_000_000, at + 8);
    bytes.writeUInt32LE(packet.bytes.length, at + 12);
    bytes.writeUInt32LE(packet.wireLength ?? packet.bytes.length, at + 16);
    bytes.writeUInt32LE(vlan === undefined ? 1 : 1 | 0x10 | 0x40, at + 20);
    bytes.writeUInt16LE(link, at + 24);
    bytes.writeUInt16LE(link + linkBytes, at + 26);
    bytes.writeUInt32LE(vlan?.tag ?? 0, at + 32);
    bytes.writeUInt16LE(vlan?.type ?? 0, at + 36);
    bytes.writeUInt16BE(packet.protocol ?? 0x0800, at + 50);
    bytes.writeUInt32LE(interfaceIndex, at + 52);
    bytes.writeUInt16LE(hardwareType, at + 56);
    packet.bytes.copy(bytes, at + link);
    at += size;
  }
  bytes.writeUInt32LE(1, 8);
}

function walk(...packets: RingPacket[]) {
  const memory = new ArrayBuffer(BLOCK_BYTES * BLOCKS);
  const ring = new Ring(memory, { blockBytes: BLOCK_BYTES, blocks: BLOCKS }, false);
  fillBlock(memory, 0, packets);
  const sink = collector();
  const count = ring.walk(sink);
  expect(count).toBe(sink.seen.length);
  return { seen: sink.seen, ring };
}

const frame = Buffer.concat([ETHERNET, IP]);

describe('a block of the ring', () => {
  it('is handed on packet by packet, given back, and followed by the next one', () => {
    const memory = new ArrayBuffer(BLOCK_BYTES * BLOCKS);
    const ring = new Ring(memory, { blockBytes: BLOCK_BYTES, blocks: BLOCKS }, false);
    const sink = collector();
    for (let round = 0; round < 5; round++) {
      expect(ring.isReady).toBe(false);
      fillBlock(memory, round % BLOCKS, [{ bytes: frame }, { bytes: frame, wireLength: 1_514 }]);
      expect(ring.isReady).toBe(true);
      expect(ring.walk(sink)).toBe(2);
    }
    expect(sink.seen.length).toBe(10);
    expect(sink.seen[9]).toEqual({
      bytes: frame,
      wireLength: 1_514,
      linkType: LinkType.Ethernet,
      timestampMs: 1_700_000_000_250,
      interfaceIndex: 2,
    });
  });

  it('may be empty', () => {
    expect(walk().seen).toEqual([]);
  });

  it('has the tags that cards took off put back', () => {
    const { seen } = walk({ bytes: frame, vlan: { tag: 0x600a, type: 0x88a8 } }, { bytes: frame });
    expect(seen[0]?.bytes.toString('hex')).toBe(
      `aaaaaaaaaaaabbbbbbbbbbbb88a8600a0800${IP.toString('hex')}`,
    );
    expect(seen[0]?.wireLength).toBe(frame.length + 4);
    expect(seen[1]?.bytes).toEqual(frame);
  });

  it('gives packets of tunnels from where IP begins, and leaves out what is not IP', () => {
    const { seen, ring } = walk(
      { bytes: IP, linkBytes: 0, hardwareType: 65_534 },
      {
        bytes: Buffer.concat([Buffer.alloc(8), IP]),
        linkBytes: 8,
        hardwareType: 778,
        wireLength: 100,
      },
      { bytes: Buffer.alloc(30), linkBytes: 0, hardwareType: 65_534, protocol: 0x88cc },
    );
    expect(seen.map(({ bytes }) => bytes)).toEqual([IP, IP]);
    expect(seen.map(({ linkType }) => linkType)).toEqual([LinkType.RawIp, LinkType.RawIp]);
    expect(seen[1]?.wireLength).toBe(92);
    expect(ring.ignored).toBe(1);
  });

  it('has each packet once, whatever tags it has where', () => {
    const tagged = Buffer.concat([
      ETHERNET.subarray(0, 12),
      Buffer.from('8100000a0800', 'hex'),
      IP,
    ]);
    const { seen, ring } = walk(
      { bytes: Buffer.alloc(60), interfaceIndex: 9 },
      { bytes: frame, interfaceIndex: 2, vlan: { tag: 10, type: 0x8100 } },
      { bytes: tagged, interfaceIndex: 3, protocol: 0x8100 },
      { bytes: frame, interfaceIndex: 4 },
      { bytes: IP, interfaceIndex: 5, linkBytes: 0, hardwareType: 65_534 },
    );
    expect(seen.map((packet) => packet.interfaceIndex)).toEqual([9, 2]);
    expect(ring.ignored).toBe(3);
  });

  it('does not take loopback for another interface', () => {
    const loopback = { bytes: frame, interfaceIndex: 1, hardwareType: 772 };
    const { seen } = walk(loopback, loopback, { bytes: frame, interfaceIndex: 2 });
    expect(seen.length).toBe(3);
  });
});
