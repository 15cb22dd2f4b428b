/** Makes packets layer by layer, for tests: each function wraps a payload. Checksums are left 0. */

export type Bytes = Uint8Array;

export function join(...parts: (readonly number[] | Bytes)[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

export function be16(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}

export function be32(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

export function ethernet(type: number, payload: Bytes): Bytes {
  return join([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], be16(type), payload);
}

/** Tag and inner EtherType: goes behind an EtherType of 0x8100, 0x88a8 or 0x9100. */
export function vlan(id: number, type: number, payload: Bytes): Bytes {
  return join(be16(id), be16(type), payload);
}

export interface Ipv4Options {
  source?: number;
  destination?: number;
  protocol?: number;
  id?: number;
  /** In bytes. */
  offset?: number;
  more?: boolean;
  /** Instead of the true one. */
  totalLength?: number;
  options?: readonly number[];
}

export const client4 = 0x0a000001;
export const server4 = 0x0a000002;

export function ipv4(payload: Bytes, options: Ipv4Options = {}): Bytes {
  const extra = options.options ?? [];
  const headerLength = 20 + extra.length;
  return join(
    [0x40 | (headerLength / 4), 0],
    be16(options.totalLength ?? headerLength + payload.length),
    be16(options.id ?? 1),
    be16((options.more ? 0x2000 : 0) | ((options.offset ?? 0) / 8)),
    [64, options.protocol ?? 6, 0, 0],
    be32(options.source ?? client4),
    be32(options.destination ?? server4),
    extra,
    payload,
  );
}

export const client6 = [0x20010db8, 0, 0, 1] as const;
export const server6 = [0x20010db8, 0, 0, 2] as const;

export function ipv6(
  payload: Bytes,
  next = 6,
  source: readonly number[] = client6,
  destination: readonly number[] = server6,
): Bytes {
  return join(
    [0x60, 0, 0, 0],
    be16(payload.length),
    [next, 64],
    source.flatMap(be32),
    destination.flatMap(be32),
    payload,
  );
}

/** IPv6 extension header 44. */
export function fragment6(
  next: number,
  id: number,
  offset: number,
  more: boolean,
  part: Bytes,
): Bytes {
  return join([next, 0], be16(offset | (more ? 1 : 0)), be32(id), part);
}

export interface TcpOptions {
  sourcePort?: number;
  destinationPort?: number;
  sequence?: number;
  acknowledgement?: number;
  flags?: number;
  options?: readonly number[];
}

export const clientPort = 40_000;
export const serverPort = 80;

export function tcp(payload: Bytes, options: TcpOptions = {}): Bytes {
  const extra = options.options ?? [];
  return join(
    be16(options.sourcePort ?? clientPort),
    be16(options.destinationPort ?? serverPort),
    be32(options.sequence ?? 1000),
    be32(options.acknowledgement ?? 2000),
    [((20 + extra.length) / 4) << 4, options.flags ?? 0x18],
    be16(1024),
    [0, 0, 0, 0],
    extra,
    payload,
  );
}

export function udp(payload: Bytes, sourcePort: number, destinationPort: number): Bytes {
  return join(be16(sourcePort), be16(destinationPort), be16(8 + payload.length), [0, 0], payload);
}

/** GRE with what of key and sequence is given. */
export function gre(
  type: number,
  payload: Bytes,
  key?: number,
  sequence?: number,
  sum = false,
): Bytes {
  const flags =
    (sum ? 0x8000 : 0) | (key === undefined ? 0 : 0x2000) | (sequence === undefined ? 0 : 0x1000);
  return join(
    be16(flags),
    be16(type),
    sum ? [0, 0, 0, 0] : [],
    key === undefined ? [] : be32(key),
    sequence === undefined ? [] : be32(sequence),
    payload,
  );
}

/** The UDP payload of VXLAN. */
export function vxlan(vni: number, frame: Bytes): Bytes {
  return join([8, 0, 0, 0], be32(vni * 256), frame);
}

/** The UDP payload of Geneve with 8 bytes of options. */
export function geneve(vni: number, type: number, payload: Bytes): Bytes {
  return join([2, 0], be16(type), be32(vni * 256), [1, 2, 3, 1, 0, 0, 0, 0], payload);
}

/** The UDP payload of GTP-U, with sequence number and one extension header. */
export function gtp(endpoint: number, payload: Bytes): Bytes {
  return join(
    [0x36, 255],
    be16(payload.length + 8),
    be32(endpoint),
    [0, 1, 0, 0x85],
    [1, 0, 9, 0],
    payload,
  );
}

export function text(value: string): Bytes {
  return new TextEncoder().encode(value);
}
