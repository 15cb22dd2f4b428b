import { describe, expect, test } from 'vitest';
import { complete } from './complete.ts';
import { schema } from './fixtures.ts';
import { highlight } from './highlight.ts';

const seen: Record<string, string[]> = {
  'src.name': ['front-end', 'carts'],
  'request.headers': ['accept', 'x-request-id'],
  'request.headers["accept"]': ['text/html'],
  'response.status': ['503'],
};

/** Completions where the text has a `|`; the text that the first gives is returned too. */
function at(marked: string): { labels: string[]; first: string } {
  const cursor = marked.indexOf('|');
  const text = marked.replace('|', '');
  const found = complete(text, cursor, schema, (path) => seen[path] ?? []);
  const [top] = found;
  const first = top === undefined ? '' : text.slice(0, top.from) + top.insert + text.slice(top.to);
  return { labels: found.map(({ label }) => label), first };
}

describe('completions', () => {
  test('an empty query offers macros, fields and functions', () => {
    const { labels } = at('|');
    expect(labels.slice(0, 2)).toEqual(['http', 'grpc']);
    expect(labels).toContain('request.path');
    expect(labels).toContain('not');
  });

  test.each([
    ['ht|', 'http'],
    ['http and respo.st|', 'http and response.status'],
    ['zzz|', ''],
    ['http and response.st|', 'http and response.status'],
    ['status == 200 and request.me|th == "GET"', 'status == 200 and request.method == "GET"'],
    ['not (pat|', 'not (request.path'],
    ['request.path |', 'request.path == '],
    ['request.path sta|', 'request.path startsWith '],
    ['request == "x" |', 'request == "x" and '],
    ['http o|', 'http or '],
    ['request.method == |', 'request.method == "GET"'],
    ['request.method == "P|"', 'request.method == "POST"'],
    ['request.method == "P|', 'request.method == "POST"'],
    ['request.method == "P|O" and http', 'request.method == "POST" and http'],
    ['src.name == "|', 'src.name == "front-end"'],
    ['src.name == ca|', 'src.name == "carts"'],
    ['src.name in ("carts", "fr|', 'src.name in ("carts", "front-end"'],
    ['src.name not in (|', 'src.name not in ("front-end"'],
    ['src.name.startsWith("|', 'src.name.startsWith("front-end"'],
    ['response.status >= |', 'response.status >= 503'],
    ['response.status == 4|', 'response.status == 404'],
    ['response.status == "4|"', 'response.status == 404'],
    ['outgoing == |', 'outgoing == true'],
    ['timestamp >= mi|', 'timestamp >= minutes(-'],
    ['request.headers[|', 'request.headers["accept"]'],
    ['request.headers["x|"]', 'request.headers["x-request-id"]'],
    ['request.headers["x|', 'request.headers["x-request-id"]'],
    [
      'http and request.headers["accept"] == |',
      'http and request.headers["accept"] == "text/html"',
    ],
    ['request.path.js|', 'request.path.json()'],
    ['status == src.po|', 'status == src.port'],
    ['"some te|', ''],
    ['request.path == r"|', ''],
  ])('%s', (marked, expected) => {
    expect(at(marked).first).toBe(expected);
  });

  test('a number field offers no text operators', () => {
    expect(at('status |').labels).not.toContain('contains');
  });
});

test('highlighting tells the kinds apart', () => {
  const text = 'http and request.in == "a" or not status in (1, r"b") && nil contains now() \'open';
  const kinds = highlight(text, schema).map(({ from, to, kind, broken }) => [
    text.slice(from, to),
    broken ? `broken ${kind}` : kind,
  ]);
  expect(kinds).toEqual([
    ['http', 'macro'],
    ['and', 'keyword'],
    ['request', 'field'],
    ['.', 'punctuation'],
    ['in', 'field'],
    ['==', 'operator'],
    ['"a"', 'text'],
    ['or', 'keyword'],
    ['not', 'keyword'],
    ['status', 'field'],
    ['in', 'operator'],
    ['(', 'punctuation'],
    ['1', 'number'],
    [',', 'punctuation'],
    ['r"b"', 'pattern'],
    [')', 'punctuation'],
    ['&&', 'keyword'],
    ['nil', 'constant'],
    ['contains', 'operator'],
    ['now', 'function'],
    ['(', 'punctuation'],
    [')', 'punctuation'],
    ["'open", 'broken text'],
  ]);
});
