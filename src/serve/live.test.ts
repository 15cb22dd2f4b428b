import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { formatId } from '../entry/id.ts';
import { Outcome } from '../ship/columns.ts';
import type { LiveClientMessage, LiveServerMessage } from './api.ts';
import type { ServerHandle } from './server.ts';
import { type FakeContext, fakeContext, serveFake, testToken } from './test-support.ts';

let server: ServerHandle;
let context: FakeContext;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  context = fakeContext();
  server = await serveFake(context);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
});

const bearer = { authorization: `Bearer ${testToken}` };
const cookie = () => `mizu-token-${server.port}=${testToken}`;

/** A viewer as a program sees it. */
class Client {
  readonly socket: WebSocket;
  readonly messages: LiveServerMessage[] = [];
  closeCode = 0;
  #check = () => {};

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.messages.push(JSON.parse(String(data)));
      this.#check();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      this.#check();
    });
  }
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#check = () => {
        if (condition()) resolve();
      };
      this.#check();
    });
  }
  of<Type extends LiveServerMessage['type']>(type: Type) {
    return this.messages.filter(
      (message): message is Extract<LiveServerMessage, { type: Type }> => message.type === type,
    );
  }
  rows() {
    return this.of('entries').flatMap(({ entries }) => entries);
  }
  tell(message: LiveClientMessage | string | { readonly type: string }): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }
}

/** The client once it is connected, or the status that it was refused with. */
function open(path: string, headers: Record<string, string> = bearer): Promise<Client | number> {
  const socket = new WebSocket(`ws://localhost:${server.port}${path}`, { headers });
  sockets.push(socket);
  const client = new Client(socket);
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('open', () =>
      client.until(() => client.messages.length > 0).then(() => resolve(client)),
    );
  });
}
async function watch(filter = '', headers?: Record<string, string>): Promise<Client> {
  const client = await open(`/api/v1/live?filter=${encodeURIComponent(filter)}`, headers);
  if (typeof client === 'number') throw new Error(`refused: ${client}`);
  return client;
}

const row = (time: number, more = {}) => ({ time, sequence: time, status: 200, ...more });
const id = (time: number) => formatId(time, time);

describe('who may watch', () => {
  it('nobody without the token', async () => {
    expect(await open('/api/v1/live', {})).toBe(401);
    expect(await open('/api/v1/live', { authorization: 'Bearer wrong' })).toBe(401);
    expect(await open(`/api/v1/live?token=${testToken}`, {})).toBe(401);
  });

  it('the own page by its cookie, pages of other origins not', async () => {
    const own = { cookie: cookie(), origin: server.url };
    expect(await open('/api/v1/live', own)).toBeInstanceOf(Client);
    for (const origin of ['http://localhost:1', 'https://evil.example', 'null', 'file://']) {
      expect(await open('/api/v1/live', { cookie: cookie(), origin })).toBe(403);
    }
  });

  it('a cookie without an Origin is no browser, and no program either', async () => {
    expect(await open('/api/v1/live', { cookie: cookie() })).toBe(403);
  });

  it('not under a foreign name that points here', async () => {
    expect(await open('/api/v1/live', { ...bearer, host: 'evil.example' })).toBe(403);
  });

  it('only the live address is a WebSocket', async () => {
    expect(await open('/api/v1/nothing')).toBe(404);
  });
});

describe('watching', () => {
  it('entries arrive as they come, with counters from the start', async () => {
    const client = await watch();
    expect(client.messages[0]).toMatchObject({ type: 'counters' });
    context.arrive([row(1), row(2)]);
    await client.until(() => client.rows().length === 2);
    expect(client.rows().map((entry) => entry.id)).toEqual([id(1), id(2)]);
    await client.until(() => client.of('counters').length >= 2);
  });

  it('a call is shown while it waits, and completed in place', async () => {
    const client = await watch();
    context.arrive([row(1, { outcome: Outcome.Pending, status: 0 })]);
    await client.until(() => client.rows().length === 1);
    context.arrive([row(1, { status: 404, outcome: Outcome.Failed })]);
    await client.until(() => client.rows().length === 2);
    const [before, after] = client.rows();
    expect(before).toMatchObject({ id: id(1), outcome: 'pending' });
    expect(after).toMatchObject({ id: id(1), outcome: 'failed', status: 404 });
  });

  it('only what matches the filter is sent, and the filter can be changed', async () => {
    const client = await watch('status 500');
    context.arrive([row(1), row(2, { status: 500 })]);
    await client.until(() => client.rows().length > 0);
    expect(client.rows().map((entry) => entry.id)).toEqual([id(2)]);
    client.tell({ type: 'filter', filter: 'status 200' });
    await client.until(() => client.of('filter').length > 0);
    expect(client.of('filter')[0]).toEqual({ type: 'filter', filter: 'status 200' });
    context.arrive([row(3), row(4, { status: 500 })]);
    await client.until(() => client.rows().length > 1);
    expect(client.rows().map((entry) => entry.id)).toEqual([id(2), id(3)]);
  });

  it('a filter that cannot run is shown its place, and the one before stays', async () => {
    const client = await watch('status 500');
    client.tell({ type: 'filter', filter: 'statsu 200' });
    await client.until(() => client.of('error').length > 0);
    expect(client.of('error')[0]?.error).toMatchObject({ code: 'bad_filter', from: 0, to: 6 });
    context.arrive([row(1), row(2, { status: 500 })]);
    await client.until(() => client.rows().length > 0);
    expect(client.rows().map((entry) => entry.id)).toEqual([id(2)]);
  });

  it('opened with a bad filter: told so, and open for a better one', async () => {
    const client = await watch('statsu 200');
    await client.until(() => client.of('error').length > 0);
    client.tell({ type: 'filter', filter: '' });
    await client.until(() => client.of('filter').length > 0);
    context.arrive([row(1)]);
    await client.until(() => client.rows().length === 1);
  });

  it.each(['{', '42', '{"type":"stop"}', '{"type":"filter"}', '{"type":"pause","for":"ever"}'])(
    'a message that makes no sense is answered and costs nothing else: %s',
    async (message) => {
      const client = await watch();
      client.tell(message);
      await client.until(() => client.of('error').length > 0);
      expect(client.of('error')[0]?.error.code).toBe('bad_message');
      context.arrive([row(1)]);
      await client.until(() => client.rows().length === 1);
    },
  );

  it('paused: nothing comes but counters; resumed: what is new', async () => {
    const client = await watch();
    client.tell({ type: 'pause' });
    await client.until(() => client.of('counters').length > 1);
    context.arrive([row(1)]);
    const counted = client.of('counters').length;
    await client.until(() => client.of('counters').length > counted);
    expect(client.rows()).toEqual([]);
    client.tell({ type: 'resume' });
    // The answer to a message behind it says that it was taken.
    client.tell({ type: 'filter', filter: '' });
    await client.until(() => client.of('filter').length > 0);
    context.arrive([row(2)]);
    await client.until(() => client.rows().length > 0);
    expect(client.rows().map((entry) => entry.id)).toEqual([id(2)]);
  });

  it('is told when everything was forgotten', async () => {
    const client = await watch();
    await fetch(`${server.url}/api/v1/entries`, { method: 'DELETE', headers: bearer });
    await client.until(() => client.of('cleared').length === 1);
  });

  it('gets more than a page can show in part, and the number of the rest', async () => {
    const client = await watch();
    context.arrive(Array.from({ length: 5000 }, (_, i) => row(i + 1)));
    await client.until(() => client.of('missed').length > 0);
    const missed = client.of('missed').reduce((sum, { count }) => sum + count, 0);
    expect(client.rows().length).toBeGreaterThan(0);
    expect(client.rows().length + missed).toBe(5000);
  });

  it('is told that the server goes away, and the server goes', async () => {
    const client = await watch();
    await server.close();
    await client.until(() => client.closeCode !== 0);
    expect(client.closeCode).toBe(1001);
    server = await serveFake(fakeContext());
  });
});
