/** XML and HTML with one element a line. Only the view changes; what cannot be read stays as it is. */

/** Formatting larger texts would keep the page busy for longer than a moment, characters. */
const formatLimit = 4_000_000;
const indent = '  ';
/** Elements of HTML without an end. */
const single = new Set(
  'area base br col embed hr img input link meta param source track wbr'.split(' '),
);
/** Elements whose text must stay as it is. */
const verbatim = new Set(['pre', 'script', 'style', 'textarea']);
const token =
  /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<[!?/]?[A-Za-z](?:[^<>"']|"[^"]*"|'[^']*')*>/g;
/** An element with only a short text stays in one line. */
const shortText = 100;

interface Piece {
  readonly text: string;
  readonly kind: 'open' | 'close' | 'other' | 'text';
  readonly name: string;
}

function pieceOf(text: string, isHtml: boolean): Piece {
  const name = (/^<\/?([^\s/>]+)/.exec(text)?.[1] ?? '').toLowerCase();
  if (text.startsWith('</')) return { text, kind: 'close', name };
  const opens = /^<[A-Za-z]/.test(text) && !text.endsWith('/>') && !(isHtml && single.has(name));
  return { text, kind: opens ? 'open' : 'other', name };
}

function piecesOf(source: string, isHtml: boolean): Piece[] {
  const pieces: Piece[] = [];
  const addText = (text: string) => {
    const trimmed = text.trim();
    if (trimmed !== '') pieces.push({ text: trimmed, kind: 'text', name: '' });
  };
  let at = 0;
  token.lastIndex = 0;
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    addText(source.slice(at, match.index));
    const piece = pieceOf(match[0], isHtml);
    at = token.lastIndex;
    const end = isHtml && piece.kind === 'open' && verbatim.has(piece.name);
    const closeAt = end ? source.toLowerCase().indexOf(`</${piece.name}`, at) : -1;
    if (closeAt < 0) {
      pieces.push(piece);
      continue;
    }
    const close = source.indexOf('>', closeAt) + 1 || source.length;
    pieces.push({ text: source.slice(match.index, close), kind: 'other', name: piece.name });
    token.lastIndex = close;
    at = close;
  }
  addText(source.slice(at));
  return pieces;
}

/** The formatted text. */
export function formatMarkup(source: string, isHtml: boolean): string {
  if (source.length > formatLimit) return source;
  const pieces = piecesOf(source, isHtml);
  const lines: string[] = [];
  let depth = 0;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i]!;
    const [inner, close] = [pieces[i + 1], pieces[i + 2]];
    if (piece.kind === 'close') depth = Math.max(0, depth - 1);
    const start = indent.repeat(Math.min(depth, 40));
    const isEmpty = piece.kind === 'open' && inner?.kind === 'close' && inner.name === piece.name;
    const isShort =
      piece.kind === 'open' &&
      inner?.kind === 'text' &&
      inner.text.length <= shortText &&
      close?.kind === 'close' &&
      close.name === piece.name;
    if (isEmpty) {
      lines.push(start + piece.text + inner.text);
      i += 1;
    } else if (isShort) {
      lines.push(start + piece.text + inner.text + close.text);
      i += 2;
    } else {
      lines.push(start + piece.text);
      if (piece.kind === 'open') depth++;
    }
  }
  return lines.join('\n');
}
