/** The lock of a store's folder: a file with the process id, so that two processes do not share it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const lockName = 'mizu.lock';

/** Folders open in this process: a process id in a lock file says nothing about itself. */
const openHere = new Set<string>();

/** When a process started, in kernel ticks: tells a process from a later one with the same id. */
function startOf(processId: number): string {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1');
    // Fields behind the command's closing parenthesis: state is the 3rd, the start is the 22nd.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(processId: number, start: string): boolean {
  try {
    process.kill(processId, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(processId);
  return start === '' || now === '' || start === now;
}

/**
 * Takes the lock of a folder. A lock left behind by a process that is gone is taken over. Throws a
 * sentence when another store has the folder open. Returns the function that gives it back.
 */
export function lockFolder(directory: string): () => void {
  const folder = resolve(directory);
  const path = join(folder, lockName);
  if (openHere.has(folder)) throw new Error(`The store ${folder} is already open in this process.`);
  if (existsSync(path)) {
    const [id, start] = readFileSync(path, 'latin1').trim().split(' ');
    const holder = Number(id);
    if (holder > 0 && holder !== process.pid && isAlive(holder, start ?? '')) {
      throw new Error(
        `The store ${folder} is in use by process ${holder}. Stop it, or choose another folder with --store.`,
      );
    }
    rmSync(path, { force: true });
  }
  writeFileSync(path, `${process.pid} ${startOf(process.pid)}\n`, { flag: 'wx' });
  openHere.add(folder);
  return () => {
    openHere.delete(folder);
    rmSync(path, { force: true });
  };
}
