import { FilterError } from './filter-error.ts';

/** Longest expression that is read; longer ones cannot become a program the kernel takes. */
const MAX_EXPRESSION_CHARACTERS = 65_536;

export interface Token {
  /** Lower case; the operators in their word form: `and`, `or`, `not`. */
  readonly text: string;
  readonly position: number;
}

const OPERATORS: Readonly<Record<string, string>> = { '!': 'not', '&&': 'and', '||': 'or' };

/** Splits a capture filter into words, parentheses and operators. */
export function tokenize(expression: string): Token[] {
  if (expression.length > MAX_EXPRESSION_CHARACTERS) {
    throw new FilterError(MAX_EXPRESSION_CHARACTERS, 'the expression is too long');
  }
  const tokens: Token[] = [];
  const pattern = /\s+|[()]|&&|\|\||!|[\w.:/%*\-\\]+|./gsu;
  for (const match of expression.matchAll(pattern)) {
    const text = match[0];
    const position = match.index;
    if (/^\s/.test(text)) continue;
    if (/^[\w.:/%*\-\\()]/.test(text)) tokens.push({ text: text.toLowerCase(), position });
    else if (OPERATORS[text] !== undefined) tokens.push({ text: OPERATORS[text], position });
    else if (/[[\]=<>&|+]/.test(text)) {
      throw new FilterError(
        position,
        `"${text}" is not supported: bytes of packets cannot be compared here, use Mizu's own filter`,
      );
    } else throw new FilterError(position, `"${text}" has no meaning in a capture filter`);
  }
  return tokens;
}
