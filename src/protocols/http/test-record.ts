/** For tests: what real ends say through a proxy, as bytes in the order of the wire. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { client, type Event, server } from '../test-bench.ts';

/** Bytes of one connection. */
export interface Recording {
  readonly events: Event[];
}

/**
 * Lets `drive` talk to `target` through a proxy; each connection is a recording of its own, in the order
 * in which they were opened.
 */
export async function recordAll(
  target: Server,
  drive: (address: { host: string; port: number }) => Promise<void>,
): Promise<Recording[]> {
  const recordings: Recording[] = [];
  const host = '127.0.0.1';
  target.listen(0, host);
  await once(target, 'listening');
  const proxy = createServer((from) => {
    const events: Event[] = [];
    recordings.push({ events });
    const to = connect((target.address() as AddressInfo).port, host);
    from.on('data', (data) => {
      events.push(client(data));
      to.write(data);
    });
    to.on('data', (data) => {
      events.push(server(data));
      from.write(data);
    });
    from.on('close', () => to.destroy()).on('error', () => {});
    to.on('close', () => from.end()).on('error', () => {});
  });
  proxy.listen(0, host);
  await once(proxy, 'listening');
  try {
    await drive({ host, port: (proxy.address() as AddressInfo).port });
  } finally {
    proxy.close();
    target.close();
    if ('closeAllConnections' in target) (target.closeAllConnections as () => void)();
  }
  return recordings;
}

/** The same for a server of Node's HTTP; `drive` gets the address as a URL. */
export async function recordHttp(
  listener: RequestListener,
  drive: (url: string) => Promise<void>,
): Promise<Event[][]> {
  const recordings = await recordAll(createHttpServer(listener), ({ host, port }) =>
    drive(`http://${host}:${port}`),
  );
  return recordings.map(({ events }) => events);
}
