/**
 * Classic BPF as the kernel takes it (https://www.kernel.org/doc/html/latest/networking/filter.html):
 * an accumulator A, an index register X, sixteen memory words, forward jumps only.
 */
export interface Instruction {
  readonly code: number;
  /** Instructions to skip when a comparison is true, and when it is not. 0 to 255. */
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  /** Unsigned 32 bits. */
  readonly k: number;
}

/** The kernel refuses longer programs. */
export const MAX_INSTRUCTIONS = 4096;
/** Bytes of an instruction in memory: code u16 | true u8 | false u8 | k u32, machine's byte order. */
export const INSTRUCTION_BYTES = 8;

/** The operation codes in use, as sums of their parts (class, size, mode). */
export const Code = {
  LoadWord: 0x20,
  LoadHalf: 0x28,
  LoadByte: 0x30,
  LoadWordAtX: 0x40,
  LoadHalfAtX: 0x48,
  LoadByteAtX: 0x50,
  LoadLength: 0x80,
  LoadImmediate: 0x00,
  LoadMemory: 0x60,
  LoadXImmediate: 0x01,
  LoadXMemory: 0x61,
  LoadXLength: 0x81,
  LoadXHeaderLength: 0xb1,
  Store: 0x02,
  StoreX: 0x03,
  And: 0x54,
  ShiftLeft: 0x64,
  AddX: 0x0c,
  Jump: 0x05,
  JumpEqual: 0x15,
  JumpGreater: 0x25,
  JumpGreaterOrEqual: 0x35,
  JumpAnyBit: 0x45,
  Return: 0x06,
  ReturnA: 0x16,
  MoveAToX: 0x07,
  MoveXToA: 0x87,
} as const;

/** Loads from these addresses on read what the kernel knows about a packet instead of its bytes. */
export const Ancillary = {
  Protocol: 0xfffff000,
  PacketType: 0xfffff004,
  InterfaceIndex: 0xfffff008,
  HardwareType: 0xfffff01c,
} as const;

/** Loads from here on are relative to the network header, wherever that is. */
export const NETWORK_OFFSET = 0xfff00000;

/** Memory words in which every program keeps where it is in the packet. */
export const Memory = { Protocol: 0, NetworkOffset: 1 } as const;

/** An instruction that is not a comparison. */
export function instruction(code: number, k = 0): Instruction {
  return { code, jumpTrue: 0, jumpFalse: 0, k: k >>> 0 };
}

/** The program as the kernel's `struct sock_filter[]`. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_BYTES);
  const view = new DataView(bytes.buffer);
  const little = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  program.forEach((step, index) => {
    const at = index * INSTRUCTION_BYTES;
    view.setUint16(at, step.code, little);
    view.setUint8(at + 2, step.jumpTrue);
    view.setUint8(at + 3, step.jumpFalse);
    view.setUint32(at + 4, step.k, little);
  });
  return bytes;
}
