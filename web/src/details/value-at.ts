/** Reads a query path in a decoded entry: what a row of a grid, or a node of a tree, stands for in full. */
import type { Value, ValueMap } from '../../../src/dissect/contract.ts';

const step = /\.?([A-Za-z_$][\w$-]*)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** The steps of a path: names and positions; undefined when it is more than a path. */
export function stepsOf(path: string): (string | number)[] | undefined {
  const steps: (string | number)[] = [];
  step.lastIndex = 0;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null) return undefined;
    const [, name, position, quoted] = match;
    if (position !== undefined) steps.push(Number(position));
    else if (quoted === undefined) steps.push(name ?? '');
    else {
      try {
        steps.push(JSON.parse(`"${quoted}"`) as string);
      } catch {
        return undefined;
      }
    }
  }
  return steps;
}

/** The value at a path; undefined when there is none, or when the path says more than where it is. */
export function valueAt(entry: object, path: string): Value {
  let value: Value = entry as ValueMap;
  for (const name of stepsOf(path) ?? ['\0']) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) value = typeof name === 'number' ? value[name] : undefined;
    else value = Object.hasOwn(value, name) ? value[String(name)] : undefined;
  }
  return value;
}

/** `records[3].key` → `records[*].key`: which one it was is seldom what matters. */
export function anyOf(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '[*]');
}
