/** Takes the comments out of generated JavaScript: two thirds of the Kubernetes client are comments. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Rewrites every `.js` below a folder by TypeScript's compiler, which changes nothing else. It saves
 * 16 MB in the image, and as much memory in the API server: V8 keeps the text of what it runs.
 */
export function removeComments(root: string, folder: string): void {
  const work = mkdtempSync(join(tmpdir(), 'mizu-image-'));
  const configuration = {
    compilerOptions: {
      allowJs: true,
      noCheck: true,
      noResolve: true,
      removeComments: true,
      target: 'esnext',
      module: 'preserve',
      types: [],
      rootDir: folder,
      // Elsewhere: the compiler does not overwrite what it reads.
      outDir: join(work, 'out'),
    },
    include: [join(folder, '**/*.js')],
  };
  writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(configuration));
  try {
    const compiler = join(root, 'node_modules/.bin/tsc');
    const compiled = spawnSync(compiler, ['-p', work], { encoding: 'utf8' });
    if (compiled.status !== 0) throw new Error(`tsc: ${compiled.stdout}${compiled.stderr}`);
    cpSync(join(work, 'out'), folder, { recursive: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
