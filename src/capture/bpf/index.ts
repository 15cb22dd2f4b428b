/** in: a tcpdump expression → out: a classic BPF program, for the kernel or for our own interpreter. */
export { compileFilter, compileKernelFilter } from './compile.ts';
export { encodeProgram, INSTRUCTION_BYTES } from './instruction.ts';
export { Interpreter, type PacketFacts } from './interpret.ts';
export { locate } from './locate.ts';
