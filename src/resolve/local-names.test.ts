import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LocalNames } from './index.ts';
import { listeningEnds, listeningSockets } from './proc-net.ts';

const onLinux = process.platform === 'linux';

describe('names of servers on this machine', () => {
  it.skipIf(!onLinux)('a listening port has the name of its process (needs /proc)', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const names = new LocalNames();
    await names.refresh();
    expect(names.identify('127.0.0.1', port)).toMatchObject({ kind: 'process' });
    expect(names.identify('127.0.0.1', port === 9 ? 10 : 9)).toBe(undefined);
    expect(names.identify('192.0.2.1', port)).toBe(undefined);
    server.close();
  });

  it.skipIf(!onLinux)('a server that starts later is named soon (needs /proc)', async () => {
    const names = new LocalNames();
    await names.refresh();
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(names.identify('127.0.0.1', port)).toBe(undefined);
    await expect
      .poll(() => names.identify('127.0.0.1', port)?.process, { timeout: 2500 })
      .not.toBe(undefined);
    server.close();
  });

  it('listening sockets end where the table lists another', () => {
    const head = '  sl  local_address rem_address   st\n';
    const line = (state: string) => `   0: 0100007F:1F90 00000000:0000 ${state} 0 0 0 0 0 777 1\n`;
    expect(listeningEnds(head)).toBe(false);
    expect(listeningEnds(head + line('0A'))).toBe(false);
    expect(listeningEnds(head + line('0A') + line('01'))).toBe(true);
  });

  it('a fixed name wins', () => {
    const names = new LocalNames({ '127.0.0.11': 'storefront' });
    expect(names.identify('127.0.0.11', 1)?.name).toBe('storefront');
  });

  it('nothing readable means no names, not a failure', async () => {
    const names = new LocalNames({}, '/nowhere');
    await names.refresh();
    expect(names.identify('127.0.0.1', 80)).toBe(undefined);
  });

  it('the socket table may hold anything', () => {
    const table = `  sl  local_address rem_address   st
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 777 1
   1: 0100007F:1F91 0100007F:0050 01 00000000:00000000 00:00000000 00000000 0 0 778 1
 rubbish
   2: 00000000000000000000000000000000:0050 0:0 0A a b c d e 99`;
    expect(listeningSockets(table)).toEqual([
      { inode: '777', port: 8080 },
      { inode: '99', port: 80 },
    ]);
  });
});
