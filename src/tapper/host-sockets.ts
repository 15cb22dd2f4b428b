/**
 * Which pods own the sockets of the node's own network: from the socket tables, the open files of the
 * node's processes and their cgroups. Needs the node's /proc mounted and SYS_PTRACE; without them
 * nothing is found.
 */
import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { maxNodeSockets, type NodeFacts } from '../link/index.ts';
import { socketInode } from '../resolve/proc-net.ts';

/** Processes looked at in one go: the newest, because pods that were just made are unknown. */
const maxProcesses = 10_000;
/** Read of a socket table in one go. */
const maxTableBytes = 8 << 20;
const listenState = '0A';
const establishedState = '01';

interface Socket {
  readonly port: number;
  readonly listening: boolean;
}

export class HostSockets {
  readonly #processes: string;
  readonly #tables: string;
  /** Inode → pod of every socket whose owner was found; an empty text: no pod's. */
  #owners = new Map<string, string>();

  /** `processes`: where the node's processes are; `tables`: the folder with `tcp` and `tcp6`. */
  constructor(processes: string, tables = '/proc/net') {
    this.#processes = processes;
    this.#tables = tables;
  }

  /** What can be seen now. Never rejects. */
  async read(): Promise<NodeFacts['sockets']> {
    const sockets = await this.#sockets();
    for (const inode of this.#owners.keys()) if (!sockets.has(inode)) this.#owners.delete(inode);
    const unknown = new Set([...sockets.keys()].filter((inode) => !this.#owners.has(inode)));
    if (unknown.size > 0) await this.#findOwners(unknown);
    const facts = new Map<string, NodeFacts['sockets'][number]>();
    for (const [inode, { port, listening }] of sockets) {
      const podUid = this.#owners.get(inode);
      if (!podUid) continue;
      const key = `${podUid} ${port}`;
      // Accepted connections have the port of who listens.
      facts.set(key, { port, podUid, listening: listening || facts.get(key)?.listening === true });
    }
    // Listening ones first: there are few, and they matter most.
    const all = [...facts.values()].sort((a, b) => Number(b.listening) - Number(a.listening));
    return all.slice(0, maxNodeSockets);
  }

  async #sockets(): Promise<Map<string, Socket>> {
    const sockets = new Map<string, Socket>();
    for (const table of ['tcp', 'tcp6']) {
      const text = await startOf(`${this.#tables}/${table}`).catch(() => '');
      for (const line of text.split('\n').slice(1)) {
        // sl local_address rem_address st queues timer retransmits uid timeout inode
        const [, local = '', , state, , , , , , inode = '0'] = line.trim().split(/\s+/);
        if (state !== listenState && state !== establishedState) continue;
        const port = Number.parseInt(local.split(':')[1] ?? '', 16);
        if (port > 0 && inode !== '0')
          sockets.set(inode, { port, listening: state === listenState });
      }
    }
    return sockets;
  }

  async #findOwners(wanted: Set<string>): Promise<void> {
    const entries = await readdir(this.#processes).catch(() => []);
    const numbers = entries.filter((name) => /^\d+$/.test(name)).map(Number);
    for (const number of numbers.sort((a, b) => b - a).slice(0, maxProcesses)) {
      const folder = `${this.#processes}/${number}`;
      const podUid = podUidIn(await readFile(`${folder}/cgroup`, 'utf8').catch(() => ''));
      if (podUid === '') continue;
      for (const file of await readdir(`${folder}/fd`).catch(() => [])) {
        const inode = socketInode(await readlink(`${folder}/fd/${file}`).catch(() => ''));
        if (inode !== undefined && wanted.delete(inode)) this.#owners.set(inode, podUid);
      }
      if (wanted.size === 0) return;
    }
    // Others' are remembered too: they are not looked for again.
    for (const inode of wanted) this.#owners.set(inode, '');
  }
}

/**
 * The pod in a process' cgroup path: `.../pod0c5ab6ea-...` or, by systemd,
 * `.../kubepods-burstable-pod0c5ab6ea_....slice`.
 */
export function podUidIn(cgroups: string): string {
  const match = /pod([\da-f]{8}([-_])[\da-f]{4}\2[\da-f]{4}\2[\da-f]{4}\2[\da-f]{12})\b/.exec(
    cgroups,
  );
  return match?.[1]?.replaceAll('_', '-') ?? '';
}

/** Addresses of the node's own interfaces, without loopback and addresses of one link. */
export function nodeAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
    .sort();
}

async function startOf(path: string): Promise<string> {
  await using file = await open(path);
  const parts: Buffer[] = [];
  let bytes = 0;
  while (bytes < maxTableBytes) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(256 << 10));
    if (bytesRead === 0) break;
    parts.push(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  return Buffer.concat(parts).toString('latin1');
}
