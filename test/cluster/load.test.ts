import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coresBetween, type Usage, usageOf } from './cgroup.ts';
import { nodeNames, podsOf } from './shop.ts';
import {
  apply,
  deleteNamespace,
  image,
  isLong,
  kubectl,
  newNamespace,
  noCluster,
  resourcesIn,
  say,
  sleep,
  startKubectl,
  Tap,
  traces,
  until,
} from './support.ts';

const isSoak = process.env['MIZU_SOAK'] === '1';
const runs = noCluster === undefined && (isLong || isSoak);
const wantedRate = Number(process.env['MIZU_LOAD_RATE'] ?? 5000);
const loadSeconds = isSoak ? 600 : 30;
const idleSeconds = 10;

/** Answers on raw sockets, so that what is measured is Mizu and not the load. */
const serverCode = `
require('node:net').createServer((socket) => {
  let rest = '';
  const body = JSON.stringify({ item: 'book', price: 12.5, stock: [1, 2, 3], note: 'x'.repeat(200) });
  const answer = 'HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: ' +
    body.length + '\\r\\n\\r\\n' + body;
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    let out = '';
    for (let at; (at = rest.indexOf('\\r\\n\\r\\n')) >= 0; rest = rest.slice(at + 4)) out += answer;
    if (out !== '') socket.write(out);
  });
}).listen(8080);
`;

const clientCode = `
const [, rate, connections, host] = process.argv;
const net = require('node:net');
let done = 0, started = 0, ending = false;
const idle = [];
const ask = (socket) => {
  socket.write('GET /flood/' + started++ + ' HTTP/1.1\\r\\nhost: flood\\r\\nuser-agent: flood\\r\\n' +
    'accept: application/json\\r\\nx-request-id: ' + started + '\\r\\n\\r\\n');
};
for (let i = 0; i < Number(connections); i++) {
  const socket = net.connect(8080, host, () => idle.push(socket));
  let length = 0;
  socket.setNoDelay(true);
  socket.on('error', (error) => { console.error(error.message); process.exit(1); });
  socket.on('data', (chunk) => {
    length += chunk.length;
    const head = chunk.indexOf('content-length: ');
    if (head >= 0) length = chunk.length - (chunk.indexOf('\\r\\n\\r\\n') + 4 + parseInt(chunk.toString('latin1', head + 16, head + 24)));
    if (length !== 0) return;
    done++;
    idle.push(socket);
  });
}
const begin = performance.now();
let last = 0;
setInterval(() => {
  const due = Math.floor((performance.now() - begin) * Number(rate) / 1000);
  while (!ending && started < due && idle.length > 0) ask(idle.pop());
  // A load that cannot be kept does not catch up in a burst.
  if (due - started > Number(rate) / 10 && !ending) started = due;
  if (ending && idle.length === Number(connections)) {
    console.log(JSON.stringify({ done, seconds: (last - begin) / 1000 }));
    process.exit(0);
  }
}, 2);
process.stdin.resume();
process.stdin.on('end', () => { ending = true; last = performance.now(); });
`;

describe.skipIf(!runs)('memory and CPU, from the cgroups', () => {
  let namespace: string;
  const resources = resourcesIn('load');
  let tap: Tap;

  beforeAll(async () => {
    namespace = newNamespace('load');
    const [here, there] = nodeNames();
    apply(nodePod(namespace, 'flood', there!, ['node', '-e', serverCode]));
    apply(nodePod(namespace, 'client', here!, ['sleep', 'infinity']));
    await until('pods run', () => {
      const all = podsOf(namespace).filter(({ status }) => status.phase === 'Running');
      return all.length === 2 || undefined;
    });
    tap = await Tap.start(['-n', namespace, ...resources.options]);
    await tap.capturing(2);
  });
  afterAll(async () => {
    expect(await tap.stop()).toBe(0);
    deleteNamespace(namespace);
    await until('nothing is left', () => traces(resources.namespace).length === 0 || undefined);
  });

  const mizuPods = () => podsOf(resources.namespace).map(({ metadata }) => metadata.name);
  const look = () =>
    new Map(mizuPods().map((name) => [name, usageOf(resources.namespace, name)] as const));

  /** CPU time of all tappers, as they tell it. */
  const ownSeconds = async () => {
    const { nodes } = await tap.get<{ nodes: { cpuMs: number }[] }>('targets');
    return nodes.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / 1000;
  };

  function tell(what: string, from: Map<string, Usage>, to: readonly Map<string, Usage>[]): Peak {
    const peak: Peak = { tapper: 0, server: 0 };
    for (const [name, first] of from) {
      const all = to.map((one) => one.get(name)!);
      const most = Math.max(...all.map(({ workingSetMiB }) => workingSetMiB));
      const anonymous = Math.max(...all.map(({ anonymousMiB }) => anonymousMiB));
      const kind = name.includes('tapper') ? 'tapper' : 'server';
      peak[kind] = Math.max(peak[kind], most);
      say(
        `${what}, ${name}: ${most.toFixed(0)} MiB working set (${anonymous.toFixed(0)} anonymous), ` +
          `${coresBetween(first, all.at(-1)!).toFixed(2)} cores`,
      );
      expect(all.at(-1)!.limitHits, `${name} reached its limit`).toBe(0);
    }
    return peak;
  }

  test('idle: a tapper under 150 MiB', async () => {
    await sleep(5000);
    const from = look();
    await sleep(idleSeconds * 1000);
    const { tapper, server } = tell('idle', from, [look()]);
    expect(tapper).toBeLessThan(150);
    expect(server).toBeLessThan(300);
  });

  test(`at ${wantedRate} calls a second: a tapper under 300 MiB, no limit reached, no restart`, {
    timeout: (loadSeconds + 120) * 1000,
  }, async () => {
    const server = podsOf(namespace).find(({ metadata }) => metadata.name === 'flood')!;
    const flood = startKubectl([
      ...['exec', '-i', '-n', namespace, 'client', '--', 'node', '-e', clientCode],
      ...[String(wantedRate), '40', server.status.podIP!],
    ]);
    const begin = performance.now();
    await sleep(3000);
    const from = look();
    const own = await ownSeconds();
    const looks: Map<string, Usage>[] = [];
    while (performance.now() - begin < loadSeconds * 1000) {
      await sleep(isSoak ? 20_000 : 5000);
      looks.push(look());
    }
    const ownAfter = await ownSeconds();
    say(
      `loaded, tappers by their own count: ${((ownAfter - own) / loadSeconds).toFixed(2)} cores together`,
    );
    flood.stdin!.end();
    const { done, seconds } = JSON.parse(await flood.output) as { done: number; seconds: number };
    say(`load: ${done} calls in ${seconds.toFixed(0)} s: ${(done / seconds).toFixed(0)} a second`);
    const { tapper } = tell('loaded', from, looks);
    let counters: Counted | undefined;
    let last = -1;
    await until('all that was seen is stored', async () => {
      counters = await tap.get<Counted>('counters');
      const { entries, expired } = counters.store;
      if (entries + expired === last) return true;
      last = entries + expired;
      await sleep(3000);
      return undefined;
    });
    const { store, capture, ship } = counters!;
    const lost = capture.dropped + ship.shedRows + store.shed;
    say(
      `load: ${last} of ${done} calls stored (${store.expired} gone again by size), ` +
        `shown as lost: ${capture.dropped} packets, ${ship.shedRows} rows, ${store.shed} by the store`,
    );
    expect(tapper).toBeLessThan(300);
    expect(last).toBeLessThanOrEqual(done);
    // What is missing is shown.
    if (lost === 0) expect(last).toBe(done);
    for (const { name, restarts } of restartsOf(resources.namespace)) {
      expect(restarts, name).toBe(0);
    }
  });
});

interface Peak {
  tapper: number;
  server: number;
}
interface Counted {
  readonly capture: { readonly dropped: number };
  readonly ship: { readonly shedRows: number };
  readonly store: { readonly entries: number; readonly expired: number; readonly shed: number };
}

function restartsOf(namespace: string): { name: string; restarts: number }[] {
  const { items } = JSON.parse(kubectl(['get', 'pods', '-n', namespace, '-o', 'json'])) as {
    items: {
      metadata: { name: string };
      status: { containerStatuses: { restartCount: number }[] };
    }[];
  };
  return items.map(({ metadata, status }) => ({
    name: metadata.name,
    restarts: status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
  }));
}

function nodePod(namespace: string, name: string, node: string, command: string[]): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      nodeName: node,
      terminationGracePeriodSeconds: 0,
      containers: [{ name, image, imagePullPolicy: 'IfNotPresent', command }],
    },
  };
}
