/** Tokens of JSON and of markup, good enough to colour them: a line at a time, never failing. */
import type { StreamParser, StringStream } from '@codemirror/language';

export type BodyLanguage = 'json' | 'markup' | 'none';

const json: StreamParser<object> = {
  startState: () => ({}),
  token(stream: StringStream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) {
      return stream.match(/^\s*:/, false) ? 'propertyName' : 'string';
    }
    if (stream.match(/^-?\d[\d.eE+-]*/)) return 'number';
    if (stream.match(/^[A-Za-z]+/)) return 'keyword';
    stream.next();
    return null;
  },
};

interface MarkupState {
  inside: '' | 'tag' | 'comment';
}

function tokenInTag(stream: StringStream, state: MarkupState): string | null {
  if (stream.eatSpace()) return null;
  if (stream.match(/^\/?>/)) {
    state.inside = '';
    return 'tagName';
  }
  if (stream.match(/^"[^"]*"?|^'[^']*'?/)) return 'string';
  if (stream.match(/^[^\s=>"'/]+/)) return 'attributeName';
  stream.next();
  return null;
}

const markup: StreamParser<MarkupState> = {
  startState: () => ({ inside: '' }),
  copyState: (state) => ({ ...state }),
  token(stream, state) {
    if (state.inside === 'comment' || stream.match('<!--')) {
      const ends = stream.match(/^.*?-->/);
      state.inside = ends ? '' : 'comment';
      if (!ends) stream.skipToEnd();
      return 'comment';
    }
    if (state.inside === 'tag') return tokenInTag(stream, state);
    if (stream.match(/^<[/!?]?[A-Za-z][^\s/>]*/)) {
      state.inside = 'tag';
      return 'tagName';
    }
    if (stream.match(/^&[#\w]+;/)) return 'keyword';
    stream.next();
    stream.eatWhile(/[^<&]/);
    return null;
  },
};

export const streamParsers: Readonly<
  Record<BodyLanguage, StreamParser<object> | StreamParser<MarkupState> | undefined>
> = { json, markup, none: undefined };
