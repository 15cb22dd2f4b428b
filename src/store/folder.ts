/** The folder of a store: where it is told to be, made if it is not there, or a temporary one. */
import { mkdirSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { StoreError } from './store-error.ts';

/** The folder's absolute path. Throws a `StoreError` when there cannot be one. */
export function storeFolder(directory: string | undefined): string {
  if (directory === undefined) return mkdtempSync(join(tmpdir(), 'mizu-store-'));
  const folder = resolve(directory);
  try {
    makeFolder(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = reasons[code ?? ''] ?? message;
    throw new StoreError('bad_store', `The store ${folder} cannot be made: ${why}.`);
  }
  return folder;
}

const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'a file is in its place',
  ENOTDIR: 'a part of its path is a file',
  EACCES: 'writing there is not permitted',
  EPERM: 'writing there is not permitted',
  EROFS: 'that file system is read-only',
  ENOSPC: 'that disk is full',
  ENOENT: 'no folder can be made there',
};

/** One folder after the other: Node's recursive way never ends where the system says ENOENT (/proc). */
function makeFolder(folder: string): void {
  const missing: string[] = [];
  let parent = folder;
  for (;;) {
    const found = statSync(parent, { throwIfNoEntry: false });
    if (found?.isDirectory()) break;
    if (found !== undefined) {
      throw Object.assign(new Error(), { code: parent === folder ? 'EEXIST' : 'ENOTDIR' });
    }
    missing.push(parent);
    if (parent === dirname(parent)) break;
    parent = dirname(parent);
  }
  for (const each of missing.reverse()) mkdirSync(each);
}
