/**
 * Lines of /proc/net/tcp and tcp6 (proc_net_tcp in the kernel's documentation):
 *
 *   sl  local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
 *    0: 0100007F:1F90 00000000:0000 0A ...
 */

/** State number of a listening socket. */
const listen = '0A';

export interface ListeningSocket {
  readonly inode: string;
  readonly port: number;
}

/** The listening sockets of a table's text. */
export function listeningSockets(text: string): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== listen) continue;
    const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
    const inode = fields[9];
    if (inode !== undefined && port > 0) sockets.push({ inode, port });
  }
  return sockets;
}

/** Whether the text has a socket that does not listen: the kernel lists those behind all that do. */
export function listeningEnds(text: string): boolean {
  const last = text.lastIndexOf('\n', text.lastIndexOf('\n') - 1);
  const state = text
    .slice(last + 1)
    .trim()
    .split(/\s+/)[3];
  return last > 0 && state !== undefined && /^[0-9A-F]{2}$/.test(state) && state !== listen;
}

/** The inode in a link such as `socket:[12345]`, or undefined. */
export function socketInode(link: string): string | undefined {
  return /^socket:\[(\d+)\]$/.exec(link)?.[1];
}
