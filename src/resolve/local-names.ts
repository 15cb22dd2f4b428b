/**
 * Names of this machine's servers: the process that listens on a port, found as `ss -lp` does, from the
 * socket tables and the open files in /proc. Processes of other users need root; what cannot be read
 * has no name.
 */
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { basename } from 'node:path';
import type { Identity, NameResolver } from './contract.ts';
import { listeningEnds, listeningSockets, socketInode } from './proc-net.ts';

/** How old the table may become before a question has it read again, ms. */
const refreshMs = 3000;
/** The same when a port is asked for that is not in it: its server may just have started. */
const refreshForUnknownMs = 300;
/** Read of a socket table in one go, and in all: listening sockets come first in it. */
const tableChunkBytes = 64 << 10;
const maxTableBytes = 1 << 20;
/** Processes looked at in one go; a machine with more has nameless servers, not a slow tap. */
const maxProcesses = 4000;

/** Address → name; a fixed table that wins over everything found. */
export type AddressNames = Readonly<Record<string, string>>;

/** A table and nothing else. */
export function fixedNames(names: AddressNames): NameResolver {
  const identities = identitiesOf(names);
  return { identify: (address) => identities.get(address) };
}

function identitiesOf(names: AddressNames): Map<string, Identity> {
  const entries = Object.entries(names);
  return new Map(entries.map(([address, name]) => [address, { kind: 'service', name }]));
}

export class LocalNames implements NameResolver {
  readonly #fixed: ReadonlyMap<string, Identity>;
  readonly #proc: string;
  #byPort = new Map<number, Identity>();
  readonly #knownInodes = new Map<string, string>();
  #localAddresses = new Set<string>();
  /** 1: this port was asked for and is not known; it is not worth another early look. */
  readonly #asked = new Uint8Array(65_536);
  /** Ports were asked for that no look at the tables was made for yet. */
  #hasUnknown = false;
  #readAt = 0;
  #reading = false;

  /** `proc` is where the process file system is mounted. */
  constructor(fixed: AddressNames = {}, proc = '/proc') {
    this.#fixed = identitiesOf(fixed);
    this.#proc = proc;
  }

  /** Who listens there now, whatever the time. Answers from what is known; reads again in the background. */
  identify(address: string, port: number): Identity | undefined {
    const fixed = this.#fixed.get(address);
    if (fixed !== undefined) return fixed;
    const age = Date.now() - this.#readAt;
    if (age > refreshMs) {
      this.#asked.fill(0);
      void this.refresh();
    }
    if (!this.#localAddresses.has(address) && !address.startsWith('127.')) return undefined;
    const identity = this.#byPort.get(port);
    if (identity !== undefined) return identity;
    if (this.#asked[port] === 0) {
      this.#asked[port] = 1;
      this.#hasUnknown = true;
    }
    if (this.#hasUnknown && age > refreshForUnknownMs) void this.refresh();
    return undefined;
  }

  /** Reads the tables now. Never rejects: an unreadable /proc means no names. */
  async refresh(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    this.#hasUnknown = false;
    this.#readAt = Date.now();
    try {
      this.#localAddresses = ownAddresses();
      const inodes = await this.#listening();
      for (const inode of this.#knownInodes.keys()) {
        if (!inodes.has(inode)) this.#knownInodes.delete(inode);
      }
      const unknown = [...inodes.keys()].filter((inode) => !this.#knownInodes.has(inode));
      if (unknown.length > 0) await this.#findProcesses(new Set(unknown));
      const byPort = new Map<number, Identity>();
      for (const [inode, port] of inodes) {
        const name = this.#knownInodes.get(inode);
        if (!name) continue;
        const known = this.#byPort.get(port);
        byPort.set(port, known?.name === name ? known : { kind: 'process', name, process: name });
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
      const text = await startOfTable(`${this.#proc}/net/${table}`).catch(() => '');
      for (const { inode, port } of listeningSockets(text)) inodes.set(inode, port);
    }
    return inodes;
  }

  /** Looks through the open files of all processes for these sockets, the newest process first. */
  async #findProcesses(wanted: Set<string>): Promise<void> {
    const entries = await readdir(this.#proc).catch(() => []);
    const processes = entries.filter((name) => /^\d+$/.test(name)).map(Number);
    for (const process of processes.sort((a, b) => b - a).slice(0, maxProcesses)) {
      const folder = `${this.#proc}/${process}`;
      for (const file of await readdir(`${folder}/fd`).catch(() => [])) {
        const inode = socketInode(await readlink(`${folder}/fd/${file}`).catch(() => ''));
        if (inode === undefined || !wanted.delete(inode)) continue;
        this.#knownInodes.set(inode, await processName(folder));
      }
      if (wanted.size === 0) return;
    }
    // Sockets of nobody readable are remembered too: they are not looked for again.
    for (const inode of wanted) this.#knownInodes.set(inode, '');
  }
}

/** A socket table up to where its listening sockets end: with many connections it is megabytes long. */
async function startOfTable(path: string): Promise<string> {
  await using file = await open(path);
  const bytes = Buffer.alloc(tableChunkBytes);
  let text = '';
  while (text.length < maxTableBytes) {
    const { bytesRead } = await file.read(bytes, 0, bytes.length);
    text += bytes.toString('latin1', 0, bytesRead);
    if (bytesRead === 0 || listeningEnds(text)) break;
  }
  return text;
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
