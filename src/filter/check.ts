/** Whether the two sides of a comparison go together; converts constants to the type of the field. */
import type { Literal, Operand, Operator, Path } from './ast.ts';
import { fail } from './failure.ts';
import { printOperand, printPath } from './print.ts';
import { parseDate } from './units.ts';
import { numberIn } from './values.ts';

const textOperators: ReadonlySet<Operator> = new Set(['contains', 'startsWith', 'endsWith']);

function isEquality(operator: Operator): boolean {
  return operator === '==' || operator === '!=';
}

/** The operands to compare; fails with a place and a suggestion when they can never agree. */
export function checkComparison(
  left: Operand,
  operator: Operator,
  right: Operand,
): [Operand, Operand] {
  for (const side of [left, right]) {
    if (side.kind === 'regex' && !isEquality(operator)) {
      fail(side.place, `a pattern goes with == and !=, not with ${operator}`, 'use == r"..."');
    }
  }
  if (left.kind === 'path' && right.kind === 'path') checkPaths(left, operator, right);
  if (left.kind === 'path' && right.kind !== 'path') {
    return [left, checkConstant(left, operator, right)];
  }
  if (right.kind === 'path' && left.kind !== 'path') {
    return [checkConstant(right, operator, left), right];
  }
  return [left, right];
}

/** The constant as the field's type wants it. */
export function checkConstant<C extends Exclude<Operand, Path>>(
  path: Path,
  operator: Operator,
  constant: C,
): C | Literal {
  const field = printPath(path);
  if (path.type === 'map') checkMap(path, operator, constant);
  if (constant.kind === 'regex') return constant;
  const { value } = constant;
  if (value === null) {
    if (!isEquality(operator))
      fail(constant.place, `nil goes with == and !=, not with ${operator}`);
    return constant;
  }
  if (textOperators.has(operator)) {
    if (typeof value === 'string') return constant;
    const suggestion = `${field} ${operator} "${String(value)}"`;
    return fail(constant.place, `${operator} looks for a text`, suggestion);
  }
  if (path.type === 'number') return checkNumber(field, operator, constant);
  if (path.type === 'boolean') return checkBoolean(field, operator, constant);
  if (typeof value === 'boolean' && (!isEquality(operator) || path.type === 'text')) {
    const message = `${field} is a ${path.type === 'any' ? 'value' : path.type}, ${value} is not`;
    const suggestion = path.type === 'text' ? `${field} ${operator} "${value}"` : undefined;
    fail(constant.place, message, suggestion);
  }
  return constant;
}

function checkMap(path: Path, operator: Operator, constant: Exclude<Operand, Path>): void {
  if (operator === 'contains') return;
  if (constant.kind === 'literal' && constant.value === null && isEquality(operator)) return;
  const field = printPath(path);
  const text = constant.kind === 'regex' ? constant.pattern : String(constant.value);
  const suggestion = `${field} contains ${JSON.stringify(text)}`;
  fail(constant.place, `${field} is a map, it cannot be compared with a single value`, suggestion);
}

function checkNumber(field: string, operator: Operator, constant: Literal): Literal {
  const { value, place } = constant;
  if (typeof value === 'number' || typeof value === 'bigint') return constant;
  if (typeof value === 'string') {
    const number = numberIn(value);
    if (number !== undefined) return { kind: 'literal', value: number, place };
    const written = printOperand(constant);
    const isDate = parseDate(value) !== undefined;
    const suggestion = isDate
      ? `${field} ${operator} datetime(${written})`
      : suggestNumber(field, operator, value);
    return fail(place, `${field} is a number, ${written} is a text`, suggestion);
  }
  return fail(place, `${field} is a number, ${String(value)} is not`, `${field} ${operator} 1`);
}

/** `"4xx"` and `"4*"` mean a pattern, anything else is a slip. */
function suggestNumber(field: string, operator: Operator, text: string): string {
  const leading = /^(\d+)[x*.]+$/i.exec(text)?.[1];
  if (leading !== undefined && isEquality(operator)) return `${field} ${operator} r"^${leading}"`;
  return `${field} ${operator} 200`;
}

function checkBoolean(field: string, operator: Operator, constant: Literal): Literal {
  const { value, place } = constant;
  const text = String(value);
  if (isEquality(operator)) {
    if (typeof value === 'boolean') return constant;
    if (text === 'true' || text === 'false') {
      return { kind: 'literal', value: text === 'true', place };
    }
  }
  const message = `${field} is true or false, ${printOperand(constant)} is not`;
  return fail(place, message, `${field} == true`);
}

function checkPaths(left: Path, operator: Operator, right: Path): void {
  const [a, b] = [left.type, right.type];
  if (a === 'map' && operator === 'contains') return;
  if (a === 'map' || b === 'map') {
    const map = a === 'map' ? left : right;
    fail(map.place, `${printPath(map)} is a map, compare a value inside it`);
  }
  if (a === 'any' || b === 'any' || a === 'list' || b === 'list' || a === b) return;
  if (textOperators.has(operator) && a !== 'boolean' && b === 'text') return;
  fail(right.place, `${printPath(left)} is a ${a}, ${printPath(right)} is a ${b}`);
}
