import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { frameHeaderBytes } from './frame.ts';
import type { LinkHub } from './hub.ts';
import { compatibility } from './messages.ts';
import type { TapperLink } from './tapper-link.ts';
import {
  newSecret,
  Relay,
  startHub,
  startTapper,
  type TestSecret,
  testBatch,
  testSettings,
  until,
} from './test-support.ts';

let secret: TestSecret;
beforeAll(async () => {
  secret = await newSecret();
});

const open: { hubs: LinkHub[]; links: TapperLink[]; relays: Relay[] } = {
  hubs: [],
  links: [],
  relays: [],
};
afterEach(async () => {
  await Promise.all(open.links.splice(0).map((link) => link.close('the test ends', 0)));
  for (const relay of open.relays.splice(0)) relay.close();
  await Promise.all(open.hubs.splice(0).map((hub) => hub.close()));
});

async function hubWith(...args: Parameters<typeof startHub>) {
  const started = await startHub(...args);
  open.hubs.push(started.hub);
  return started;
}
function tapperWith(...args: Parameters<typeof startTapper>) {
  const started = startTapper(...args);
  open.links.push(started.link);
  return started;
}
async function relayTo(port: () => number) {
  const relay = new Relay(port);
  open.relays.push(relay);
  return { relay, port: await relay.listen() };
}
const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('batches', () => {
  it('arrive once each, in order, as they were sent', async () => {
    const { hub, statuses } = await hubWith(secret);
    const { link } = tapperWith(hub.port, secret);
    for (const number of range(0, 100)) link.send(testBatch(number * 2, 2));
    await until(() => statuses.length === 200 && link.fill === 0);
    expect(statuses).toEqual(range(0, 200));
    expect(hub.tappers()[0]!.received).toMatchObject({ batches: 100, rows: 200, missing: 0 });
  });

  it('made before there is a connection are sent when there is one', async () => {
    const { relay, port } = await relayTo(() => started?.hub.port ?? 1);
    let started: Awaited<ReturnType<typeof startHub>> | undefined;
    const { link } = tapperWith(port, secret);
    link.send(testBatch(7));
    relay.cut();
    started = await hubWith(secret);
    await until(() => started!.statuses.length === 1);
  });

  it('on their way when the connection breaks are sent again and not taken twice', async () => {
    const { hub, statuses } = await hubWith(secret);
    const { relay, port } = await relayTo(() => hub.port);
    const { link } = tapperWith(port, secret);
    let sent = 0;
    for (let round = 0; round < 3; round++) {
      await until(() => link.connected);
      for (let count = 0; count < 40; count++) link.send(testBatch(sent++, 1, 20_000));
      // In the middle of it: some acknowledged, some on their way, some waiting.
      const before = statuses.length;
      await until(() => statuses.length > before);
      relay.cut();
      await until(() => !link.connected);
    }
    await until(() => link.fill === 0);
    expect(statuses).toEqual(range(0, 120));
    expect(hub.tappers()[0]!.received.missing).toBe(0);
  });

  it('taken but not acknowledged when the connection broke are not handed on again', async () => {
    const taking = Promise.withResolvers<void>();
    let seen = 0;
    const { hub } = await hubWith(secret, {
      take: () => {
        seen++;
        return taking.promise;
      },
    });
    const { relay, port } = await relayTo(() => hub.port);
    const { link } = tapperWith(port, secret);
    link.send(testBatch(1));
    await until(() => seen === 1);
    relay.cut();
    await until(() => !link.connected);
    await until(() => link.connected);
    await until(() => hub.tappers()[0]!.connected);
    taking.resolve();
    await until(() => link.fill === 0);
    expect(seen).toBe(1);
    expect(hub.tappers()[0]!.received).toMatchObject({ batches: 1, duplicates: 1 });
  });

  it('are not acknowledged before the taker has done with them', async () => {
    let resolve: () => void = () => undefined;
    const { hub } = await hubWith(secret, {
      take: () => new Promise<void>((done) => (resolve = done)),
    });
    const { link } = tapperWith(hub.port, secret);
    link.send(testBatch(1));
    await until(() => hub.tappers()[0]?.received.batches === 1);
    await new Promise((done) => setTimeout(done, 50));
    expect(link.fill).toBeGreaterThan(0);
    resolve();
    await until(() => link.fill === 0);
  });

  it('that the taker fails on are counted, and the next goes on', async () => {
    const { hub, notices } = await hubWith(secret, {
      take: (buffer) => {
        if (new Int32Array(buffer).includes(13)) throw new Error('no room');
        return undefined;
      },
    });
    const { link } = tapperWith(hub.port, secret);
    for (const status of [12, 13, 14]) link.send(testBatch(status));
    await until(() => link.fill === 0 && hub.tappers()[0]?.received.batches === 3);
    expect(hub.tappers()[0]!.received.damaged).toBe(1);
    expect(notices).toContain('a batch from node-1: no room');
  });

  it('wait with the tapper while the API server is away, and go to a new one', async () => {
    const first = await hubWith(secret);
    let { port } = first.hub;
    const between = await relayTo(() => port);
    const { link } = tapperWith(between.port, secret);
    link.send(testBatch(0));
    await until(() => first.statuses.length === 1 && link.fill === 0);
    await first.hub.close();
    await until(() => !link.connected);
    for (const status of range(1, 30)) link.send(testBatch(status));
    const second = await hubWith(secret);
    port = second.hub.port;
    await until(() => link.fill === 0);
    expect(second.statuses).toEqual(range(1, 30));
    // The number in the ids of what is captured stays the same.
    expect(second.hub.tappers()[0]!.nodeNumber).toBe(first.hub.tappers()[0]!.nodeNumber);
  });

  it('are given up, the oldest first, when the buffer is full, and counted on both ends', async () => {
    const { port } = await hubWith(secret).then(({ hub }) => hub);
    let open = false;
    const { relay, port: gate } = await relayTo(() => (open ? port : 1));
    const { link } = tapperWith(gate, secret, { bufferBytes: 100_000 });
    for (const status of range(0, 100)) link.send(testBatch(status, 1, 10_000));
    expect(link.fill).toBeLessThanOrEqual(1);
    expect(link.shedRows).toBeGreaterThan(80);
    expect(link.shedRows).toBeLessThan(95);
    open = true;
    relay.cut();
    await until(() => link.connected && link.fill === 0);
    const hub = openHubOf(port);
    await until(() => (hub.tappers()[0]?.counters?.shedRows ?? 0) === link.shedRows);
    expect(hub.tappers()[0]!.received.rows).toBe(100 - link.shedRows);
  });

  it('missing in between are noticed', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { hub } = await hubWith(secret, { take: () => gate });
    const { link } = tapperWith(hub.port, secret, { bufferBytes: 8 << 20 });
    await until(() => link.connected);
    // More than may be on its way and wait: the oldest that waits goes.
    for (const status of range(0, 30)) link.send(testBatch(status, 1, 1 << 20));
    release();
    await until(() => link.fill === 0);
    const { received } = hub.tappers()[0]!;
    expect(link.shedRows).toBeGreaterThan(0);
    expect(received.missing).toBe(link.shedRows);
    expect(received.rows).toBe(30 - link.shedRows);
  });
});

function openHubOf(port: number): LinkHub {
  return open.hubs.find((hub) => hub.port === port)!;
}

describe('targets and settings', () => {
  const targets = (version: number, ...addresses: string[]) => ({
    version,
    addresses,
    endpoints: [{ address: '', port: 30_080 }],
    ignored: [],
  });

  it('come with the welcome, and changes at once to the nodes they concern', async () => {
    const { hub } = await hubWith(secret);
    const told: string[] = [];
    const tapper = (node: string) =>
      tapperWith(hub.port, secret, {
        node,
        onWelcome: ({ targets }) => told.push(`${node} ${targets.addresses}`),
        onTargets: ({ addresses }) => told.push(`${node} ${addresses}`),
        onSettings: ({ capturing }) => told.push(`${node} ${capturing}`),
      });
    hub.setTargets(() => targets(1, '10.0.0.1'));
    tapper('a');
    tapper('b');
    await until(() => told.length === 2);
    expect(told.sort()).toEqual(['a 10.0.0.1', 'b 10.0.0.1']);
    hub.setTargets((node) => (node === 'b' ? targets(2, 'fd00::1') : targets(1, '10.0.0.1')));
    await until(() => told.length === 3);
    expect(told[2]).toBe('b fd00::1');
    hub.setSettings({ ...testSettings, capturing: false });
    await until(() => told.length === 5);
    expect(told.slice(3).sort()).toEqual(['a false', 'b false']);
  });

  it('of many thousand addresses get through', async () => {
    const { hub } = await hubWith(secret);
    const many = range(0, 20_000).map((index) => `fd00:10:244:1::${index.toString(16)}`);
    let count = 0;
    hub.setTargets(() => targets(1, ...many));
    tapperWith(hub.port, secret, {
      onWelcome: (welcome) => {
        count = welcome.targets.addresses.length;
      },
    });
    await until(() => count === many.length);
  });
});

describe('the state of tappers', () => {
  it('has one line per node: version, counters, what it captures, and its good-bye', async () => {
    const { hub } = await hubWith(secret);
    const { link } = tapperWith(hub.port, secret);
    await until(() => hub.tappers()[0]?.counters !== undefined);
    expect(hub.tappers()).toHaveLength(1);
    expect(hub.tappers()[0]).toMatchObject({
      nodeName: 'node-1',
      podName: 'tapper-1',
      version: '1.0.0',
      connected: true,
      capture: { state: 'capturing' },
      counters: { packets: 1, dropped: 3, memoryBytes: 5, bufferedBatches: 0 },
    });
    await link.close('the node is drained', 100);
    await until(() => hub.tappers()[0]?.connected === false);
    expect(hub.tappers()[0]!.farewell).toBe('the node is drained');
  });

  it('numbers nodes the same whoever comes first, each differently', async () => {
    const names = range(0, 30).map((index) => `node-${index}`);
    const numbersOf = async (order: string[]) => {
      const { hub } = await hubWith(secret);
      for (const node of order) {
        tapperWith(hub.port, secret, { node });
        await until(() => hub.tappers().some(({ nodeName }) => nodeName === node));
      }
      return hub.tappers().map(({ nodeNumber }) => nodeNumber);
    };
    const numbers = await numbersOf(names);
    expect(new Set(numbers).size).toBe(30);
    expect(await numbersOf([...names].reverse())).toEqual(numbers);
  });

  it('goes on with the new process when a tapper pod was replaced', async () => {
    const { hub, statuses } = await hubWith(secret);
    const first = tapperWith(hub.port, secret);
    first.link.send(testBatch(1));
    await until(() => statuses.length === 1);
    const second = tapperWith(hub.port, secret, { pod: 'tapper-2' });
    second.link.send(testBatch(2));
    await until(() => statuses.length === 2);
    await first.link.close('replaced', 100);
    expect(hub.tappers()).toMatchObject([{ podName: 'tapper-2', connected: true }]);
  });

  it('has what only the node knows, also at an API server that comes later', async () => {
    const seen: unknown[] = [];
    const options = { onFacts: (...facts: unknown[]) => seen.push(facts) };
    const first = await hubWith(secret, options);
    let { port } = first.hub;
    const between = await relayTo(() => port);
    const { link } = tapperWith(between.port, secret);
    const facts = {
      addresses: ['10.0.0.1'],
      sockets: [{ port: 10_250, podUid: 'x', listening: true }],
    };
    link.sendFacts(facts);
    await until(() => seen.length === 1);
    await first.hub.close();
    const second = await hubWith(secret, options);
    port = second.hub.port;
    await until(() => seen.length === 2);
    expect(seen).toEqual([
      [facts, 'node-1'],
      [facts, 'node-1'],
    ]);
  });
});

describe('who may connect', () => {
  it('nobody with another key, and the log does not show it', async () => {
    const { hub, notices } = await hubWith(secret);
    const wrong = { ...secret, key: 'another key' };
    const tapper = tapperWith(hub.port, wrong);
    await until(() => tapper.notices.length > 0 && notices.length > 0);
    expect(tapper.notices[0]).toMatch(/does not accept the key in the secret/);
    expect(notices[0]).toMatch(/refused a connection from 127\.0\.0\.1: wrong key/);
    expect([...tapper.notices, ...notices].join()).not.toContain('another key');
    expect(hub.tappers()).toEqual([]);
  });

  it('no tapper gives its key to somebody with another certificate', async () => {
    const impostor = await newSecret();
    let upgrades = 0;
    const { hub } = await hubWith({ ...impostor, key: secret.key }, { onTapper: () => upgrades++ });
    const { relay, port } = await relayTo(() => hub.port);
    const { notices } = tapperWith(port, secret);
    await until(() => notices.length > 0);
    expect(notices[0]).toMatch(/shows another certificate than the one in the secret/);
    await until(() => relay.bytes.up > 0);
    expect(upgrades).toBe(0);
    expect(hub.tappers()).toEqual([]);
  });

  it('says on both ends that two versions do not fit', async () => {
    const { hub, notices } = await hubWith(secret);
    const socket = new WebSocket(`wss://127.0.0.1:${hub.port}/tapper`, {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${secret.key}` },
    });
    const heard: string[] = [];
    socket.on('message', (data) => heard.push(data.toString()));
    socket.on('open', () =>
      socket.send(
        JSON.stringify({ type: 'hello', compatibility: compatibility + 1, version: '9.9.9' }),
      ),
    );
    await new Promise((resolve) => socket.on('close', resolve));
    expect(heard[0]).toMatch(/"refused".*Mizu 9\.9\.9.*Mizu 1\.0\.0.*same image/);
    expect(notices[0]).toMatch(/the tapper is Mizu 9\.9\.9/);
  });

  it.each([
    ['text that is no message', 'nonsense'],
    [
      'a message before the hello',
      JSON.stringify({ type: 'facts', facts: { addresses: [], sockets: [] } }),
    ],
    ['a batch before the hello', Buffer.alloc(100)],
    ['a message that is too long', 'x'.repeat(2 << 20)],
  ])('ends a connection with %s', async (_what, message) => {
    const { hub } = await hubWith(secret);
    const socket = new WebSocket(`wss://127.0.0.1:${hub.port}/tapper`, {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${secret.key}` },
    });
    socket.on('open', () => socket.send(message));
    const code = await new Promise((resolve) => socket.on('close', resolve));
    expect(code).toBe(4002);
  });

  it('a batch that claims to be small and is not is refused without being unpacked', async () => {
    const { hub, statuses } = await hubWith(secret);
    const socket = new WebSocket(`wss://127.0.0.1:${hub.port}/tapper`, {
      rejectUnauthorized: false,
      headers: { authorization: `Bearer ${secret.key}` },
    });
    const { packFrame } = await import('./frame.ts');
    const frame = packFrame(testBatch(1, 1, 1 << 20), 1);
    frame.writeUInt32LE(1000, 4);
    const hello = {
      type: 'hello',
      compatibility,
      version: '1.0.0',
      node: 'n',
      pod: 'p',
      session: 'a session',
      nodeNumber: 0,
    };
    socket.on('open', () => {
      socket.send(JSON.stringify(hello));
      socket.send(frame);
      socket.send(packFrame(testBatch(2), 2));
    });
    await until(() => statuses.length === 1);
    expect(hub.tappers()[0]!.received).toMatchObject({ batches: 1, damaged: 1 });
    expect(frame.length).toBeGreaterThan(frameHeaderBytes);
    socket.terminate();
  });
});

describe('a network that swallows everything', () => {
  it('is noticed, and what was sent into it is sent again', async () => {
    const { hub, statuses } = await hubWith(secret);
    const { relay, port } = await relayTo(() => hub.port);
    const { link } = tapperWith(port, secret, { silenceMs: 1500 });
    await until(() => link.connected);
    relay.silent = true;
    link.send(testBatch(1));
    await until(() => !link.connected);
    relay.cut();
    relay.silent = false;
    await until(() => statuses.length === 1);
    expect(statuses).toEqual([1]);
  });
});
