import { SourceError } from '../source-error.ts';
import type { SystemCalls } from './system-calls.ts';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const PACKET_RESERVE = 12;
const PACKET_FANOUT = 18;
const TPACKET_V3 = 2;
const ETH_P_ALL = 3;
/** By the hash of the flow, fragments put together first so that they have the same hash. */
const PACKET_FANOUT_HASH_DEFRAGMENTED = 0x8000;
const POLLIN = 1;

const EPERM = 1;
const ENOMEM = 12;
const EACCES = 13;
const EAFNOSUPPORT = 97;

/** The kernel asks for a frame size, but version 3 packs packets one behind the other. */
const FRAME_BYTES = 2048;
/** Room in front of each packet in which a VLAN tag that the card took off is put back. */
export const HEADROOM_BYTES = 4;
/** A block that is not full is handed over after this time. */
const RETIRE_BLOCK_MS = 30;
/** Rings are halved down to this when memory is short. */
const SMALLEST_RING_BYTES = 1 << 20;

export interface RingSize {
  readonly blockBytes: number;
  readonly blocks: number;
}

/** An AF_PACKET socket and its ring (https://docs.kernel.org/networking/packet_mmap.html). */
export class PacketSocket {
  readonly memory: ArrayBuffer;
  readonly ring: RingSize;
  private readonly system: SystemCalls;
  private readonly descriptor: number;
  private readonly address: bigint;
  private readonly pollEntry = new Uint8Array(8);
  private open = true;

  /** Opens the socket with the first filter that the kernel takes; packets come after `start`. */
  constructor(system: SystemCalls, wanted: RingSize, filters: Iterable<Uint8Array>) {
    this.system = system;
    // Protocol 0: nothing comes in before filter and ring are there.
    this.descriptor = system.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (this.descriptor < 0) throw socketError(system.errno());
    try {
      this.set(PACKET_VERSION, [TPACKET_V3]);
      this.set(PACKET_RESERVE, [HEADROOM_BYTES]);
      if (!this.replaceFilter(filters)) this.fail('attach the filter');
      this.ring = this.requestRing(wanted);
      const length = this.ring.blockBytes * this.ring.blocks;
      const mapped = system.map(this.descriptor, length);
      if (mapped === undefined) this.fail('map the ring');
      this.address = mapped.address;
      this.memory = mapped.memory;
    } catch (error) {
      system.close(this.descriptor);
      throw error;
    }
    const entry = new DataView(this.pollEntry.buffer);
    entry.setInt32(0, this.descriptor, true);
    entry.setInt16(4, POLLIN, true);
  }

  /** Lets packets in: of one interface, or of all with 0. */
  start(interfaceIndex: number, fanoutGroup: number | undefined): void {
    const address = new Uint8Array(20);
    const view = new DataView(address.buffer);
    view.setUint16(0, AF_PACKET, true);
    view.setUint16(2, ETH_P_ALL, false);
    view.setInt32(4, interfaceIndex, true);
    if (this.system.bind(this.descriptor, address) < 0) this.fail('listen on the interface');
    if (fanoutGroup !== undefined) {
      const kind = PACKET_FANOUT_HASH_DEFRAGMENTED << 16;
      this.set(PACKET_FANOUT, [(fanoutGroup & 0xffff) | kind]);
    }
  }

  /**
   * Puts the first of these filters that the kernel takes in place of the one before, between two
   * packets; returns false, and leaves the one before, when it takes none.
   */
  replaceFilter(filters: Iterable<Uint8Array>): boolean {
    for (const filter of filters) {
      if (this.system.attachFilter(this.descriptor, filter) >= 0) return true;
      if (this.system.errno() !== ENOMEM) return false;
    }
    return false;
  }

  /** Waits until a block may be ready; returns the number of the socket's error, or 0. */
  wait(waitMs: number): number {
    const timeout = Number.isFinite(waitMs) ? Math.max(0, Math.ceil(waitMs)) : -1;
    this.system.poll(this.pollEntry, 1, timeout);
    const events = this.pollEntry[6]!;
    if ((events & ~POLLIN) === 0) return 0;
    const value = new Uint32Array(1);
    this.system.getOption(this.descriptor, SOL_SOCKET, SO_ERROR, new Uint8Array(value.buffer));
    return value[0]!;
  }

  /** Packets dropped since the last call: the kernel's counter starts anew when it is read. */
  takeDropped(): number {
    if (!this.open) return 0;
    // packets u32 | drops u32 | times the ring was full u32
    const values = new Uint32Array(3);
    const bytes = new Uint8Array(values.buffer);
    const status = this.system.getOption(this.descriptor, SOL_PACKET, PACKET_STATISTICS, bytes);
    return status < 0 ? 0 : values[1]!;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.system.unmap(this.address, this.ring.blockBytes * this.ring.blocks);
    this.system.close(this.descriptor);
  }

  private requestRing(wanted: RingSize): RingSize {
    let { blocks } = wanted;
    const { blockBytes } = wanted;
    for (;;) {
      // struct tpacket_req3: block size and count, frame size and count, retire time, private, features
      const frames = (blockBytes / FRAME_BYTES) * blocks;
      const request = [blockBytes, blocks, FRAME_BYTES, frames, RETIRE_BLOCK_MS, 0, 0];
      if (this.trySet(PACKET_RX_RING, request) >= 0) return { blockBytes, blocks };
      if (this.system.errno() !== ENOMEM) this.fail('get the ring');
      if (blocks < 4 || (blocks * blockBytes) / 2 < SMALLEST_RING_BYTES) {
        throw new SourceError('no-memory', 'no memory for the capture ring; ask for a smaller one');
      }
      blocks >>= 1;
    }
  }

  private set(name: number, values: readonly number[]): void {
    if (this.trySet(name, values) < 0) this.fail(`set packet option ${name}`);
  }

  private trySet(name: number, values: readonly number[]): number {
    const bytes = new Uint8Array(Int32Array.from(values).buffer);
    return this.system.setOption(this.descriptor, SOL_PACKET, name, bytes);
  }

  private fail(what: string): never {
    throw new SourceError(
      'system',
      `live capture: the kernel refused to ${what} (error ${this.system.errno()}); pipe packets in: tcpdump -U -w - | mizu tap --read -`,
    );
  }
}

function socketError(errno: number): SourceError {
  if (errno === EPERM || errno === EACCES) {
    return new SourceError(
      'not-permitted',
      [
        'capturing packets needs the capability CAP_NET_RAW. Do one of these:',
        'run with sudo;',
        `or: sudo setcap cap_net_raw+ep ${process.execPath};`,
        'or in a container: --cap-add NET_RAW;',
        'or: sudo tcpdump -i any -U -w - | mizu tap --read -',
      ].join(' '),
    );
  }
  const why = errno === EAFNOSUPPORT ? 'this kernel has no packet sockets' : `error ${errno}`;
  return new SourceError(
    'unsupported',
    `live capture does not work here (${why}); pipe packets in: tcpdump -U -w - | mizu tap --read -`,
  );
}
