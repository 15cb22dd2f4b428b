/**
 * What cannot be used stays in the store's folder, and counts for its limit, until the space is needed:
 * damaged files as `NAME.damaged`, whole stores in `set-aside-LABEL/`.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface AsideFile {
  readonly path: string;
  readonly bytes: number;
}

export const damagedEnding = '.damaged';
const folderStart = 'set-aside-';
/** Not of the store that is moved. */
const staysThere = /^(?:mizu\.lock$|set-aside-)|\.damaged$/;

/** Renames a file that cannot be read. Undefined when there is none. */
export function setFileAside(path: string): AsideFile | undefined {
  if (!existsSync(path)) return undefined;
  let target = path + damagedEnding;
  for (let n = 2; existsSync(target); n++) target = `${path}.${n}${damagedEnding}`;
  renameSync(path, target);
  return { path: target, bytes: statSync(target).size };
}

/** Moves the files of a whole store, `last` as the last of them; returns where they are. */
export function moveAside(directory: string, label: string, last: string): string {
  const folder = join(directory, `${folderStart}${label}`);
  let target = folder;
  for (let n = 2; existsSync(target); n++) target = `${folder}.${n}`;
  mkdirSync(target);
  const names = readdirSync(directory).filter((name) => !staysThere.test(name));
  names.sort((a, b) => Number(a === last) - Number(b === last));
  for (const name of names) renameSync(join(directory, name), join(target, name));
  return target;
}

/** Everything that was set aside in a store's folder, in the order in which it goes. */
export function filesSetAside(directory: string): AsideFile[] {
  const inFolder = (folder: string) => {
    return readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  };
  const paths = inFolder(directory);
  const damaged = paths.filter((path) => path.endsWith(damagedEnding));
  const folders = paths.filter((path) => basename(path).startsWith(folderStart));
  return [...damaged, ...folders.flatMap(inFolder)].map((path) => {
    return { path, bytes: statSync(path).size };
  });
}

/** A folder goes with its last file. */
export function removeAside({ path }: AsideFile): void {
  rmSync(path, { force: true, recursive: true });
  const folder = dirname(path);
  if (!basename(folder).startsWith(folderStart) || readdirSync(folder).length > 0) return;
  rmdirSync(folder);
}
