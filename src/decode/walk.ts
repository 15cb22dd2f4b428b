/**
 * Numbers for what comes next in a packet. Below `EtherType` a link type as in capture files; then
 * EtherTypes, IP protocol numbers and PPP protocol numbers, each moved up by its base.
 */
export const Layer = {
  /** The walk is over and nothing is handed on; `Walk.reason` says why. */
  Stop: -1,
  EtherType: 0x1_0000,
  IpProtocol: 0x2_0000,
  Ppp: 0x3_0000,
} as const;

const nothing = new Uint8Array(0);

/**
 * Where the walk through the headers of one packet stands. There is one per decoder; each layer reads
 * at `at`, moves it behind its header and returns the number of the next layer.
 */
export class Walk {
  bytes: Uint8Array = nothing;
  at = 0;
  /** Where the captured bytes of the present layer end. */
  end = 0;
  /** Where the present layer ended on the wire: beyond `end` when the packet was cut by snaplen. */
  wireEnd = 0;
  /** Number of the VLANs and tunnels passed so far, see `Scopes`. */
  scope = 0;
  timestampMs = 0;
  /** 4 or 6: the innermost IP header passed so far. */
  ipVersion = 0;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  /** Why the walk stopped; empty when that is nothing to count. */
  reason = '';

  /** Whether `length` more bytes were captured. */
  has(length: number): boolean {
    return this.at + length <= this.end;
  }

  /** The present layer says that it ends `length` bytes after `at`; what follows is padding. */
  narrow(length: number): void {
    const limit = this.at + length;
    if (limit < this.wireEnd) this.wireEnd = limit;
    if (this.end > this.wireEnd) this.end = this.wireEnd;
  }

  stop(reason: string): number {
    this.reason = reason;
    return Layer.Stop;
  }
}

/** Big-endian 16 bits. The caller has checked that they are there. */
export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Big-endian 24 bits. */
export function u24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}

/** Big-endian 32 bits, unsigned. */
export function u32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}
