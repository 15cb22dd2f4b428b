/** Query text → tokens. Total: every text gives tokens; what is wrong with one is kept in `problem`. */
import type { QueryError } from './contract.ts';
import { units } from './units.ts';

type TokenKind = 'word' | 'string' | 'regex' | 'number' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly from: number;
  readonly to: number;
  /** As written. */
  readonly text: string;
  /** What it stands for: the string without quotes, the pattern, the number. */
  readonly value: string | number | bigint;
  readonly problem?: QueryError;
}

const space = /\s+/uy;
const word = /[\p{L}_$@](?:-?[\p{L}\p{N}_$@])*/uy;
const dotted = /\d+(?:\.\d+){2,}/y;
const number = /(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([\p{L}_$@][\p{L}\p{N}_$@]*)?/uy;
const symbol = /==|!=|<=|>=|&&|\|\||\.\.|[<>!()[\],.*-]/y;
const quotes = '"\'`';

/** Signs of other languages → ours. */
const lookalikes: Readonly<Record<string, string>> = {
  '=': '==',
  '===': '==',
  '!==': '!=',
  '=~': '== r"..."',
  '~': '== r"..."',
  '!~': '!= r"..."',
  '<>': '!=',
  '&': 'and',
  '|': 'or',
};
const lookalike = /!?[=~<>&|]+/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Ends with one token of kind `end`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const blank = matchAt(space, text, at);
    if (blank) {
      at += blank[0].length;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.to;
  }
  tokens.push({ kind: 'end', from: text.length, to: text.length, text: '', value: '' });
  return tokens;
}

function tokenAt(text: string, from: number): Token {
  const first = text.charAt(from);
  if (quotes.includes(first)) return quoted(text, from);
  if (first === 'r' && from + 1 < text.length && quotes.includes(text.charAt(from + 1))) {
    return pattern(text, from);
  }
  const name = matchAt(word, text, from);
  if (name) return plain('word', text, from, from + name[0].length);
  if (first >= '0' && first <= '9') return numeric(text, from);
  const foreign = matchAt(lookalike, text, from)?.[0];
  const meant = foreign === undefined ? undefined : lookalikes[foreign];
  const sign = matchAt(symbol, text, from);
  if (sign && meant === undefined) return plain('symbol', text, from, from + sign[0].length);
  if (foreign !== undefined) {
    const message = `${foreign} is not an operator of this language`;
    return broken('symbol', text, from, from + foreign.length, message, meant);
  }
  const to = from + String.fromCodePoint(text.codePointAt(from) ?? 0).length;
  const message = `${text.slice(from, to)} has no meaning here`;
  return broken('symbol', text, from, to, message, 'put texts in quotes');
}

function plain(kind: TokenKind, text: string, from: number, to: number): Token {
  const written = text.slice(from, to);
  return { kind, from, to, text: written, value: written };
}

function broken(
  kind: TokenKind,
  text: string,
  from: number,
  to: number,
  message: string,
  suggestion?: string,
): Token {
  const hint = suggestion === undefined ? {} : { suggestion };
  return { ...plain(kind, text, from, to), problem: { from, to, message, ...hint } };
}

function numeric(text: string, from: number): Token {
  const address = matchAt(dotted, text, from)?.[0];
  if (address !== undefined) {
    const to = from + address.length;
    return broken('number', text, from, to, `${address} is a text`, `write "${address}"`);
  }
  const [written = '', digits = '', unit] = matchAt(number, text, from) ?? [];
  const to = from + written.length;
  if (unit !== undefined && !Object.hasOwn(units, unit)) {
    const known = Object.keys(units).join(', ');
    return broken('number', text, from, to, `${unit} is not a unit`, `units are ${known}`);
  }
  const factor = unit === undefined ? 1 : (units[unit] ?? 1);
  return { ...plain('number', text, from, to), value: exactNumber(digits, factor) };
}

/** A whole number beyond 2^53 stays exact. */
function exactNumber(digits: string, factor: number): number | bigint {
  const value = Number(digits) * factor;
  if (factor === 1 && /^\d+$/.test(digits) && !Number.isSafeInteger(value)) return BigInt(digits);
  return value;
}

function pattern(text: string, from: number): Token {
  const quote = text.charAt(from + 1);
  let at = from + 2;
  while (at < text.length && text[at] !== quote) {
    // a backslash stays in the pattern, and keeps a quote from ending it
    at += text[at] === '\\' && quote !== '`' ? 2 : 1;
  }
  if (at >= text.length) return unterminated('regex', text, from, text.slice(from + 2));
  return { ...plain('regex', text, from, at + 1), value: text.slice(from + 2, at) };
}

function unterminated(kind: TokenKind, text: string, from: number, value: string): Token {
  const message = 'the text has no closing quote';
  const token = broken(kind, text, from, text.length, message);
  return { ...token, value };
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\x07',
  '0': '\0',
  '\\': '\\',
  '"': '"',
  "'": "'",
  '`': '`',
  '/': '/',
};
const codeEscape = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})/y;

function quoted(text: string, from: number): Token {
  const quote = text.charAt(from);
  let value = '';
  let at = from + 1;
  let problem: QueryError | undefined;
  while (at < text.length && text[at] !== quote) {
    const unit = text.charAt(at);
    if (unit !== '\\' || quote === '`') {
      value += unit;
      at++;
      continue;
    }
    const sequence = readEscape(text, at);
    problem ??= sequence.problem;
    value += sequence.value;
    at = sequence.to;
  }
  if (at >= text.length) return unterminated('string', text, from, value);
  const token = { ...plain('string', text, from, at + 1), value };
  return problem === undefined ? token : { ...token, problem };
}

function readEscape(
  text: string,
  from: number,
): { value: string; to: number; problem?: QueryError } {
  const code = matchAt(codeEscape, text, from);
  if (code) {
    const point = Number.parseInt(code[1] ?? code[2] ?? code[3] ?? '0', 16);
    const to = from + code[0].length;
    if (point <= 0x10ffff) return { value: String.fromCodePoint(point), to };
    return { value: '', to, problem: { from, to, message: `${code[0]} is not a character` } };
  }
  const letter = text.charAt(from + 1);
  const to = Math.min(from + 2, text.length);
  const value = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
  if (value !== undefined) return { value, to };
  const message = `\\${letter} is not an escape`;
  const suggestion = `write \\\\${letter} for a backslash, or r"..." for a pattern`;
  return { value: letter, to, problem: { from, to, message, suggestion } };
}
