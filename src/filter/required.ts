/**
 * Literals that every hit of a query must contain, for a search in bytes before anything is decoded.
 *
 * **What is promised.** For each literal, every entry that the evaluator accepts has it, without
 * regard to ASCII case, in a name or value of its headers, a query string, a cookie, or the text of a
 * body, or in another text of `Subject.texts()`. Literals are runs of `a-z`, `0-9`, `_` and `-`, so
 * they hold nothing that JSON or a URL must escape, no white space and no separators that joining
 * repeated headers adds.
 *
 * **What the caller must allow for.** Where the decoded text is not the bytes kept, bytes prove
 * nothing, and the entry stays a candidate: compressed or chunked bodies, bodies in a character set
 * other than ASCII, UTF-8 or Latin-1, bodies shown as base64, letters percent-encoded without need,
 * header lists that are kept compressed, texts that come from columns only.
 */
import type { Compare, Literal, Node, Operand, Query, Regex, Segment } from './ast.ts';
import { requiredLiteralLimit } from './limits.ts';

const run = /[a-z0-9_-]+/g;
/** Shorter runs are in nearly every payload. */
const shortest = 2;

/** Lower-case literals, longest first; none when bytes cannot decide. */
export function requiredLiterals(query: Query): string[] {
  const literals = [...new Set(required(query.root))];
  return literals.sort((a, b) => b.length - a.length).slice(0, requiredLiteralLimit);
}

function required(node: Node): string[] {
  switch (node.kind) {
    case 'macro':
      return required(node.body);
    case 'and':
      return node.items.flatMap(required);
    case 'or':
      return commonTo(node.items.map(required));
    case 'text':
      return runsOf(node.what);
    case 'in':
      return isVerbatim(node.left)
        ? [...namesOf(node.left), ...commonTo(node.items.map(runsOf))]
        : [];
    case 'truthy':
      return isVerbatim(node.path) ? namesOf(node.path) : [];
    case 'compare':
      return requiredByComparison(node);
    default:
      // a negation accepts entries for what they lack
      return [];
  }
}

function commonTo(lists: readonly (readonly string[])[]): string[] {
  const [first, ...others] = lists;
  return (first ?? []).filter((literal) => others.every((other) => other.includes(literal)));
}

function requiredByComparison({ operator, left, right }: Compare): string[] {
  if (!isVerbatim(left) || right.kind === 'path') return [];
  const isNil = right.kind === 'literal' && right.value === null;
  // only what is missing or null equals nil; what differs from nil is there
  if (isNil) return operator === '!=' ? namesOf(left) : [];
  const holdsText = operator === '==' || operator === 'contains';
  const isAffix = operator === 'startsWith' || operator === 'endsWith';
  return [...namesOf(left), ...(holdsText || isAffix ? runsOf(right) : [])];
}

/** Paths whose texts are kept as they are shown. Columns are left to SQL, which is exact. */
function isVerbatim(operand: Operand): operand is Extract<Operand, { kind: 'path' }> {
  if (operand.kind !== 'path' || operand.column !== undefined) return false;
  const [side, second, third, ...rest] = operand.segments;
  if (nameOf(side) !== 'request' && nameOf(side) !== 'response') return false;
  if (isMapOfTexts(second)) return third?.kind === 'name' && rest.every(isIndex);
  const isBody = nameOf(second) === 'content' || nameOf(second) === 'postData';
  return isBody && nameOf(third) === 'text' && rest.length === 0;
}

function nameOf(segment: Segment | undefined): string | undefined {
  return segment?.kind === 'name' ? segment.name : undefined;
}

function isIndex(segment: Segment): boolean {
  return segment.kind === 'index';
}

function isMapOfTexts(segment: Segment | undefined): boolean {
  return ['headers', 'trailers', 'cookies', 'queryString'].includes(nameOf(segment) ?? '');
}

/** The name of the header: an entry without it does not match. */
function namesOf(path: Extract<Operand, { kind: 'path' }>): string[] {
  const [, map, name] = path.segments;
  return isMapOfTexts(map) ? runsIn(nameOf(name) ?? '') : [];
}

function runsOf(constant: Literal | Regex): string[] {
  // numbers equal texts that are written differently: 5 and "5.0"
  if (constant.kind === 'regex' || typeof constant.value !== 'string') return [];
  return runsIn(constant.value);
}

function runsIn(text: string): string[] {
  // letters whose lower case is ASCII though they are not (the Kelvin sign) end a run
  const ascii = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return (ascii.match(run) ?? []).filter((literal) => literal.length >= shortest);
}
