/** Builds the page when it is missing or older than what it is made of. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { newest } from './newest.ts';

const root = new URL('..', import.meta.url).pathname;
/** What the page is made of: its own folder, and what it shares with the server. */
const sources = [
  'web/src',
  'web/index.html',
  'web/vite.config.ts',
  'web/package.json',
  'src/filter',
  'src/entry',
  'src/serve/api.ts',
  'src/dissect/contract.ts',
  'package-lock.json',
];

/** Returns whether the page is there afterwards. */
export function buildPage(): boolean {
  const page = join(root, 'web/dist/index.html');
  const builtAt = newest(page);
  if (builtAt > 0 && sources.every((source) => newest(join(root, source)) <= builtAt)) return true;
  process.stderr.write('Building the page ...\n');
  const build = spawnSync(join(root, 'node_modules/.bin/vite'), ['build', '--logLevel', 'warn'], {
    cwd: join(root, 'web'),
    stdio: ['ignore', process.stderr, process.stderr],
  });
  return build.status === 0 && existsSync(page);
}
