/**
 * Names of this machine's servers: the process that listens on a port, found as `ss -lp` does, from the
 * socket tables and the open files in /proc. Processes of other users need root; what cannot be read
 * has no name.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import { listeningSockets, socketInode } from './proc-net.ts';

/** How old the table may become before a question has it read again, ms. */
const refreshMs = 3000;
/** Processes looked at in one go; a machine with more has nameless servers, not a slow tap. */
const maxProcesses = 4000;

/** Address → name; a fixed table that wins over everything found. */
export type AddressNames = Readonly<Record<string, string>>;

export class LocalNames {
  readonly #fixed: AddressNames;
  readonly #proc: string;
  #byPort = new Map<number, string>();
  #knownInodes = new Map<string, string>();
  #localAddresses = new Set<string>();
  #readAt = 0;
  #reading = false;

  /** `proc` is where the process file system is mounted. */
  constructor(fixed: AddressNames = {}, proc = '/proc') {
    this.#fixed = fixed;
    this.#proc = proc;
  }

  /** Name of an end, or the empty text. Answers from what is known; reads again in the background. */
  nameOf(address: string, port: number): string {
    const fixed = this.#fixed[address];
    if (fixed !== undefined) return fixed;
    if (Date.now() - this.#readAt > refreshMs) void this.refresh();
    if (!this.#localAddresses.has(address) && !address.startsWith('127.')) return '';
    return this.#byPort.get(port) ?? '';
  }

  /** Reads the tables now. Never rejects: an unreadable /proc means no names. */
  async refresh(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    this.#readAt = Date.now();
    try {
      this.#localAddresses = ownAddresses();
      const inodes = await this.#listening();
      const unknown = [...inodes.keys()].filter((inode) => !this.#knownInodes.has(inode));
      if (unknown.length > 0) await this.#findProcesses(new Set(inodes.keys()));
      const byPort = new Map<number, string>();
      for (const [inode, port] of inodes) {
        const name = this.#knownInodes.get(inode);
        if (name !== undefined && name !== '') byPort.set(port, name);
      }
      this.#byPort = byPort;
    } finally {
      this.#reading = false;
    }
  }

  /** Socket inode → port, of all listening TCP sockets. */
  async #listening(): Promise<Map<string, number>> {
    const inodes = new Map<string, number>();
    for (const table of ['tcp', 'tcp6']) {
      const text = await readFile(`${this.#proc}/net/${table}`, 'utf8').catch(() => '');
      for (const { inode, port } of listeningSockets(text)) inodes.set(inode, port);
    }
    return inodes;
  }

  /** Looks through the open files of all processes for these sockets. */
  async #findProcesses(wanted: ReadonlySet<string>): Promise<void> {
    const found = new Map<string, string>();
    const entries = await readdir(this.#proc).catch(() => []);
    const processes = entries.filter((name) => /^\d+$/.test(name)).slice(0, maxProcesses);
    for (const process of processes) {
      const folder = `${this.#proc}/${process}`;
      for (const file of await readdir(`${folder}/fd`).catch(() => [])) {
        const inode = socketInode(await readlink(`${folder}/fd/${file}`).catch(() => ''));
        if (inode === undefined || !wanted.has(inode)) continue;
        found.set(inode, await processName(folder));
      }
    }
    // Sockets of nobody readable are remembered too: they are not looked for again.
    for (const inode of wanted) if (!found.has(inode)) found.set(inode, '');
    this.#knownInodes = found;
  }
}

/** What the kernel calls the process; runtimes that rename their main thread go by their program. */
async function processName(folder: string): Promise<string> {
  const name = (await readFile(`${folder}/comm`, 'utf8').catch(() => '')).trim();
  if (name !== 'MainThread') return name;
  return basename(await readlink(`${folder}/exe`).catch(() => name));
}

function ownAddresses(): Set<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => address));
}
