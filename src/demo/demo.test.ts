import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { statSync } from 'node:fs';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Demo, openDemo, runDemo } from './index.ts';
import { childTrace, newTrace } from './trace.ts';

interface Seen {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly answer: IncomingHttpHeaders;
  readonly request: Readonly<Record<string, string>>;
}

/** Runs the shop until `enough` says so and returns every call that was answered. */
async function shopping(demo: Demo, enough: (seen: readonly Seen[]) => boolean): Promise<Seen[]> {
  const names = new Map(demo.services.map(({ name, url }) => [new URL(url).host, name]));
  const seen: Seen[] = [];
  const stop = new AbortController();
  const note = (message: unknown) => {
    const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
    seen.push({
      service: names.get(String(request.getHeader('host'))) ?? '',
      method: request.method,
      path: request.path,
      status: response.statusCode ?? 0,
      answer: response.headers,
      request: Object.fromEntries(
        Object.entries(request.getHeaders()).map(([name, value]) => [name, String(value)]),
      ),
    });
    if (enough(seen)) stop.abort();
  };
  subscribe('http.client.response.finish', note);
  try {
    await runDemo(demo, {
      rate: 400,
      signal: AbortSignal.any([stop.signal, AbortSignal.timeout(20_000)]),
    });
  } finally {
    unsubscribe('http.client.response.finish', note);
  }
  return seen;
}

describe('the demo shop', () => {
  test('shows everything that a viewer should be tried with, then leaves nothing behind', async () => {
    const demo = await openDemo({ downloadBytes: 1_200_000 });
    const wanted: Record<string, (call: Seen) => boolean> = {
      'every service': ({ service }) => service === 'payments',
      HTML: ({ answer }) => answer['content-type'] === 'text/html; charset=utf-8',
      'a picture': ({ answer }) => answer['content-type'] === 'image/png',
      XML: ({ answer }) => answer['content-type'] === 'application/xml',
      gzip: ({ answer }) => answer['content-encoding'] === 'gzip',
      brotli: ({ answer }) => answer['content-encoding'] === 'br',
      'the large download': ({ path }) => path === '/export.csv',
      'a form': ({ request }) => request['content-type'] === 'application/x-www-form-urlencoded',
      'an upload': ({ request }) => request['content-type']?.startsWith('multipart/') === true,
      HEAD: ({ method }) => method === 'HEAD',
      'an upload of unknown length': ({ path, request }) =>
        path === '/reviews' && request['content-length'] === undefined,
      'a chunked answer': ({ answer }) => answer['transfer-encoding'] === 'chunked',
      DELETE: ({ method }) => method === 'DELETE',
      redirect: ({ status }) => status === 301,
      'not modified': ({ status }) => status === 304,
      'not found': ({ status }) => status === 404,
      'a server error': ({ status }) => status >= 500,
      'a cookie set': ({ answer }) => answer['set-cookie'] !== undefined,
      'a cookie sent': ({ request }) => request['cookie']?.startsWith('session=') === true,
      'a secret': ({ request }) => request['authorization']?.startsWith('Bearer ') === true,
      'a paid order': ({ service, path, status }) =>
        service === 'orders' && path === '/orders' && status === 201,
    };
    const missing = (seen: readonly Seen[]) =>
      Object.keys(wanted).filter((name) => !seen.some(wanted[name]!));
    const seen = await shopping(demo, (calls) => calls.length > 60 && missing(calls).length === 0);
    expect(missing(seen)).toEqual([]);

    const charge = seen.find(({ path }) => path === '/charges')!;
    const trace = charge.request['traceparent'];
    expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);

    await expect(reachable(demo)).resolves.toBe(false);
  });

  test('moves aside when its ports are taken', async () => {
    const first = await openDemo();
    const second = await openDemo();
    try {
      expect(second.ports).toHaveLength(4);
      expect(second.ports.filter((port) => first.ports.includes(port))).toEqual([]);
    } finally {
      await Promise.all([first.close(), second.close()]);
    }
  });

  test('is recorded, small enough for a repository', () => {
    const { size } = statSync(new URL('recording.pcapng.gz', import.meta.url));
    expect(size).toBeGreaterThan(50_000);
    expect(size).toBeLessThan(400_000);
  });
});

test('a call made for a call stays in its trace', () => {
  const parent = newTrace();
  const child = childTrace(parent);
  expect(child.slice(0, 36)).toBe(parent.slice(0, 36));
  expect(child).not.toBe(parent);
  expect(childTrace('nonsense')).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

function reachable(demo: Demo): Promise<boolean> {
  const { hostname, port } = new URL(demo.services[0]!.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
