/** Functions that stand on their own: points in time, `limit`. Their values are fixed when parsed. */
import type { Literal, Node } from './ast.ts';
import type { Place } from './contract.ts';
import type { Cursor } from './cursor.ts';
import { fail } from './failure.ts';
import { quote } from './print.ts';
import { nearest } from './suggest.ts';
import { parseDate, spans } from './units.ts';

export type Limit = Extract<Node, { kind: 'limit' }>;

/** Functions a query may begin a value with; for completions and suggestions. */
export const functionNames = ['now', 'datetime', ...Object.keys(spans), 'limit'] as const;

/** The cursor is at the name of a function, a parenthesis follows. */
export function callFunction(cursor: Cursor, now: number): Literal | Limit {
  const name = cursor.next();
  const known = [...functionNames, 'redact'].includes(name.text);
  if (!known) {
    const methods = ['startsWith', 'endsWith', 'contains', 'matches', 'json', 'xml'];
    const method = methods.find((candidate) => candidate === name.text);
    const meant = method ? `request.path.${method}(...)` : nearest(name.text, functionNames);
    fail(name, `there is no function ${name.text}()`, meant);
  }
  cursor.next();
  if (name.text === 'redact') {
    const message = 'redact() cannot be used in a query yet';
    fail(name, message, 'secrets are redacted where they are captured');
  }
  const argument = name.text === 'now' ? undefined : readArgument(cursor, name.text);
  cursor.expect(')', name.text === 'now' ? 'now() takes no arguments' : 'a ) is missing here');
  const place = { from: name.from, to: cursor.lastEnd };
  if (argument === undefined) return { kind: 'literal', value: now, source: 'now()', place };
  return apply(name.text, argument, now, place);
}

interface Argument {
  readonly value: string | number | bigint;
  readonly place: Place;
}

function readArgument(cursor: Cursor, name: string): Argument {
  const { from } = cursor.token;
  const isNegative = cursor.isSymbol('-');
  if (isNegative) cursor.next();
  const { token } = cursor;
  if (token.kind !== 'number' && (isNegative || token.kind !== 'string')) {
    const example = name === 'datetime' ? 'datetime("2021-10-19T06:29:02Z")' : `${name}(5)`;
    cursor.failHere(`${name}() needs a value`, example);
  }
  cursor.next();
  const value = isNegative ? -Number(token.value) : token.value;
  return { value, place: { from, to: token.to } };
}

function apply(
  name: string,
  { value, place: argumentPlace }: Argument,
  now: number,
  place: Place,
): Literal | Limit {
  if (name === 'datetime') {
    const time = typeof value === 'string' ? parseDate(value) : undefined;
    if (time === undefined) {
      const formats = 'datetime("2021-10-19T18:29:02Z") or "10/19/2021, 6:29:02.593 PM"';
      return fail(argumentPlace, 'this is not a date', formats);
    }
    return { kind: 'literal', value: time, source: `datetime(${quote(String(value))})`, place };
  }
  if (typeof value === 'string')
    return fail(argumentPlace, `${name}() needs a number`, `${name}(5)`);
  const number = Number(value);
  if (name === 'limit') {
    if (!Number.isSafeInteger(number) || number < 1) {
      fail(argumentPlace, 'limit() needs a whole number above 0', 'limit(100)');
    }
    return { kind: 'limit', count: number, place };
  }
  const span = spans[name] ?? 0;
  const time = now + number * span;
  if (!Number.isFinite(time)) fail(argumentPlace, 'this number is too large');
  return { kind: 'literal', value: time, source: `${name}(${String(value)})`, place };
}
