/** The API server's end: tappers connect here. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CaptureTargets } from '../capture/targets.ts';
import type { HeardName } from '../resolve/index.ts';
import { maxFrameBytes } from './frame.ts';
import {
  CloseCode,
  compatibility,
  type FromTapper,
  fromTapperSchema,
  type Hello,
  keyScheme,
  linkPath,
  maxControlBytes,
  misfit,
  type NodeFacts,
  readMessage,
  type TapperSettings,
  type ToTapper,
} from './messages.ts';
import { type SessionWork, type TakeTapperBatch, TapperSession } from './session.ts';
import { stateOf, type Tapper, type TapperState } from './tapper-state.ts';
import { Turns } from './turns.ts';

/** A connection that does not say hello, or nothing at all, for so long is dead. */
const helloMs = 10_000;
const silenceMs = 20_000;
const pingEveryMs = 5000;
const maxConnections = 10_000;
/** Nodes and tapper processes remembered; those without a connection are forgotten first. */
const maxRemembered = 10_000;
/** Batches unpacked and not yet taken, all tappers together. */
const maxTurns = 4;
/** Frames that wait for their turn, all tappers together, before no more is read. */
const maxQueuedBytes = 64 << 20;

export interface LinkHubOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: string;
  /** What tappers authenticate with. */
  readonly key: string;
  readonly version: string;
  readonly settings: TapperSettings;
  readonly take: TakeTapperBatch;
  /**
   * 1 to 65,535, the same for a name as long as entries with it are kept. `wanted`: what the tapper had
   * from the API server before, 0 for none; to give another one costs its connections.
   */
  readonly numberOfNode: (nodeName: string, wanted: number) => number;
  /** What `taken` of the hub before said: these batches are not taken again. */
  readonly taken?: Iterable<readonly [session: string, number: number]>;
  /** A tapper has come, gone or changed what it does. */
  readonly onTapper?: (state: TapperState) => void;
  readonly onFacts?: (facts: NodeFacts, nodeName: string) => void;
  /** Names of addresses that were heard on a node's wires. */
  readonly onNames?: (names: readonly HeardName[]) => void;
  /** A sentence for the log. */
  readonly onNotice?: (text: string) => void;
}

interface Connection {
  readonly socket: WebSocket;
  heardAt: number;
  tapper: Tapper | undefined;
  paused: boolean;
}

const nothing: CaptureTargets = { version: 0, addresses: [], endpoints: [], ignored: [] };

export class LinkHub {
  readonly #options: LinkHubOptions;
  readonly #server: https.Server;
  readonly #webSockets: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #tappers = new Map<string, Tapper>();
  readonly #sessions = new Map<string, TapperSession>();
  readonly #takenBefore: ReadonlyMap<string, number>;
  readonly #turns = new Turns(maxTurns);
  readonly #keyDigest: Buffer;
  #queuedBytes = 0;
  #settings: TapperSettings;
  #targetsOf: (nodeName: string) => CaptureTargets = () => nothing;
  #pings: NodeJS.Timeout | undefined;

  constructor(options: LinkHubOptions) {
    this.#options = options;
    this.#takenBefore = new Map(options.taken);
    this.#settings = options.settings;
    this.#keyDigest = digest(options.key);
    this.#server = https.createServer({
      cert: options.certificate,
      key: options.privateKey,
      minVersion: 'TLSv1.2',
      headersTimeout: helloMs,
      maxHeaderSize: 8192,
    });
    this.#server.maxConnections = maxConnections;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('request', (_request, response) => {
      response.writeHead(404).end();
    });
    this.#server.on('tlsClientError', () => undefined);
  }

  /** Opens the port; rejects with the system's error when that is not possible. */
  async listen(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.removeListener('error', reject);
        resolve();
      });
    });
    this.#pings = setInterval(() => this.#look(), pingEveryMs);
    this.#pings.unref();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What each node shall read from now on. Tappers whose targets have changed are told at once. */
  setTargets(targetsOf: (nodeName: string) => CaptureTargets): void {
    this.#targetsOf = targetsOf;
    for (const { tapper, socket } of this.#connections) {
      if (tapper === undefined) continue;
      const targets = targetsOf(tapper.nodeName);
      if (targets.version === tapper.sentTargets) continue;
      tapper.sentTargets = targets.version;
      say(socket, { type: 'targets', targets });
    }
  }

  setSettings(settings: TapperSettings): void {
    this.#settings = settings;
    for (const { tapper, socket } of this.#connections) {
      if (tapper !== undefined) say(socket, { type: 'settings', settings });
    }
  }

  /** Every node that has had a tapper since the start, by name. */
  tappers(): TapperState[] {
    const states = [...this.#tappers.values()].map(stateOf);
    return states.sort((one, other) => (one.nodeName < other.nodeName ? -1 : 1));
  }

  /** Each tapper process, and the newest of its batches that was taken: to be kept over a restart. */
  taken(): [string, number][] {
    return [...this.#sessions].map(([session, { taken }]) => [session, taken]);
  }

  /** Takes what has arrived, then ends all connections; tappers keep the rest and come again. */
  async close(): Promise<void> {
    clearInterval(this.#pings);
    for (const { socket } of this.#connections) socket.close(1001, 'the API server ends');
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([...this.#sessions.values()].map((session) => session.idle()));
    for (const { socket } of this.#connections) socket.terminate();
    this.#server.closeAllConnections();
    await closed;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    if (!this.#isTapper(request.headers.authorization)) {
      const { remoteAddress } = request.socket;
      this.#options.onNotice?.(`refused a connection from ${remoteAddress}: wrong key`);
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    } else if (request.url !== linkPath) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    } else {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => this.#meet(webSocket));
    }
  }

  /** Compares digests: equal in length, in a time that does not depend on the key. */
  #isTapper(authorization: string | undefined): boolean {
    if (authorization?.startsWith(keyScheme) !== true) return false;
    return timingSafeEqual(digest(authorization.slice(keyScheme.length)), this.#keyDigest);
  }

  #meet(socket: WebSocket): void {
    const connection: Connection = {
      socket,
      heardAt: performance.now(),
      tapper: undefined,
      paused: false,
    };
    this.#connections.add(connection);
    socket.on('error', () => undefined);
    socket.on('pong', () => {
      connection.heardAt = performance.now();
    });
    socket.on('close', () => this.#leave(connection));
    socket.on('message', (data, isBinary) => {
      connection.heardAt = performance.now();
      const bytes = data as Buffer;
      const isFine = isBinary ? this.#batch(connection, bytes) : this.#hear(connection, bytes);
      if (!isFine) socket.close(CloseCode.Invalid);
    });
  }

  #batch(connection: Connection, frame: Buffer): boolean {
    const session = connection.tapper?.session;
    if (session === undefined || !session.add(frame)) return false;
    if (this.#queuedBytes > maxQueuedBytes) {
      connection.paused = true;
      connection.socket.pause();
    }
    return true;
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes;
    if (bytes > 0 || this.#queuedBytes > maxQueuedBytes / 2) return;
    for (const connection of this.#connections) {
      if (!connection.paused) continue;
      connection.paused = false;
      connection.socket.resume();
    }
  }

  /** Returns false for what cannot be read or does not belong here. */
  #hear(connection: Connection, bytes: Buffer): boolean {
    if (bytes.length > maxControlBytes) return false;
    const text = bytes.toString();
    if (connection.tapper === undefined) {
      const reason = misfit(text, 'the tapper', this.#options.version);
      if (reason !== undefined) {
        this.#options.onNotice?.(reason);
        say(connection.socket, { type: 'refused', reason });
        connection.socket.close(CloseCode.Incompatible);
        return true;
      }
    }
    const message = readMessage(fromTapperSchema, text);
    if (message === undefined || (message.type === 'hello') !== (connection.tapper === undefined)) {
      return false;
    }
    if (message.type === 'hello') this.#welcome(connection, message);
    else this.#note(connection.tapper!, message);
    return true;
  }

  #welcome(connection: Connection, hello: Hello): void {
    const { socket } = connection;
    const { node: nodeName } = hello;
    const nodeNumber = this.#options.numberOfNode(nodeName, hello.nodeNumber);
    const session = this.#sessionOf(hello, nodeNumber);
    session.acknowledge = (number) => say(socket, { type: 'acknowledged', number });
    const targets = this.#targetsOf(nodeName);
    const tapper: Tapper = {
      nodeName,
      nodeNumber,
      session,
      podName: hello.pod,
      process: hello.session,
      version: hello.version,
      connected: true,
      since: Date.now(),
      lastSeen: Date.now(),
      capture: { state: 'waiting', reason: '', targets: 0 },
      counters: undefined,
      farewell: '',
      sentTargets: targets.version,
    };
    connection.tapper = tapper;
    this.#tappers.delete(nodeName);
    this.#tappers.set(nodeName, tapper);
    forgetOldest(this.#tappers, ({ connected }) => !connected);
    say(socket, {
      type: 'welcome',
      compatibility,
      version: this.#options.version,
      nodeNumber,
      taken: session.taken,
      targets,
      settings: this.#settings,
    });
    this.#options.onTapper?.(stateOf(tapper));
  }

  #sessionOf(hello: Hello, nodeNumber: number): TapperSession {
    const known = this.#sessions.get(hello.session);
    if (known !== undefined) return known;
    const work: SessionWork = {
      take: this.#options.take,
      nodeName: hello.node,
      nodeNumber,
      turn: () => this.#turns.take(),
      queued: (bytes) => this.#queued(bytes),
      onDamage: (reason) => this.#options.onNotice?.(`a batch from ${hello.node}: ${reason}`),
    };
    const session = new TapperSession(work, this.#takenBefore.get(hello.session) ?? 0);
    this.#sessions.set(hello.session, session);
    forgetOldest(this.#sessions, ({ acknowledge }) => acknowledge === undefined);
    return session;
  }

  #note(tapper: Tapper, message: Exclude<FromTapper, Hello>): void {
    tapper.lastSeen = Date.now();
    switch (message.type) {
      case 'counters': {
        const { capture } = message;
        const before = tapper.capture;
        const changed = before.state !== capture.state || before.reason !== capture.reason;
        tapper.counters = message.counters;
        tapper.capture = capture;
        if (changed) this.#options.onTapper?.(stateOf(tapper));
        break;
      }
      case 'facts':
        this.#options.onFacts?.(message.facts, tapper.nodeName);
        break;
      case 'names':
        this.#options.onNames?.(message.names);
        break;
      case 'bye':
        tapper.counters = message.counters;
        tapper.farewell = message.reason;
        break;
    }
  }

  #leave(connection: Connection): void {
    this.#connections.delete(connection);
    const { tapper } = connection;
    if (tapper === undefined) return;
    tapper.connected = false;
    const stillThere = [...this.#connections].some(
      (other) => other.tapper?.session === tapper.session,
    );
    if (!stillThere) tapper.session.acknowledge = undefined;
    if (this.#tappers.get(tapper.nodeName) === tapper) this.#options.onTapper?.(stateOf(tapper));
  }

  /** Ends dead connections; pings the others, also so that a tapper whose batches wait knows of us. */
  #look(): void {
    const now = performance.now();
    for (const { socket, tapper, heardAt, paused } of this.#connections) {
      const patienceMs = tapper === undefined ? helloMs : silenceMs;
      if (!paused && now - heardAt > patienceMs) socket.terminate();
      else socket.ping();
    }
  }
}

function say(socket: WebSocket, message: ToTapper): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Keeps a map within its bound: the oldest that may go, goes. */
function forgetOldest<Value>(map: Map<string, Value>, mayGo: (value: Value) => boolean): void {
  if (map.size <= maxRemembered) return;
  for (const [key, value] of map) {
    if (!mayGo(value)) continue;
    map.delete(key);
    return;
  }
}
