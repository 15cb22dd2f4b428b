/** What every request passes before its route: security headers, Host, Origin, token. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { forbidden, notFound, unauthorized } from './errors.ts';
import { bearerToken, cookieName, tokenCheck } from './token.ts';

/**
 * Scripts only from here. Styles need 'unsafe-inline': Mantine and CodeMirror write style elements
 * and attributes while they run; with scripts shut out, a style can not send data anywhere
 * (images, fonts and connections are limited to this server).
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'none'",
].join('; ');

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cache-control': 'no-store',
} as const;

export interface GuardOptions {
  readonly token: string;
  /** Names that a Host header may have; undefined: any. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** The port listened on, known only once it is. */
  port(): number;
}

export function addSecurityHeaders(reply: FastifyReply): void {
  reply.headers(securityHeaders);
}

/** Registered once, before the routes. A route without `config.open` needs the token. */
export function addGuard(app: FastifyInstance, options: GuardOptions): void {
  const isToken = tokenCheck(options.token);
  app.addHook('onRequest', async (request, reply) => {
    addSecurityHeaders(reply);
    const { hosts } = options;
    if (hosts !== undefined && !hosts.has(hostName(request.headers.host))) {
      throw forbidden(
        'This Host name is not one of Mizu’s; open it as localhost or by its --proxy-host.',
      );
    }
    const changes = request.ws || (request.method !== 'GET' && request.method !== 'HEAD');
    if (changes && !isSameOrigin(request)) throw forbidden('Not for pages of another origin.');
    const { config } = request.routeOptions;
    if (request.ws && config.webSocket !== true) throw notFound('This is no WebSocket.');
    if (request.is404 || config.open === true) return;
    if (isToken(bearerToken(request))) return;
    if (!isToken(request.cookies[cookieName(options.port())])) throw unauthorized();
    // Browsers always send an Origin with a WebSocket: without one, the cookie proves nothing.
    if (request.ws && request.headers.origin === undefined) {
      throw forbidden('Programs open this WebSocket with "Authorization: Bearer TOKEN".');
    }
  });
}

/** `LOCALHOST:8899` → `localhost`, `[::1]:8899` → `[::1]`; empty when it is no host. */
function hostName(host: string | undefined): string {
  const url = URL.parse(`http://${host ?? ''}`);
  return url?.pathname === '/' && url.search === '' ? url.hostname : '';
}

/** No Origin: not sent by a page. */
function isSameOrigin(request: FastifyRequest): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  // A proxy in front may speak https; the port is compared as each scheme writes it.
  const from = URL.parse(origin);
  if (from === null || (from.protocol !== 'http:' && from.protocol !== 'https:')) return false;
  return from.host === URL.parse(`${from.protocol}//${host ?? ''}`)?.host;
}
