import type { Condition, NumberRange } from './condition.ts';
import { FilterError } from './filter-error.ts';
import { Code, type Instruction, instruction, MAX_INSTRUCTIONS } from './instruction.ts';
import { loadKey, simplify } from './simplify.ts';

/** A comparison can skip at most this many instructions; farther targets need a jump of their own. */
const MAX_SKIP = 255;

/** A place in the program, known when everything in front of it is laid out. */
interface Label {
  step: number;
}

/** An instruction or, with targets, a comparison. */
interface Step {
  readonly code: number;
  readonly k: number;
  readonly whenTrue?: Label;
  readonly whenFalse?: Label;
  /** Set when the target is out of reach. */
  farTrue: boolean;
  farFalse: boolean;
}

/**
 * The program that returns `accepted` (bytes of the packet to keep) when the condition holds, else 0.
 * `prologue` runs first. Throws a `FilterError` when it gets too long for the kernel.
 */
export function assemble(
  condition: Condition | undefined,
  accepted: number,
  prologue: readonly Instruction[] = [],
): Instruction[] {
  const steps: Step[] = [];
  const accept: Label = { step: 0 };
  const reject: Label = { step: 0 };
  if (condition !== undefined) emit(simplify(condition), accept, reject, steps, false);
  accept.step = steps.length;
  steps.push(plain(instruction(Code.Return, accepted)));
  reject.step = steps.length;
  steps.push(plain(instruction(Code.Return, 0)));
  const program = [...prologue, ...layOut(steps)];
  if (program.length > MAX_INSTRUCTIONS) {
    throw new FilterError(
      0,
      `the filter needs ${program.length} instructions, the kernel takes ${MAX_INSTRUCTIONS}; shorten it`,
    );
  }
  return program;
}

/** `isLoaded`: A holds what the condition, a comparison, would load. */
function emit(
  condition: Condition,
  whenTrue: Label,
  whenFalse: Label,
  steps: Step[],
  isLoaded: boolean,
): void {
  switch (condition.kind) {
    case 'not':
      emit(condition.of, whenFalse, whenTrue, steps, isLoaded);
      return;
    case 'test':
      if (!isLoaded) for (const load of condition.load) steps.push(plain(load));
      steps.push(comparison(condition.code, condition.k, whenTrue, whenFalse));
      return;
    case 'among':
      if (!isLoaded) for (const load of condition.load) steps.push(plain(load));
      emitSearch(condition.ranges, whenTrue, whenFalse, steps);
      return;
    default:
      condition.of.forEach((part, index) => {
        const isLast = index === condition.of.length - 1;
        const next: Label = { step: 0 };
        const onTrue = isLast || condition.kind === 'any' ? whenTrue : next;
        const onFalse = isLast || condition.kind === 'all' ? whenFalse : next;
        // Between two comparisons in one list there is but one way, so what is loaded is known.
        const key = loadKey(part);
        const before = condition.of[index - 1];
        const sameLoad = key !== undefined && before !== undefined && loadKey(before) === key;
        emit(part, onTrue, onFalse, steps, sameLoad);
        next.step = steps.length;
      });
  }
}

/**
 * Finds the range in which A lies by halving: ten comparisons for a thousand ranges, and two
 * instructions a range.
 */
function emitSearch(
  ranges: readonly NumberRange[],
  whenTrue: Label,
  whenFalse: Label,
  steps: Step[],
  lowest = 0,
): void {
  if (ranges.length > 1) {
    const middle = ranges.length >> 1;
    const first = ranges[middle]![0];
    const upper: Label = { step: 0 };
    const lower: Label = { step: steps.length + 1 };
    steps.push(comparison(Code.JumpGreaterOrEqual, first, upper, lower));
    emitSearch(ranges.slice(0, middle), whenTrue, whenFalse, steps, lowest);
    upper.step = steps.length;
    emitSearch(ranges.slice(middle), whenTrue, whenFalse, steps, first);
    return;
  }
  const [first, last] = ranges[0]!;
  if (first === last) {
    steps.push(comparison(Code.JumpEqual, first, whenTrue, whenFalse));
    return;
  }
  // The comparison that led here has already asked for the first.
  if (first > lowest) {
    const next: Label = { step: steps.length + 1 };
    steps.push(comparison(Code.JumpGreaterOrEqual, first, next, whenFalse));
  }
  steps.push(comparison(Code.JumpGreater, last, whenFalse, whenTrue));
}

function comparison(code: number, k: number, whenTrue: Label, whenFalse: Label): Step {
  return { code, k, whenTrue, whenFalse, farTrue: false, farFalse: false };
}

function plain({ code, k }: Instruction): Step {
  return { code, k, farTrue: false, farFalse: false };
}

/** Gives every step its place, with extra jumps where a target is too far, until nothing changes. */
function layOut(steps: readonly Step[]): Instruction[] {
  for (;;) {
    const places = placesOf(steps);
    let grown = false;
    steps.forEach((step, index) => {
      if (step.whenTrue === undefined || step.whenFalse === undefined) return;
      const behind = places[index]! + 1;
      if (!step.farTrue && places[step.whenTrue.step]! - behind > MAX_SKIP) {
        step.farTrue = true;
        grown = true;
      }
      if (!step.farFalse && places[step.whenFalse.step]! - behind > MAX_SKIP) {
        step.farFalse = true;
        grown = true;
      }
    });
    if (!grown) return steps.flatMap((step, index) => finished(step, places[index]!, places));
  }
}

function placesOf(steps: readonly Step[]): number[] {
  let place = 0;
  return steps.map((step) => {
    const here = place;
    place += 1 + Number(step.farTrue) + Number(step.farFalse);
    return here;
  });
}

function finished(step: Step, place: number, places: readonly number[]): Instruction[] {
  const { whenTrue, whenFalse, farTrue, farFalse } = step;
  if (whenTrue === undefined || whenFalse === undefined) return [instruction(step.code, step.k)];
  const skipTrue = places[whenTrue.step]! - place - 1;
  const skipFalse = places[whenFalse.step]! - place - 1;
  const program: Instruction[] = [
    {
      code: step.code,
      jumpTrue: farTrue ? 0 : skipTrue,
      jumpFalse: farFalse ? Number(farTrue) : skipFalse,
      k: step.k,
    },
  ];
  if (farTrue) program.push(instruction(Code.Jump, skipTrue - 1));
  if (farFalse) program.push(instruction(Code.Jump, skipFalse - 1 - Number(farTrue)));
  return program;
}
