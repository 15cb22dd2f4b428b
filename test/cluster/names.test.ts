import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EntryRow } from '../../src/entry/entry.ts';
import { container, openShop, podsOf, type Shop, volumes } from './shop.ts';
import {
  apply,
  deleteNamespace,
  kubectl,
  newNamespace,
  noCluster,
  resourcesIn,
  startKubectl,
  Tap,
  tellLogsOfFailures,
  traces,
  until,
} from './support.ts';

/** A name server that knows one name, whatever is asked: `node -e CODE ADDRESS`. */
const nameServerCode = `
const socket = require('node:dgram').createSocket('udp4');
const address = process.argv[1].split('.').map(Number);
socket.on('message', (asked, from) => {
  let end = 12;
  while (asked[end] !== 0) end += asked[end] + 1;
  const question = asked.subarray(12, end + 5);
  const header = Buffer.from([asked[0], asked[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address]);
  socket.send(Buffer.concat([header, question, answer]), from.port, from.address);
});
socket.bind(5353);
`;

/** Serves, and calls others over kept connections twice a second: `node -e CODE PORT NAME URL...`. */
const hostPodCode = `
const http = require('node:http');
const [, port, name, ...urls] = process.argv;
http.createServer((request, response) => response.end(name)).listen(Number(port));
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let calls = 0;
setInterval(() => {
  calls++;
  for (const url of urls) {
    http.get(url + '/' + name + '/' + calls, { agent }, (answer) => answer.resume()).on('error', () => {});
  }
}, 500);
`;

const callCode = `fetch(process.argv[1], { signal: AbortSignal.timeout(10000) }).then((r) => r.text())`;

const hostPorts = { 'host-a': 18_181, 'host-b': 18_282 } as const;

/** This machine, as pods can reach it: an address that is neither a pod's, a service's nor a node's. */
function outsideAddress(nodeAddress: string): string | undefined {
  const network = nodeAddress.split('.').slice(0, 3).join('.');
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .map(({ address }) => address)
    .find((address) => address.startsWith(`${network}.`) && address !== nodeAddress);
}

async function listen(server: Server | ReturnType<typeof createTcpServer>, address: string) {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return (server.address() as AddressInfo).port;
}

describe.skipIf(noCluster !== undefined)(`names (${noCluster ?? 'a cluster'})`, () => {
  const { namespace, options } = resourcesIn('names');
  tellLogsOfFailures(namespace);
  let shop: Shop;
  let tap: Tap;

  beforeAll(async () => {
    const privileged = { 'pod-security.kubernetes.io/enforce': 'privileged' };
    shop = await openShop(newNamespace('names', privileged));
    const hosts = ['--set', 'tapper.host-processes=true'];
    tap = await Tap.start(['-n', shop.namespace, ...options, ...hosts]);
    await tap.capturing(2);
  });
  afterAll(async () => {
    await tap?.stop();
    deleteNamespace(shop.namespace);
    await until('nothing is left', () => traces(namespace).length === 0 || undefined);
  });

  /** Runs code in the client's pod. What it calls may be this very process. */
  const inClient = (code: string, ...words: string[]) =>
    startKubectl(['exec', '-n', shop.namespace, 'client', '--', 'node', '-e', code, ...words])
      .output;
  const callsOf = (path: string) => tap.entries(`request.path startsWith "${path}"`);
  const call = (url: string) => inClient(callCode, url);

  test('an address outside is called what TLS greetings and DNS answers say', async ({ skip }) => {
    const outside = outsideAddress(shop.nodeAddresses[0]!);
    if (outside === undefined) return skip('this machine has no address that pods can reach');
    const web = createServer((_request, response) => response.end('fine'));
    // Who greets is told by then; what follows is of no interest.
    const secure = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.destroy());
    });
    const url = `http://${outside}:${await listen(web, outside)}`;
    const securePort = await listen(secure, outside);
    try {
      await call(`${url}/nameless`);
      await until('a call without a name is shown', async () => {
        const [entry] = await callsOf('/nameless');
        return entry && { ip: entry.dst.ip, name: entry.dst.name };
      }).then((seen) => expect(seen).toEqual({ ip: outside, name: '' }));

      const greet = `require('node:tls').connect({ host: process.argv[1], port: Number(process.argv[2]),
        servername: 'secure.partner.example' }).on('error', () => {})`;
      await inClient(greet, outside, String(securePort));
      await call(`${url}/greeted`);
      expect(await destination('/greeted', 'secure.partner.example')).toMatchObject({
        ip: outside,
        kind: 'external',
        origin: 'sni',
      });
      // The encrypted connection itself is counted, and no entry.
      // Tappers tell their counters now and then.
      await until('the encrypted connection is counted', async () => {
        const { dissect } = await tap.get<{ dissect: { notUnderstood: object } }>('counters');
        return 'TLS (encrypted)' in dissect.notUnderstood || undefined;
      });
      expect(await tap.entries(`dst.port == ${securePort}`)).toEqual([]);

      const server = await nameServer(outside);
      const ask = `const { Resolver } = require('node:dns').promises;
        const resolver = new Resolver();
        resolver.setServers([process.argv[1]]);
        resolver.resolve4('api.partner.example').then(([address]) => console.log(address));`;
      await until('the name is answered', async () => {
        const answer = await inClient(ask, server).catch(() => '');
        return answer.trim() === outside || undefined;
      });
      await call(`${url}/resolved`);
      expect(await destination('/resolved', 'api.partner.example')).toMatchObject({
        ip: outside,
        kind: 'external',
        origin: 'dns',
      });
      expect(await tap.entries('dst.name == "api.partner.example"')).not.toEqual([]);
    } finally {
      web.close();
      secure.close();
      web.closeAllConnections();
    }
  });

  async function destination(path: string, name: string): Promise<EntryRow['dst']> {
    let last: EntryRow | undefined;
    return until(
      () => `${path} goes to ${name}: ${JSON.stringify(last?.dst)}`,
      async () => {
        [last] = await callsOf(path);
        return last?.dst.name === name ? last.dst : undefined;
      },
      20_000,
    );
  }

  /** A name server behind a service, on the port that all of them have. */
  async function nameServer(answer: string): Promise<string> {
    const own = { name: 'names', namespace: shop.namespace, labels: { app: 'names' } };
    const ports = [{ port: 53, targetPort: 5353, protocol: 'UDP' }];
    apply(
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: own,
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [container('names', ['node', '-e', nameServerCode, answer])],
          volumes,
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: own,
        spec: { selector: { app: 'names' }, ports },
      },
    );
    await until('the name server runs', () => running('names'));
    const words = ['get', 'service', 'names', '-n', shop.namespace, '-o'];
    return kubectl([...words, 'jsonpath={.spec.clusterIP}']).trim();
  }

  const running = (...names: readonly string[]) =>
    names.every((name) =>
      podsOf(shop.namespace).some(
        ({ metadata, status }) => metadata.name === name && status.phase === 'Running',
      ),
    ) || undefined;

  test('two pods on the network of one node are told apart by who owns the socket', async () => {
    const [node, other] = shop.nodes as [string, string];
    const [nodeAddress] = shop.nodeAddresses;
    const servers = [shop.pods[node]!, shop.pods[other]!];
    const urls = servers.map(({ ip }) => `http://${ip}:8080`);
    for (const [name, port] of Object.entries(hostPorts)) {
      // They call each other as well: nobody declares their ports.
      const peers = Object.values(hostPorts).map((each) => `http://${nodeAddress}:${each}`);
      const words = ['node', '-e', hostPodCode, String(port), name, ...urls, ...peers];
      apply({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace: shop.namespace },
        spec: {
          terminationGracePeriodSeconds: 0,
          hostNetwork: true,
          nodeName: node,
          containers: [container(name, words)],
          volumes,
        },
      });
    }
    const names = Object.keys(hostPorts);
    await until('they run', () => running(...names));
    for (const name of names) {
      const known = await until(
        `calls of ${name} to both servers are named`,
        async () => {
          const entries = await callsOf(`/${name}/`);
          const named = entries.filter(({ src }) => src.pod === name);
          const reached = new Set(named.map(({ dst }) => dst.pod));
          return servers.every((server) => reached.has(server.name)) ? entries : undefined;
        },
        30_000,
      );
      // What came before its socket was known has the node's name, never another pod's.
      const sources = new Set(known.map(({ src }) => src.pod ?? 'unknown'));
      sources.delete('unknown');
      expect([...sources]).toEqual([name]);
    }
    for (const [name, port] of Object.entries(hostPorts)) {
      const path = `/served-by-${name}`;
      await call(`http://${nodeAddress}:${port}${path}`);
      const entry = await until(`the call of ${name} is seen`, async () => {
        const [found] = await callsOf(path);
        return found?.dst.pod === undefined ? undefined : found;
      });
      expect(entry).toMatchObject({ src: { pod: 'client' }, dst: { pod: name, node, port } });
    }
    // What one asks of the other, though both have one address and no pod network is involved.
    for (const [from, to] of [names, names.toReversed()] as [string, string][]) {
      const port = hostPorts[to as keyof typeof hostPorts];
      const entries = await until(`${from} calls ${to}`, async () => {
        const all = await tap.entries(
          `request.path startsWith "/${from}/" and dst.port == ${port}`,
        );
        return all.some(({ src }) => src.pod === from) ? all : undefined;
      });
      const ends = entries.map(({ src, dst }) => `${src.pod ?? from} ${dst.pod}`);
      expect([...new Set(ends)]).toEqual([`${from} ${to}`]);
      const paths = entries.map(({ target }) => target);
      expect(new Set(paths).size).toBe(paths.length);
    }
    const { pods } = await tap.get<{
      pods: { readonly name: string; readonly reason: string; readonly explanation: string }[];
    }>('targets');
    for (const [name, port] of Object.entries(hostPorts)) {
      const { reason, explanation } = pods.find((each) => each.name === name)!;
      expect(reason).toBe('host-network');
      expect(explanation).toContain(`what is read are calls to its ports ${port}.`);
    }
  });
});
