/**
 * The Kubernetes API: objects by kind and name, lists, watches. Small on purpose: every call is bounded in time,
 * can be given up, and fails with a sentence for people (`ClusterError`). Login and TLS come from
 * the kubeconfig through `@kubernetes/client-node`.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent, type RequestOptions, request as requestHttps } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { ClusterError, connectionError, responseError, type Wanted } from './errors.ts';
import { type ClusterObject, qualifiedPlural, resourceOf, resourcePath } from './resources.ts';

/** How long one answer may take, ms. A watch has no end; its silence is bounded by the caller. */
const defaultTimeoutMs = 30_000;
/** The longest answer that is kept: a list of some thousand pods is 50 MB. */
const mostAnswerBytes = 512 << 20;
/** Objects a page of a list. */
const pageSize = 500;
const mostPages = 1000;

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

interface Call extends CallOptions {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly wanted: Wanted;
  readonly query?: Query | undefined;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** One object, by kind and name. */
export interface Reference {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** What a list or a watch is about; without `namespace`, all of them. */
export interface Selection {
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ObjectList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

export const fieldManager = 'mizu';

export class ClusterApi {
  readonly kubeConfig: KubeConfig;
  readonly server: string;
  #agent: Agent | undefined;

  constructor(kubeConfig: KubeConfig) {
    this.kubeConfig = kubeConfig;
    this.server = (kubeConfig.getCurrentCluster()?.server ?? '').replace(/\/+$/, '');
  }

  /** Ends connections kept open for the next call. */
  close(): void {
    this.#agent?.destroy();
  }

  async read<T extends ClusterObject>(reference: Reference, options?: CallOptions): Promise<T> {
    const { kind, name, namespace } = reference;
    return await this.#json<T>({
      ...options,
      method: 'GET',
      path: resourcePath(kind, namespace, name),
      wanted: wanted('get', reference),
    });
  }

  /** As `read`; undefined when there is no such object. */
  async find<T extends ClusterObject>(
    reference: Reference,
    options?: CallOptions,
  ): Promise<T | undefined> {
    return await this.read<T>(reference, options).catch(ifNotFound(undefined));
  }

  async list<T extends ClusterObject>(
    selection: Selection,
    options?: CallOptions,
  ): Promise<ObjectList<T>> {
    const { kind, namespace, labelSelector, fieldSelector } = selection;
    const items: T[] = [];
    let token: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const answer = await this.#json<{
        items: T[];
        metadata: { resourceVersion: string; continue?: string };
      }>({
        ...options,
        method: 'GET',
        path: resourcePath(kind, namespace),
        wanted: wanted('list', { kind, namespace }),
        query: { labelSelector, fieldSelector, limit: pageSize, continue: token },
      });
      for (const item of answer.items) items.push(item);
      token = answer.metadata.continue;
      if (!token) return { items, resourceVersion: answer.metadata.resourceVersion };
    }
    throw new ClusterError('refused', `the list of ${resourceOf(kind).plural} has no end`);
  }

  async create<T extends ClusterObject>(object: T, options?: CallOptions): Promise<T> {
    const reference = referenceOf(object);
    return await this.#json<T>({
      ...options,
      method: 'POST',
      path: resourcePath(reference.kind, reference.namespace),
      wanted: wanted('create', reference),
      query: { fieldManager },
      body: object,
    });
  }

  /** Server-side apply: makes the object, or changes of it what `object` says. */
  async apply<T extends ClusterObject>(object: T, options?: CallOptions): Promise<T> {
    const reference = referenceOf(object);
    return await this.#json<T>({
      ...options,
      method: 'PATCH',
      path: resourcePath(reference.kind, reference.namespace, reference.name),
      wanted: wanted('patch', reference),
      query: { fieldManager, force: true },
      body: object,
      contentType: 'application/apply-patch+yaml',
    });
  }

  async replace<T extends ClusterObject>(object: T, options?: CallOptions): Promise<T> {
    const reference = referenceOf(object);
    return await this.#json<T>({
      ...options,
      method: 'PUT',
      path: resourcePath(reference.kind, reference.namespace, reference.name),
      wanted: wanted('update', reference),
      query: { fieldManager },
      body: object,
    });
  }

  /** A JSON merge patch (RFC 7396). */
  async merge<T extends ClusterObject>(
    reference: Reference,
    patch: unknown,
    options?: CallOptions,
  ): Promise<T> {
    return await this.#json<T>({
      ...options,
      method: 'PATCH',
      path: resourcePath(reference.kind, reference.namespace, reference.name),
      wanted: wanted('patch', reference),
      query: { fieldManager },
      body: patch,
      contentType: 'application/merge-patch+json',
    });
  }

  /** Returns false when there was no such object. What it owns goes with it. */
  async delete(reference: Reference, options?: CallOptions & { uid?: string }): Promise<boolean> {
    const preconditions = options?.uid === undefined ? undefined : { uid: options.uid };
    return await this.#json({
      ...options,
      method: 'DELETE',
      path: resourcePath(reference.kind, reference.namespace, reference.name),
      wanted: wanted('delete', reference),
      body: { propagationPolicy: 'Background', preconditions },
    }).then(() => true, ifNotFound(false));
  }

  /** Any other path: `/version`, `/api/v1/namespaces/n/pods/p/log`. */
  async text(path: string, asked: Wanted, query?: Query, options?: CallOptions): Promise<string> {
    return await this.#text({ ...options, method: 'GET', path, wanted: asked, query });
  }

  /**
   * Changes from `resourceVersion` on, until the server ends the watch (then it returns), the signal aborts
   * (returns too) or it fails (throws; `conflict` means: too old, list again).
   */
  async watch<T extends ClusterObject>(
    selection: Selection,
    resourceVersion: string,
    onEvent: (event: WatchEvent<T>) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { kind, namespace, labelSelector, fieldSelector } = selection;
    const call: Call = {
      method: 'GET',
      path: resourcePath(kind, namespace),
      wanted: wanted('watch', { kind, namespace }),
      query: {
        labelSelector,
        fieldSelector,
        resourceVersion,
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds: watchSeconds,
      },
      signal,
      timeoutMs: (watchSeconds + 30) * 1000,
    };
    try {
      const response = await this.#open(call);
      if (response.statusCode !== 200) await this.#fail(response, call);
      for await (const line of lines(response)) {
        const event = JSON.parse(line) as WatchEvent<T>;
        if (event.type === 'ERROR') throw watchError(event.object, call.wanted, this.server);
        onEvent(event);
      }
    } catch (error) {
      if (!signal.aborted) throw connectionError(error, this.server);
    }
  }

  async #json<T>(call: Call): Promise<T> {
    const text = await this.#text(call);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw notKubernetes(this.server, text);
    }
  }

  async #text(call: Call): Promise<string> {
    try {
      const response = await this.#open(call);
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode > 299) await this.#fail(response, call);
      return await readAll(response);
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      throw connectionError(error, this.server);
    }
  }

  async #fail(response: IncomingMessage, call: Call): Promise<never> {
    const body = await readAll(response);
    throw responseError(response.statusCode ?? 0, body, call.wanted, this.server);
  }

  /** A kept connection may be closed by the server at the very moment it is used: once more then. */
  async #open(call: Call): Promise<IncomingMessage> {
    const options = await this.#options(call);
    for (let attempt = 1; ; attempt++) {
      const sent = send(this.server, call, options);
      try {
        return await sent.response;
      } catch (error) {
        if (attempt > 1 || !sent.reused() || call.signal?.aborted) throw error;
      }
    }
  }

  async #options(call: Call): Promise<RequestOptions> {
    const options: RequestOptions = {};
    try {
      await this.kubeConfig.applyToHTTPSOptions(options);
    } catch (error) {
      throw new ClusterError(
        'login',
        `the login that the kubeconfig asks for failed: ${(error as Error).message.split('\n', 1)[0]}`,
      );
    }
    // The library's agent closes each connection; keeping it saves a TLS handshake a call.
    if (options.agent instanceof Agent && options.agent.constructor === Agent) {
      this.#agent ??= new Agent({ ...options.agent.options, keepAlive: true });
      options.agent = this.#agent;
    }
    return { ...options, method: call.method, headers: { ...options.headers, ...headersOf(call) } };
  }
}

/** How long the server keeps a watch open, seconds. */
const watchSeconds = 300;

function wanted(verb: string, reference: Omit<Reference, 'name'> & { name?: string }): Wanted {
  const { kind, name, namespace } = reference;
  return { verb, resource: qualifiedPlural(resourceOf(kind)), name, namespace };
}

export function referenceOf(object: ClusterObject): Reference {
  const { kind = '', metadata } = object;
  return {
    kind,
    name: metadata?.name ?? '',
    namespace: resourceOf(kind).namespaced ? metadata?.namespace : undefined,
  };
}

function ifNotFound<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof ClusterError && error.code === 'not-found') return value;
    throw error;
  };
}

function headersOf({ body, contentType }: Call): Record<string, string> {
  const headers = { accept: 'application/json', 'user-agent': 'mizu' };
  if (body === undefined) return headers;
  // Node itself gives a DELETE no length, and the server would take its body for a next request.
  const length = String(Buffer.byteLength(JSON.stringify(body)));
  return {
    ...headers,
    'content-type': contentType ?? 'application/json',
    'content-length': length,
  };
}

function send(
  server: string,
  call: Call,
  options: RequestOptions,
): { response: Promise<IncomingMessage>; reused: () => boolean } {
  const url = new URL(`${server}${call.path}`);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const open = url.protocol === 'http:' ? requestHttp : requestHttps;
  const limit = AbortSignal.timeout(Math.ceil(call.timeoutMs ?? defaultTimeoutMs));
  const signal = call.signal === undefined ? limit : AbortSignal.any([limit, call.signal]);
  const request = open(url, { ...options, signal });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', (error) => {
      reject(limit.aborted ? Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }) : error);
    });
  });
  request.end(call.body === undefined ? undefined : JSON.stringify(call.body));
  return { response, reused: () => request.reusedSocket };
}

async function readAll(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > mostAnswerBytes) throw new Error('the answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function* lines(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  for await (const piece of response as AsyncIterable<string>) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > mostAnswerBytes) throw new Error('the answer is too long');
    for (const line of parts) if (line !== '') yield line;
  }
}

/** Status 410: the version that the watch starts from is gone. */
function watchError(status: unknown, asked: Wanted, server: string): ClusterError {
  const { code = 500 } = status as { code?: number };
  if (code === 410) return new ClusterError('conflict', 'the watch starts too far in the past');
  return responseError(code, JSON.stringify(status), asked, server);
}

export function notKubernetes(server: string, answer: string): ClusterError {
  const start = answer.trim().slice(0, 60).split('\n', 1)[0];
  return new ClusterError(
    'proxy',
    `${server}, the server in the kubeconfig, does not answer as Kubernetes does ("${start}"): it is a proxy or a login page; name the cluster's own kubeconfig: --set kube-config-path=$HOME/.kube/config`,
  );
}
