/** For tests: what real ends say to each other, as bytes in the order of the wire. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { client, type Event, server } from '../test-bench.ts';

/** A proxy in front of a port of this machine; every connection through it is recorded. */
export class Recorder {
  /** One list a connection, in the order in which they were opened. */
  readonly connections: Event[][] = [];
  readonly #proxy: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number) {
    this.#proxy = createServer((from) => {
      const events: Event[] = [];
      this.connections.push(events);
      const to = connect(port, '127.0.0.1');
      for (const socket of [from, to]) {
        this.#sockets.add(socket.setNoDelay(true));
        socket.on('error', () => undefined);
      }
      from.on('data', (data) => {
        events.push(client(data));
        to.write(data);
      });
      to.on('data', (data) => {
        events.push(server(data));
        from.write(data);
      });
      from.on('close', () => to.end());
      to.on('close', () => from.end());
    });
  }

  static async before(port: number): Promise<Recorder> {
    const recorder = new Recorder(port);
    recorder.#proxy.listen(0, '127.0.0.1');
    await once(recorder.#proxy, 'listening');
    return recorder;
  }

  get port(): number {
    return (this.#proxy.address() as AddressInfo).port;
  }

  /** What was said, all connections one behind the other. */
  get events(): Event[] {
    return this.connections.flat();
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#proxy.close();
  }
}
