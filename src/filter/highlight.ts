/** Query text → coloured pieces for the editor. Total: any text, finished or not. */
import type { FieldSchema, Place } from './contract.ts';
import { keywordOf } from './cursor.ts';
import { type Token, tokenize } from './tokens.ts';

type HighlightKind =
  | 'field'
  | 'macro'
  | 'function'
  | 'keyword'
  | 'operator'
  | 'constant'
  | 'text'
  | 'pattern'
  | 'number'
  | 'punctuation';

export interface HighlightedToken extends Place {
  readonly kind: HighlightKind;
  /** The token itself is broken: no closing quote, unknown sign. */
  readonly broken: boolean;
}

const wordOperators = new Set(['contains', 'startsWith', 'endsWith', 'matches']);

/** Tokens in order, without the spaces between them. Macros are told from fields by the schema. */
export function highlight(text: string, schema?: FieldSchema): HighlightedToken[] {
  const tokens = tokenize(text);
  const pieces: HighlightedToken[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'end') break;
    const kind = kindOf(token, tokens[at - 1], tokens[at + 1], schema);
    pieces.push({ from: token.from, to: token.to, kind, broken: token.problem !== undefined });
  }
  return pieces;
}

function kindOf(
  token: Token,
  before: Token | undefined,
  after: Token | undefined,
  schema: FieldSchema | undefined,
): HighlightKind {
  if (token.kind === 'string') return 'text';
  if (token.kind === 'regex') return 'pattern';
  if (token.kind === 'number') return 'number';
  if (token.kind === 'symbol') return symbolKind(token.text);
  if (after?.kind === 'symbol' && after.text === '(' && !keywordOf(token)) {
    return token.text === 'in' ? 'operator' : 'function';
  }
  const isInPath = before?.kind === 'symbol' && (before.text === '.' || before.text === '..');
  if (isInPath) return 'field';
  const keyword = keywordOf(token);
  if (keyword === 'in' || wordOperators.has(token.text)) return 'operator';
  if (keyword === 'true' || keyword === 'false' || keyword === 'nil') return 'constant';
  if (keyword !== undefined) return 'keyword';
  const goesOn = after?.kind === 'symbol' && ['.', '..', '['].includes(after.text);
  const isMacro = !goesOn && schema !== undefined && Object.hasOwn(schema.macros, token.text);
  return isMacro ? 'macro' : 'field';
}

function symbolKind(text: string): HighlightKind {
  if (text === '&&' || text === '||' || text === '!') return 'keyword';
  return /^[=!<>]/.test(text) ? 'operator' : 'punctuation';
}
