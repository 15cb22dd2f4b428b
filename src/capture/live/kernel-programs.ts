/** The kernel's filter of a live capture, the most exact that fits first. */
import fs from 'node:fs';
import {
  compileKernelFilter,
  encodeProgram,
  FilterError,
  type TargetBudget,
} from '../bpf/index.ts';
import type { TargetNumbers } from '../targets.ts';

/** What stays the same while targets change. */
export interface KernelFilterOptions {
  readonly expression: string | undefined;
  readonly ignorePorts: readonly number[];
  readonly interfaceIndexes: readonly number[];
  readonly snapLength: number;
}

/** About 4,000 instructions when all kinds are used up; mostly far fewer. */
const largestBudget: TargetBudget = { ip4: 256, ip6: 48, ports: 48, ignored: 8 };
/** Each next budget is half of the one before, down to one range of each kind. */
const smallerBudgets = 8;

/**
 * The kernel translates a program into its own instructions, of the same size and up to so many times
 * as many (measured: 1.4 to 1.75).
 */
const translatedShare = 1.8;

/**
 * Programs for `SO_ATTACH_FILTER`, to be tried in order: a program may have 4,096 instructions, and
 * kernels before 6.8 give a socket's filters only 20 KiB (`net.core.optmem_max`), the old and the new
 * one together while one takes the other's place. A smaller program lets more packets through, which
 * `TargetSet` then drops. Throws a `FilterError` for a wrong expression.
 */
export function* kernelPrograms(
  options: KernelFilterOptions,
  targets: TargetNumbers | undefined,
  roomBytes: number = filterRoomBytes(),
): Generator<Uint8Array> {
  const plain = compileKernelFilter(options);
  if (targets === undefined) {
    yield encodeProgram(plain);
    return;
  }
  for (let level = 0; level <= smallerBudgets; level++) {
    const program = tryCompile(options, targets, budgetAt(level));
    if (program === undefined) continue;
    // Half: the next one must fit beside it. The smallest is tried in any case.
    const fits = program.length * translatedShare <= roomBytes / 2;
    if (fits || level === smallerBudgets) yield program;
  }
}

/** What the kernel has for the filters of a socket. */
function filterRoomBytes(): number {
  try {
    return Number(fs.readFileSync('/proc/sys/net/core/optmem_max', 'utf8')) || Infinity;
  } catch {
    return Infinity;
  }
}

function tryCompile(
  options: KernelFilterOptions,
  targets: TargetNumbers,
  budget: TargetBudget,
): Uint8Array | undefined {
  try {
    return encodeProgram(compileKernelFilter({ ...options, targets: { ...targets, budget } }));
  } catch (error) {
    if (error instanceof FilterError) return undefined;
    throw error;
  }
}

function budgetAt(level: number): TargetBudget {
  const { ip4, ip6, ports, ignored } = largestBudget;
  const part = (whole: number) => Math.max(1, whole >> level);
  return { ip4: part(ip4), ip6: part(ip6), ports: part(ports), ignored: ignored >> level };
}
