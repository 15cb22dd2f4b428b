import { Ancillary, Code, type Instruction, instruction, Memory } from './instruction.ts';
import type { Direction, Expression, NetworkPrimitive, PortPrimitive } from './syntax.ts';
import { EtherType } from './syntax.ts';

/** A tree of comparisons, each of which loads what it compares. */
export type Condition =
  | {
      readonly kind: 'test';
      readonly load: readonly Instruction[];
      readonly code: number;
      readonly k: number;
    }
  /** What is loaded lies in one of these ranges (both ends included), which ascend and are disjoint. */
  | {
      readonly kind: 'among';
      readonly load: readonly Instruction[];
      readonly ranges: readonly NumberRange[];
    }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition };

/** First and last, unsigned 32 bits. */
export type NumberRange = readonly [first: number, last: number];

/** Where the two addresses are, in bytes behind the network header. */
export const ADDRESSES = {
  ip: { type: EtherType.Ip, source: 12, destination: 16 },
  ip6: { type: EtherType.Ip6, source: 8, destination: 24 },
  arp: { type: EtherType.Arp, source: 14, destination: 24 },
  rarp: { type: EtherType.Rarp, source: 14, destination: 24 },
} as const;
export const IP6_HEADER_BYTES = 40;
const IP6_FRAGMENT = 44;

/** The comparisons that an expression stands for. */
export function conditionOf(expression: Expression): Condition {
  switch (expression.kind) {
    case 'and':
      return all(...expression.operands.map(conditionOf));
    case 'or':
      return any(...expression.operands.map(conditionOf));
    case 'not':
      return not(conditionOf(expression.operand));
    case 'protocol':
      return protocol(expression.family, expression.number);
    case 'network':
      return network(expression);
    case 'port':
      return port(expression);
    case 'length':
      return length(expression.comparison, expression.bytes);
  }
}

export function all(...of: Condition[]): Condition {
  return { kind: 'all', of };
}

export function any(...of: Condition[]): Condition {
  return { kind: 'any', of };
}

export function not(of: Condition): Condition {
  return { kind: 'not', of };
}

/** A fact that the kernel knows about the packet (see `Ancillary`) equals `value`. */
export function ancillary(from: number, value: number): Condition {
  return equal([instruction(Code.LoadWord, from)], value);
}

/** Packets that leave through the loopback interface: each comes back in at once. */
export function leavesThroughLoopback(loopbackType: number, outgoing: number): Condition {
  return all(
    ancillary(Ancillary.HardwareType, loopbackType),
    ancillary(Ancillary.PacketType, outgoing),
  );
}

function protocol(family: string, number: number | undefined): Condition {
  if (family === 'arp') return etherType(EtherType.Arp);
  if (family === 'rarp') return etherType(EtherType.Rarp);
  if (number === undefined) return etherType(family === 'ip' ? EtherType.Ip : EtherType.Ip6);
  if (family === 'ip') return all(etherType(EtherType.Ip), ip4Carries([number]));
  const ip6 = all(etherType(EtherType.Ip6), ip6Carries(number));
  if (family === 'ip6') return ip6;
  return any(all(etherType(EtherType.Ip), ip4Carries([number])), ip6);
}

function network({ family, direction, network: { words, masks } }: NetworkPrimitive): Condition {
  const families =
    family === 'any'
      ? words.length === 1
        ? (['ip', 'arp', 'rarp'] as const)
        : (['ip6'] as const)
      : [family];
  return any(
    ...families.map((name) => {
      const { type, source, destination } = ADDRESSES[name];
      const at = (offset: number) => address(offset, words, masks);
      return all(etherType(type), sides(direction, at(source), at(destination)));
    }),
  );
}

function address(offset: number, words: readonly number[], masks: readonly number[]): Condition {
  const tests: Condition[] = [];
  words.forEach((word, index) => {
    const mask = masks[index]!;
    // Also with an empty mask: the address must be there.
    const load = [...atNetwork(Code.LoadWordAtX, offset + index * 4)];
    if (mask !== 0xffffffff) load.push(instruction(Code.And, mask));
    tests.push(equal(load, word));
  });
  return all(...tests);
}

function port({ transports, direction, first, last }: PortPrimitive): Condition {
  const side = (load: Instruction[]) =>
    first === last
      ? equal(load, first)
      : all(
          { kind: 'test', load, code: Code.JumpGreaterOrEqual, k: first },
          not({ kind: 'test', load, code: Code.JumpGreater, k: last }),
        );
  const ip4 = all(
    etherType(EtherType.Ip),
    ip4Carries(transports),
    isFirstFragment(),
    sides(direction, side(atIp4Payload(0)), side(atIp4Payload(2))),
  );
  const ip6 = all(
    etherType(EtherType.Ip6),
    any(...transports.map((number) => equal(atNetwork(Code.LoadByteAtX, 6), number))),
    sides(
      direction,
      side(atNetwork(Code.LoadHalfAtX, IP6_HEADER_BYTES)),
      side(atNetwork(Code.LoadHalfAtX, IP6_HEADER_BYTES + 2)),
    ),
  );
  return any(ip4, ip6);
}

/** Only the first fragment of an IPv4 packet has the ports. */
export function isFirstFragment(): Condition {
  const load = atNetwork(Code.LoadHalfAtX, 6);
  return not({ kind: 'test', load, code: Code.JumpAnyBit, k: 0x1fff });
}

/** Never true. */
export function never(): Condition {
  const load = [instruction(Code.LoadLength)];
  return { kind: 'test', load, code: Code.JumpGreater, k: 0xffffffff };
}

function length(comparison: 'at-most' | 'at-least', bytes: number): Condition {
  const load = [instruction(Code.LoadLength)];
  return comparison === 'at-least'
    ? { kind: 'test', load, code: Code.JumpGreaterOrEqual, k: bytes }
    : not({ kind: 'test', load, code: Code.JumpGreater, k: bytes });
}

function sides(direction: Direction, source: Condition, destination: Condition): Condition {
  if (direction === 'source') return source;
  if (direction === 'destination') return destination;
  return direction === 'both' ? all(source, destination) : any(source, destination);
}

export function etherType(type: number): Condition {
  return equal([instruction(Code.LoadMemory, Memory.Protocol)], type);
}

export function ip4Carries(numbers: readonly number[]): Condition {
  return any(...numbers.map((number) => equal(atNetwork(Code.LoadByteAtX, 9), number)));
}

/** Directly behind the header, or in a fragment; other extension headers are not followed. */
function ip6Carries(number: number): Condition {
  return any(
    equal(atNetwork(Code.LoadByteAtX, 6), number),
    all(
      equal(atNetwork(Code.LoadByteAtX, 6), IP6_FRAGMENT),
      equal(atNetwork(Code.LoadByteAtX, IP6_HEADER_BYTES), number),
    ),
  );
}

export function equal(load: readonly Instruction[], k: number): Condition {
  return { kind: 'test', load, code: Code.JumpEqual, k };
}

export function atNetwork(code: number, offset: number): Instruction[] {
  return [instruction(Code.LoadXMemory, Memory.NetworkOffset), instruction(code, offset)];
}

/** A 16-bit number behind the IPv4 header, whose length is in the header: X += 4 * (byte 0 & 15). */
export function atIp4Payload(offset: number): Instruction[] {
  return [
    instruction(Code.LoadXMemory, Memory.NetworkOffset),
    instruction(Code.LoadByteAtX, 0),
    instruction(Code.And, 0x0f),
    instruction(Code.ShiftLeft, 2),
    instruction(Code.AddX),
    instruction(Code.MoveAToX),
    instruction(Code.LoadHalfAtX, offset),
  ];
}
