import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { pause } from './apply-objects.ts';
import { openPortForward, type PortForwarding } from './port-forward.ts';
import { type FakeCluster, fakeCluster } from './test-support.ts';

let cluster: FakeCluster;
let backend: Server;
let forwarding: PortForwarding;
let pod: string | undefined;
let states: (string | undefined)[];

const large = randomBytes(9_000_000);

async function startBackend(answer: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/large') response.end(large);
    else if (request.method === 'POST') request.pipe(response);
    else response.end(answer);
  });
  const webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (one) => one.on('message', (text) => one.send(`heard ${text}`)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const url = (path = '/') => `http://127.0.0.1:${forwarding.port}${path}`;

beforeEach(async () => {
  cluster = await fakeCluster();
  backend = await startBackend('first');
  cluster.forwards.set('server-1', portOf(backend));
  pod = 'server-1';
  states = [];
  forwarding = await openPortForward(cluster.api, {
    namespace: 'mizu',
    podPort: 8899,
    localPort: 0,
    localHost: '127.0.0.1',
    findPod: async () => pod,
    onState: (broken) => states.push(broken),
  });
});
afterEach(async () => {
  await forwarding.close();
  backend.closeAllConnections();
  backend.close();
  await cluster.close();
});

test('carries many connections at once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => fetch(url()).then((one) => one.text())),
  );
  expect(new Set(answers)).toEqual(new Set(['first']));
});

test('carries large bodies both ways, whole', async () => {
  const down = Buffer.from(await (await fetch(url('/large'))).arrayBuffer());
  expect(down.equals(large)).toBe(true);
  const echo = await fetch(url('/echo'), { method: 'POST', body: large });
  expect(Buffer.from(await echo.arrayBuffer()).equals(large)).toBe(true);
});

test('carries WebSockets', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${forwarding.port}/live`);
  const heard = await new Promise<string>((resolve, reject) => {
    socket.on('open', () => socket.send('me'));
    socket.on('message', (text) => resolve(String(text)));
    socket.on('error', reject);
  });
  socket.close();
  expect(heard).toBe('heard me');
});

test('goes on with the pod that takes the place of the first', async () => {
  expect(await (await fetch(url())).text()).toBe('first');
  cluster.forwards.delete('server-1');
  pod = undefined;
  const second = await startBackend('second');
  const answer = fetch(url(), { headers: { connection: 'close' } }).then((one) => one.text());
  await pause(300);
  cluster.forwards.set('server-2', portOf(second));
  pod = 'server-2';
  expect(await answer).toBe('second');
  expect(states).toEqual(['no pod is ready', undefined]);
  second.closeAllConnections();
  second.close();
});

test('a port in use is said in one sentence with the way on', async () => {
  const taken = createTcpServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const localPort = (taken.address() as AddressInfo).port;
  const options = { namespace: 'm', podPort: 1, localPort, localHost: '127.0.0.1' };
  await expect(
    openPortForward(cluster.api, { ...options, findPod: async () => undefined }),
  ).rejects.toMatchObject({ code: 'local-port', message: expect.stringContaining('--gui-port') });
  taken.close();
});

test('a missing right ends the connection at once, and is named', async () => {
  cluster.forwards.clear();
  cluster.refuseForwards = 403;
  const started = performance.now();
  await expect(fetch(url())).rejects.toThrow();
  expect(performance.now() - started).toBeLessThan(5000);
  expect(states[0]).toContain('you may not get and create pods/portforward');
});
