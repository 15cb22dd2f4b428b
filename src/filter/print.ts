/** Syntax tree → query text that parses to the same tree. */
import type { Literal, Node, Operand, Path, Segment } from './ast.ts';

const plainName = /^[\p{L}_$@](?:-?[\p{L}\p{N}_$@])*$/u;
const escaped: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A constant as it is written in a query: texts in double quotes. */
export function quote(value: string | number | bigint | boolean | null): string {
  if (value === null) return 'nil';
  // a whole number beyond 2^53 that is written out would read back as an exact one
  const isRounded =
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
  if (isRounded) return value.toExponential();
  if (typeof value !== 'string') return String(value);
  // control characters and lone surrogates would be invisible or lost
  const body = value.replace(
    /["\\\p{Cc}\p{Cs}\u2028\u2029]/gu,
    (unit) => escaped[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `"${body}"`;
}

function quotePattern(pattern: string): string {
  const free = ['"', "'", '`'].find((mark) => !pattern.includes(mark));
  if (free !== undefined) return `r${free}${pattern}${free}`;
  let isEscaped = false;
  let body = '';
  for (const unit of pattern) {
    if (unit === '"' && !isEscaped) body += '\\';
    body += unit;
    isEscaped = unit === '\\' && !isEscaped;
  }
  return `r"${body}"`;
}

function printSegment(segment: Segment, isFirst: boolean): string {
  switch (segment.kind) {
    case 'name':
      if (!plainName.test(segment.name)) return `[${quote(segment.name)}]`;
      return isFirst ? segment.name : `.${segment.name}`;
    case 'index':
      return `[${segment.index}]`;
    case 'all':
      return '[*]';
    case 'deep':
      return `..${segment.name}`;
    case 'call':
      return `.${segment.name}()`;
  }
}

/** `request.headers["content-type"]` */
export function printPath(path: Pick<Path, 'segments'>): string {
  return path.segments.map((segment, at) => printSegment(segment, at === 0)).join('');
}

export function printOperand(operand: Operand): string {
  if (operand.kind === 'path') return printPath(operand);
  if (operand.kind === 'regex') return quotePattern(operand.pattern);
  return printLiteral(operand);
}

function printLiteral(literal: Literal): string {
  return literal.source ?? quote(literal.value);
}

export function printNode(node: Node): string {
  switch (node.kind) {
    case 'constant':
      return String(node.value);
    case 'and':
    case 'or':
      return node.items.map((item) => printInside(item, node.kind)).join(` ${node.kind} `);
    case 'not':
      return `not ${printInside(node.item, 'not')}`;
    case 'compare':
      return `${printOperand(node.left)} ${node.operator} ${printOperand(node.right)}`;
    case 'in':
      return `${printOperand(node.left)} in (${node.items.map(printOperand).join(', ')})`;
    case 'truthy':
      return printPath(node.path);
    case 'text':
      return printOperand(node.what);
    case 'macro':
      return node.name;
    case 'limit':
      return `limit(${node.count})`;
  }
}

/** Parentheses where the tree is not what precedence alone would give. */
function printInside(node: Node, outer: 'and' | 'or' | 'not'): string {
  const text = printNode(node);
  if (node.kind === outer && outer !== 'not') return `(${text})`;
  if (node.kind === 'or') return `(${text})`;
  if (outer === 'not' && (node.kind === 'and' || node.kind === 'compare' || node.kind === 'in')) {
    return `(${text})`;
  }
  return text;
}
