import type { CaptureSource } from './capture-source.ts';
import type { PacketSink, SourceCounters, SourceDamage } from './contract.ts';
import { interfacesNamed, listInterfaces } from './live/interfaces.ts';
import { type KernelFilterOptions, kernelPrograms } from './live/kernel-programs.ts';
import { PacketSocket, type RingSize } from './live/packet-socket.ts';
import { Ring } from './live/ring.ts';
import { systemCalls } from './live/system-calls.ts';
import { SourceError } from './source-error.ts';
import { type CaptureTargets, readAddress, readTargets, TargetSet } from './targets.ts';

/** At 20,000 requests a second on loopback about a second of traffic. */
const DEFAULT_RING_BYTES = 32 << 20;
const SMALLEST_RING_BYTES = 1 << 20;
const LARGEST_RING_BYTES = 1 << 30;
/** Holds the largest packet (64 KiB on loopback, 512 KiB with BIG TCP) and some hundred usual ones. */
const BLOCK_BYTES = 1 << 20;
/** A ring has at least this many blocks: the kernel fills one while we read another. */
const SMALLEST_BLOCK_COUNT = 8;
/** Blocks handed on in one call. */
const BLOCKS_PER_READ = 4;
/** An interface that goes up and down is noted this many times. */
const MAX_DAMAGES = 100;
/** Bytes of a packet to keep: all of it. */
const DEFAULT_SNAP_LENGTH = 0x80000;

export interface LiveOptions {
  /** Names; none: all interfaces, also those that appear later. */
  readonly interfaces?: readonly string[];
  /** A tcpdump expression (docs/capture-filter.md). */
  readonly captureFilter?: string;
  /** TCP ports whose traffic is left out by the kernel, in both directions: the page and the API. */
  readonly ignorePorts?: readonly number[];
  /** What to read; without it, everything. */
  readonly targets?: CaptureTargets | undefined;
  /** Memory that the kernel fills while nobody reads, rounded to whole blocks. */
  readonly ringBytes?: number;
  /** Bytes of each packet to keep. */
  readonly snapLength?: number;
  /** Sources with the same number share the traffic between them, by connection. */
  readonly fanoutGroup?: number;
}

/**
 * Captures from this machine's network interfaces (Linux, CAP_NET_RAW). Throws a `SourceError` that
 * says what to do when that is not possible.
 */
export function openLive(options: LiveOptions = {}): CaptureSource {
  if (process.platform !== 'linux') {
    throw new SourceError(
      'unsupported',
      'live capture works on Linux only; pipe packets in: sudo tcpdump -U -w - | mizu tap --read -',
    );
  }
  const names = [...new Set(options.interfaces ?? [])];
  const indexes = interfacesNamed(names).map((found) => found.index);
  // One socket and one ring for all: packets stay in order, memory does not grow with interfaces.
  const filter: KernelFilterOptions = {
    expression: options.captureFilter,
    ignorePorts: options.ignorePorts ?? [],
    interfaceIndexes: indexes.length > 1 ? indexes : [],
    snapLength: options.snapLength ?? DEFAULT_SNAP_LENGTH,
  };
  const size = ringSize(options.ringBytes ?? DEFAULT_RING_BYTES);
  const targets = options.targets && readTargets(options.targets);
  const socket = new PacketSocket(systemCalls(), size, kernelPrograms(filter, targets));
  try {
    socket.start(indexes.length === 1 ? indexes[0]! : 0, options.fanoutGroup);
  } catch (error) {
    socket.close();
    throw error;
  }
  const live = new Live(socket, names, filter);
  if (options.targets !== undefined) live.use(options.targets);
  return live;
}

function ringSize(wanted: number): RingSize {
  const bytes = Math.min(Math.max(wanted, SMALLEST_RING_BYTES), LARGEST_RING_BYTES);
  let blockBytes = BLOCK_BYTES;
  while (bytes / blockBytes < SMALLEST_BLOCK_COUNT) blockBytes >>= 1;
  return { blockBytes, blocks: Math.floor(bytes / blockBytes) };
}

class Live implements CaptureSource {
  readonly description: string;
  private readonly socket: PacketSocket;
  private readonly names: readonly string[];
  private readonly filter: KernelFilterOptions;
  private readonly ring: Ring;
  private readonly damages: SourceDamage[] = [];
  private dropped = 0;
  private ended = false;

  constructor(socket: PacketSocket, names: readonly string[], filter: KernelFilterOptions) {
    this.socket = socket;
    this.filter = filter;
    this.names = names;
    this.ring = new Ring(socket.memory, socket.ring, names.length === 0);
    this.description = names.length === 0 ? 'all interfaces' : names.join(', ');
  }

  read(sink: PacketSink, waitMs: number): number {
    if (this.ended) return -1;
    if (!this.ring.isReady) {
      const problem = this.socket.wait(waitMs);
      if (problem !== 0) this.note(problem);
      if (!this.ring.isReady) return this.ended ? -1 : 0;
    }
    let packets = 0;
    for (let blocks = 0; blocks < BLOCKS_PER_READ && this.ring.isReady; blocks++) {
      packets += this.ring.walk(sink);
    }
    return packets;
  }

  /** Drops what the kernel let through and is of no target. */
  use(targets: CaptureTargets): void {
    const own = listInterfaces().flatMap(({ addresses }) => addresses);
    const ownWords = own.map(readAddress).filter((address) => address !== undefined);
    this.ring.targets = new TargetSet(readTargets(targets), ownWords);
  }

  retarget(targets: CaptureTargets): void {
    if (this.ended) return;
    this.use(targets);
    if (this.socket.replaceFilter(kernelPrograms(this.filter, readTargets(targets)))) return;
    this.noteDamage('the kernel does not take the filter of the new targets');
  }

  counters(): SourceCounters {
    this.dropped += this.socket.takeDropped();
    return {
      packets: this.ring.packets,
      bytes: this.ring.bytes,
      dropped: this.dropped,
      ignored: this.ring.ignored,
      totalBytes: 0,
      readBytes: 0,
    };
  }

  damage(): readonly SourceDamage[] {
    return this.damages;
  }

  interfaceName(interfaceIndex: number): string {
    return listInterfaces().find(({ index }) => index === interfaceIndex)?.name ?? '';
  }

  close(): void {
    if (this.ended) return;
    this.dropped += this.socket.takeDropped();
    this.ended = true;
    this.socket.close();
  }

  /** The socket has an error only when its one interface is down (packets come again) or gone. */
  private note(problem: number): void {
    const name = this.names[0] ?? this.description;
    const isGone = !listInterfaces().some((candidate) => candidate.name === name);
    const reason = isGone
      ? 'the interface is gone'
      : `the interface is down (error ${problem}), waiting for it to come up`;
    this.noteDamage(reason);
    if (isGone && this.names.length > 0) this.close();
  }

  private noteDamage(reason: string): void {
    const file = this.names[0] ?? this.description;
    if (this.damages.length < MAX_DAMAGES) this.damages.push({ file, offset: 0, reason });
  }
}
