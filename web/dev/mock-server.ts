/**
 * The API with made-up traffic, and the built page: the page's test fixture, never shipped.
 *
 *   node web/dev/mock-server.ts [--port 8898] [--rate 50] [--preload 5000] [--empty] [--token]
 *     [--cluster] [--pods 0]
 *
 * `--token`: the token is "mock". `--cluster`: a tapped cluster with all protocols, `--pods` more pods.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { parseArgs } from 'node:util';
import { type WebSocket, WebSocketServer } from 'ws';
import type { EntryRow } from '../../src/entry/entry.ts';
import type { Counters, LiveServerMessage, TargetChoice } from '../../src/serve/api.ts';
import { MadeCluster } from './cluster.ts';
import { matcher, type Verdict } from './filter.ts';
import { protocols } from './protocols.ts';
import { makeDetails, makeRow } from './traffic.ts';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '8898' },
    rate: { type: 'string', default: '50' },
    preload: { type: 'string', default: '5000' },
    empty: { type: 'boolean', default: false },
    token: { type: 'boolean', default: false },
    cluster: { type: 'boolean', default: false },
    pods: { type: 'string', default: '0' },
  },
});
const rowLimit = 400_000;
const startedAt = Date.now();
const rows: EntryRow[] = [];
const numbers = new Map<string, number>();
const waiting: { readonly row: EntryRow; readonly n: number; readonly due: number }[] = [];
const viewers = new Map<WebSocket, { matches: (row: EntryRow) => boolean; paused: boolean }>();
let made = 0;
let lastSecond = 0;
let rate = Number(options.rate);
const cluster = options.cluster ? new MadeCluster(Number(options.pods)) : undefined;
const endpoint = cluster?.endpoint.bind(cluster);

function keep(row: EntryRow, n: number): void {
  rows.push(row);
  numbers.set(row.id, n);
  if (rows.length > rowLimit) for (const old of rows.splice(0, 10_000)) numbers.delete(old.id);
}

const preload = options.empty ? 0 : Number(options.preload);
for (let i = 0; i < preload; i++) {
  const at = startedAt - (preload - i) * 200 + Math.sin(i / 900) * 50;
  keep(makeRow(made, at, false, endpoint), made++);
}

function tick(): void {
  const now = Date.now();
  const changed: EntryRow[] = [];
  const target = options.empty ? 0 : rate / 20;
  const count = Math.floor(target) + (Math.random() < target % 1 ? 1 : 0);
  for (let i = 0; i < count; i++) {
    const final = makeRow(made, now - 50 + (i * 50) / count, false, endpoint);
    const pending = (final.elapsedTime ?? 0) > 300;
    const row = pending ? makeRow(made, final.timestamp, true, endpoint) : final;
    if (pending) waiting.push({ row, n: made, due: now + (final.elapsedTime ?? 0) });
    keep(row, made++);
    changed.push(row);
    lastSecond++;
  }
  while (waiting[0] !== undefined && waiting[0].due <= now) {
    const { row, n } = waiting.shift()!;
    const final = makeRow(n, row.timestamp, false, endpoint);
    const index = rows.findLastIndex((known) => known.id === row.id);
    if (index >= 0) rows[index] = final;
    changed.push(final);
  }
  if (changed.length === 0) return;
  for (const [socket, viewer] of viewers) {
    if (viewer.paused) continue;
    const entries = changed.filter(viewer.matches);
    if (entries.length > 0) send(socket, { type: 'entries', entries });
  }
}

function send(socket: WebSocket, message: LiveServerMessage): void {
  if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message));
}

function counters(): Counters {
  const packets = made * 8;
  return {
    time: Date.now(),
    entriesPerSecond: lastSecond,
    packetsPerSecond: lastSecond * 8,
    capture: {
      packets,
      bytes: packets * 700,
      dropped: options.empty ? 0 : 12,
      ignored: 40,
      totalBytes: 0,
      readBytes: 0,
      ended: false,
      damage: [],
    },
    decode: { ignored: { ARP: 12, ICMP: 3 } },
    reassemble: {
      connections: 500,
      openConnections: 61,
      payloadBytes: packets * 600,
      holes: 2,
      holeBytes: 2_896,
      shedConnections: 0,
    },
    dissect: {
      entries: made,
      pending: waiting.length,
      shedBodies: 0,
      notUnderstood: { 'TLS: encrypted': 14 },
    },
    refine: { ignored: 0 },
    ship: { shedRows: 0 },
    store: {
      entries: rows.length,
      bytes: Math.min(193e6, rows.length * 520),
      limitBytes: 200e6,
      oldestTimestamp: rows[0]?.timestamp ?? 0,
      expired: 0,
      shed: 0,
      repairs: [],
    },
  };
}

const detailsOf = (row: EntryRow) => makeDetails(row, numbers.get(row.id) ?? 0);
const filterOf = (url: URL): Verdict => matcher(url.searchParams.get('filter') ?? '', detailsOf);
const numberOf = (url: URL, name: string, fallback: number) =>
  Number(url.searchParams.get(name) ?? fallback);

function matching(url: URL, matches: (row: EntryRow) => boolean): (row: EntryRow) => boolean {
  const since = numberOf(url, 'since', 0);
  const until = numberOf(url, 'until', Number.POSITIVE_INFINITY);
  return (row) => row.timestamp >= since && row.timestamp < until && matches(row);
}

function entriesPage(url: URL, matches: (row: EntryRow) => boolean): unknown {
  const limit = numberOf(url, 'limit', 100);
  const after = url.searchParams.get('after');
  const before = url.searchParams.get('before') ?? 'g';
  const fits = matching(url, matches);
  const entries: EntryRow[] = [];
  if (after === null) {
    let at = rows.length - 1;
    for (; at >= 0 && entries.length < limit; at--) {
      const row = rows[at]!;
      if (row.id < before && fits(row)) entries.push(row);
    }
    return { entries: entries.reverse(), end: at < 0, scanned: rows.length, decoded: 0 };
  }
  const from = rows.findIndex((row) => row.id > after);
  let at = from < 0 ? rows.length : from;
  for (; at < rows.length && entries.length < limit; at++)
    if (fits(rows[at]!)) entries.push(rows[at]!);
  return { entries, end: at >= rows.length, scanned: rows.length, decoded: 0 };
}

function histogram(url: URL, matches: (row: EntryRow) => boolean): unknown {
  const since = numberOf(url, 'since', rows[0]?.timestamp ?? startedAt);
  const until = numberOf(url, 'until', Date.now());
  const count = numberOf(url, 'buckets', 100);
  const width = (until - since) / count;
  const buckets = Array.from({ length: count }, (_, i) => ({
    start: since + i * width,
    count: 0,
    failed: 0,
  }));
  for (const row of rows) {
    const bucket = buckets[Math.floor((row.timestamp - since) / width)];
    if (bucket === undefined || !matches(row)) continue;
    bucket.count++;
    if (row.outcome === 'failed' || row.outcome === 'no response') bucket.failed++;
  }
  return { buckets };
}

type Answer = (body: unknown, status?: number) => undefined;

function entryRoute(path: string, url: URL, response: ServerResponse, answer: Answer): undefined {
  const [, id = '', what] = path.split('/').slice(1);
  const n = numbers.get(id);
  const row = rows.find((known) => known.id === id);
  if (row === undefined || n === undefined) {
    answer(
      {
        error: {
          code: 'not_found',
          message: 'This entry is no longer kept: old traffic is cleared when the store is full.',
        },
      },
      404,
    );
    return;
  }
  const details = makeDetails(row, n);
  if (what === undefined) {
    answer(details);
    return;
  }
  const side = url.searchParams.get('side') === 'request' ? 'request' : 'response';
  const body = details.sections[side].find((section) => section.kind === 'body');
  const content =
    body?.kind === 'body'
      ? Buffer.from(body.content, body.encoding === 'base64' ? 'base64' : 'utf8')
      : '';
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': 'attachment; filename="body"',
  });
  response.end(content);
}

/** Tells all viewers which pods are tapped. */
function tellTargets(): void {
  if (cluster === undefined) return;
  const message: LiveServerMessage = { type: 'targets', summary: cluster.report().summary };
  for (const socket of viewers.keys()) send(socket, message);
}

async function targetsRoute(request: IncomingMessage, answer: Answer): Promise<undefined> {
  if (cluster === undefined)
    return answer({ error: { code: 'not_found', message: 'No cluster is tapped.' } }, 404);
  if (request.method !== 'PUT') return answer(cluster.report());
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const message = cluster.choose(JSON.parse(text) as TargetChoice);
  if (message !== undefined) return answer({ error: { code: 'bad_parameter', message } }, 400);
  tellTargets();
  return answer(cluster.report());
}

/** Things that happen to a server, made to happen. */
function happen(path: string, url: URL): void {
  if (path === '/drop') for (const socket of viewers.keys()) socket.terminate();
  if (path === '/rate') rate = numberOf(url, 'value', rate);
  if (path === '/lose' && cluster !== undefined)
    cluster.lostNode = url.searchParams.get('node') ?? '';
  if (path === '/notice') cluster?.notices.push(url.searchParams.get('text') ?? '');
}

function isAllowed(request: IncomingMessage): boolean {
  const { authorization, cookie = '' } = request.headers;
  return !options.token || authorization === 'Bearer mock' || cookie.includes('mizu-mock=mock');
}

function route(request: IncomingMessage, response: ServerResponse): undefined {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const answer: Answer = (body, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
    return undefined;
  };
  const path = url.pathname.slice('/api/v1'.length);
  if (!isAllowed(request))
    return answer({ error: { code: 'unauthorized', message: 'A token is needed.' } }, 401);
  const verdict = filterOf(url);
  if (verdict.error !== undefined) return answer({ error: verdict.error }, 400);
  happen(path, url);
  if (path === '/targets') {
    void targetsRoute(request, answer);
    return undefined;
  }
  if (path === '/info')
    return answer({
      version: '0.1.0',
      kind: cluster === undefined ? 'local' : 'cluster',
      description: cluster === undefined ? 'this machine, all interfaces' : 'cluster kind-shop',
      startedAt,
      redacting: true,
      demo: cluster === undefined,
      bodyLimitBytes: 1_048_576,
    });
  if (path === '/protocols') return answer(protocols);
  if (path === '/entries' && request.method === 'DELETE') {
    rows.length = 0;
    for (const socket of viewers.keys()) send(socket, { type: 'cleared' });
    response.writeHead(204).end();
    return undefined;
  }
  if (path === '/entries') return answer(entriesPage(url, verdict.matches));
  if (path === '/histogram') return answer(histogram(url, verdict.matches));
  if (path === '/count')
    return answer({
      count: rows.filter(verdict.matches).length,
      atLeast: false,
      total: rows.length,
    });
  if (path === '/counters') return answer(counters());
  if (path.startsWith('/entries/')) return entryRoute(path, url, response, answer);
  answer({ error: { code: 'not_found', message: `There is no ${path}` } }, 404);
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const dist = join(import.meta.dirname, '..', 'dist');
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; worker-src 'self'";

async function file(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const path = normalize(pathname);
  if (searchParams.get('token') === 'mock') {
    response.writeHead(302, { location: path, 'set-cookie': 'mizu-mock=mock; path=/' }).end();
    return;
  }
  const name = extname(path) === '' ? '/index.html' : path;
  try {
    const content = await readFile(join(dist, name));
    response.writeHead(200, {
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

const server = createServer((request, response) => {
  if (request.url?.startsWith('/api/')) route(request, response);
  else void file(request, response);
});
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  if (!isAllowed(request)) {
    socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    return;
  }
  const verdict = filterOf(new URL(request.url ?? '/', 'http://localhost'));
  sockets.handleUpgrade(request, socket, head, (viewer) => {
    viewers.set(viewer, { matches: verdict.matches, paused: false });
    send(viewer, { type: 'counters', counters: counters() });
    tellTargets();
    viewer.on('close', () => viewers.delete(viewer));
    viewer.on('message', (data) => {
      const message = JSON.parse(String(data)) as { type: string };
      const known = viewers.get(viewer);
      if (known !== undefined) known.paused = message.type === 'pause';
    });
  });
});
setInterval(tick, 50);
setInterval(() => {
  const message: LiveServerMessage = { type: 'counters', counters: counters() };
  lastSecond = 0;
  for (const socket of viewers.keys()) send(socket, message);
}, 1_000);
server.listen(Number(options.port), '127.0.0.1');
