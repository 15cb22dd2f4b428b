/** A query's meaning: syntax tree → closures that say of an entry whether it matches. */
import type { Compare, Literal, Node, Operand, Operator, Query, Regex } from './ast.ts';
import type { Subject } from './contract.ts';
import { structureDepthLimit } from './limits.ts';
import { ParsedTexts, type PathReader, pathReader, someText } from './read-path.ts';
import { patternTest } from './regex.ts';
import { areEqual, type Data, isTruthy, order, textOf } from './values.ts';

type Test = (subject: Subject) => boolean;

/**
 * Compiles once, then tests any number of entries. The result never throws: an entry that cannot be
 * read does not match.
 */
export function compileQuery(query: Query): (subject: Subject) => boolean {
  const test = compileNode(query.root, new ParsedTexts());
  return (subject) => {
    try {
      return test(subject);
    } catch {
      return false;
    }
  };
}

/** Tests a single entry; `compileQuery` is for more than one. */
export function evaluate(query: Query, subject: Subject): boolean {
  return compileQuery(query)(subject);
}

function compileNode(node: Node, texts: ParsedTexts): Test {
  switch (node.kind) {
    case 'constant':
      return () => node.value;
    case 'limit':
      return () => true;
    case 'macro':
      return compileNode(node.body, texts);
    case 'not': {
      const item = compileNode(node.item, texts);
      return (subject) => !item(subject);
    }
    case 'and': {
      const items = cheapFirst(node.items).map((item) => compileNode(item, texts));
      return (subject) => items.every((item) => item(subject));
    }
    case 'or': {
      const items = cheapFirst(node.items).map((item) => compileNode(item, texts));
      return (subject) => items.some((item) => item(subject));
    }
    case 'truthy': {
      const read = pathReader(node.path, texts);
      return (subject) => read(subject, isTruthy);
    }
    case 'text':
      return compileText(node.what);
    case 'in': {
      const read = operandReader(node.left, texts);
      const tests = node.items.map((item) => constantTest('==', item));
      const hasNil = node.items.some((item) => item.kind === 'literal' && item.value === null);
      return (subject) =>
        read(subject, (value) => tests.some((test) => test(value))) ||
        (hasNil && !read(subject, isPresent));
    }
    case 'compare':
      return compileCompare(node, texts);
  }
}

/** Conditions on columns before those that need the payload decoded. */
function cheapFirst(items: readonly Node[]): readonly Node[] {
  return items.toSorted((a, b) => Number(needsPayload(a)) - Number(needsPayload(b)));
}

/** Whether the condition looks into what was captured, beyond the columns. */
export function needsPayload(node: Node): boolean {
  switch (node.kind) {
    case 'constant':
    case 'limit':
      return false;
    case 'macro':
      return needsPayload(node.body);
    case 'not':
      return needsPayload(node.item);
    case 'and':
    case 'or':
      return node.items.some(needsPayload);
    case 'truthy':
      return isDecoded(node.path);
    case 'text':
      return true;
    case 'in':
      return isDecoded(node.left);
    case 'compare':
      return isDecoded(node.left) || isDecoded(node.right);
  }
}

function isDecoded(operand: Operand): boolean {
  return operand.kind === 'path' && operand.column === undefined;
}

function compileText(what: Literal | Regex): Test {
  const test = what.kind === 'regex' ? patternTest(what.pattern) : foldedSearch(String(what.value));
  return (subject) => {
    for (const text of subject.texts()) if (test(text)) return true;
    return false;
  };
}

// the two letters outside ASCII whose lower case has ASCII in it: a search in bytes would miss them
const falseFriends = /[\u0130\u212a]/g;

function foldedSearch(text: string): (text: string) => boolean {
  const wanted = text.toLowerCase();
  return (candidate) => {
    if (!candidate.toLowerCase().includes(wanted)) return false;
    return candidate.replace(falseFriends, '\0').toLowerCase().includes(wanted);
  };
}

function operandReader(operand: Operand, texts: ParsedTexts): PathReader {
  if (operand.kind === 'path') return pathReader(operand, texts);
  const value = operand.kind === 'literal' ? operand.value : operand.pattern;
  return (_subject, test) => test(value);
}

function compileCompare({ operator, left, right }: Compare, texts: ParsedTexts): Test {
  const read = operandReader(left, texts);
  if (right.kind !== 'path') {
    const isNil = right.kind === 'literal' && right.value === null;
    // nil is what is not there, so a missing path equals it
    if (isNil && operator === '==') return (subject) => !read(subject, isPresent);
    if (isNil) return (subject) => read(subject, isPresent);
    const test = constantTest(operator, right);
    return (subject) => read(subject, test);
  }
  if (left.kind === 'regex') {
    const test = constantTest(operator, left);
    const readRight = operandReader(right, texts);
    return (subject) => readRight(subject, test);
  }
  const readRight = operandReader(right, texts);
  const compare = comparisons[operator];
  const test = (subject: Subject) => (a: Data) =>
    readRight(subject, (b) => someElement(a, (x) => someElement(b, (y) => compare(x, y))));
  return (subject) => read(subject, test(subject));
}

function isPresent(value: Data): boolean {
  return value !== null && value !== undefined;
}

/** A list matches when one of its elements does. */
function someElement(value: Data, test: (value: Data) => boolean, depth = 0): boolean {
  if (!Array.isArray(value)) return test(value);
  return depth < structureDepthLimit && value.some((item) => someElement(item, test, depth + 1));
}

const comparisons: Readonly<Record<Operator, (a: Data, b: Data) => boolean>> = {
  '==': areEqual,
  '!=': (a, b) => !areEqual(a, b),
  '<': (a, b) => (order(a, b) ?? Number.NaN) < 0,
  '<=': (a, b) => (order(a, b) ?? Number.NaN) <= 0,
  '>': (a, b) => (order(a, b) ?? Number.NaN) > 0,
  '>=': (a, b) => (order(a, b) ?? Number.NaN) >= 0,
  contains: (a, b) => textTest(a, b, (text, wanted) => text.includes(wanted)),
  startsWith: (a, b) => textTest(a, b, (text, wanted) => text.startsWith(wanted)),
  endsWith: (a, b) => textTest(a, b, (text, wanted) => text.endsWith(wanted)),
};

function textTest(a: Data, b: Data, test: (text: string, wanted: string) => boolean): boolean {
  const wanted = textOf(b);
  if (wanted === undefined) return false;
  const text = textOf(a);
  if (text !== undefined) return test(text, wanted);
  // only `contains` has a meaning for maps: names and values, at any depth
  return typeof a === 'object' && a !== null && someText(a, (inner) => inner.includes(wanted));
}

function constantTest(operator: Operator, constant: Literal | Regex): (value: Data) => boolean {
  if (constant.kind === 'regex') {
    const matches = patternTest(constant.pattern);
    const wanted = operator === '==';
    return (value) =>
      someElement(value, (item) => {
        const text = textOf(item);
        return text === undefined ? !wanted : matches(text) === wanted;
      });
  }
  const compare = comparisons[operator];
  const { value: wanted } = constant;
  return (value) => someElement(value, (item) => compare(item, wanted));
}
