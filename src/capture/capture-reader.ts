import type { PacketSink, SourceDamage } from './contract.ts';
import { MAGIC_BYTES, parserFor } from './format/detect.ts';
import type { InterfaceTable } from './format/interface-table.ts';
import { grouped, type RecordParser } from './format/record-parser.ts';
import { type ByteInput, EndOfInput, NothingYet } from './input/byte-input.ts';
import { compressionOf, InflateInput } from './input/inflate-input.ts';

/**
 * Bytes read at a time: large enough that system calls do not count, small enough to stay in the
 * processor's cache until the packets are looked at.
 */
const CHUNK_BYTES = 1 << 20;
/** A compressed file in a compressed file is unpacked; more layers are taken for an attack. */
const MAX_COMPRESSION_LAYERS = 2;

/** Reads one capture: detects compression and format, finds the records, notes where it is damaged. */
export class CaptureReader {
  readonly file: string;
  damage: SourceDamage | undefined;
  ended = false;
  private input: ByteInput;
  private readonly interfaces: InterfaceTable;
  private parser: RecordParser | undefined;
  private layers = 0;
  private buffer = new Uint8Array(CHUNK_BYTES);
  /** Unread bytes are `buffer[start, filled)`, the first of them at `offset` in the capture. */
  private start = 0;
  private filled = 0;
  private offset = 0;

  constructor(file: string, input: ByteInput, interfaces: InterfaceTable) {
    this.file = file;
    this.input = input;
    this.interfaces = interfaces;
  }

  get packets(): number {
    return this.parser?.packets ?? 0;
  }

  get packetBytes(): number {
    return this.parser?.packetBytes ?? 0;
  }

  get dropped(): number {
    return this.parser?.dropped ?? 0;
  }

  get totalBytes(): number {
    return this.input.totalBytes;
  }

  readBytes(): number {
    return this.input.readBytes();
  }

  /** As `PacketSource.read`. Regular files that are not compressed answer at once. */
  read(sink: PacketSink, waitMs: number): number | Promise<number> {
    while (!this.ended) {
      this.makeRoom();
      const count = this.input.fill(this.buffer, this.filled, waitMs);
      if (typeof count !== 'number') return this.readLater(count, sink, waitMs);
      const packets = this.accept(count, sink);
      if (packets > 0) return packets;
      if (count === NothingYet) return 0;
    }
    return -1;
  }

  close(): void {
    this.ended = true;
    this.input.close();
  }

  private async readLater(
    first: Promise<number>,
    sink: PacketSink,
    waitMs: number,
  ): Promise<number> {
    let count = await first;
    while (!this.ended) {
      const packets = this.accept(count, sink);
      if (packets > 0) return packets;
      if (count === NothingYet) return 0;
      if (this.ended) break;
      this.makeRoom();
      count = await this.input.fill(this.buffer, this.filled, waitMs);
    }
    return -1;
  }

  /** Takes note of `count` new bytes and hands on the records that became whole. */
  private accept(count: number, sink: PacketSink): number {
    if (count > 0) this.filled += count;
    if (this.parser === undefined) this.detect(count);
    const packets = this.parser === undefined ? 0 : this.parse(this.parser, sink);
    if (count === EndOfInput) this.finish();
    return packets;
  }

  private detect(count: number): void {
    if (this.filled < MAGIC_BYTES && count !== EndOfInput) return;
    const compression = compressionOf(this.buffer, this.filled);
    if (compression !== undefined && this.layers < MAX_COMPRESSION_LAYERS) {
      this.layers++;
      this.input = new InflateInput(this.input, compression, this.buffer.subarray(0, this.filled));
      this.filled = 0;
      return;
    }
    if (this.filled >= MAGIC_BYTES) this.parser = parserFor(this.buffer, this.interfaces);
    if (this.parser === undefined) {
      this.fail(this.filled === 0 ? 'nothing in it' : 'neither pcap nor pcapng');
    }
  }

  private parse(parser: RecordParser, sink: PacketSink): number {
    const before = parser.packets;
    const stopped = parser.parse(this.buffer, this.start, this.filled, sink);
    this.offset += stopped - this.start;
    this.start = stopped;
    if (parser.damage !== '') this.fail(parser.damage);
    return parser.packets - before;
  }

  /**
   * Moves the unread bytes to the front, and to a larger buffer when the next record needs one. Done
   * before reading and not after: until then the packets handed on stay where they are.
   */
  private makeRoom(): void {
    const rest = this.filled - this.start;
    const needed = this.parser?.needed ?? MAGIC_BYTES;
    if (needed > this.buffer.length) {
      const larger = new Uint8Array(needed + CHUNK_BYTES);
      larger.set(this.buffer.subarray(this.start, this.filled));
      this.buffer = larger;
    } else if (this.start > 0) this.buffer.copyWithin(0, this.start, this.filled);
    this.start = 0;
    this.filled = rest;
  }

  private finish(): void {
    if (this.ended) return;
    const failure = this.input.failure();
    if (failure !== '') this.fail(failure);
    else if (this.filled > this.start) {
      const there = grouped(this.filled - this.start);
      this.fail(`cut: ${there} of ${grouped(this.parser?.needed ?? 0)} bytes of a record`);
    }
    this.ended = true;
  }

  private fail(reason: string): void {
    this.damage ??= { file: this.file, offset: this.offset, reason };
    this.ended = true;
  }
}
