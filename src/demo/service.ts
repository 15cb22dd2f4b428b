/** One service of the shop: routes → a listening server that also knows how to call the others. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type Answer, type Call, type HttpClient, httpClient } from './client.ts';
import type { Place } from './places.ts';
import { childTrace } from './trace.ts';

/** How many ports above the usual one are tried when it is taken. */
const portAttempts = 20;
const portStride = 10;
/** The services have no use for more. */
const maxRequestBytes = 8 << 20;

/** One request being answered. */
export class Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the groups of the route's expression matched. */
  readonly parameters: readonly string[];
  readonly #client: HttpClient;
  readonly #serverName: string;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    parameters: readonly string[],
    client: HttpClient,
    serverName: string,
  ) {
    this.request = request;
    this.response = response;
    this.url = new URL(request.url ?? '/', 'http://shop.demo');
    this.parameters = parameters;
    this.#client = client;
    this.#serverName = serverName;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  async body(): Promise<Buffer> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of this.request as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes <= maxRequestBytes) parts.push(part);
    }
    return Buffer.concat(parts);
  }

  async json(): Promise<Record<string, unknown>> {
    const value: unknown = JSON.parse((await this.body()).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  }

  /** Answers, compressed when the caller likes it and the body is worth it. */
  send(status: number, type: string, body: string | Uint8Array, more: OutgoingHttpHeaders = {}) {
    const accepted = this.header('accept-encoding') ?? '';
    let bytes = Buffer.from(body);
    const headers: OutgoingHttpHeaders = {
      'Content-Type': type,
      Server: `${this.#serverName}/1.4`,
      ...more,
    };
    const compress = bytes.length > 400 && !type.startsWith('image/png');
    if (compress && accepted.includes('br')) {
      bytes = brotliCompressSync(bytes);
      headers['Content-Encoding'] = 'br';
    } else if (compress && accepted.includes('gzip')) {
      bytes = gzipSync(bytes);
      headers['Content-Encoding'] = 'gzip';
    }
    this.response.writeHead(status, { ...headers, 'Content-Length': bytes.length });
    this.response.end(this.request.method === 'HEAD' ? undefined : bytes);
  }

  reply(status: number, value: unknown, more: OutgoingHttpHeaders = {}): void {
    this.send(status, 'application/json', JSON.stringify(value), more);
  }

  fail(status: number, message: string): void {
    this.reply(status, { error: { status, message } });
  }

  redirect(status: 301 | 303, location: string, more: OutgoingHttpHeaders = {}): void {
    this.response.writeHead(status, { Location: location, 'Content-Length': 0, ...more });
    this.response.end();
  }

  /** Calls another service within the same trace. */
  call(url: string, call: Call = {}): Promise<Answer> {
    const headers = { ...call.headers, traceparent: childTrace(this.header('traceparent')) };
    return this.#client.call(url, { ...call, headers });
  }
}

export interface Route {
  readonly method: string;
  readonly path: RegExp;
  answer(visit: Visit): void | Promise<void>;
}

export interface Service {
  readonly name: string;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a service. On a machine with a single loopback address it listens there. */
export async function startService(place: Place, routes: readonly Route[]): Promise<Service> {
  const server = createServer({ keepAliveTimeout: 20_000 });
  const address = await listen(server, place);
  const client = httpClient(address.address === place.address ? place.address : undefined);
  server.on('request', (request, response) => {
    answer(routes, request, response, client, place.name).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else new Visit(request, response, [], client, place.name).fail(500, String(error));
    });
  });
  return {
    name: place.name,
    port: address.port,
    url: `http://${address.address}:${address.port}`,
    async close() {
      client.close();
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

async function answer(
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
  client: HttpClient,
  name: string,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0]!;
  let known = false;
  for (const route of routes) {
    const match = route.path.exec(path);
    if (match === null) continue;
    known = true;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (route.method !== method) continue;
    await route.answer(new Visit(request, response, match.slice(1), client, name));
    return;
  }
  request.resume();
  const visit = new Visit(request, response, [], client, name);
  if (known) visit.fail(405, `${request.method} is not possible here`);
  else visit.fail(404, `there is no ${path}`);
}

async function listen(server: Server, place: Place): Promise<AddressInfo> {
  let host = place.address;
  for (let attempt = 0; attempt < portAttempts; attempt++) {
    try {
      server.listen({ host, port: place.port + attempt * portStride });
      await once(server, 'listening');
      return server.address() as AddressInfo;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EADDRNOTAVAIL' && host !== '127.0.0.1') host = '127.0.0.1';
      else if (code !== 'EADDRINUSE') throw error;
    }
  }
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  return server.address() as AddressInfo;
}
