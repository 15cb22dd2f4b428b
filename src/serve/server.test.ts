import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ServeError, type ServerHandle, startServer } from './server.ts';
import { fakeContext, serveFake, testToken } from './test-support.ts';

let server: ServerHandle;
let webRoot: string;

beforeAll(async () => {
  webRoot = mkdtempSync(join(tmpdir(), 'mizu-web-'));
  mkdirSync(join(webRoot, 'assets'));
  writeFileSync(join(webRoot, 'index.html'), '<!doctype html><title>Mizu</title>');
  writeFileSync(join(webRoot, 'assets', 'index-abc123.js'), 'export const one = 1;');
  writeFileSync(join(webRoot, 'icon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
  writeFileSync(join(webRoot, '.secret'), 'secret');
  server = await serveFake(fakeContext(webRoot));
});
afterAll(async () => {
  await server.close();
  rmSync(webRoot, { recursive: true });
});

const bearer = { authorization: `Bearer ${testToken}` };

function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return fetch(server.url + path, { headers, method, redirect: 'manual' });
}

/** fetch writes Host itself and cleans paths; this sends both as they are. */
function rawGet(path: string, headers: Record<string, string>) {
  return new Promise<{ status: number; body: string; location: string | undefined }>(
    (resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port: server.port, path, headers },
        (response) => {
          let body = '';
          response.on('data', (chunk) => {
            body += chunk;
          });
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              body,
              location: response.headers.location,
            }),
          );
        },
      );
      request.on('error', reject);
      request.end();
    },
  );
}

async function tokenCookie(): Promise<string> {
  const response = await get(`/?token=${testToken}`);
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

describe('who may ask', () => {
  const id = '0'.repeat(25);
  it.each([
    ['GET', '/api/v1/openapi.json'],
    ['GET', '/api/v1/info'],
    ['GET', '/api/v1/protocols'],
    ['GET', '/api/v1/entries'],
    ['HEAD', '/api/v1/entries'],
    ['DELETE', '/api/v1/entries'],
    ['GET', `/api/v1/entries/${id}`],
    ['GET', `/api/v1/entries/${id}/raw?side=request`],
    ['GET', `/api/v1/entries/${id}/body?side=request`],
    ['GET', '/api/v1/histogram'],
    ['GET', '/api/v1/count'],
    ['GET', '/api/v1/counters'],
    ['GET', '/api/v1/query/check'],
    ['GET', '/api/v1/live'],
    ['GET', '/api/v1/no-such-thing'],
    ['GET', '/%61pi/v1/info'],
    ['GET', `/api/v1/info?token=${testToken}`],
  ])('%s %s needs the token', async (method, path) => {
    const response = await get(path, {}, method);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
    if (method !== 'HEAD') {
      expect(await response.json()).toMatchObject({ error: { code: 'unauthorized' } });
    }
  });

  it('a token that is almost right is not right', async () => {
    for (const token of [testToken.slice(0, -1), `${testToken}x`, '', testToken.toUpperCase()]) {
      expect((await get('/api/v1/info', { authorization: `Bearer ${token}` })).status).toBe(401);
    }
  });

  it('programs send the token as Bearer', async () => {
    const response = await get('/api/v1/info', bearer);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ kind: 'local', version: '1.2.3' });
  });

  it('health answers anybody', async () => {
    expect(await (await get('/api/v1/health')).json()).toEqual({ status: 'ok', version: '1.2.3' });
  });

  it('the token’s address sets a cookie, leaves the address bar, and the cookie opens the API', async () => {
    const response = await get(`/?filter=a%20b&token=${testToken}&entry=1`);
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/?filter=a%20b&entry=1');
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toContain(`mizu-token-${server.port}=`);
    expect(cookie).toContain('HttpOnly');
    expect(cookie).toContain('SameSite=Strict');
    expect(cookie).toContain('Path=/');
    const opened = await get('/api/v1/info', { cookie: cookie.split(';')[0] ?? '' });
    expect(opened.status).toBe(200);
  });

  it('a wrong token sets no cookie and says that the address is out of date', async () => {
    const response = await get('/?token=wrong');
    expect(response.status).toBe(401);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(await response.text()).toContain('out of date');
  });

  it('an old address in a browser that has the cookie leads to the page', async () => {
    const response = await get('/?token=wrong', { cookie: await tokenCookie() });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/');
  });

  it.each(['//evil.example/', '/\\evil.example/', '/%5Cevil.example', 'http://evil.example/x'])(
    'never redirects elsewhere: %s',
    async (path) => {
      const { status, location } = await rawGet(`${path}?token=${testToken}`, {
        host: `localhost:${server.port}`,
      });
      if (status !== 302) return expect(status).toBeGreaterThanOrEqual(400);
      const target = new URL(location ?? '', 'http://localhost/');
      expect(target.host).toBe('localhost');
    },
  );

  it('a foreign name that points here is not answered', async () => {
    const { status, body } = await rawGet('/api/v1/health', { host: 'evil.example:8899' });
    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'forbidden' } });
  });

  it.each(['localhost', 'LOCALHOST:9000', '127.0.0.1:1', '[::1]:8899'])(
    'is answered as %s, whatever port a tunnel has',
    async (host) => {
      expect((await rawGet('/api/v1/health', { host })).status).toBe(200);
    },
  );

  it('a page of another port cannot delete with the cookie', async () => {
    const cookie = await tokenCookie();
    const headers = { cookie, origin: 'http://localhost:1' };
    expect((await get('/api/v1/entries', headers, 'DELETE')).status).toBe(403);
    const own = { cookie, origin: server.url };
    expect((await get('/api/v1/entries', own, 'DELETE')).status).toBe(204);
  });
});

describe('headers', () => {
  it.each(['/', '/api/v1/health', '/api/v1/info', '/api/none', '/missing.js', '/%zz'])(
    'protect %s',
    async (path) => {
      const { headers } = await get(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );
});

describe('the page', () => {
  it('is served for its own addresses without being kept', async () => {
    for (const path of ['/', '/entries/abc', '/index.html', '/map?x=1']) {
      const response = await get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(await response.text()).toContain('<title>Mizu</title>');
    }
  });

  it('keeps hashed files for ever, others not', async () => {
    const hashed = await get('/assets/index-abc123.js');
    expect(hashed.headers.get('cache-control')).toContain('immutable');
    expect(hashed.headers.get('content-type')).toContain('javascript');
    const other = await get('/icon.svg');
    expect(other.status).toBe(200);
    expect(other.headers.get('cache-control')).toBe('no-cache');
  });

  it.each(['/assets/old-999.js', '/assets/none', '/favicon.ico', '/.secret', '/assets/'])(
    'a missing or hidden file is a 404 and not the page: %s',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(404);
      expect(response.headers.get('cache-control')).not.toContain('immutable');
    },
  );

  it('files outside its folder stay outside', async () => {
    for (const path of ['/../package.json', '/assets/%2e%2e/%2e%2e/etc/hosts.x', '/..%2fa.json']) {
      const { status, body } = await rawGet(path, { host: 'localhost' });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(body).not.toContain('{"name');
    }
  });

  it('not built: says how to build it', async () => {
    const bare = await serveFake(fakeContext());
    const response = await fetch(bare.url);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('npm run build');
    await bare.close();
  });
});

describe('unknown addresses', () => {
  it('of the API are a 404 as JSON, whatever the method', async () => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await get('/api/v1/nothing', bearer, method);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'not_found' } });
    }
    expect((await get('/api/v1/entries', bearer, 'POST')).status).toBe(404);
  });
});

describe('starting', () => {
  it('a port in use is one clear line', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const failure = await serveFake(fakeContext(), { port }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ServeError);
    expect(failure).toMatchObject({ code: 'port_in_use' });
    expect((failure as Error).message).toMatch(new RegExp(`^Port ${port} is in use.*--gui-port`));
    expect((failure as Error).message).not.toContain('\n');
    blocker.close();
  });

  it('makes a token that nobody can guess when none is given', async () => {
    const one = await startServer({ context: fakeContext(), port: 0 });
    const two = await startServer({ context: fakeContext(), port: 0 });
    expect(one.token).toMatch(/^[\w-]{43}$/);
    expect(two.token).not.toBe(one.token);
    expect(one.pageUrl).toBe(`http://localhost:${one.port}/?token=${one.token}`);
    await Promise.all([one.close(), two.close()]);
  });

  it('takes the token of MIZU_TOKEN, and refuses one that no header can carry', async () => {
    vi.stubEnv('MIZU_TOKEN', 'from-the-environment');
    const handle = await startServer({ context: fakeContext(), port: 0 });
    expect(handle.token).toBe('from-the-environment');
    await handle.close();
    vi.stubEnv('MIZU_TOKEN', 'two words');
    const failure = await startServer({ context: fakeContext(), port: 0 }).catch((error) => error);
    expect(failure).toMatchObject({ code: 'bad_token' });
    vi.unstubAllEnvs();
  });

  it('an address that is not of this machine is one clear line', async () => {
    const failure = await serveFake(fakeContext(), { proxyHost: '192.0.2.1' }).catch((e) => e);
    expect(failure).toMatchObject({ code: 'bad_address' });
  });

  it.each([undefined, '127.0.0.1', 'localhost'])(
    'is reached as localhost over IPv4 and, where there is one, IPv6: %s',
    async (proxyHost) => {
      const local = await serveFake(fakeContext(), proxyHost === undefined ? {} : { proxyHost });
      expect(local.url).toBe(`http://localhost:${local.port}`);
      const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
        addresses?.some(({ address }) => address === '::1'),
      );
      for (const host of hasIpv6 ? ['127.0.0.1', '[::1]'] : ['127.0.0.1']) {
        expect((await fetch(`http://${host}:${local.port}/api/v1/health`)).status).toBe(200);
        const socket = new WebSocket(`ws://${host}:${local.port}/api/v1/live`, {
          headers: bearer,
        });
        await new Promise((resolve) => socket.once('message', resolve));
        socket.terminate();
      }
      await local.close();
    },
  );

  it('answers on the proxy host under any name', async () => {
    const open = await serveFake(fakeContext(), { proxyHost: '0.0.0.0' });
    const status = await new Promise((resolve) => {
      httpRequest(
        { port: open.port, path: '/api/v1/health', headers: { host: 'mizu.lan' } },
        (response) => resolve(response.resume().statusCode),
      ).end();
    });
    expect(status).toBe(200);
    await open.close();
  });
});

describe('logs', () => {
  it('never hold the token, not even when a route fails', async () => {
    let logged = '';
    const sink = new Writable({
      write(chunk, _encoding, done) {
        logged += chunk;
        done();
      },
    });
    const context = fakeContext();
    context.store.count = () => Promise.reject(new Error('disk on fire'));
    const handle = await serveFake(context, { log: pino({ level: 'trace' }, sink) });
    await fetch(`${handle.url}/?token=${testToken}`, { redirect: 'manual' });
    await fetch(`${handle.url}/api/v1/none?token=${testToken}`);
    const failed = await fetch(`${handle.url}/api/v1/count?filter=status%201`, { headers: bearer });
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('fire');
    await handle.close();
    expect(logged).toContain('disk on fire');
    expect(logged).not.toContain(testToken);
  });
});
