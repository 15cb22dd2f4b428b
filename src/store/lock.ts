/** The lock of a store's folder: a file with the process id, so that two processes do not share it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StoreError } from './store-error.ts';

const lockName = 'mizu.lock';

/** Folders open in this process: a process id in a lock file says nothing about itself. */
const openHere = new Set<string>();

interface ProcessFacts {
  /** Dead, but its parent has not taken note: common in containers. */
  readonly isZombie: boolean;
  /** When it started, in kernel ticks: tells a process from a later one with the same id. */
  readonly start: string;
}

/** What the system says of a process; nothing where there is no `/proc`. */
function factsOf(processId: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1');
    // Fields behind the command's closing parenthesis: state is the 3rd, the start is the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { isZombie: fields[0] === 'Z', start: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

function isAlive(processId: number, start: string): boolean {
  try {
    process.kill(processId, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const facts = factsOf(processId);
  if (!facts) return true;
  return !facts.isZombie && (start === '' || start === facts.start);
}

/**
 * Takes the lock of a folder. A lock left behind by a process that is gone is taken over. Throws a
 * `StoreError` when another store has the folder open, or it cannot be written. Returns the function that gives it back.
 */
export function lockFolder(directory: string): () => void {
  const folder = resolve(directory);
  const path = join(folder, lockName);
  if (openHere.has(folder)) {
    throw new StoreError('locked', `The store ${folder} is already open in this process.`);
  }
  if (existsSync(path)) {
    const [id, start] = readFileSync(path, 'latin1').trim().split(' ');
    const holder = Number(id);
    if (holder > 0 && holder !== process.pid && isAlive(holder, start ?? '')) {
      throw new StoreError(
        'locked',
        `The store ${folder} is in use by process ${holder}. Stop it, or choose another folder with --store.`,
      );
    }
    rmSync(path, { force: true });
  }
  writeLock(folder, path);
  openHere.add(folder);
  return () => {
    openHere.delete(folder);
    rmSync(path, { force: true });
  };
}

function writeLock(folder: string, path: string): void {
  try {
    writeFileSync(path, `${process.pid} ${factsOf(process.pid)?.start ?? ''}\n`, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new StoreError('locked', `The store ${folder} is being opened by another process.`);
    }
    throw new StoreError('bad_store', `The store ${folder} cannot be written: ${message}.`);
  }
}
