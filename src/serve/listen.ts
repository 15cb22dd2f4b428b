/** Listening: on both loopback addresses by default, and failures in one clear line. */
import { createServer, type Server } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** Why the server could not start, in one line for people. */
export class ServeError extends Error {
  readonly code: 'port_in_use' | 'not_permitted' | 'bad_address' | 'bad_token';

  constructor(code: ServeError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const loopback = '127.0.0.1';
const loopback6 = '::1';

/** Whether a host is what is listened on by default, spelled out: both loopback addresses then. */
export function isDefaultHost(host: string | undefined): boolean {
  return host === undefined || host === loopback || host === 'localhost';
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === loopback6 || /^127\./.test(host);
}

/** Starts listening and returns the port. By default on the loopback addresses only. */
export async function listen(
  app: FastifyInstance,
  host: string | undefined,
  port: number,
): Promise<number> {
  const first = isDefaultHost(host) ? loopback : (host ?? loopback);
  try {
    await app.listen({ host: first, port });
  } catch (error) {
    await app.close();
    throw listenError(error, first, port);
  }
  const address = app.server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  if (isDefaultHost(host)) await listenOnLoopback6(app, port, actual);
  return actual;
}

/**
 * Browsers try ::1 first for `localhost`. A machine without IPv6 goes without; but when another
 * program has the port there, `localhost` would lead to that one.
 */
async function listenOnLoopback6(app: FastifyInstance, asked: number, port: number) {
  const second = createServer((request, response) => app.routing(request, response));
  second.on('upgrade', (...upgrade) => app.server.emit('upgrade', ...upgrade));
  try {
    await listening(second, port);
  } catch (error) {
    if (asked === 0 || errorCode(error) !== 'EADDRINUSE') return;
    await app.close();
    throw listenError(error, loopback6, port);
  }
  app.server.once('close', () => {
    second.close();
    second.closeAllConnections();
  });
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: loopback6, port, ipv6Only: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function listenError(error: unknown, host: string, port: number): Error {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return new ServeError(
        'port_in_use',
        `Port ${port} is in use: end the program that holds it, or choose another with --gui-port.`,
      );
    case 'EACCES':
      return new ServeError(
        'not_permitted',
        `Port ${port} may not be used without more rights: choose one above 1023 with --gui-port.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ServeError('bad_address', `${host} is not an address of this machine.`);
    default:
      return error instanceof Error ? error : new Error(String(error));
  }
}
