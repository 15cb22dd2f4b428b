/** What a capture filter means, free of how it was written and of how it is run. */
export type Expression = Combination | Negation | Primitive;

interface Combination {
  readonly kind: 'and' | 'or';
  readonly operands: readonly Expression[];
}

interface Negation {
  readonly kind: 'not';
  readonly operand: Expression;
}

type Primitive = ProtocolPrimitive | NetworkPrimitive | PortPrimitive | LengthPrimitive;

/** The network protocol by its EtherType, or what it carries by its IP protocol number. */
interface ProtocolPrimitive {
  readonly kind: 'protocol';
  readonly family: Family;
  /** IP protocol number; undefined: any packet of the family. */
  readonly number: number | undefined;
}

/** `ip-any` is IPv4 and IPv6. */
export type Family = 'ip' | 'ip6' | 'ip-any' | 'arp' | 'rarp';

export type Direction = 'source' | 'destination' | 'either' | 'both';

/** A host is a network of one address. */
export interface NetworkPrimitive {
  readonly kind: 'network';
  /** `any`: whatever protocol has addresses of this version. */
  readonly family: 'any' | 'ip' | 'ip6' | 'arp' | 'rarp';
  readonly direction: Direction;
  readonly network: Network;
}

export interface Network {
  /** One 32-bit word for IPv4, four for IPv6, most significant first. */
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

export interface PortPrimitive {
  readonly kind: 'port';
  /** IP protocol numbers whose ports are meant. */
  readonly transports: readonly number[];
  readonly direction: Direction;
  readonly first: number;
  readonly last: number;
}

/** Length of the whole packet on the wire, in bytes, both ends included. */
interface LengthPrimitive {
  readonly kind: 'length';
  readonly comparison: 'at-most' | 'at-least';
  readonly bytes: number;
}

/** IP protocol numbers (https://www.iana.org/assignments/protocol-numbers). */
export const IpProtocol = { Icmp: 1, Tcp: 6, Udp: 17, Icmp6: 58, Sctp: 132 } as const;

/** EtherTypes of the families. */
export const EtherType = { Ip: 0x0800, Arp: 0x0806, Rarp: 0x8035, Ip6: 0x86dd } as const;
