/**
 * Query text → checked syntax tree, or the first error with its place.
 *
 *   query      = [ or ]
 *   or         = and { ("or" | "||") and }
 *   and        = unary { ("and" | "&&") unary }
 *   unary      = { "not" | "!" } primary
 *   primary    = "(" or ")" | operand [ operator operand | ["not"] "in" list ]
 *   operand    = string | regex | number | true | false | nil | call | path     (operand.ts)
 */
import type { Literal, Node, Operand, Operator, Query, Regex } from './ast.ts';
import { checkComparison, checkConstant } from './check.ts';
import type { FieldSchema, Place, QueryError } from './contract.ts';
import { Cursor, keywordOf } from './cursor.ts';
import { fail, QueryFailure } from './failure.ts';
import { nestingLimit, queryLengthLimit } from './limits.ts';
import { parseOperand, patternFrom } from './operand.ts';
import { printNode, printOperand } from './print.ts';
import { indexOf, type SchemaIndex } from './schema.ts';
import { nearest } from './suggest.ts';

export type ParseResult =
  | { readonly ok: true; readonly query: Query }
  | { readonly ok: false; readonly error: QueryError };

/** `now`, in ms since 1970, is the time that `now()` and `minutes(-5)` count from. */
export function parseQuery(text: string, schema: FieldSchema, now = Date.now()): ParseResult {
  if (text.length > queryLengthLimit) {
    const message = `a query may have ${queryLengthLimit} characters, this one has ${text.length}`;
    return { ok: false, error: { from: queryLengthLimit, to: text.length, message } };
  }
  try {
    const parser = new Parser(text, indexOf(schema), now, 0);
    const root = parser.query();
    const { limit } = parser;
    return { ok: true, query: { text, root, ...(limit === undefined ? {} : { limit }) } };
  } catch (error) {
    if (error instanceof QueryFailure) return { ok: false, error: error.detail };
    throw error;
  }
}

/** Operators as they are written. `matches` becomes `==` with a pattern. */
const operators: Readonly<Record<string, Operator | 'matches'>> = {
  '==': '==',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  contains: 'contains',
  startsWith: 'startsWith',
  endsWith: 'endsWith',
  matches: 'matches',
};

const flipped: Readonly<Partial<Record<Operator, Operator>>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** Words of other languages → ours. */
const synonyms: Readonly<Record<string, string>> = {
  is: '==',
  eq: '==',
  equals: '==',
  ne: '!=',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
  like: 'contains',
  has: 'contains',
  includes: 'contains',
};

class Parser {
  limit: number | undefined;
  private readonly cursor: Cursor;
  private readonly index: SchemaIndex;
  private readonly now: number;
  private depth: number;

  constructor(text: string, index: SchemaIndex, now: number, depth: number) {
    this.cursor = new Cursor(text);
    this.index = index;
    this.now = now;
    this.depth = depth;
  }

  query(): Node {
    if (this.cursor.atEnd) {
      return { kind: 'constant', value: true, place: { from: 0, to: 0 } };
    }
    const root = this.or();
    if (!this.cursor.atEnd) this.leftOver(root);
    this.placeLimit(root, true);
    return root;
  }

  private or(): Node {
    return this.chain('or', () => this.chain('and', () => this.unary()));
  }

  private chain(kind: 'and' | 'or', item: () => Node): Node {
    const first = item();
    if (!this.cursor.isKeyword(kind)) return first;
    const items = [first];
    while (this.cursor.takeKeyword(kind)) items.push(item());
    return { kind, items, place: { from: first.place.from, to: this.cursor.lastEnd } };
  }

  private unary(): Node {
    const starts: number[] = [];
    while (this.cursor.isKeyword('not')) {
      starts.push(this.cursor.token.from);
      this.cursor.next();
      if (starts.length > nestingLimit) this.tooDeep();
    }
    let node = this.primary();
    for (const from of starts.reverse()) {
      node = { kind: 'not', item: node, place: { from, to: node.place.to } };
    }
    return node;
  }

  private primary(): Node {
    const { from } = this.cursor.token;
    if (this.cursor.isSymbol('(')) return this.parenthesised(from);
    const macro = this.macro();
    if (macro !== undefined) return macro;
    const operand = parseOperand(this.cursor, this.index, this.now);
    if (operand.kind === 'limit') return operand;
    if (operand.kind === 'compare') return this.compareWithBoolean(operand);
    return this.afterOperand(operand, from);
  }

  private parenthesised(from: number): Node {
    if (++this.depth > nestingLimit) this.tooDeep();
    this.cursor.next();
    const inner = this.or();
    if (!this.cursor.isSymbol(')')) {
      if (this.cursor.atEnd)
        fail({ from, to: from + 1 }, 'this parenthesis is not closed', 'add )');
      this.leftOver(inner);
    }
    this.cursor.next();
    this.depth--;
    if (inner.kind === 'truthy') return this.afterOperand(inner.path, from);
    if (inner.kind === 'text') return this.afterOperand(inner.what, from);
    return this.compareWithBoolean({ ...inner, place: { from, to: this.cursor.lastEnd } });
  }

  /** `x.contains("a") == false`, as the original allowed. */
  private compareWithBoolean(node: Node): Node {
    const { token } = this.cursor;
    const operator = token.kind === 'string' ? undefined : operators[token.text];
    if (operator === undefined) return node;
    this.cursor.next();
    const value = keywordOf(this.cursor.token);
    if ((operator !== '==' && operator !== '!=') || (value !== 'true' && value !== 'false')) {
      fail(token, `a condition stands before ${token.text}`, 'join conditions with and, or');
    }
    this.cursor.next();
    if ((value === 'true') === (operator === '==')) return node;
    return { kind: 'not', item: node, place: this.since(node.place.from) };
  }

  /** A word that stands for a query, where nothing makes it a path. */
  private macro(): Node | undefined {
    const { token, following } = this.cursor;
    const { macros } = this.index.schema;
    if (token.kind !== 'word' || !Object.hasOwn(macros, token.text)) return undefined;
    const goesOn = following.kind === 'symbol' && ['.', '..', '[', '('].includes(following.text);
    if (goesOn) return undefined;
    if (following.kind !== 'end' && Object.hasOwn(operators, following.text)) {
      if (this.index.declared.has(token.text)) return undefined;
      fail(token, `${token.text} stands for a whole condition and cannot be compared`);
    }
    this.cursor.next();
    const place = { from: token.from, to: token.to };
    if (this.depth + 1 > nestingLimit) this.tooDeep();
    const body = this.expand(token.text, macros[token.text] ?? '', place);
    return { kind: 'macro', name: token.text, body, place };
  }

  private expand(name: string, text: string, place: Place): Node {
    try {
      // nested macros spend the same budget, so one that names itself ends
      const step = this.depth + Math.ceil(nestingLimit / 10);
      if (step > nestingLimit) fail(place, 'the macro refers to itself');
      return new Parser(text, this.index, this.now, step).query();
    } catch (error) {
      if (!(error instanceof QueryFailure)) throw error;
      return fail(place, `the macro ${name} is broken: ${error.detail.message}`);
    }
  }

  private afterOperand(left: Operand, from: number): Node {
    const { token } = this.cursor;
    if (this.cursor.isKeyword('not') && keywordOf(this.cursor.following) === 'in') {
      this.cursor.next();
      const item = this.membership(left, from);
      return { kind: 'not', item, place: item.place };
    }
    if (this.cursor.isKeyword('in')) return this.membership(left, from);
    const isOperator = token.kind === 'symbol' || token.kind === 'word';
    const operator = isOperator ? operators[token.text] : undefined;
    if (operator === undefined) return this.alone(left, from);
    this.cursor.next();
    const right = parseOperand(this.cursor, this.index, this.now);
    if (right.kind === 'compare' || right.kind === 'limit') {
      return fail(right.place, `a value is needed after ${token.text}`);
    }
    const following = this.cursor.token;
    if (following.kind === 'symbol' && Object.hasOwn(operators, following.text)) {
      const hint = `${printOperand(left)} ${token.text} ${printOperand(right)} and ...`;
      fail(following, 'comparisons cannot be chained', hint);
    }
    return this.comparison(left, operator, right, from);
  }

  private comparison(
    left: Operand,
    operator: Operator | 'matches',
    right: Operand,
    from: number,
  ): Node {
    if (operator === 'matches') {
      const pattern = patternFrom(right);
      const [a, b] = checkComparison(left, '==', pattern);
      return { kind: 'compare', operator: '==', left: a, right: b, place: this.since(from) };
    }
    const turned = left.kind !== 'path' && right.kind === 'path' ? flipped[operator] : undefined;
    const [a, b] =
      turned === undefined
        ? checkComparison(left, operator, right)
        : checkComparison(right, turned, left);
    return {
      kind: 'compare',
      operator: turned ?? operator,
      left: a,
      right: b,
      place: this.since(from),
    };
  }

  private membership(left: Operand, from: number): Node {
    this.cursor.next();
    const open = this.cursor.token;
    const close = open.text === '(' ? ')' : open.text === '[' ? ']' : undefined;
    if (open.kind !== 'symbol' || close === undefined) return this.memberOfPath(left, from);
    this.cursor.next();
    const items: (Literal | Regex)[] = [];
    while (!this.cursor.isSymbol(close)) {
      const { token } = this.cursor;
      const item = parseOperand(this.cursor, this.index, this.now);
      if (item.kind !== 'literal' && item.kind !== 'regex') {
        return fail(token, 'in takes a list of constants', 'put texts in quotes');
      }
      items.push(left.kind === 'path' ? checkConstant(left, '==', item) : item);
      if (this.cursor.isSymbol(close)) break;
      if (!this.cursor.isSymbol(',')) {
        const place = this.cursor.atEnd ? open : this.cursor.token;
        fail(place, `this list needs a comma or ${close}`);
      }
      this.cursor.next();
    }
    this.cursor.next();
    if (items.length === 0) fail(open, 'the list is empty, nothing is in it');
    return { kind: 'in', left, items, place: this.since(from) };
  }

  /** `"a" in request.tags`: any element equals. */
  private memberOfPath(left: Operand, from: number): Node {
    const { token } = this.cursor;
    const right = parseOperand(this.cursor, this.index, this.now);
    if (right.kind !== 'path') return fail(token, 'in is followed by a list', 'in ("a", "b")');
    return this.comparison(left, '==', right, from);
  }

  private alone(operand: Operand, from: number): Node {
    const place = this.since(from);
    if (operand.kind === 'path') return { kind: 'truthy', path: operand, place };
    if (operand.kind === 'regex') return { kind: 'text', what: operand, place };
    const { value } = operand;
    if (typeof value === 'string') return { kind: 'text', what: operand, place };
    if (typeof value === 'boolean' || value === null) {
      return { kind: 'constant', value: value === true, place };
    }
    const written = printOperand(operand);
    const message = `${written} stands alone: compare it, or put it in quotes to search for it`;
    return fail(operand.place, message, `"${written}"`);
  }

  private leftOver(before: Node): never {
    const { token } = this.cursor;
    if (token.problem !== undefined) {
      fail(token.problem, token.problem.message, token.problem.suggestion);
    }
    if (token.text === ')') fail(token, 'this parenthesis was never opened', 'remove it');
    if (token.kind === 'word') {
      const known = Object.hasOwn(synonyms, token.text) ? synonyms[token.text] : undefined;
      const isValue = before.kind === 'truthy' || before.kind === 'text';
      const meant =
        known ??
        (token.text.length > 1
          ? nearest(token.text, [...Object.keys(operators), 'and', 'or', 'in'])
          : undefined);
      if (isValue && meant !== undefined) {
        const written = printNode(before);
        fail(token, `${token.text} is not an operator`, `${written} ${meant} ...`);
      }
    }
    if (before.kind === 'truthy' && (token.kind === 'number' || token.kind === 'string')) {
      fail(token, 'an operator is missing here', `== ${token.text}`);
    }
    return fail(token, '`and` or `or` is missing here', `and ${token.text}`);
  }

  /** `limit(n)` bounds the whole query, so it may only be one of the conditions that all hold. */
  private placeLimit(node: Node, isTop: boolean): void {
    if (node.kind === 'limit') {
      if (!isTop)
        fail(node.place, 'limit() bounds the whole query', 'put it at the end: and limit(100)');
      this.limit = Math.min(this.limit ?? node.count, node.count);
    } else if (node.kind === 'and' || node.kind === 'or') {
      for (const item of node.items) this.placeLimit(item, isTop && node.kind === 'and');
    } else if (node.kind === 'not') this.placeLimit(node.item, false);
  }

  private since(from: number): Place {
    return { from, to: this.cursor.lastEnd };
  }

  private tooDeep(): never {
    return fail(this.cursor.token, `more than ${nestingLimit} levels within one another`);
  }
}
