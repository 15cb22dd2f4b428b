import { assemble } from './assemble.ts';
import {
  all,
  ancillary,
  any,
  type Condition,
  conditionOf,
  leavesThroughLoopback,
  not,
} from './condition.ts';
import {
  Ancillary,
  Code,
  type Instruction,
  instruction,
  Memory,
  NETWORK_OFFSET,
} from './instruction.ts';
import { parseFilter } from './parse.ts';
import { IpProtocol } from './syntax.ts';
import { type TargetCover, targetCondition } from './target-condition.ts';

/** ARPHRD numbers of Linux' if_arp.h. */
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
/** Packet type of Linux' if_packet.h: sent by this machine. */
const PACKET_OUTGOING = 4;
const ETHERNET_HEADER_BYTES = 14;
/** Whole packets. */
const KEEP_ALL = 0x40000;

/**
 * Compiles a tcpdump expression to classic BPF for the interpreter, which says where the network
 * header is. Throws a `FilterError` with the position.
 */
export function compileFilter(expression: string): Instruction[] {
  return assemble(conditionOf(parseFilter(expression)), KEEP_ALL);
}

/** What a live capture leaves to the kernel. */
interface KernelFilter {
  /** The user's tcpdump expression. */
  readonly expression?: string | undefined;
  /** TCP ports whose traffic is Mizu's own, in both directions. */
  readonly ignorePorts?: readonly number[];
  /** Only packets of these interfaces; empty: of all. */
  readonly interfaceIndexes?: readonly number[];
  /** Only packets of these. */
  readonly targets?: TargetCover | undefined;
  /** Bytes of each packet to keep. */
  readonly snapLength?: number;
}

/** Compiles everything that the kernel decides about a packet. Throws a `FilterError`. */
export function compileKernelFilter(filter: KernelFilter): Instruction[] {
  const conditions: Condition[] = [not(leavesThroughLoopback(ARPHRD_LOOPBACK, PACKET_OUTGOING))];
  const { interfaceIndexes = [], ignorePorts = [], expression } = filter;
  if (interfaceIndexes.length > 0) {
    conditions.push(
      any(...interfaceIndexes.map((index) => ancillary(Ancillary.InterfaceIndex, index))),
    );
  }
  if (filter.targets !== undefined) conditions.push(targetCondition(filter.targets));
  for (const port of ignorePorts) conditions.push(not(ownPort(port)));
  if (expression !== undefined) conditions.push(conditionOf(parseFilter(expression)));
  return assemble(all(...conditions), filter.snapLength ?? KEEP_ALL, findNetworkHeader());
}

function ownPort(port: number): Condition {
  return conditionOf({
    kind: 'port',
    transports: [IpProtocol.Tcp],
    direction: 'either',
    first: port,
    last: port,
  });
}

/**
 * Writes protocol and place of the network header to memory, where the comparisons expect them. On
 * Ethernet it is behind 14 bytes, 18 with a tag: plain offsets, because the kernel can load those
 * from any part of a packet, but offsets from the network header only from its first piece. Other
 * interfaces have headers of other lengths, if any; there the kernel's own mark must do.
 */
function findNetworkHeader(): Instruction[] {
  const compare = (k: number, jumpTrue: number, jumpFalse: number): Instruction => ({
    code: Code.JumpEqual,
    jumpTrue,
    jumpFalse,
    k,
  });
  return [
    /*  0 */ instruction(Code.LoadWord, Ancillary.Protocol),
    /*  1 */ instruction(Code.Store, Memory.Protocol),
    /*  2 */ instruction(Code.LoadWord, Ancillary.HardwareType),
    /*  3 */ compare(ARPHRD_ETHER, 3, 0),
    /*  4 */ compare(ARPHRD_LOOPBACK, 2, 0),
    /*  5 */ instruction(Code.LoadXImmediate, NETWORK_OFFSET),
    /*  6 */ instruction(Code.Jump, 7),
    /*  7 */ instruction(Code.LoadXImmediate, ETHERNET_HEADER_BYTES),
    /*  8 */ instruction(Code.LoadMemory, Memory.Protocol),
    /*  9 */ compare(0x8100, 1, 0),
    /* 10 */ compare(0x88a8, 0, 3),
    /* 11 */ instruction(Code.LoadXImmediate, ETHERNET_HEADER_BYTES + 4),
    /* 12 */ instruction(Code.LoadHalf, 16),
    /* 13 */ instruction(Code.Store, Memory.Protocol),
    /* 14 */ instruction(Code.StoreX, Memory.NetworkOffset),
  ];
}
