/** A small Kubernetes API in a test: objects by path, watches, access reviews, the port-forward. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { WebSocketServer } from 'ws';
import { ClusterApi } from './cluster-api.ts';
import { type ClusterObject, resourcePath } from './resources.ts';

export interface FakeCluster {
  readonly url: string;
  readonly api: ClusterApi;
  /** The text of a kubeconfig for it. */
  readonly kubeConfig: string;
  /** Path of an object → the object. */
  readonly objects: Map<string, ClusterObject>;
  /** `METHOD path` of each request, in order. */
  readonly requests: string[];
  /** Bodies of requests with one, in order. */
  readonly bodies: { readonly request: string; readonly body: unknown }[];
  /** Answers instead of the cluster when it returns something. */
  intercept: (request: string) => { status: number; body: unknown } | undefined;
  /** What access reviews say. */
  allows: (attributes: Record<string, string>) => boolean;
  /** Pods whose port can be forwarded → the port of this machine behind it. */
  readonly forwards: Map<string, number>;
  /** Status of the answer to forwards that are not known. */
  refuseForwards: number;
  add(object: ClusterObject): void;
  /** Changes an object as the cluster does; watches hear of it. */
  update(object: ClusterObject): void;
  remove(object: ClusterObject): void;
  close(): Promise<void>;
}

interface Watch {
  readonly path: string;
  readonly response: ServerResponse;
}

export async function fakeCluster(): Promise<FakeCluster> {
  const fake = new Fake();
  await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
  return fake;
}

function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

class Fake implements FakeCluster {
  readonly server: Server;
  readonly objects = new Map<string, ClusterObject>();
  readonly requests: string[] = [];
  readonly bodies: { request: string; body: unknown }[] = [];
  readonly forwards = new Map<string, number>();
  refuseForwards = 404;
  intercept: FakeCluster['intercept'] = () => undefined;
  allows: FakeCluster['allows'] = () => true;
  readonly #watches = new Set<Watch>();
  #version = 100;
  #api: ClusterApi | undefined;

  constructor() {
    this.server = createServer((request, response) => void this.#handle(request, response));
    const webSockets = new WebSocketServer({ noServer: true });
    this.server.on('upgrade', (request, socket, head) => {
      const port = this.forwards.get(/\/pods\/([^/]+)\/portforward/.exec(request.url ?? '')![1]!);
      if (port === undefined) {
        socket.end(
          `HTTP/1.1 ${this.refuseForwards} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        return;
      }
      webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        const leading = Buffer.from([0, 0xc3, 0x22]);
        webSocket.send(leading);
        webSocket.send(Buffer.from([1, 0xc3, 0x22]));
        const target = connect(port, '127.0.0.1');
        target.on('data', (bytes) => webSocket.send(Buffer.concat([Buffer.of(0), bytes])));
        target.on('close', () => webSocket.close());
        target.on('error', () => webSocket.send(Buffer.concat([Buffer.of(1), Buffer.from('no')])));
        webSocket.on('message', (message: Buffer) => target.write(message.subarray(1)));
        webSocket.on('close', () => target.destroy());
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get kubeConfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'fake', cluster: { server: this.url } }],
      users: [{ name: 'tester', user: { token: 'abc' } }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'tester', namespace: 'shop' } }],
      'current-context': 'fake',
    });
  }

  get api(): ClusterApi {
    if (this.#api !== undefined) return this.#api;
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'fake', server: this.url, skipTLSVerify: true },
      { name: 'tester', token: 'abc' },
    );
    this.#api = new ClusterApi(config);
    return this.#api;
  }

  add(object: ClusterObject): void {
    this.#store(object, 'ADDED');
  }

  update(object: ClusterObject): void {
    this.#store(object, 'MODIFIED');
  }

  remove(object: ClusterObject): void {
    const path = pathOf(object);
    const there = this.objects.get(path);
    if (there === undefined) return;
    this.objects.delete(path);
    this.#tell(path, 'DELETED', there);
    if (object.kind === 'Namespace') this.#removeWithin(object.metadata?.name ?? '');
  }

  async close(): Promise<void> {
    this.#api?.close();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #removeWithin(namespace: string): void {
    for (const [path, object] of this.objects) {
      if (object.metadata?.namespace === namespace) this.objects.delete(path);
    }
  }

  #store(object: ClusterObject, type: string): ClusterObject {
    const path = pathOf(object);
    this.#version++;
    const before = this.objects.get(path);
    const stored = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: before?.metadata?.uid ?? `uid-${this.#version}`,
        resourceVersion: String(this.#version),
      },
    };
    this.objects.set(path, stored);
    this.#tell(path, type, stored);
    return stored;
  }

  #tell(path: string, type: string, object: ClusterObject): void {
    for (const watch of this.#watches) {
      if (!path.startsWith(`${watch.path}/`) && !isOfKindIn(path, watch.path)) continue;
      watch.response.write(`${JSON.stringify({ type, object })}\n`);
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const name = `${request.method} ${url.pathname}`;
    this.requests.push(name);
    const pieces: Buffer[] = [];
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
    const text = Buffer.concat(pieces).toString('utf8');
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    if (body !== undefined) this.bodies.push({ request: name, body });
    if (url.searchParams.get('watch') === 'true') {
      this.#watch(url.pathname, response);
      return;
    }
    const answer = this.intercept(name) ?? this.#answer(request.method ?? '', url, body);
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  }

  #watch(path: string, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watch = { path, response };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
  }

  #answer(method: string, url: URL, body: unknown): { status: number; body: unknown } {
    const path = url.pathname;
    if (path === '/version') {
      return { status: 200, body: { major: '1', minor: '34', gitVersion: 'v1.34.4' } };
    }
    if (path.endsWith('/log')) return { status: 200, body: 'first line\nlast line\n' };
    if (path.endsWith('/selfsubjectaccessreviews')) return this.#review(body);
    if (method === 'POST') return this.#create(body as ClusterObject);
    const there = this.objects.get(path);
    if (method === 'GET' && there === undefined && isList(path)) return this.#list(url);
    if (method === 'PATCH' && body !== undefined) return this.#patch(path, body as ClusterObject);
    if (there === undefined) return { status: 404, body: status(404, 'NotFound', 'not found') };
    if (method === 'DELETE') this.remove(there);
    return { status: 200, body: there };
  }

  #review(body: unknown): { status: number; body: unknown } {
    const { spec } = body as { spec: { resourceAttributes: Record<string, string> } };
    return { status: 201, body: { status: { allowed: this.allows(spec.resourceAttributes) } } };
  }

  #create(object: ClusterObject): { status: number; body: unknown } {
    if (this.objects.has(pathOf(object))) {
      return { status: 409, body: status(409, 'AlreadyExists', 'already exists') };
    }
    return { status: 201, body: this.#store(object, 'ADDED') };
  }

  /** Of a merge patch and of an apply, the part that the tests need. */
  #patch(path: string, change: ClusterObject): { status: number; body: unknown } {
    const before = this.objects.get(path);
    const uid = change.metadata?.uid;
    if (uid !== undefined && uid !== before?.metadata?.uid) {
      const code = before === undefined ? 404 : 409;
      return { status: code, body: status(code, code === 404 ? 'NotFound' : 'Conflict', 'other') };
    }
    const after = {
      ...before,
      ...change,
      metadata: { ...before?.metadata, ...change.metadata },
    };
    if (before !== undefined && JSON.stringify(after) === JSON.stringify(before)) {
      return { status: 200, body: before };
    }
    return { status: 200, body: this.#store(after, before === undefined ? 'ADDED' : 'MODIFIED') };
  }

  #list(url: URL): { status: number; body: unknown } {
    const labels = (url.searchParams.get('labelSelector') ?? '')
      .split(',')
      .filter((one) => one !== '')
      .map((one) => one.split('='));
    const items = [...this.objects]
      .filter(([path]) => path.startsWith(`${url.pathname}/`) || isOfKindIn(path, url.pathname))
      .map(([, object]) => object)
      .filter(({ metadata }) =>
        labels.every(([name, value]) => metadata?.labels?.[name!] === value),
      );
    return { status: 200, body: { items, metadata: { resourceVersion: String(this.#version) } } };
  }
}

function pathOf({ kind = '', metadata }: ClusterObject): string {
  return resourcePath(kind, metadata?.namespace, metadata?.name);
}

/** `/api/v1/pods` lists `/api/v1/namespaces/shop/pods/cart`. */
function isOfKindIn(path: string, listPath: string): boolean {
  const slash = listPath.lastIndexOf('/');
  const [root, plural] = [listPath.slice(0, slash), listPath.slice(slash + 1)];
  return new RegExp(`^${root}/namespaces/[^/]+/${plural}/[^/]+$`).test(path);
}

function isList(path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  const inGroup = parts.slice(parts[0] === 'api' ? 2 : 3);
  return inGroup.length === 1 || (inGroup[0] === 'namespaces' && inGroup.length === 3);
}

const labels = { 'app.kubernetes.io/managed-by': 'mizu' };

/** An object of Mizu's own. */
export function ownObject(kind: string, name: string, namespace?: string): ClusterObject {
  const metadata = { name, labels, ...(namespace !== undefined && { namespace }) };
  return { apiVersion: 'v1', kind, metadata };
}

/** The same made by somebody else. */
export function foreignObject(kind: string, name: string, namespace?: string): ClusterObject {
  const metadata = { name, ...(namespace !== undefined && { namespace }) };
  return { apiVersion: 'v1', kind, metadata };
}

export function runningPod(
  name: string,
  namespace: string,
  podLabels: Record<string, string> = {},
): ClusterObject {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: podLabels, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { nodeName: 'node-1', containers: [{ name: 'main' }] },
    status: {
      phase: 'Running',
      podIP: '10.0.0.9',
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
  return pod as ClusterObject;
}
