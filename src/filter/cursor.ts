/** Reading position in the tokens of a query. */
import { fail } from './failure.ts';
import { type Token, tokenize } from './tokens.ts';

const words: Readonly<Record<string, string>> = {
  and: 'and',
  '&&': 'and',
  or: 'or',
  '||': 'or',
  not: 'not',
  '!': 'not',
  in: 'in',
  true: 'true',
  false: 'false',
  nil: 'nil',
  null: 'nil',
};
const shouted = new Set(['AND', 'OR', 'NOT', 'IN']);

/** The keyword that a token is, whatever its spelling: `&&` and `AND` are `and`. */
export function keywordOf(token: Token): string | undefined {
  if (token.kind !== 'word' && token.kind !== 'symbol') return undefined;
  const text = shouted.has(token.text) ? token.text.toLowerCase() : token.text;
  return Object.hasOwn(words, text) ? words[text] : undefined;
}

export class Cursor {
  /** End of the token taken last. */
  lastEnd = 0;
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(text: string) {
    this.tokens = tokenize(text);
  }

  get token(): Token {
    return this.peek(0);
  }

  get following(): Token {
    return this.peek(1);
  }

  get atEnd(): boolean {
    return this.token.kind === 'end';
  }

  next(): Token {
    const { token } = this;
    if (token.problem !== undefined) {
      fail(token.problem, token.problem.message, token.problem.suggestion);
    }
    this.lastEnd = token.to;
    if (this.at < this.tokens.length - 1) this.at++;
    return token;
  }

  isSymbol(text: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === text;
  }

  isKeyword(keyword: string): boolean {
    return keywordOf(this.token) === keyword;
  }

  takeKeyword(keyword: string): boolean {
    if (!this.isKeyword(keyword)) return false;
    this.next();
    return true;
  }

  /** Takes the symbol or fails there. */
  expect(text: string, message: string): Token {
    if (!this.isSymbol(text)) this.failHere(message);
    return this.next();
  }

  /** Fails at the present token; a token that is broken itself says so first. */
  failHere(message: string, suggestion?: string): never {
    const { token } = this;
    if (token.problem !== undefined) this.next();
    return fail(token, message, suggestion);
  }

  private peek(ahead: number): Token {
    const token = this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)];
    if (token === undefined) throw new RangeError('a query has at least its end');
    return token;
  }
}
