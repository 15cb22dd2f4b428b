/** A hub and tappers on loopback, with real TLS, for tests. */
import net, { type AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { defaultLimits } from '../limits.ts';
import { Batch } from '../ship/batch.ts';
import type { LinkSecret } from './connect.ts';
import { LinkHub, type LinkHubOptions } from './hub.ts';
import type { TapperSettings } from './messages.ts';
import { NodeNumbers } from './node-numbers.ts';
import { TapperLink, type TapperLinkOptions } from './tapper-link.ts';

export interface TestSecret extends LinkSecret {
  readonly privateKey: string;
}

export async function newSecret(key = 'a key of the test'): Promise<TestSecret> {
  const made = await generate([{ name: 'commonName', value: 'mizu' }], { keyType: 'ec' });
  return { key, certificate: made.cert, privateKey: made.private };
}

export const testSettings: TapperSettings = {
  capturing: true,
  bodyLimitBytes: 1 << 20,
  redact: true,
  ignoredUserAgents: [],
  threads: 1,
  captureFilter: '',
  limits: defaultLimits,
  logLevel: 'info',
};

export const testCounters = {
  packets: 1,
  bytes: 2,
  dropped: 3,
  ignored: 0,
  connections: 0,
  openConnections: 0,
  holes: 0,
  holeBytes: 0,
  payloadBytes: 7,
  entries: 4,
  ignoredEntries: 0,
  decodeIgnored: {},
  notUnderstood: {},
  shedRows: 0,
  shedBodies: 0,
  shedConnections: 0,
  memoryBytes: 5,
  memoryLimitBytes: 0,
  cpuMs: 6,
};

/** Rows whose status is `first`, `first + 1`, ...; the heap is filled up to `heapBytes` without a pattern. */
export function testBatch(first: number, rows = 1, heapBytes = 0): Batch {
  const batch = Batch.allocate(rows + 7, heapBytes + 64);
  for (let row = 0; row < rows; row++) batch.columns.status[row] = first + row;
  let noise = first + 1;
  for (let at = 0; at < heapBytes; at++) {
    noise = (Math.imul(noise, 1664525) + 1013904223) >>> 0;
    batch.heap[at] = noise >>> 24;
  }
  batch.rows = rows;
  batch.heapUsed = heapBytes;
  return batch;
}

/** The statuses of a batch that came over the wire. */
export function statusesOf(buffer: ArrayBuffer): number[] {
  const batch = Batch.open(buffer)!;
  return [...batch.columns.status.subarray(0, batch.rows)];
}

export interface Received {
  readonly statuses: number[];
  readonly notices: string[];
}

export async function startHub(
  secret: TestSecret,
  options: Partial<LinkHubOptions> = {},
): Promise<{ hub: LinkHub } & Received> {
  const statuses: number[] = [];
  const notices: string[] = [];
  const numbers = new NodeNumbers();
  const hub = new LinkHub({
    host: '127.0.0.1',
    port: 0,
    certificate: secret.certificate,
    privateKey: secret.privateKey,
    key: secret.key,
    version: '1.0.0',
    settings: testSettings,
    numberOfNode: (name, wanted) => numbers.numberOf(name, wanted),
    take: (buffer) => {
      statuses.push(...statusesOf(buffer));
      return undefined;
    },
    onNotice: (text) => notices.push(text),
    ...options,
  });
  await hub.listen();
  return { hub, statuses, notices };
}

export function startTapper(
  port: number,
  secret: LinkSecret,
  options: Partial<TapperLinkOptions> = {},
): { link: TapperLink; notices: string[] } {
  const notices: string[] = [];
  const link = new TapperLink({
    address: { host: '127.0.0.1', port },
    secret: () => secret,
    version: '1.0.0',
    node: 'node-1',
    pod: 'tapper-1',
    counters: () => testCounters,
    capture: () => ({ state: 'capturing', reason: '', targets: 0 }),
    onWelcome: () => undefined,
    onTargets: () => undefined,
    onSettings: () => undefined,
    onNotice: (text) => notices.push(text),
    ...options,
  });
  return { link, notices };
}

/** Waits until something is so, at most `withinMs`. */
export async function until(isSo: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A relay in front of a port, whose connections can be cut as a broken network does. */
export class Relay {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  /** Nothing gets through in either direction, and nobody is told. */
  silent = false;
  readonly bytes = { up: 0 };

  constructor(target: () => number) {
    this.#server = net.createServer((near) => {
      const far = net.connect(target(), '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (data) => {
          if (from === near) this.bytes.up += data.length;
          if (!this.silent) to.write(data);
        });
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
      }
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
