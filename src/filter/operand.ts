/** One side of a comparison: constants, paths with their calls, and functions. */
import type { Compare, Literal, Operand, Operator, Path, Regex, Segment } from './ast.ts';
import { checkComparison } from './check.ts';
import type { Place } from './contract.ts';
import { type Cursor, keywordOf } from './cursor.ts';
import { fail } from './failure.ts';
import { callFunction, type Limit } from './functions.ts';
import { printPath } from './print.ts';
import { compilePattern } from './regex.ts';
import { lookUp, type SchemaIndex, textMethods } from './schema.ts';
import { nearest } from './suggest.ts';
import type { Token } from './tokens.ts';

/** Reads what stands before or after an operator. A method call is a whole condition. */
export function parseOperand(
  cursor: Cursor,
  index: SchemaIndex,
  now: number,
): Operand | Compare | Limit {
  const { token } = cursor;
  const keyword = keywordOf(token);
  if (keyword === 'true' || keyword === 'false' || keyword === 'nil') {
    cursor.next();
    return {
      kind: 'literal',
      value: keyword === 'nil' ? null : keyword === 'true',
      place: at(token),
    };
  }
  if (keyword !== undefined) return missingValue(cursor);
  if (
    token.kind === 'word' &&
    cursor.following.text === '(' &&
    cursor.following.kind === 'symbol'
  ) {
    return callFunction(cursor, now);
  }
  if (token.kind === 'word' || (token.kind === 'symbol' && token.text === '..')) {
    return parsePath(cursor, index, now);
  }
  return parseConstant(cursor);
}

function at(token: Token): Place {
  return { from: token.from, to: token.to };
}

function missingValue(cursor: Cursor): never {
  const { token } = cursor;
  const what = token.kind === 'end' ? 'the query ends' : `${token.text} stands`;
  return cursor.failHere(`${what} where a field or a value is expected`);
}

function parseConstant(cursor: Cursor): Literal | Regex {
  const { token } = cursor;
  if (token.kind === 'string') {
    cursor.next();
    return { kind: 'literal', value: String(token.value), place: at(token) };
  }
  if (token.kind === 'regex') {
    cursor.next();
    return checkedPattern(String(token.value), at(token));
  }
  if (token.kind === 'number') return parseNumber(cursor, 1);
  if (cursor.isSymbol('-') && cursor.following.kind === 'number') {
    cursor.next();
    return parseNumber(cursor, -1, token.from);
  }
  return missingValue(cursor);
}

function parseNumber(cursor: Cursor, sign: 1 | -1, from = cursor.token.from): Literal {
  const token = cursor.next();
  const { value } = token;
  const place = { from, to: token.to };
  // a unit is kept as written: 2s reads better than 2000
  const hasUnit = !/^[\d.]+(?:[eE][+-]?\d+)?$/.test(token.text);
  const source = hasUnit ? { source: `${sign < 0 ? '-' : ''}${token.text}` } : {};
  if (typeof value === 'bigint')
    return { kind: 'literal', value: sign < 0 ? -value : value, place };
  const number = sign * Number(value);
  if (!Number.isFinite(number)) fail(place, 'this number is too large');
  return { kind: 'literal', value: number === 0 ? 0 : number, ...source, place };
}

function checkedPattern(pattern: string, place: Place): Regex {
  const compiled = compilePattern(pattern);
  if (typeof compiled === 'string') {
    fail(place, `this is not a valid pattern: ${compiled}`, 'the syntax is that of RE2');
  }
  return { kind: 'regex', pattern, place };
}

/** What `matches` is followed by: a pattern, or a text that is one. */
export function patternFrom(operand: Operand): Regex {
  if (operand.kind === 'regex') return operand;
  if (operand.kind === 'literal' && typeof operand.value === 'string') {
    return checkedPattern(operand.value, operand.place);
  }
  return fail(operand.place, 'matches is followed by a pattern', 'matches r"..."');
}

function parsePath(cursor: Cursor, index: SchemaIndex, now: number): Path | Compare {
  const { from } = cursor.token;
  const segments: Segment[] = [];
  const places: Place[] = [];
  if (cursor.token.kind === 'word') {
    const first = cursor.next();
    segments.push({ kind: 'name', name: first.text });
    places.push(at(first));
  }
  for (;;) {
    const start = cursor.token.from;
    const isCall = cursor.isSymbol('.') && cursor.following.kind === 'word';
    const segment = parseSegment(cursor);
    if (segment === undefined) break;
    if (isCall && cursor.isSymbol('(') && segment.kind === 'name') {
      const place = { from: cursor.lastEnd - segment.name.length, to: cursor.lastEnd };
      if (segment.name !== 'json' && segment.name !== 'xml') {
        const path = resolvePath(index, segments, places, from, start);
        return methodCall(cursor, index, now, path, segment.name, place);
      }
      cursor.next();
      cursor.expect(')', `${segment.name}() takes no arguments`);
      segments.push({ kind: 'call', name: segment.name });
      places.push(place);
      continue;
    }
    segments.push(segment);
    const length = segment.kind === 'name' && isCall ? segment.name.length : cursor.lastEnd - start;
    places.push({ from: cursor.lastEnd - length, to: cursor.lastEnd });
  }
  return resolvePath(index, segments, places, from, cursor.lastEnd);
}

function resolvePath(
  index: SchemaIndex,
  segments: readonly Segment[],
  places: readonly Place[],
  from: number,
  to: number,
): Path {
  const known = lookUp(index, segments);
  if ('message' in known) {
    return fail(places[known.segment] ?? { from, to }, known.message, known.suggestion);
  }
  const { type, column } = known;
  return { kind: 'path', segments, type, ...(column ? { column } : {}), place: { from, to } };
}

/** The next `.name`, `.*`, `..name`, `[...]`; undefined when the path has ended. */
function parseSegment(cursor: Cursor): Segment | undefined {
  if (cursor.isSymbol('..')) {
    cursor.next();
    if (cursor.token.kind !== 'word') cursor.failHere('a name is missing after ..');
    return { kind: 'deep', name: cursor.next().text };
  }
  if (cursor.isSymbol('.')) {
    cursor.next();
    if (cursor.isSymbol('*')) {
      cursor.next();
      return { kind: 'all' };
    }
    if (cursor.token.kind !== 'word') {
      cursor.failHere('a name is missing after the dot', 'write ["name"] for unusual names');
    }
    return { kind: 'name', name: cursor.next().text };
  }
  if (!cursor.isSymbol('[')) return undefined;
  cursor.next();
  const segment = parseSelector(cursor);
  cursor.expect(']', 'this bracket needs a ]');
  return segment;
}

function parseSelector(cursor: Cursor): Segment {
  const { token } = cursor;
  if (token.kind === 'string') {
    cursor.next();
    return { kind: 'name', name: String(token.value) };
  }
  if (cursor.isSymbol('*')) {
    cursor.next();
    return { kind: 'all' };
  }
  const isNegative = cursor.isSymbol('-');
  if (isNegative) cursor.next();
  const number = cursor.token;
  if (number.kind === 'number' && Number.isSafeInteger(number.value)) {
    cursor.next();
    return { kind: 'index', index: Number(number.value) * (isNegative ? -1 : 1) || 0 };
  }
  const suggestion = token.kind === 'word' ? `["${token.text}"]` : undefined;
  return cursor.failHere('brackets hold a name in quotes, a whole number or *', suggestion);
}

function methodCall(
  cursor: Cursor,
  index: SchemaIndex,
  now: number,
  path: Path,
  name: string,
  place: Place,
): Compare {
  const method = textMethods.find((known) => known === name);
  if (method === undefined) {
    const meant = nearest(name, [...textMethods, 'json', 'xml']);
    const suggestion = meant === undefined ? undefined : `${printPath(path)}.${meant}(...)`;
    return fail(place, `there is no function ${name}()`, suggestion);
  }
  cursor.next();
  if (cursor.isSymbol(')')) cursor.failHere(`${name}() needs a text`, `${name}("...")`);
  const argument = parseOperand(cursor, index, now);
  if (argument.kind === 'compare' || argument.kind === 'limit') {
    return fail(argument.place, `${name}() needs a value`);
  }
  cursor.expect(')', `${name}() takes one value and needs a )`);
  const isMatch = method === 'matches' || argument.kind === 'regex';
  const operator: Operator = isMatch ? '==' : method;
  if (isMatch && method !== 'matches') {
    return fail(argument.place, `${name}() needs a text`, `${printPath(path)} == r"..."`);
  }
  const [left, right] = checkComparison(path, operator, isMatch ? patternFrom(argument) : argument);
  return {
    kind: 'compare',
    operator,
    left,
    right,
    place: { from: path.place.from, to: cursor.lastEnd },
  };
}
