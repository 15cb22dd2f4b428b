/**
 * Bundles the program into `dist/`: a few files start in half the time of hundreds. Nothing needs it,
 * `bin/mizu` takes the sources when it is missing or older than they are.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { newest } from './newest.ts';

const root = new URL('..', import.meta.url).pathname;
const folder = join(root, 'dist');
/** Each is a program or a thread of its own; `dist` is as deep as `src`, so that paths from it hold. */
const entries = { cli: 'src/cli.ts', worker: 'src/tap/worker.ts' };
const sources = ['src', 'package-lock.json'];

/**
 * The halves of protocols that are loaded when somebody looks come by `require`, which sources have to make
 * themselves and a bundle must not: it then knows the module and wraps it, to be run at its first use.
 */
const ownRequire: Plugin = {
  name: 'own-require',
  transform: (code) =>
    /require\('\.\.?\/.*\.ts'\)/.test(code)
      ? code
          .replace("import { createRequire } from 'node:module';", '')
          .replace('const require = createRequire(import.meta.url);', '')
      : null,
};

/** Returns the program's file once the bundle is there and no older than the sources. */
export async function buildProgram(): Promise<string> {
  const program = join(folder, 'cli.js');
  const builtAt = newest(program);
  if (builtAt > 0 && sources.every((source) => newest(join(root, source)) <= builtAt)) {
    return program;
  }
  if (existsSync(folder)) {
    for (const name of readdirSync(folder)) if (name.endsWith('.js')) rmSync(join(folder, name));
  }
  const bundle = await rolldown({
    input: Object.fromEntries(
      Object.entries(entries).map(([name, file]) => [name, join(root, file)]),
    ),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    plugins: [ownRequire],
  });
  await bundle.write({ dir: folder, format: 'esm' });
  await bundle.close();
  return program;
}
