/** in: a tcpdump expression → out: a classic BPF program, for the kernel or for our own interpreter. */
export { addressWords } from './addresses.ts';
export { compileFilter, compileKernelFilter } from './compile.ts';
export { FilterError } from './filter-error.ts';
export { encodeProgram, INSTRUCTION_BYTES } from './instruction.ts';
export { Interpreter, type PacketFacts } from './interpret.ts';
export { locate } from './locate.ts';
export {
  type AddressWords,
  rangesOver,
  type TargetBudget,
  type TargetCover,
} from './target-condition.ts';
