/** The page's files, and the one address that brings the token. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FastifyStaticOptions } from '@fastify/static';
import type { FastifyReply } from 'fastify';
import type { Api } from './context.ts';
import { cookieName, tokenCheck } from './token.ts';

const immutable = 'public, max-age=31536000, immutable';

export interface PageOptions {
  readonly webRoot: string | undefined;
  readonly token: string;
  port(): number;
}

/** How the page's files are sent; how long they may be kept is said by `keepFor`. */
export function fileOptions(webRoot: string): FastifyStaticOptions {
  return { root: resolve(webRoot), serve: false, dotfiles: 'ignore', cacheControl: false };
}

/** Names with a hash are kept for ever; a file that does not exist is answered as not to be kept. */
function keepFor(reply: FastifyReply, path: string): FastifyReply {
  return reply.header('cache-control', path.startsWith('/assets/') ? immutable : 'no-cache');
}

export function pageRoutes(app: Api, options: PageOptions): void {
  const isToken = tokenCheck(options.token);
  app.get('/*', { config: { open: true }, schema: { hide: true } }, (request, reply) => {
    const { path, query, token } = splitAddress(request.raw.url ?? '/');
    if (token !== undefined) {
      const cookie = cookieName(options.port());
      if (isToken(token)) {
        reply.setCookie(cookie, options.token, {
          httpOnly: true,
          sameSite: 'strict',
          path: '/',
        });
      } else if (!isToken(request.cookies[cookie])) {
        return sendText(reply, 401, wrongTokenPage);
      }
      return reply.redirect(path + query, 302);
    }
    return sendFile(reply, options.webRoot, path);
  });
}

/**
 * The address in its parts: a path on this server whatever the client wrote (`//host/` and `/\host`
 * would lead elsewhere as a redirect), the query without the token and otherwise as it was.
 */
function splitAddress(address: string): { path: string; query: string; token?: string } {
  const url = URL.parse(`http://localhost${address.startsWith('/') ? '' : '/'}${address}`);
  if (url === null) return { path: '/', query: '' };
  const path = `/${url.pathname.replace(/^[/\\]+/, '')}`;
  const parts = url.search.slice(1).split('&');
  const kept = parts.filter((part) => part !== '' && !/^token(=|$)/.test(part));
  const token = url.searchParams.get('token');
  return {
    path,
    query: kept.length === 0 ? '' : `?${kept.join('&')}`,
    ...(token !== null && { token }),
  };
}

function sendFile(reply: FastifyReply, webRoot: string | undefined, path: string) {
  const isAsset = path.startsWith('/assets/') || /\.[^/]*$/.test(path);
  if (webRoot === undefined || !existsSync(join(webRoot, 'index.html'))) {
    return isAsset ? reply.callNotFound() : sendText(reply, 503, missingPage);
  }
  if (isAsset && path !== '/index.html') {
    const file = decodePath(path);
    return file === undefined ? reply.callNotFound() : keepFor(reply, path).sendFile(file);
  }
  // One page for all its addresses: the page reads what to show from them.
  return keepFor(reply, '/').sendFile('index.html');
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path.slice(1));
  } catch {
    return undefined;
  }
}

function sendText(reply: FastifyReply, status: number, html: string) {
  return reply.code(status).type('text/html; charset=utf-8').send(html);
}

function plainPage(title: string, text: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title>
<main style="font:16px/1.5 system-ui;max-width:36rem;margin:15vh auto;padding:0 1rem">
<h1 style="font-size:1.4rem">${title}</h1>${text}</main></html>
`;
}

const missingPage = plainPage(
  'The page is not built yet',
  '<p>Mizu runs, but its page is missing. In the checkout, run</p><pre>npm run build</pre>' +
    '<p>and load this address again. The API is there already, under <code>/api/v1</code>.</p>',
);

const wrongTokenPage = plainPage(
  'This address is out of date',
  '<p>The token in it is not the one of the Mizu that runs now. Open the address that Mizu ' +
    'printed when it started.</p>',
);
