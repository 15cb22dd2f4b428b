/** For tests: Kubernetes objects as the API gives them, and an API server that behaves as told. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { type ApiReader, apiReader } from './api-reader.ts';

export interface KubeObject {
  metadata: Record<string, unknown> & { name: string; uid: string; namespace?: string };
  [name: string]: unknown;
}

const isoTime = (ms: number) => new Date(ms).toISOString();

export interface PodOptions {
  readonly namespace?: string;
  readonly ip?: string;
  readonly ips?: readonly string[];
  readonly node?: string;
  readonly hostIp?: string;
  readonly hostNetwork?: boolean;
  readonly ports?: readonly object[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly startedAt?: number;
  readonly phase?: string;
  readonly finishedAt?: number;
  readonly owner?: { readonly kind: string; readonly name: string; readonly uid: string };
  readonly uid?: string;
}

export function podObject(name: string, options: PodOptions = {}): KubeObject {
  const { ip, ips = ip === undefined ? [] : [ip], node = 'node-1', owner } = options;
  return {
    metadata: {
      name,
      uid: options.uid ?? `uid-${name}`,
      namespace: options.namespace ?? 'shop',
      labels: options.labels ?? {},
      managedFields: [{ manager: 'kubelet', fieldsV1: {} }],
      ...(owner ? { ownerReferences: [{ ...owner, controller: true }] } : {}),
    },
    spec: {
      nodeName: node,
      hostNetwork: options.hostNetwork ?? false,
      containers: [{ name: 'main', image: 'any', ports: options.ports ?? [] }],
    },
    status: {
      phase: options.phase ?? 'Running',
      startTime: isoTime(options.startedAt ?? 1_000_000),
      hostIP: options.hostIp ?? '10.240.0.11',
      podIP: ips[0],
      podIPs: ips.map((address) => ({ ip: address })),
      containerStatuses:
        options.finishedAt === undefined
          ? []
          : [{ state: { terminated: { finishedAt: isoTime(options.finishedAt) } } }],
    },
  };
}

export interface ServiceOptions {
  readonly namespace?: string;
  readonly ip?: string;
  readonly ports?: readonly object[];
  readonly externalIps?: readonly string[];
  readonly createdAt?: number;
}

export function serviceObject(name: string, options: ServiceOptions = {}): KubeObject {
  return {
    metadata: {
      name,
      uid: `uid-service-${name}`,
      namespace: options.namespace ?? 'shop',
      creationTimestamp: isoTime(options.createdAt ?? 1_000_000),
    },
    spec: {
      clusterIP: options.ip ?? 'None',
      clusterIPs: [options.ip ?? 'None'],
      externalIPs: options.externalIps ?? [],
      ports: options.ports ?? [{ port: 80, targetPort: 8080 }],
    },
    status: { loadBalancer: {} },
  };
}

/** Endpoints are pods by name, or addresses. */
export function sliceObject(
  service: string,
  endpoints: readonly (string | { readonly address: string })[],
  { namespace = 'shop', ports = [8080], headless = false, name = `${service}-abcde` } = {},
): KubeObject {
  return {
    metadata: {
      name,
      uid: `uid-slice-${name}`,
      namespace,
      labels: {
        'kubernetes.io/service-name': service,
        ...(headless ? { 'service.kubernetes.io/headless': '' } : {}),
      },
    },
    addressType: 'IPv4',
    ports: ports.map((port) => ({ port, protocol: 'TCP' })),
    endpoints: endpoints.map((endpoint) =>
      typeof endpoint === 'string'
        ? { addresses: [], targetRef: { kind: 'Pod', name: endpoint, uid: `uid-${endpoint}` } }
        : { addresses: [endpoint.address] },
    ),
  };
}

export function nodeObject(name: string, addresses: readonly string[]): KubeObject {
  return {
    metadata: { name, uid: `uid-${name}`, creationTimestamp: isoTime(0) },
    status: {
      addresses: addresses.map((address) => ({ type: 'InternalIP', address })),
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    },
  };
}

/** Where the objects of a path are, and who watches them. */
interface Collection {
  readonly objects: Map<string, KubeObject>;
  readonly watchers: Set<ServerResponse>;
  /** What was told, with the version: later watches are told again. */
  readonly events: { readonly version: number; readonly line: string }[];
  refused: boolean;
  /** Connections end without an answer. */
  broken: boolean;
  /** The next watches are told that their version is too old. */
  gone: number;
}

/** An API server with lists in pages, watches, and everything that can go wrong with them. */
export class FakeApi {
  readonly requests: string[] = [];
  readonly #single = new Map<string, KubeObject>();
  readonly #collections = new Map<string, Collection>();
  readonly #server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://api');
    this.requests.push(`${url.pathname}${url.search}`);
    this.#answer(url, response);
  });
  #version = 100;

  static async start(): Promise<FakeApi> {
    const api = new FakeApi();
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  reader(): ApiReader {
    const { port } = this.#server.address() as AddressInfo;
    const config = new KubeConfig();
    const server = `http://127.0.0.1:${port}`;
    config.loadFromClusterAndUser({ name: 'fake', server, skipTLSVerify: true }, { name: 'me' });
    return apiReader(config);
  }

  /** Adds or changes an object; watchers of its collection hear of it. */
  put(path: string, object: KubeObject): void {
    const { objects } = this.collection(path);
    const { uid } = object.metadata;
    const type = objects.has(uid) ? 'MODIFIED' : 'ADDED';
    object.metadata['resourceVersion'] = String(++this.#version);
    objects.set(uid, object);
    this.send(path, type, object);
  }

  remove(path: string, object: KubeObject): void {
    this.collection(path).objects.delete(object.metadata.uid);
    object.metadata['resourceVersion'] = String(++this.#version);
    this.send(path, 'DELETED', object);
  }

  /** An object that is asked for by its own path. */
  single(path: string, object: KubeObject): void {
    this.#single.set(path, object);
  }

  send(path: string, type: string, object: object): void {
    const { watchers, events } = this.collection(path);
    const line = `${JSON.stringify({ type, object })}\n`;
    events.push({ version: this.#version, line });
    for (const watcher of watchers) watcher.write(line);
  }

  collection(path: string): Collection {
    let collection = this.#collections.get(path);
    if (!collection) {
      collection = {
        objects: new Map(),
        watchers: new Set(),
        events: [],
        refused: false,
        broken: false,
        gone: 0,
      };
      this.#collections.set(path, collection);
    }
    return collection;
  }

  /** The connections of all watches break. */
  breakWatches(path: string): void {
    for (const watcher of this.collection(path).watchers) watcher.destroy();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer({ pathname, searchParams }: URL, response: ServerResponse): void {
    const single = this.#single.get(pathname);
    if (single) {
      response.end(JSON.stringify(single));
      return;
    }
    const collection = this.collection(pathname);
    if (collection.broken) response.destroy();
    else if (collection.refused) {
      response.writeHead(403).end(JSON.stringify({ reason: 'Forbidden', message: 'no' }));
    } else if (searchParams.get('watch') === 'true')
      this.#watch(collection, searchParams, response);
    else this.#list(collection, searchParams, response);
  }

  #watch(collection: Collection, query: URLSearchParams, response: ServerResponse): void {
    response.writeHead(200);
    response.flushHeaders();
    if (collection.gone > 0) {
      collection.gone--;
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return;
    }
    const from = Number(query.get('resourceVersion'));
    for (const { version, line } of collection.events) if (version > from) response.write(line);
    collection.watchers.add(response);
    response.on('close', () => collection.watchers.delete(response));
  }

  #list(collection: Collection, query: URLSearchParams, response: ServerResponse): void {
    const all = [...collection.objects.values()];
    const from = Number(query.get('continue') ?? 0);
    const to = from + Number(query.get('limit') ?? all.length);
    const metadata = {
      resourceVersion: String(this.#version),
      ...(to < all.length ? { continue: String(to) } : {}),
    };
    response.writeHead(200).end(JSON.stringify({ metadata, items: all.slice(from, to) }));
  }
}
