/** A real HTTP server to be tapped: each path answers in a way of its own. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export const downloadBytes = 3 << 20;

function json(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

const answers: Readonly<Record<string, Answer>> = {
  '/order'(_, response) {
    json(response, 200, {
      order: 4711,
      customer: { name: 'Mizu 水', email: 'mizu@example.com' },
      lines: [
        { sku: 'AO-CUP-1', price: 5500, inStock: true },
        { sku: 'AO-POT-2', price: 3200, inStock: false },
      ],
      note: null,
    });
  },
  '/echo'(request, response) {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => json(response, 201, { received: Buffer.concat(chunks).length }));
  },
  '/chunked'(_, response) {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('first ');
    response.write('second ');
    response.end('third');
  },
  '/gzip'(_, response) {
    const body = gzipSync('compressed '.repeat(200));
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' });
    response.end(body);
  },
  '/download'(_, response) {
    response.writeHead(200, {
      'content-type': 'application/octet-stream',
      'content-length': downloadBytes,
    });
    response.end(Buffer.alloc(downloadBytes, 'abcdefgh'));
  },
  '/page'(_, response) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>Shop</title><h1>Shop</h1><script>alert(1)</script>');
  },
  '/secret'(_, response) {
    response.setHeader('set-cookie', 'session=very-secret-value; HttpOnly');
    json(response, 200, {});
  },
};

export class Target {
  readonly port: number;
  readonly #server: Server;
  /** Requests to `/slow` that wait for `release`. */
  readonly #waiting: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#answer(request, response),
    );
  }

  /** Listens on a free port of all addresses, IPv4 and IPv6. */
  static async open(): Promise<Target> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '::', resolve));
    return new Target(server);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Lets the waiting calls of `/slow` be answered. */
  release(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async close(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://target');
    const answer = answers[url.pathname];
    if (answer !== undefined) answer(request, response, url);
    else if (url.pathname === '/slow') {
      this.#waiting.push(() => json(response, 200, { slow: true }));
    } else if (url.pathname.startsWith('/missing')) {
      json(response, 404, { error: 'no such thing' });
    } else if (url.pathname.startsWith('/broken')) {
      json(response, 500, { error: 'this service is broken' });
    } else {
      response.setHeader('content-type', 'text/plain');
      response.end(`answer to ${request.url}`);
    }
  }
}
