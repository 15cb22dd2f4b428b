/** Places for packets seen; at a million packets a second the newest 65 ms. */
const SLOTS = 65_536;
/** A packet travels from card to bridge to veth in microseconds; later it is another one. */
const SAME_PACKET_MS = 50;
/** Bytes behind the IP header that belong to a packet's identity. */
const PAYLOAD_IDENTITY_BYTES = 32;
const TCP = 6;
const UDP = 17;

/**
 * Knows a packet that was just seen on another interface (card, bridge, veth) again.
 *
 * A packet's identity is what does not change on its way through one machine: addresses, IP
 * identification, lengths, and the first 32 bytes behind the IP header (ports, sequence numbers,
 * timestamps) without the checksum, which the card may still have to fill in; hop count and header
 * checksum change, so may the
 * congestion mark. It is kept as a 64-bit hash with a random seed in a table of fixed size, where a
 * newer packet takes the place of an older one: forgetting costs a repeated segment, which
 * reassembly drops anyway, while a wrong match, which would lose data, needs two packets with equal
 * hashes within 50 ms. A retransmission comes on the same interface again and so is never a repeat.
 *
 * Measured: 0.1 us a packet, most of it the memory access; spent only when several interfaces carry
 * packets.
 */
export class Repeats {
  private readonly high = new Int32Array(SLOTS);
  private readonly interfaces = new Int32Array(SLOTS);
  private readonly times = new Float64Array(SLOTS);
  private readonly seed = (Math.random() * 0x1_0000_0000) | 0;
  private low = 0;
  private other = 0;

  /** Whether the packet, whose IP header is at `at`, was seen on another interface just now. */
  isRepeat(
    bytes: Uint8Array,
    at: number,
    end: number,
    interfaceIndex: number,
    timestampMs: number,
  ): boolean {
    this.low = this.seed;
    this.other = ~this.seed;
    const isWhole =
      bytes[at]! >> 4 === 4 ? this.hashIp4(bytes, at, end) : this.hashIp6(bytes, at, end);
    if (!isWhole) return false;
    const slot = (this.low ^ (this.low >>> 16)) & (SLOTS - 1);
    if (
      this.high[slot] === this.other &&
      this.interfaces[slot] !== interfaceIndex &&
      Math.abs(timestampMs - this.times[slot]!) < SAME_PACKET_MS
    ) {
      return true;
    }
    this.high[slot] = this.other;
    this.interfaces[slot] = interfaceIndex;
    this.times[slot] = timestampMs;
    return false;
  }

  /** Without hop count, checksum and congestion mark: length, identification, protocol, addresses. */
  private hashIp4(bytes: Uint8Array, at: number, end: number): boolean {
    if (at + 20 > end) return false;
    this.mix(word(bytes, at) & 0xff00ffff);
    this.mix(word(bytes, at + 4));
    this.mix(bytes[at + 9]!);
    this.mix(word(bytes, at + 12));
    this.mix(word(bytes, at + 16));
    const whole = ipEnd(at + bytes[at + 2]! * 256 + bytes[at + 3]!, at, end);
    this.hashPayload(bytes, at + (bytes[at]! & 15) * 4, whole, bytes[at + 9]!);
    return true;
  }

  /** Without the hop count: length, next header, addresses. */
  private hashIp6(bytes: Uint8Array, at: number, end: number): boolean {
    if (at + 40 > end) return false;
    this.mix(word(bytes, at + 4) & 0xffffff00);
    for (let from = at + 8; from < at + 40; from += 4) this.mix(word(bytes, from));
    const whole = ipEnd(at + 40 + bytes[at + 4]! * 256 + bytes[at + 5]!, at + 40, end);
    this.hashPayload(bytes, at + 40, whole, bytes[at + 6]!);
    return true;
  }

  private hashPayload(bytes: Uint8Array, at: number, end: number, protocol: number): void {
    const checksumAt = protocol === TCP ? at + 16 : protocol === UDP ? at + 4 : -1;
    // The checksum is the upper half of its word in TCP, the lower one in UDP.
    const mask = protocol === TCP ? 0x0000ffff : 0xffff0000;
    const until = Math.min(at + PAYLOAD_IDENTITY_BYTES, end - 3);
    for (let from = at; from < until; from += 4) {
      this.mix(from === checksumAt ? word(bytes, from) & mask : word(bytes, from));
    }
    this.mix(end - at);
  }

  private mix(value: number): void {
    let low = Math.imul(this.low ^ value, 0x9e3779b1);
    low ^= low >>> 15;
    this.low = low;
    let other = Math.imul((this.other << 13) | (this.other >>> 19), 0x85ebca77);
    other = Math.imul(other ^ value, 0xc2b2ae3d);
    this.other = other ^ (other >>> 13);
  }
}

/**
 * Where the packet ends by its own account: cards pad short ones, veth does not. Packets above
 * 64 KiB (BIG TCP) say 0.
 */
function ipEnd(stated: number, empty: number, end: number): number {
  return stated === empty ? end : Math.min(stated, end);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
