import { Ancillary, Code, type Instruction, Memory, NETWORK_OFFSET } from './instruction.ts';

const MEMORY_WORDS = 16;

/** What the kernel knows about a packet beside its bytes; for files, what the link header says. */
export interface PacketFacts {
  /** EtherType of what the packet carries. */
  protocol: number;
  /** Where the network header begins, in bytes from the packet's start. */
  networkOffset: number;
  /** `PACKET_OUTGOING` and such, interface number, ARPHRD number: 0 outside of live capture. */
  packetType: number;
  interfaceIndex: number;
  hardwareType: number;
}

/**
 * Runs a classic BPF program as the kernel does: any load outside of the packet, unknown instruction
 * or jump out of the program rejects the packet. One interpreter is used again for every packet.
 */
export class Interpreter {
  private readonly codes: Uint16Array;
  private readonly trues: Uint8Array;
  private readonly falses: Uint8Array;
  private readonly constants: Uint32Array;
  private readonly memory = new Uint32Array(MEMORY_WORDS);
  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;
  private facts: PacketFacts | undefined;
  private a = 0;
  private x = 0;
  /** A load went outside of the packet. */
  private failed = false;

  constructor(program: readonly Instruction[]) {
    this.codes = Uint16Array.from(program, (step) => step.code);
    this.trues = Uint8Array.from(program, (step) => step.jumpTrue);
    this.falses = Uint8Array.from(program, (step) => step.jumpFalse);
    this.constants = Uint32Array.from(program, (step) => step.k);
  }

  /** How many bytes of `bytes[start, end)` to keep; 0: the packet is rejected. */
  run(
    bytes: Uint8Array,
    start: number,
    end: number,
    wireLength: number,
    facts: PacketFacts,
  ): number {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.facts = facts;
    this.a = 0;
    this.x = 0;
    this.failed = false;
    this.memory.fill(0);
    this.memory[Memory.Protocol] = facts.protocol;
    this.memory[Memory.NetworkOffset] = facts.networkOffset;
    const { codes, constants } = this;
    // Jumps only go forward, so the loop ends.
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at]!;
      const k = constants[at]!;
      if (code === Code.Return) return k;
      if (code === Code.ReturnA) return this.a;
      if (code === Code.Jump) at += k;
      else if ((code & 7) === 5) at += this.isTrue(code, k) ? this.trues[at]! : this.falses[at]!;
      else this.execute(code, k, wireLength);
      if (this.failed) return 0;
    }
    return 0;
  }

  private isTrue(code: number, k: number): boolean {
    switch (code) {
      case Code.JumpEqual:
        return this.a === k;
      case Code.JumpGreater:
        return this.a > k;
      case Code.JumpGreaterOrEqual:
        return this.a >= k;
      case Code.JumpAnyBit:
        return (this.a & k) !== 0;
      default:
        this.failed = true;
        return false;
    }
  }

  private execute(code: number, k: number, wireLength: number): void {
    switch (code) {
      case Code.LoadWord:
        this.a = k >= Ancillary.Protocol ? this.ancillary(k) : this.load(k, 4);
        return;
      case Code.LoadHalf:
        this.a = this.load(k, 2);
        return;
      case Code.LoadByte:
        this.a = this.load(k, 1);
        return;
      case Code.LoadWordAtX:
        this.a = this.load((this.x + k) >>> 0, 4);
        return;
      case Code.LoadHalfAtX:
        this.a = this.load((this.x + k) >>> 0, 2);
        return;
      case Code.LoadByteAtX:
        this.a = this.load((this.x + k) >>> 0, 1);
        return;
      case Code.LoadXHeaderLength:
        this.x = (this.load(k, 1) & 15) * 4;
        return;
      default:
        this.move(code, k, wireLength);
    }
  }

  private move(code: number, k: number, wireLength: number): void {
    switch (code) {
      case Code.LoadLength:
        this.a = wireLength;
        return;
      case Code.LoadImmediate:
        this.a = k;
        return;
      case Code.LoadMemory:
        this.a = this.memory[k & 15]!;
        return;
      case Code.LoadXImmediate:
        this.x = k;
        return;
      case Code.LoadXMemory:
        this.x = this.memory[k & 15]!;
        return;
      case Code.LoadXLength:
        this.x = wireLength;
        return;
      case Code.Store:
        this.memory[k & 15] = this.a;
        return;
      case Code.StoreX:
        this.memory[k & 15] = this.x;
        return;
      default:
        this.compute(code, k);
    }
  }

  private compute(code: number, k: number): void {
    switch (code) {
      case Code.And:
        this.a = (this.a & k) >>> 0;
        return;
      case Code.ShiftLeft:
        this.a = (this.a << k) >>> 0;
        return;
      case Code.AddX:
        this.a = (this.a + this.x) >>> 0;
        return;
      case Code.MoveAToX:
        this.x = this.a;
        return;
      case Code.MoveXToA:
        this.a = this.x;
        return;
      default:
        this.failed = true;
    }
  }

  /** An unsigned number of 1, 2 or 4 bytes in network order. */
  private load(offset: number, size: number): number {
    const fromNetwork = offset >= NETWORK_OFFSET && offset < Ancillary.Protocol;
    const relative = fromNetwork ? offset - NETWORK_OFFSET + this.facts!.networkOffset : offset;
    const at = this.start + relative;
    if (at + size > this.end) {
      this.failed = true;
      return 0;
    }
    const { bytes } = this;
    if (size === 1) return bytes[at]!;
    if (size === 2) return bytes[at]! * 256 + bytes[at + 1]!;
    return (
      ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    );
  }

  private ancillary(address: number): number {
    const facts = this.facts!;
    switch (address) {
      case Ancillary.Protocol:
        return facts.protocol;
      case Ancillary.PacketType:
        return facts.packetType;
      case Ancillary.InterfaceIndex:
        return facts.interfaceIndex;
      case Ancillary.HardwareType:
        return facts.hardwareType;
      default:
        this.failed = true;
        return 0;
    }
  }
}
