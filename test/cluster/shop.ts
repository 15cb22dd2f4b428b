/** Real services to tap: plain Node servers and a client that counts what it did. */
import { apply, image, kubectl, startKubectl, until } from './support.ts';

const serverCode = `
import http from 'node:http';
http.createServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk) => { bytes += chunk.length; });
  const answer = () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ path: request.url, host: process.env.HOSTNAME, bytes }));
  };
  // The last part of a path \`/.../after/MS\` says how long to wait.
  const [, waitMs = 0] = /\\/after\\/(\\d+)/.exec(request.url) ?? [];
  request.on('end', () => setTimeout(answer, Number(waitMs)));
}).listen(8080);
`;

/** `node calls.mjs COUNT PARALLEL NAME=URL...`: each call has a path of its own; prints what was done. */
const clientCode = `
import http from 'node:http';
const [, , count, parallel, ...targets] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: Number(parallel) });
let done = 0;
const failed = [];
const call = (path, url, keep, i) => new Promise((resolve) => {
  const options = { method: i % 3 ? 'GET' : 'POST', agent: keep ? agent : false, timeout: 10000 };
  const request = http.request(url + path, options, (response) => {
    response.resume();
    response.on('end', () => { done++; resolve(); });
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => { failed.push(path); resolve(); });
  request.end(i % 3 ? undefined : 'x'.repeat(i % 700));
});
for (const kind of ['keep', 'once']) {
  for (const target of targets) {
    const [name, url] = target.split('=');
    let next = 0;
    const work = async () => {
      while (next < Number(count)) {
        const i = next++;
        await call('/' + name + '/' + kind + '/' + i, url, kind === 'keep', i);
      }
    };
    await Promise.all(Array.from({ length: Number(parallel) }, work));
  }
}
console.log(JSON.stringify({ done, failed }));
process.exit(0);
`;

/**
 * `node stream.mjs RATE CONNECTIONS NAME=URL...`: so many calls a second over kept connections, each
 * with a path of its own, until its input ends; prints what was done.
 */
const streamCode = `
import http from 'node:http';
const [, , rate, connections, ...targets] = process.argv;
const agents = targets.map(() => new http.Agent({ keepAlive: true, maxSockets: Number(connections) }));
let done = 0, open = 0, started = 0, ending = false;
const failed = [];
const finish = () => {
  if (!ending || open > 0) return;
  console.log(JSON.stringify({ done, failed }));
  process.exit(0);
};
const call = (i) => {
  const which = i % targets.length;
  const at = targets[which].indexOf('=');
  const path = '/' + targets[which].slice(0, at) + '/' + i;
  const options = { agent: agents[which], timeout: 15000 };
  open++;
  let over = false;
  const end = (worked) => {
    if (over) return;
    over = true;
    open--;
    if (worked) done++; else failed.push(path);
    finish();
  };
  const request = http.get(targets[which].slice(at + 1) + path, options, (response) => {
    response.resume();
    response.on('end', () => end(true));
    response.on('error', () => end(false));
  });
  request.on('timeout', () => request.destroy());
  request.on('error', () => end(false));
};
const begin = performance.now();
setInterval(() => {
  const due = Math.floor((performance.now() - begin) * Number(rate) / 1000);
  // What cannot go out does not pile up.
  while (!ending && started < due && open < 500) call(started++);
}, 5);
process.stdin.resume();
process.stdin.on('end', () => { ending = true; finish(); });
`;

export const container = (name: string, command: readonly string[]) => ({
  name,
  image,
  imagePullPolicy: 'IfNotPresent',
  command,
  volumeMounts: [{ name: 'code', mountPath: '/code' }],
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
});
export const volumes = [{ name: 'code', configMap: { name: 'code' } }];

export interface Shop {
  readonly namespace: string;
  /** Nodes that the servers run on; the client runs on the first. */
  readonly nodes: readonly string[];
  /** Server pods by node. */
  readonly pods: Readonly<Record<string, { readonly name: string; readonly ip: string }>>;
  readonly nodePort: number;
  readonly nodeAddresses: readonly string[];
}

interface List<T> {
  readonly items: readonly T[];
}
interface Pod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP?: string; readonly phase: string };
}
interface Node {
  readonly metadata: { readonly name: string };
  readonly status: {
    readonly addresses: readonly { readonly type: string; readonly address: string }[];
  };
}

const read = <T>(...words: string[]) => JSON.parse(kubectl([...words, '-o', 'json'])) as T;

export function serverObjects(namespace: string, name: string, replicas: number): unknown[] {
  const labels = { app: name };
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'code', namespace },
      data: { 'server.mjs': serverCode, 'calls.mjs': clientCode, 'stream.mjs': streamCode },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: 'kubernetes.io/hostname',
                whenUnsatisfiable: 'DoNotSchedule',
                labelSelector: { matchLabels: labels },
              },
            ],
            containers: [container(name, ['node', '/code/server.mjs'])],
            volumes,
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ];
}

export function clientObject(namespace: string, node: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'client', namespace, labels: { app: 'client' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      nodeName: node,
      containers: [container('client', ['sleep', 'infinity'])],
      volumes,
    },
  };
}

export function podsOf(namespace: string): readonly Pod[] {
  return read<List<Pod>>('get', 'pods', '-n', namespace).items;
}

/** Names of the nodes that run pods, sorted. */
export function nodeNames(): string[] {
  return read<List<Node>>('get', 'nodes', '-l', '!mizu-test-fake')
    .items.map(({ metadata }) => metadata.name)
    .sort();
}

/** One server on a certain node. */
export function pinnedServer(namespace: string, name: string, node: string): unknown[] {
  const [code, deployment] = serverObjects(namespace, name, 1) as [unknown, Deployment];
  deployment.spec.strategy = { type: 'Recreate' };
  deployment.spec.template.spec.nodeSelector = { 'kubernetes.io/hostname': node };
  return [code, deployment];
}

interface Deployment {
  spec: { strategy?: unknown; template: { spec: { nodeSelector?: unknown } } };
}

/** Two servers `cart`, one a node, a service in front, and a client on the first node. */
export async function openShop(namespace: string): Promise<Shop> {
  const nodes = read<List<Node>>('get', 'nodes').items;
  const names = nodes.map(({ metadata }) => metadata.name).sort();
  apply(...serverObjects(namespace, 'cart', Math.min(names.length, 2)));
  apply(clientObject(namespace, names[0]!));
  const pods = await until('the shop runs', () => {
    const all = podsOf(namespace);
    const ready = all.length >= 3 && all.every(({ status }) => status.phase === 'Running');
    return ready ? all : undefined;
  });
  const service = read<{ spec: { ports: { nodePort: number }[] } }>(
    'get',
    'service',
    'cart',
    '-n',
    namespace,
  );
  await until('the service has its endpoints', () => {
    const text = kubectl(['get', 'endpointslice', '-n', namespace, '-o', 'json']);
    const slices = JSON.parse(text) as List<{ endpoints?: unknown[] }>;
    return slices.items.some(({ endpoints = [] }) => endpoints.length >= 2) || undefined;
  });
  const servers = pods.filter(({ metadata }) => metadata.name !== 'client');
  return {
    namespace,
    nodes: names,
    pods: Object.fromEntries(
      servers.map(({ metadata, spec, status }) => [
        spec.nodeName,
        { name: metadata.name, ip: status.podIP! },
      ]),
    ),
    nodePort: service.spec.ports[0]!.nodePort,
    nodeAddresses: names.map(
      (name) =>
        nodes
          .find(({ metadata }) => metadata.name === name)!
          .status.addresses.find(({ type }) => type === 'InternalIP')!.address,
    ),
  };
}

/** Calls that go on until `end`. */
export interface Stream {
  end(): Promise<Done>;
}

export function startStream(
  namespace: string,
  rate: number,
  targets: Readonly<Record<string, string>>,
  connections = 2,
): Stream {
  const words = Object.entries(targets).map(([name, url]) => `${name}=${url}`);
  const client = ['exec', '-i', '-n', namespace, 'client', '--', 'node', '/code/stream.mjs'];
  const running = startKubectl([...client, String(rate), String(connections), ...words]);
  return {
    async end() {
      running.stdin!.end();
      return JSON.parse(await running.output) as Done;
    },
  };
}

export interface Done {
  readonly done: number;
  readonly failed: readonly string[];
}

/** Calls each of the targets `count` times over kept connections and `count` times over fresh ones. */
export function callShop(
  { namespace }: Shop,
  count: number,
  targets: Readonly<Record<string, string>>,
  parallel = 4,
): Done {
  const words = Object.entries(targets).map(([name, url]) => `${name}=${url}`);
  const client = ['exec', '-n', namespace, 'client', '--', 'node', '/code/calls.mjs'];
  return JSON.parse(kubectl([...client, String(count), String(parallel), ...words])) as Done;
}
