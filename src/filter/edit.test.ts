import { describe, expect, test } from 'vitest';
import { addClause, clauses, comparison } from './edit.ts';
import { schema } from './fixtures.ts';
import { parseQuery } from './parse.ts';

describe('click to filter', () => {
  test.each([
    ['', 'and', 'http'],
    ['http', 'and', 'http and src.name == "a"'],
    ['http or grpc', 'and', '(http or grpc) and src.name == "a"'],
    ['(http or grpc)', 'and', '(http or grpc) and src.name == "a"'],
    ['request.path == "a or b"', 'and', 'request.path == "a or b" and src.name == "a"'],
    ['http || grpc', 'and not', '(http || grpc) and not (src.name == "a")'],
    ['http', 'and not', 'http and not (src.name == "a")'],
    ['http and src.name == "a"', 'and', 'http and src.name == "a"'],
    ['http and not (src.name == "a")', 'and not', 'http and not (src.name == "a")'],
    ['not (src.name == "a") and http', 'and', 'not (src.name == "a") and http and src.name == "a"'],
  ] as const)('%s, %s', (text, how, expected) => {
    const clause = text === '' ? 'http' : comparison('src.name', '==', 'a');
    const changed = addClause(text, clause, how);
    expect(changed).toBe(expected);
    expect(parseQuery(changed, schema).ok).toBe(true);
  });

  test('a clause with or is put in parentheses', () => {
    expect(addClause('http', 'status == 1 or status == 2', 'and')).toBe(
      'http and (status == 1 or status == 2)',
    );
    expect(addClause('', 'outgoing', 'and not')).toBe('not outgoing');
    expect(addClause('(a) or (b)', '(a) or (b)', 'and not')).toBe(
      '((a) or (b)) and not ((a) or (b))',
    );
  });

  test('values are written so that they read back', () => {
    expect(comparison('request.path', '==', 'say "hi"\n')).toBe(
      'request.path == "say \\"hi\\"\\n"',
    );
    expect(comparison('status', '==', 200)).toBe('status == 200');
    expect(comparison('elapsedTime', '==', null)).toBe('elapsedTime == nil');
    expect(comparison('outgoing', '!=', true)).toBe('outgoing != true');
  });
});

test('the clauses that must all hold, as written', () => {
  const of = (text: string) => {
    const result = parseQuery(text, schema);
    return result.ok ? clauses(result.query).map((clause) => clause.text) : [];
  };
  expect(of('http and (status == 1 or  outgoing) and not "x"')).toEqual([
    'http',
    '(status == 1 or  outgoing)',
    'not "x"',
  ]);
  expect(of('http or grpc')).toEqual(['http or grpc']);
  expect(of('(http and grpc)')).toEqual(['http', 'grpc']);
  expect(of('')).toEqual([]);
});
