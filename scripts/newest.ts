import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** When the newest file at or below a path was changed, ms since 1970; 0 when there is none. */
export function newest(path: string): number {
  const state = statSync(path, { throwIfNoEntry: false });
  if (state === undefined) return 0;
  if (!state.isDirectory()) return state.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}
