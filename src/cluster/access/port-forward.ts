/**
 * A port of this machine → a port of a pod, through the Kubernetes API: one WebSocket a connection.
 * The pod is looked up for each connection, so the tunnel survives its replacement by itself.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';
import { pause } from './apply-objects.ts';
import type { ClusterApi } from './cluster-api.ts';
import { ClusterError, connectionError, hasCode, responseError } from './errors.ts';

export interface PortForwardOptions {
  readonly namespace: string;
  readonly podPort: number;
  /** Name of a pod that is ready; undefined while there is none. Asked for each connection. */
  findPod(signal: AbortSignal): Promise<string | undefined>;
  /** 0: any free port. */
  readonly localPort: number;
  readonly localHost: string;
  /** The tunnel broke, and why; or works again (undefined). Once a change. */
  readonly onState?: (broken: string | undefined) => void;
}

export interface PortForwarding {
  readonly port: number;
  close(): Promise<void>;
}

/** Bytes on their way to the cluster above which the local side waits. */
const mostUnsentBytes = 1 << 20;
/** How long a connection waits for a pod, ms: about as long as a pod takes to be replaced. */
const patienceMs = 30_000;
const retryMs = 500;
/** A WebSocket that does not answer a ping within this time is dead, ms. */
const pingEveryMs = 20_000;
/** How long the far side may go on after the near side has said all, ms. */
const halfClosedMs = 60_000;
const mostConnections = 500;

const dataChannel = 0;
const errorChannel = 1;
/**
 * The WebSocket form of the API's port-forward: a binary message is a channel's number, one byte, and its
 * bytes. https://kubernetes.io/docs/reference/using-api/ (streaming), pkg/kubelet portforward.
 */
const subprotocol = 'v4.channel.k8s.io';
const openTimeoutMs = 10_000;
/** Each channel starts with the number of the pod's port, two bytes. */
const portBytes = 2;

/** @throws ClusterError `local-port` when the port cannot be had. */
export async function openPortForward(
  api: ClusterApi,
  options: PortForwardOptions,
): Promise<PortForwarding> {
  const forward = new Forward(api, options);
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    forward.accept(socket);
  });
  server.maxConnections = mostConnections;
  const port = await listen(server, options);
  return {
    port,
    async close() {
      forward.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, options: PortForwardOptions): Promise<number> {
  const { localPort, localHost } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? 'it is in use'
          : error.code === 'EACCES'
            ? 'it needs special rights'
            : error.message;
      reject(
        new ClusterError(
          'local-port',
          `cannot open port ${localPort} on ${localHost}: ${reason}. Try setting different port by using --gui-port`,
        ),
      );
    });
    server.listen(localPort, localHost);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : localPort;
}

class Forward {
  readonly #api: ClusterApi;
  readonly #options: PortForwardOptions;
  readonly #closing = new AbortController();
  readonly #sockets = new Set<Socket>();
  #broken = false;

  constructor(api: ClusterApi, options: PortForwardOptions) {
    this.#api = api;
    this.#options = options;
  }

  close(): void {
    this.#closing.abort();
    for (const socket of this.#sockets) socket.destroy();
  }

  accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.pause();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
    this.#connect(socket).catch(() => socket.destroy());
  }

  async #connect(socket: Socket): Promise<void> {
    const signal = this.#closing.signal;
    const until = performance.now() + patienceMs;
    for (;;) {
      if (socket.destroyed || signal.aborted) return;
      try {
        const pod = await this.#options.findPod(signal);
        if (pod === undefined) throw new ClusterError('not-ready', 'no pod is ready');
        await this.#join(pod, socket);
        this.#report(undefined);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#report(reasonOf(error));
        if (performance.now() >= until || hasCode(error, 'forbidden', 'login')) throw error;
      }
      await pause(retryMs, signal);
    }
  }

  #report(broken: string | undefined): void {
    if ((broken !== undefined) === this.#broken) return;
    this.#broken = broken !== undefined;
    this.#options.onState?.(broken);
  }

  /** Resolves when the tunnel is open. */
  async #join(pod: string, socket: Socket): Promise<void> {
    const { namespace, podPort } = this.#options;
    const webSocket = await openChannels(this.#api, namespace, pod, podPort);
    if (socket.destroyed || this.#closing.signal.aborted) webSocket.terminate();
    else joinChannels(webSocket, socket);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function openChannels(
  api: ClusterApi,
  namespace: string,
  pod: string,
  port: number,
): Promise<WebSocket> {
  const options: ClientOptions = { perMessageDeflate: false, handshakeTimeout: openTimeoutMs };
  await api.kubeConfig.applyToHTTPSOptions(options);
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`;
  const webSocket = new WebSocket(
    `${api.server}${path}`.replace(/^http/, 'ws'),
    subprotocol,
    options,
  );
  await new Promise<void>((resolve, reject) => {
    webSocket.once('open', () => {
      // Data comes right behind the handshake; nobody listens yet.
      webSocket.pause();
      resolve();
    });
    webSocket.once('error', (error) => reject(connectionError(error, api.server)));
    webSocket.once('unexpected-response', (request, response) => {
      // A WebSocket starts with GET, so the right is `get`; from Kubernetes 1.35 on `create` too.
      const wanted = { verb: 'get and create', resource: 'pods/portforward', namespace };
      response.resume();
      reject(responseError(response.statusCode ?? 0, '', wanted, api.server));
      request.destroy();
    });
  });
  return webSocket;
}

/** Two directions of one connection, each no faster than its receiver. */
function joinChannels(webSocket: WebSocket, socket: Socket): void {
  const channels = new Channels(webSocket, socket);
  webSocket.on('message', (message: Buffer) => channels.receive(message));
  webSocket.once('close', () => channels.end());
  webSocket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => channels.send(bytes));
  socket.once('end', () => socket.setTimeout(halfClosedMs, () => socket.destroy()));
  socket.once('close', () => webSocket.close());
  keepAlive(webSocket);
  webSocket.resume();
  socket.resume();
}

class Channels {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  /** What is left of the port numbers at the start of the two channels. */
  readonly #leading = [portBytes, portBytes];

  constructor(webSocket: WebSocket, socket: Socket) {
    this.#webSocket = webSocket;
    this.#socket = socket;
  }

  receive(message: Buffer): void {
    const channel = message[0];
    if (channel !== dataChannel && channel !== errorChannel) return;
    const from = Math.min(message.length, this.#leading[channel]! + 1);
    this.#leading[channel]! -= from - 1;
    if (from === message.length) return;
    // Nothing listens on the port, or the pod is gone.
    if (channel === errorChannel) {
      this.end();
      return;
    }
    const socket = this.#socket;
    if (!socket.writable || socket.write(message.subarray(from))) return;
    this.#webSocket.pause();
    socket.once('drain', () => this.#webSocket.resume());
  }

  send(bytes: Buffer): void {
    const webSocket = this.#webSocket;
    const frame = Buffer.allocUnsafe(bytes.length + 1);
    frame[0] = dataChannel;
    bytes.copy(frame, 1);
    webSocket.send(frame, () => {
      if (webSocket.bufferedAmount < mostUnsentBytes) this.#socket.resume();
    });
    if (webSocket.bufferedAmount >= mostUnsentBytes) this.#socket.pause();
  }

  /** What has arrived still goes to the local side; then both directions are over. */
  end(): void {
    const socket = this.#socket;
    socket.end(() => socket.destroy());
    this.#webSocket.close();
  }
}

/** A network that fell silent is noticed, so that the page can connect anew. */
function keepAlive(webSocket: WebSocket): void {
  let answered = true;
  const timer = setInterval(() => {
    // While paused for a slow reader no answer can be read.
    if (webSocket.isPaused) return;
    if (!answered) {
      webSocket.terminate();
      return;
    }
    answered = false;
    webSocket.ping();
  }, pingEveryMs);
  timer.unref();
  webSocket.on('pong', () => {
    answered = true;
  });
  webSocket.once('close', () => clearInterval(timer));
}
