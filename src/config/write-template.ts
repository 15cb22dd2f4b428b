/** `mizu config -r`: the template → the configuration file. */
import {
  chmod,
  constants,
  copyFile,
  mkdir,
  readFile,
  realpath,
  rename,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { configTemplate } from './render.ts';

/** So many earlier files are kept before the user has to tidy up. */
const maxCopies = 100;

function isSystemError(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

/** Keeps what is there under a new name beside it, and returns that name. */
async function keepCopy(path: string): Promise<string> {
  for (let number = 0; number < maxCopies; number++) {
    const copy = number === 0 ? `${path}.bak` : `${path}.bak${number}`;
    try {
      await copyFile(path, copy, constants.COPYFILE_EXCL);
      await chmod(copy, 0o600);
      return copy;
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
  }
  throw new Error(`there are already ${maxCopies} copies beside ${path}; remove some`);
}

/**
 * Writes the template, readable by its owner only. A file that is there and says something else is
 * kept beside it: `copy` is its new name. Throws system errors.
 */
export async function writeTemplate(path: string): Promise<{ readonly copy: string | undefined }> {
  const text = configTemplate();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  let target = path;
  let copy: string | undefined;
  try {
    // A link, as from a folder of dotfiles, stays one.
    target = await realpath(path);
    if ((await readFile(target, 'utf8')) !== text) copy = await keepCopy(target);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
  const draft = `${target}.${process.pid}.new`;
  await writeFile(draft, text, { mode: 0o600 });
  await rename(draft, target);
  return { copy };
}
