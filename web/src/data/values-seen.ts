/** Values seen in live traffic, for completions; looked up only when somebody completes. */
import type { EntryDetails } from '../../../src/serve/api.ts';
import { queryClient } from './queries.ts';
import { session } from './session.ts';

/** Newest entries that are looked at. */
const reach = 2_000;
const mostValues = 40;

function read(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

/** Values of this path, the most frequent first; for a map of entries looked at in full, its names. */
export function valuesSeen(path: string): string[] {
  const names = path.split('.');
  const counts = new Map<string, number>();
  const count = (value: string) => counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const row of session.list.rows.slice(-reach)) {
    const value = read(row, names);
    if (typeof value === 'string' ? value !== '' : typeof value === 'number') count(String(value));
  }
  if (counts.size === 0) {
    for (const [, details] of queryClient.getQueriesData<EntryDetails>({ queryKey: ['entry'] })) {
      const value = read(details?.entry, names);
      if (typeof value === 'string' && value !== '' && value.length < 100) count(value);
      else if (typeof value === 'object' && value !== null) Object.keys(value).forEach(count);
    }
  }
  const ordered = [...counts].sort((a, b) => b[1] - a[1]);
  return ordered.slice(0, mostValues).map(([value]) => value);
}
