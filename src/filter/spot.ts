/** What may stand at the cursor of an unfinished query, judged by the tokens before it. */
import { keywordOf } from './cursor.ts';
import { type Token, tokenize } from './tokens.ts';

export interface Spot {
  /** What a completion replaces. */
  readonly from: number;
  readonly to: number;
  /** What is there of it, up to the cursor, without quotes. */
  readonly typed: string;
  readonly expects: 'condition' | 'value' | 'operator' | 'joiner' | 'key' | 'nothing';
  /** The path that is compared, or into which a bracket opens. */
  readonly path?: string;
  /** The cursor is inside of quotes. */
  readonly quoted: boolean;
}

const comparing = new Set([
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'contains',
  'startsWith',
  'endsWith',
  'matches',
]);

export function findSpot(text: string, cursor: number): Spot {
  const tokens = tokenize(text.slice(0, cursor)).filter(({ kind }) => kind !== 'end');
  const last = tokens.at(-1);
  if (last === undefined || last.to < cursor) return spotAfter(tokens, cursor, cursor, '', false);
  if (last.kind === 'string' || last.kind === 'regex') {
    const isOpen = last.problem !== undefined && last.to === cursor;
    if (!isOpen) return nothing(cursor);
    return quotedSpot(text, cursor, tokens, last);
  }
  if (last.kind === 'number') {
    return spotAfter(tokens.slice(0, -1), last.from, cursor, last.text, false);
  }
  if (last.kind === 'word' || isSign(last, '.')) return wordSpot(text, cursor, tokens, last);
  return spotAfter(tokens, cursor, cursor, '', false);
}

function nothing(cursor: number): Spot {
  return { from: cursor, to: cursor, typed: '', expects: 'nothing', quoted: false };
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text;
}

/** The end of the token that begins where one begins in the text before the cursor. */
function wholeToken(text: string, from: number): Token | undefined {
  return tokenize(text).find((token) => token.from === from);
}

function quotedSpot(text: string, cursor: number, tokens: readonly Token[], last: Token): Spot {
  const whole = wholeToken(text, last.from);
  // without a closing quote the token reaches to the end: only what is before the cursor is replaced
  const isClosed = whole !== undefined && whole.problem === undefined;
  const to = isClosed ? whole.to : cursor;
  const before = tokens.slice(0, -1);
  if (last.kind === 'regex') return nothing(cursor);
  const spot = spotAfter(before, last.from, to, String(last.value), true);
  if (spot.expects !== 'key' || !isClosed) return spot;
  return text[to] === ']' ? { ...spot, to: to + 1 } : spot;
}

function wordSpot(text: string, cursor: number, tokens: readonly Token[], last: Token): Spot {
  const start = pathStart(tokens, tokens.length - 1);
  const first = tokens[start] ?? last;
  const to = last.kind === 'word' ? (wholeToken(text, last.from)?.to ?? cursor) : cursor;
  const typed = text.slice(first.from, cursor);
  return spotAfter(tokens.slice(0, start), first.from, to, typed, false);
}

/** Index of the first token of the path whose last token stands at `end`. */
function pathStart(tokens: readonly Token[], end: number): number {
  let at = end;
  while (at > 0) {
    const token = tokens[at];
    const before = tokens[at - 1];
    if (isSign(token, '.') || isSign(token, '..')) at--;
    else if (isSign(token, ']')) {
      const open = tokens.findLastIndex((other, index) => index < at && isSign(other, '['));
      if (open < 1) return at;
      at = open - 1;
    } else if (isSign(token, ')')) {
      // only empty calls belong to a path: json()
      if (!isSign(before, '(') || tokens[at - 2]?.kind !== 'word') return at;
      at -= 2;
    } else if (isSign(before, '.') || isSign(before, '..')) at--;
    else return at;
  }
  return 0;
}

function pathEndingAt(tokens: readonly Token[], end: number): string | undefined {
  if (end < 0) return undefined;
  const part = tokens.slice(pathStart(tokens, end), end + 1);
  return part[0]?.kind === 'word' ? part.map(({ text }) => text).join('') : undefined;
}

function spotAfter(
  before: readonly Token[],
  from: number,
  to: number,
  typed: string,
  quoted: boolean,
): Spot {
  const at = before.length - 1;
  const last = before[at];
  const spot = (expects: Spot['expects'], path?: string, start = from): Spot => ({
    from: start,
    to,
    typed,
    expects,
    quoted,
    ...(path === undefined ? {} : { path }),
  });
  const opening = quoted ? 'nothing' : 'condition';
  if (last === undefined) return spot(opening);
  const keyword = keywordOf(last);
  if (keyword === 'and' || keyword === 'or' || keyword === 'not') return spot(opening);
  if (last.kind !== 'string' && comparing.has(last.text) && !isSign(before[at - 1], '.')) {
    return spot('value', pathEndingAt(before, at - 1));
  }
  const list = listBefore(before, at);
  if (list !== undefined) return spot('value', list);
  if (isSign(last, '(')) {
    const isMethod = comparing.has(before[at - 1]?.text ?? '') && isSign(before[at - 2], '.');
    if (isMethod) return spot('value', pathEndingAt(before, at - 3));
    return spot(
      before[at - 1]?.kind === 'word' && !keywordOf(before[at - 1] ?? last) ? 'nothing' : opening,
    );
  }
  if (isSign(last, '[')) {
    const path = pathEndingAt(before, at - 1);
    const start = before[pathStart(before, at - 1)]?.from ?? from;
    return path === undefined ? spot('nothing') : spot('key', path, start);
  }
  if (quoted || isSign(last, ',')) return spot('nothing');
  const operandStart = pathStart(before, at);
  const isRight = comparing.has(before[operandStart - 1]?.text ?? '');
  const path = isRight ? undefined : pathEndingAt(before, at);
  return path === undefined ? spot('joiner') : spot('operator', path);
}

/** The path before `in (`, when the cursor is inside of that list. */
function listBefore(tokens: readonly Token[], end: number): string | undefined {
  if (!isSign(tokens[end], '(') && !isSign(tokens[end], '[') && !isSign(tokens[end], ',')) {
    return undefined;
  }
  const open = tokens.findLastIndex((token) => isSign(token, '(') || isSign(token, '['));
  const word = tokens[open - 1];
  if (word === undefined || keywordOf(word) !== 'in') return undefined;
  const beforeIn = tokens[open - 2];
  const isNegated = beforeIn !== undefined && keywordOf(beforeIn) === 'not';
  return pathEndingAt(tokens, isNegated ? open - 3 : open - 2);
}
