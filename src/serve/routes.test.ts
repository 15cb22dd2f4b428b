import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Incomplete } from '../dissect/contract.ts';
import { formatId } from '../entry/id.ts';
import { Outcome } from '../ship/columns.ts';
import type { EntriesPage } from './api.ts';
import type { ServerHandle } from './server.ts';
import { type FakeContext, fakeContext, serveFake, testToken } from './test-support.ts';

let server: ServerHandle;
let context: FakeContext;

beforeAll(async () => {
  context = fakeContext();
  server = await serveFake(context);
});
afterAll(() => server.close());
beforeEach(async () => {
  await context.clear();
  context.live.cleared();
});

function get(path: string, method = 'GET') {
  const headers = { authorization: `Bearer ${testToken}` };
  return fetch(`${server.url}/api/v1${path}`, { headers, method });
}
async function json(path: string) {
  const response = await get(path);
  // biome-ignore lint/suspicious/noExplicitAny: the assertions say what is expected of it
  return { status: response.status, body: (await response.json()) as any };
}
async function pageIds(path: string): Promise<{ ids: number[]; end: boolean }> {
  const { entries, end } = (await (await get(path)).json()) as EntriesPage;
  return { ids: entries.map(({ id }) => Number.parseInt(id.slice(0, 13), 16)), end };
}
const id = (time: number) => formatId(time, time);
const row = (time: number, more = {}) => ({ time, sequence: time, status: 200, ...more });

describe('pages of entries', () => {
  it('gives the newest, in ascending order, and goes back and forth by cursor', async () => {
    context.arrive([1, 2, 3, 4, 5].map((time) => row(time)));
    expect(await pageIds('/entries?limit=2')).toEqual({ ids: [4, 5], end: false });
    expect(await pageIds(`/entries?limit=2&before=${id(4)}`)).toEqual({ ids: [2, 3], end: false });
    expect(await pageIds(`/entries?limit=9&after=${id(3)}`)).toEqual({ ids: [4, 5], end: true });
  });

  it('narrows by filter', async () => {
    context.arrive([row(1), row(2, { status: 500 }), row(3)]);
    expect(await pageIds('/entries?filter=status%20500')).toEqual({ ids: [2], end: true });
  });

  it('shows calls that still wait for their answer, once, and as answered when they are', async () => {
    context.arrive([row(2), row(3, { outcome: Outcome.Pending, status: 0 })]);
    expect(await pageIds('/entries')).toEqual({ ids: [2, 3], end: true });
    expect(await pageIds('/entries?filter=status%20200')).toEqual({ ids: [2], end: true });
    expect(await pageIds('/entries?filter=outcome%20pending')).toEqual({ ids: [3], end: true });
    context.arrive([row(3)]);
    const { body } = await json('/entries');
    expect(body.entries).toHaveLength(2);
    expect(body.entries[1]).toMatchObject({ outcome: 'ok', status: 200 });
  });

  it('pages through stored and pending entries without a gap or a repeat', async () => {
    const pending = { outcome: Outcome.Pending };
    context.arrive([1, 2, 3, 4, 5, 6, 7].map((time) => row(time, time % 2 ? {} : pending)));
    const seen: number[] = [];
    let before = '';
    for (let i = 0; i < 9; i++) {
      const { ids, end } = await pageIds(`/entries?limit=2${before}`);
      seen.unshift(...ids);
      if (end) break;
      before = `&before=${id(ids[0]!)}`;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await pageIds(`/entries?limit=2&after=${id(1)}`)).toEqual({ ids: [2, 3], end: false });
  });

  it('are no longer searched for when the client has gone away', async () => {
    const leaving = new AbortController();
    const ended = new Promise((resolve) => {
      context.store.page = ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            resolve('ended');
            reject(new Error('aborted'));
          });
          leaving.abort();
        });
    });
    const headers = { authorization: `Bearer ${testToken}` };
    const answer = fetch(`${server.url}/api/v1/entries`, { headers, signal: leaving.signal });
    await expect(answer).rejects.toThrow();
    expect(await ended).toBe('ended');
    Reflect.deleteProperty(context.store, 'page');
  });

  it('are empty after everything was forgotten', async () => {
    context.arrive([row(1), row(2, { outcome: Outcome.Pending })]);
    expect((await get('/entries', 'DELETE')).status).toBe(204);
    expect(await pageIds('/entries')).toEqual({ ids: [], end: true });
  });
});

describe('parameters that make no sense are a 400 that names them', () => {
  it.each([
    ['/entries?limit=0', 'limit'],
    ['/entries?limit=1001', 'limit'],
    ['/entries?limit=many', 'limit'],
    ['/entries?limit=1&limit=2', 'limit'],
    ['/entries?before=xyz', 'before'],
    [`/entries?before=${id(1)}&after=${id(1)}`, 'before, after'],
    ['/entries?since=yesterday', 'since'],
    ['/entries?limits=5', 'limits'],
    [`/entries?filter=${'a'.repeat(9000)}`, 'filter'],
    ['/entries/42', 'id'],
    [`/entries/${id(1)}/raw`, 'side'],
    [`/entries/${id(1)}/body?side=both`, 'side'],
    ['/histogram?buckets=0', 'buckets'],
    ['/histogram?since=5&until=4', 'since'],
  ])('%s', async (path, name) => {
    const { status, body } = await json(path);
    expect(status).toBe(400);
    expect(body.error.code).toBe('bad_parameter');
    expect(body.error.message).toContain(name);
  });

  it.each(['/entries', '/count', '/histogram'])(
    'a bad filter of %s shows its place',
    async (path) => {
      const { status, body } = await json(`${path}?filter=statsu%20200`);
      expect(status).toBe(400);
      expect(body.error).toMatchObject({
        code: 'bad_filter',
        from: 0,
        to: 6,
        suggestion: 'status',
        message: 'statsu is not a field',
      });
    },
  );

  it('a filter can be checked without running it', async () => {
    expect((await json('/query/check?filter=statsu%20200')).body).toMatchObject({
      valid: false,
      error: { from: 0, to: 6 },
    });
    expect((await json('/query/check?filter=status%20200')).body).toMatchObject({ valid: true });
  });
});

describe('one entry', () => {
  it('is decoded, as filters see it and as the details pane draws it', async () => {
    context.arrive([row(1, { request: 'ping', response: 'pong' })]);
    const { status, body } = await json(`/entries/${id(1)}`);
    expect(status).toBe(200);
    expect(body.entry).toMatchObject({ id: id(1), request: { body: 'ping' } });
    expect(body.sections.response[0]).toMatchObject({ kind: 'body', content: 'pong' });
  });

  it('says a long body once when that is asked for, a short one always twice', async () => {
    const long = 'pong '.repeat(20_000);
    context.arrive([row(1, { request: 'ping', response: long })]);
    const twice = (await json(`/entries/${id(1)}`)).body;
    expect(twice.entry.response.body === long).toBe(true);
    const { body } = await json(`/entries/${id(1)}?texts=once`);
    expect(body.sections.response[0].content === long).toBe(true);
    expect(Object.keys(body.entry.response)).not.toContain('body');
    expect(body.entry.request.body).toBe('ping');
  });

  it('can be opened while it waits for its answer', async () => {
    context.arrive([row(1, { request: 'ping', outcome: Outcome.Pending })]);
    const { body } = await json(`/entries/${id(1)}`);
    expect(body.entry).toMatchObject({ outcome: 'pending', request: { body: 'ping' } });
    expect(body.sections.response).toEqual([]);
  });

  it('says where bytes are missing, behind what there is of that side', async () => {
    const incomplete = Incomplete.ResponseHole | Incomplete.RequestUnfinished;
    context.arrive([row(1, { request: 'pi', response: 'po', incomplete })]);
    context.arrive([row(2, { request: 'ping', response: 'pong' })]);
    expect((await json(`/entries/${id(1)}`)).body.breaks).toEqual({
      request: 'Here the connection ended, in the middle of the message.',
      response: 'Here bytes were lost by the capture.',
    });
    expect((await json(`/entries/${id(2)}`)).body.breaks).toBeUndefined();
  });

  it('that no decoder understands is shown with its bytes within reach', async () => {
    context.arrive([row(1, { request: 'broken' })]);
    const { status, body } = await json(`/entries/${id(1)}`);
    expect(status).toBe(200);
    expect(body.sections.request[0].title).toBe('Not decoded');
    expect(await (await get(`/entries/${id(1)}/raw?side=request`)).text()).toBe('broken');
  });

  it('gives raw bytes and bodies as downloads that no browser runs', async () => {
    context.arrive([row(1, { request: 'ping', response: '<script>alert(1)</script>é' })]);
    for (const kind of ['raw', 'body']) {
      const response = await get(`/entries/${id(1)}/${kind}?side=response`);
      expect(response.headers.get('content-type')).toBe('application/octet-stream');
      expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="/);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await response.text()).toBe('<script>alert(1)</script>é');
    }
  });

  it('that is unknown, or a side of it that was not seen, is a 404', async () => {
    context.arrive([row(1, { request: 'ping' })]);
    for (const path of [
      `/entries/${id(2)}`,
      `/entries/${id(2)}/raw?side=request`,
      `/entries/${id(1)}/raw?side=response`,
      `/entries/${id(1)}/body?side=response`,
    ]) {
      const { status, body } = await json(path);
      expect(status).toBe(404);
      expect(body.error.code).toBe('not_found');
    }
  });
});

describe('numbers', () => {
  it('counts what matches', async () => {
    context.arrive([row(1), row(2, { status: 500 }), row(3)]);
    expect((await json('/count?filter=status%20200')).body).toEqual({
      count: 2,
      atLeast: false,
      total: 3,
    });
    expect((await json('/count')).body).toEqual({ count: 3, atLeast: false, total: 3 });
  });

  it('stops counting somewhere and says so', async () => {
    context.store.count = async (_filter, atMost) => atMost;
    const { body } = await json('/count?filter=status%20200');
    expect(body).toMatchObject({ count: 100_000, atLeast: true });
    Reflect.deleteProperty(context.store, 'count');
  });

  it('has no histogram of nothing, and one from the oldest entry on', async () => {
    expect((await json('/histogram')).body).toEqual({ buckets: [] });
    context.arrive([row(5_000_000)]);
    expect((await json('/histogram')).body.buckets).toEqual([{ start: 5000, count: 1, failed: 0 }]);
  });

  it('tells protocols and fields', async () => {
    const { body } = await json('/protocols');
    expect(body.protocols[0]).toMatchObject({ id: 'http', label: 'HTTP', colour: '#123456' });
    expect(body.protocols[0]).not.toHaveProperty('parser');
    expect(body.fields[0].path).toBe('status');
    expect((await json('/counters')).body).toHaveProperty('store.limitBytes');
  });
});
