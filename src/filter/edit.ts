/** Changing a query as text: click-to-filter, and its parts for "nothing matches". */
import type { Node, Query } from './ast.ts';
import type { Place } from './contract.ts';
import { keywordOf } from './cursor.ts';
import { quote } from './print.ts';
import { tokenize } from './tokens.ts';

/** `comparison('src.name', '==', 'a')` is `src.name == "a"`. */
export function comparison(
  path: string,
  operator: string,
  value: string | number | boolean | null,
): string {
  return `${path} ${operator} ${quote(value)}`;
}

/** How loosely a text binds: by the operators outside of its parentheses. */
function binding(text: string): { or: boolean; and: boolean; single: boolean } {
  let depth = 0;
  const found = { or: false, and: false, single: true };
  const tokens = tokenize(text);
  for (const token of tokens) {
    if (token.kind === 'symbol' && (token.text === '(' || token.text === '[')) depth++;
    if (token.kind === 'symbol' && (token.text === ')' || token.text === ']')) depth--;
    if (depth > 0) continue;
    const keyword = keywordOf(token);
    if (keyword === 'or') found.or = true;
    if (keyword === 'and') found.and = true;
  }
  // one word, or one call or parenthesis from end to end, needs no parentheses behind `not`
  const words = tokens.filter(({ kind }) => kind !== 'end');
  found.single = words.length === 1 || isEnclosed(words.map(({ text: word }) => word));
  return found;
}

function isEnclosed(words: readonly string[]): boolean {
  if (words[0] !== '(') return false;
  let depth = 0;
  for (const [at, word] of words.entries()) {
    if (word === '(') depth++;
    if (word === ')') depth--;
    if (depth === 0) return at === words.length - 1;
  }
  return false;
}

/**
 * The query with one more condition. Parentheses are added where `or` would tear it apart; a
 * condition that already stands there as it is, is not added twice.
 */
export function addClause(text: string, clause: string, how: 'and' | 'and not'): string {
  const before = text.trim();
  const added = clause.trim();
  if (added === '') return before;
  const shape = binding(added);
  const isWhole = how === 'and' ? !shape.or : shape.single;
  const wrapped = isWhole ? added : `(${added})`;
  const addition = how === 'and' ? wrapped : `not ${wrapped}`;
  if (before === '') return how === 'and' ? added : addition;
  const existing = binding(before);
  if (existing.or) return `(${before}) and ${addition}`;
  const isThere = topLevelTexts(before).includes(addition);
  return isThere ? before : `${before} and ${addition}`;
}

/** The texts between the `and`s outside of parentheses. */
function topLevelTexts(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const token of tokenize(text)) {
    if (token.kind === 'symbol' && (token.text === '(' || token.text === '[')) depth++;
    if (token.kind === 'symbol' && (token.text === ')' || token.text === ']')) depth--;
    if (token.kind === 'end' || (depth === 0 && keywordOf(token) === 'and')) {
      parts.push(text.slice(start, token.from).trim());
      start = token.to;
    }
  }
  return parts;
}

/** A part of a query that must hold, with its place and text. */
export interface Clause extends Place {
  readonly text: string;
  readonly node: Node;
}

/** The conditions that all must hold; one, when the query is not a chain of `and`. */
export function clauses(query: Query): Clause[] {
  const { root, text } = query;
  const nodes = root.kind === 'and' ? root.items : text.trim() === '' ? [] : [root];
  return nodes.map((node) => {
    const { from, to } = node.place;
    return { from, to, text: text.slice(from, to), node };
  });
}
