import fs from 'node:fs';
import { CaptureReader } from './capture-reader.ts';
import type { CaptureSource } from './capture-source.ts';
import type { PacketSink, SourceCounters, SourceDamage } from './contract.ts';
import { InterfaceTable } from './format/interface-table.ts';
import type { ByteInput } from './input/byte-input.ts';
import { PipeInput } from './input/pipe-input.ts';
import { PlainInput } from './input/plain-input.ts';
import { probe } from './input/probe.ts';
import { type PacketFilter, packetFilter } from './packet-filter.ts';
import { reasonOf, SourceError, systemCode } from './source-error.ts';
import { TimeMerge } from './time-merge.ts';

/** Files read at once; each holds a descriptor and a chunk of memory. */
const MAX_FILES = 512;
const STANDARD_INPUT = '-';

export interface FileOptions {
  /** A tcpdump expression (docs/capture-filter.md); other packets count as ignored. */
  readonly captureFilter?: string;
}

/**
 * Opens capture files (pcap and pcapng, also compressed by gzip or zstd; `-` is standard input);
 * several are merged by time. Throws a `SourceError` when one is missing, unreadable or no capture.
 */
export function openFiles(paths: readonly string[], options: FileOptions = {}): CaptureSource {
  if (paths.length === 0) throw new SourceError('missing', 'no capture file was named');
  if (paths.length > MAX_FILES) {
    throw new SourceError('unsupported', `at most ${MAX_FILES} capture files can be read at once`);
  }
  if (paths.filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new SourceError('unreadable', 'standard input (-) can be read only once');
  }
  const filter =
    options.captureFilter === undefined ? undefined : packetFilter(options.captureFilter);
  const interfaces = new InterfaceTable();
  const readers: CaptureReader[] = [];
  try {
    for (const path of paths) readers.push(openReader(path, interfaces));
  } catch (error) {
    for (const reader of readers) reader.close();
    throw error;
  }
  return new Files(readers, interfaces, filter);
}

function openReader(path: string, interfaces: InterfaceTable): CaptureReader {
  const name = path === STANDARD_INPUT ? 'standard input' : path;
  const descriptor = path === STANDARD_INPUT ? 0 : openDescriptor(path);
  try {
    return new CaptureReader(name, openInput(name, descriptor), interfaces);
  } catch (error) {
    if (descriptor !== 0) fs.closeSync(descriptor);
    throw error;
  }
}

function openDescriptor(path: string): number {
  try {
    return fs.openSync(path, 'r');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new SourceError('missing', `${path}: there is no such file; check the path`);
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new SourceError(
        'unreadable',
        `${path}: no permission to read it; check its owner and mode`,
      );
    }
    throw new SourceError('unreadable', `${path}: cannot be opened (${reasonOf(error)})`);
  }
}

function openInput(name: string, descriptor: number): ByteInput {
  const stat = statOf(name, descriptor);
  if (stat.isDirectory()) {
    throw new SourceError('unreadable', `${name}: is a folder; name the capture files in it`);
  }
  if (stat.isFIFO() || stat.isSocket()) return new PipeInput(descriptor);
  if (stat.isFile()) {
    probe(name, descriptor);
    return new PlainInput(descriptor, stat.size);
  }
  throw new SourceError(
    'not-a-capture',
    `${name}: is a terminal or device, not a capture; try: tcpdump -U -w - | mizu tap --read -`,
  );
}

function statOf(name: string, descriptor: number): fs.Stats {
  try {
    return fs.fstatSync(descriptor);
  } catch (error) {
    throw new SourceError('unreadable', `${name}: cannot be read (${reasonOf(error)})`);
  }
}

class Files implements CaptureSource {
  readonly description: string;
  private readonly readers: readonly CaptureReader[];
  private readonly interfaces: InterfaceTable;
  private readonly filter: PacketFilter | undefined;
  private readonly merge: TimeMerge | undefined;

  constructor(
    readers: readonly CaptureReader[],
    interfaces: InterfaceTable,
    filter: PacketFilter | undefined,
  ) {
    this.readers = readers;
    this.interfaces = interfaces;
    this.filter = filter;
    this.merge = readers.length > 1 ? new TimeMerge(readers) : undefined;
    this.description = readers.map((reader) => reader.file).join(', ');
  }

  read(sink: PacketSink, waitMs: number): number | Promise<number> {
    const target = this.filter === undefined ? sink : this.filter.before(sink);
    return this.merge === undefined
      ? this.readers[0]!.read(target, waitMs)
      : this.merge.read(target, waitMs);
  }

  counters(): SourceCounters {
    const ignored = this.filter?.ignored ?? 0;
    const sum: SourceCounters = {
      packets: -ignored,
      bytes: -(this.filter?.ignoredBytes ?? 0),
      dropped: 0,
      ignored,
      totalBytes: 0,
      readBytes: 0,
    };
    for (const reader of this.readers) {
      sum.packets += reader.packets;
      sum.bytes += reader.packetBytes;
      sum.dropped += reader.dropped;
      sum.totalBytes += reader.totalBytes;
      sum.readBytes += reader.readBytes();
    }
    return sum;
  }

  damage(): readonly SourceDamage[] {
    const damages: SourceDamage[] = [];
    for (const reader of this.readers) if (reader.damage) damages.push(reader.damage);
    return damages;
  }

  interfaceName(interfaceIndex: number): string {
    return this.interfaces.at(interfaceIndex)?.name ?? '';
  }

  close(): void {
    for (const reader of this.readers) reader.close();
  }
}
