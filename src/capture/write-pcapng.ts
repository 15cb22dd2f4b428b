import fs from 'node:fs';
import type { PacketSink } from './contract.ts';
import { reasonOf, SourceError } from './source-error.ts';

/** Packets wait here for the next write. */
const BUFFER_BYTES = 1 << 20;
/** Packets reach the file after this time at the latest. */
const FLUSH_INTERVAL_MS = 1_000;
/** Interfaces in one file; packets of further ones are written under the first of their link type. */
const MAX_INTERFACES = 65_536;
const TWO_TO_32 = 2 ** 32;

const SECTION_BLOCK = 0x0a0d0d0a;
const INTERFACE_BLOCK = 1;
const PACKET_BLOCK = 6;
/** Everything of a packet block but the packet. */
const PACKET_BLOCK_BYTES = 32;

const Option = { UserApplication: 4, InterfaceName: 2, Resolution: 9 } as const;
const MICROSECONDS = 6;

export interface PcapngWriterOptions {
  /** The name of an interface, or an empty text. */
  readonly interfaceName?: (interfaceIndex: number) => string;
  /** Written into the file as the program that made it. */
  readonly application?: string;
}

/**
 * Writes packets to a pcapng file (layout: see `format/pcapng.ts`) with times in microseconds.
 * Buffered; written out each second, on `flush` and on `close`. The constructor throws a
 * `SourceError` when the file cannot be created; later problems (disk full) end the writing and
 * stand in `failure`.
 */
export class PcapngWriter implements PacketSink {
  /** Packets taken so far, and those that could not be written. */
  packets = 0;
  lost = 0;
  /** Why nothing is written any more, or an empty text. */
  failure = '';
  private readonly path: string;
  private readonly descriptor: number;
  private readonly options: PcapngWriterOptions;
  private buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  private filled = 0;
  /** Packets in `buffer`. */
  private waiting = 0;
  /** interface index and link type → number in the file */
  private readonly interfaces = new Map<number, number>();
  private readonly timer: NodeJS.Timeout;
  private flushedAt = performance.now();
  private open = true;

  constructor(path: string, options: PcapngWriterOptions = {}) {
    this.path = path;
    this.options = options;
    try {
      this.descriptor = fs.openSync(path, 'w');
    } catch (error) {
      throw new SourceError('unwritable', `${path}: cannot be written (${reasonOf(error)})`);
    }
    this.section();
    this.flush();
    // For quiet times; while packets come, `packet` looks at the clock itself.
    this.timer = setInterval(() => this.flush(), FLUSH_INTERVAL_MS);
    this.timer.unref();
  }

  packet(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    linkType: number,
    timestampMs: number,
    interfaceIndex: number,
  ): void {
    if (!this.open || this.failure !== '') {
      this.lost++;
      return;
    }
    const number = this.interfaceNumber(interfaceIndex, linkType);
    const captured = end - start;
    const length = PACKET_BLOCK_BYTES + padded(captured);
    const at = this.reserve(length);
    const { buffer } = this;
    const micros = Math.max(0, Math.round(timestampMs * 1e3));
    buffer.writeUInt32LE(PACKET_BLOCK, at);
    buffer.writeUInt32LE(length, at + 4);
    buffer.writeUInt32LE(number, at + 8);
    buffer.writeUInt32LE(Math.floor(micros / TWO_TO_32) >>> 0, at + 12);
    buffer.writeUInt32LE(micros % TWO_TO_32, at + 16);
    buffer.writeUInt32LE(captured, at + 20);
    buffer.writeUInt32LE(wireLength >>> 0, at + 24);
    buffer.set(bytes.subarray(start, end), at + 28);
    buffer.fill(0, at + 28 + captured, at + length - 4);
    this.finishBlock(at, length);
    this.packets++;
    this.waiting++;
    if (performance.now() - this.flushedAt >= FLUSH_INTERVAL_MS) this.flush();
  }

  /** Hands everything to the operating system. */
  flush(): void {
    this.flushedAt = performance.now();
    let from = 0;
    try {
      while (from < this.filled && this.failure === '') {
        const count = fs.writeSync(this.descriptor, this.buffer, from, this.filled - from);
        from += count;
      }
    } catch (error) {
      this.failure = `${this.path}: cannot be written any more (${reasonOf(error)})`;
      this.lost += this.waiting;
    }
    this.filled = 0;
    this.waiting = 0;
  }

  close(): void {
    if (!this.open) return;
    clearInterval(this.timer);
    this.flush();
    this.open = false;
    fs.closeSync(this.descriptor);
  }

  /** The interface's number in the file; its first packet declares it. */
  private interfaceNumber(interfaceIndex: number, linkType: number): number {
    const key = interfaceIndex * 65_536 + linkType;
    const known = this.interfaces.get(key);
    if (known !== undefined) return known;
    if (this.interfaces.size >= MAX_INTERFACES) return this.interfaceOfType(linkType);
    const name = Buffer.from(this.options.interfaceName?.(interfaceIndex) ?? '').subarray(0, 255);
    const options = 4 + padded(name.length) + 8 + 4;
    const length = 20 + options;
    const at = this.reserve(length);
    this.buffer.writeUInt32LE(INTERFACE_BLOCK, at);
    this.buffer.writeUInt32LE(length, at + 4);
    this.buffer.writeUInt16LE(linkType, at + 8);
    this.buffer.writeUInt16LE(0, at + 10);
    // No limit to the length of packets.
    this.buffer.writeUInt32LE(0, at + 12);
    const next = this.option(at + 16, Option.InterfaceName, name);
    this.option(next, Option.Resolution, Buffer.of(MICROSECONDS));
    this.finishBlock(at, length);
    const number = this.interfaces.size;
    this.interfaces.set(key, number);
    return number;
  }

  /** Some interface of this link type, for a file that has too many. */
  private interfaceOfType(linkType: number): number {
    for (const [key, number] of this.interfaces) if (key % 65_536 === linkType) return number;
    return 0;
  }

  private section(): void {
    const application = Buffer.from(this.options.application ?? 'Mizu').subarray(0, 255);
    const length = 28 + 4 + padded(application.length) + 4;
    const at = this.reserve(length);
    this.buffer.writeUInt32LE(SECTION_BLOCK, at);
    this.buffer.writeUInt32LE(length, at + 4);
    this.buffer.writeUInt32LE(0x1a2b3c4d, at + 8);
    this.buffer.writeUInt16LE(1, at + 12);
    this.buffer.writeUInt16LE(0, at + 14);
    // Length of the section unknown: -1.
    this.buffer.fill(0xff, at + 16, at + 24);
    this.option(at + 24, Option.UserApplication, application);
    this.finishBlock(at, length);
  }

  private option(at: number, code: number, value: Buffer): number {
    this.buffer.writeUInt16LE(code, at);
    this.buffer.writeUInt16LE(value.length, at + 2);
    this.buffer.fill(0, at + 4, at + 4 + padded(value.length));
    this.buffer.set(value, at + 4);
    const next = at + 4 + padded(value.length);
    // Overwritten when another option follows.
    this.buffer.writeUInt32LE(0, next);
    return next;
  }

  /** Writes the trailing length and counts the block as written. */
  private finishBlock(at: number, length: number): void {
    this.buffer.writeUInt32LE(length, at + length - 4);
    this.filled = at + length;
  }

  /** Makes room for a block and returns where it begins. */
  private reserve(length: number): number {
    if (this.filled + length > this.buffer.length) this.flush();
    if (length > this.buffer.length) this.buffer = Buffer.allocUnsafe(length);
    return this.filled;
  }
}

/** Hands packets to a sink and, before, to a writer. */
export function teeSink(sink: PacketSink, writer: PcapngWriter): PacketSink {
  return {
    packet(bytes, start, end, wireLength, linkType, timestampMs, interfaceIndex): void {
      writer.packet(bytes, start, end, wireLength, linkType, timestampMs, interfaceIndex);
      sink.packet(bytes, start, end, wireLength, linkType, timestampMs, interfaceIndex);
    },
  };
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
