/** The mock server's filter: the real parser and evaluator, over made-up entries. */
import type { Value } from '../../src/dissect/contract.ts';
import type { EntryRow } from '../../src/entry/entry.ts';
import { compileQuery, parseQuery } from '../../src/filter/index.ts';
import type { ApiError, EntryDetails } from '../../src/serve/api.ts';
import { protocols } from './protocols.ts';

export interface Verdict {
  readonly matches: (row: EntryRow) => boolean;
  readonly error?: ApiError['error'];
}

type Column = string | number | boolean | undefined;

function column(row: EntryRow, path: string): Column {
  let value: unknown = row;
  for (const name of path.split('.')) {
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[name];
  }
  return typeof value === 'object' ? undefined : (value as Column);
}

/** Makes a filter text into a function, or says what is wrong with it. */
export function matcher(filter: string, detailsOf: (row: EntryRow) => EntryDetails): Verdict {
  const parsed = parseQuery(filter, protocols);
  if (!parsed.ok) {
    return { matches: () => false, error: { code: 'bad_filter', ...parsed.error } };
  }
  const test = compileQuery(parsed.query);
  return {
    matches: (row) =>
      test({
        column: (path) => (path === 'status' && row.status === 0 ? undefined : column(row, path)),
        root: () => detailsOf(row).entry as unknown as { readonly [name: string]: Value },
        texts: () => [row.method, row.target, row.host],
      }),
  };
}
