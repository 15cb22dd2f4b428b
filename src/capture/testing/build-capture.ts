/** Capture files and packets for tests, built byte by byte and without the code that is tested. */

export interface TestPacket {
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly wireLength?: number;
  readonly interfaceIndex?: number;
}

export interface PcapKind {
  readonly big?: boolean;
  readonly nano?: boolean;
  readonly patched?: boolean;
  readonly linkType?: number;
}

/** Collects numbers in one byte order. */
class ByteWriter {
  private readonly parts: Buffer[] = [];
  private readonly big: boolean;

  constructor(big = false) {
    this.big = big;
  }

  u16(value: number): this {
    const part = Buffer.alloc(2);
    if (this.big) part.writeUInt16BE(value);
    else part.writeUInt16LE(value);
    return this.raw(part);
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    if (this.big) part.writeUInt32BE(value >>> 0);
    else part.writeUInt32LE(value >>> 0);
    return this.raw(part);
  }

  u64(value: bigint): this {
    const part = Buffer.alloc(8);
    if (this.big) part.writeBigUInt64BE(BigInt.asUintN(64, value));
    else part.writeBigUInt64LE(BigInt.asUintN(64, value));
    return this.raw(part);
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(Buffer.from(bytes));
    return this;
  }

  padded(bytes: Uint8Array): this {
    return this.raw(bytes).raw(Buffer.alloc((4 - (bytes.length % 4)) % 4));
  }

  done(): Buffer {
    return Buffer.concat(this.parts);
  }
}

export function buildPcap(packets: readonly TestPacket[], kind: PcapKind = {}): Buffer {
  const out = new ByteWriter(kind.big);
  out.u32(kind.patched ? 0xa1b2cd34 : kind.nano ? 0xa1b23c4d : 0xa1b2c3d4);
  out.u16(2).u16(4).u32(0).u32(0).u32(262_144);
  out.u32(kind.linkType ?? 1);
  for (const packet of packets) {
    const seconds = Math.floor(packet.time / 1e3);
    const rest = packet.time - seconds * 1e3;
    out.u32(seconds).u32(Math.round(rest * (kind.nano ? 1e6 : 1e3)));
    out.u32(packet.bytes.length).u32(packet.wireLength ?? packet.bytes.length);
    if (kind.patched) out.u32(3).u16(0x0800).u16(0);
    out.raw(packet.bytes);
  }
  return out.done();
}

export interface TestInterface {
  readonly linkType: number;
  readonly name?: string;
  /** Value of if_tsresol, e.g. 9 for nanoseconds, 0x80 | 10 for 1/1024 s. */
  readonly resolution?: number;
  readonly offsetSeconds?: number;
  readonly snapLength?: number;
}

export function sectionBlock(big = false): Buffer {
  const body = new ByteWriter(big).u32(0x1a2b3c4d).u16(1).u16(0).u64(-1n).done();
  return block(0x0a0d0d0a, body, big);
}

export function interfaceBlock(test: TestInterface, big = false): Buffer {
  const out = new ByteWriter(big)
    .u16(test.linkType)
    .u16(0)
    .u32(test.snapLength ?? 0);
  if (test.name !== undefined) {
    out.u16(2).u16(Buffer.byteLength(test.name)).padded(Buffer.from(test.name));
  }
  if (test.resolution !== undefined) out.u16(9).u16(1).padded(Buffer.of(test.resolution));
  if (test.offsetSeconds !== undefined) out.u16(14).u16(8).u64(BigInt(test.offsetSeconds));
  return block(1, out.u16(0).u16(0).done(), big);
}

/** `ticks` in units of the interface's resolution. */
export function enhancedBlock(
  bytes: Uint8Array,
  ticks: bigint,
  { big = false, interfaceIndex = 0, old = false, wireLength = bytes.length } = {},
): Buffer {
  const out = new ByteWriter(big);
  if (old) out.u16(interfaceIndex).u16(0xffff);
  else out.u32(interfaceIndex);
  out.u32(Number(ticks >> 32n)).u32(Number(ticks & 0xffff_ffffn));
  out.u32(bytes.length).u32(wireLength).padded(bytes);
  return block(old ? 2 : 6, out.done(), big);
}

export function simpleBlock(bytes: Uint8Array, wireLength = bytes.length, big = false): Buffer {
  return block(3, new ByteWriter(big).u32(wireLength).padded(bytes).done(), big);
}

export function block(type: number, body: Uint8Array, big = false): Buffer {
  const length = body.length + 12;
  return new ByteWriter(big).u32(type).u32(length).raw(body).u32(length).done();
}
