/** The mock server's filter: the real parser finds errors, comparisons joined by `and` are evaluated here. */
import type { EntryRow } from '../../src/entry/entry.ts';
import { parseQuery } from '../../src/filter/parse.ts';
import type { ApiError } from '../../src/serve/api.ts';
import { protocols } from './protocols.ts';

export interface Verdict {
  readonly matches: (row: EntryRow) => boolean;
  readonly error?: ApiError['error'];
}

const aliases: Readonly<Record<string, string>> = {
  'request.method': 'method',
  'response.status': 'status',
  'request.path': 'target',
  'request.url': 'target',
};

function read(row: EntryRow, path: string): unknown {
  let value: unknown = row;
  for (const name of (aliases[path] ?? path).split('.')) {
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  }
  return value;
}

function clause(text: string): (row: EntryRow) => boolean {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === 'http') return () => true;
  const match = /^([\w.]+)\s*(==|!=|>=|<=|>|<|contains)\s*(.+)$/.exec(trimmed);
  if (match === null) {
    const word = trimmed.replaceAll('"', '');
    return (row) => row.target.includes(word);
  }
  const [, path = '', operator, literal = ''] = match;
  const wanted = literal.startsWith('"') ? literal.slice(1, -1) : Number(literal);
  return (row) => {
    const value = read(row, path) as string | number;
    if (operator === '==') return value === wanted;
    if (operator === '!=') return value !== wanted;
    if (operator === 'contains') return String(value).includes(String(wanted));
    if (operator === '>=') return value >= wanted;
    if (operator === '<=') return value <= wanted;
    return operator === '>' ? value > wanted : value < wanted;
  };
}

/** Makes a filter text into a function, or says what is wrong with it. */
export function matcher(filter: string): Verdict {
  const parsed = parseQuery(filter, protocols);
  if (!parsed.ok) {
    return { matches: () => false, error: { code: 'bad_filter', ...parsed.error } };
  }
  const clauses = filter.split(/\band\b/).map(clause);
  return { matches: (row) => clauses.every((fits) => fits(row)) };
}
