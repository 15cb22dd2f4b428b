/** When two values are equal, which is less, and what counts as true: the meaning of every comparison. */
import type { Scalar } from './ast.ts';

/** What a path can yield: JSON-like values, with whole numbers beyond 2^53 kept exact. */
export type Data = Scalar | undefined | Data[] | { [name: string]: Data };

const decimal = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;
const whole = /^\s*[+-]?\d+\s*$/;
/** Texts longer than this are not numbers. */
const longestNumber = 400;

/** The number that a text writes, or undefined. Whole numbers of any size are exact. */
export function numberIn(text: string): number | bigint | undefined {
  if (text.length > longestNumber || !decimal.test(text)) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) && whole.test(text))
    return BigInt(text.trim().replace(/^\+/, ''));
  return Number.isFinite(value) ? value : undefined;
}

function asNumber(value: Scalar): number | bigint | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return typeof value === 'string' ? numberIn(value) : undefined;
}

/** Exact between whole numbers, as doubles otherwise. */
function difference(a: number | bigint, b: number | bigint): number {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return Number(a) - Number(b);
}

/** Order of code points, which is also the order of the UTF-8 bytes that stores compare. */
function compareTexts(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const x = a.charCodeAt(at);
    const y = b.charCodeAt(at);
    // surrogates stand for code points above all others
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function isScalar(value: Data): value is Scalar {
  return value !== undefined && (typeof value !== 'object' || value === null);
}

/**
 * Texts are equal letter by letter, numbers by value; a text that writes a number equals that number,
 * `"true"` equals `true`, `nil` equals only itself. Lists and maps equal nothing.
 */
export function areEqual(a: Data, b: Data): boolean {
  if (!isScalar(a) || !isScalar(b)) return false;
  if (typeof a === 'string' && typeof b === 'string') return a === b;
  if (a === null || b === null) return a === b;
  if (typeof a === 'boolean' || typeof b === 'boolean') {
    const comparable = typeof a === typeof b || typeof a === 'string' || typeof b === 'string';
    return comparable && String(a) === String(b);
  }
  const x = asNumber(a);
  const y = asNumber(b);
  return x !== undefined && y !== undefined && difference(x, y) === 0;
}

/** Negative, zero or positive; undefined when the two have no order. */
export function order(a: Data, b: Data): number | undefined {
  if (!isScalar(a) || !isScalar(b)) return undefined;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  const x = asNumber(a);
  const y = asNumber(b);
  if (x === undefined || y === undefined) return undefined;
  const result = difference(x, y);
  return Number.isNaN(result) ? undefined : result;
}

/** The text of a scalar as `contains`, patterns and free text see it. */
export function textOf(value: Data): string | undefined {
  return isScalar(value) && value !== null ? String(value) : undefined;
}

/** Whether a value standing alone counts: not `nil`, `false`, `0`, `""`, `[]`. */
export function isTruthy(value: Data): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return Boolean(value);
}
