import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EntryRow } from '../../../src/entry/entry.ts';
import type { LiveServerMessage } from '../../../src/serve/api.ts';
import { receivedRow } from './test-support.ts';

/** A server in memory: its store, and the sockets that follow it. */
class FakeServer {
  stored: EntryRow[] = [];
  sockets: FakeSocket[] = [];
  /** Runs while a page is on its way: what happens in between. */
  meanwhile: () => void = () => undefined;

  add(n: number, outcome = 'ok', isSent = true): void {
    const id = n.toString(16).padStart(25, '0');
    const row = receivedRow({ id, outcome, timestamp: n });
    const at = this.stored.findIndex((known) => known.id === row.id);
    if (at >= 0) this.stored[at] = row;
    else this.stored.push(row);
    if (isSent) this.send({ type: 'entries', entries: [row] });
  }

  send(message: LiveServerMessage): void {
    for (const socket of this.sockets) {
      if (socket.readyState === 1) socket.onmessage?.({ data: JSON.stringify(message) });
    }
  }

  page(url: URL): unknown {
    const after = url.searchParams.get('after');
    const before = url.searchParams.get('before');
    const limit = Number(url.searchParams.get('limit'));
    const known = this.stored.filter(
      ({ id }) => (after === null || id > after) && (before === null || id < before),
    );
    const entries = after === null ? known.slice(-limit) : known.slice(0, limit);
    return { entries, end: entries.length === known.length, scanned: 0, decoded: 0 };
  }

  readonly fetch = async (address: string): Promise<Response> => {
    const body = JSON.stringify(this.page(new URL(address, 'http://localhost')));
    await Promise.resolve();
    this.meanwhile();
    return new Response(body);
  };
}

let server = new FakeServer();

class FakeSocket {
  static readonly OPEN = 1;
  readyState = 0;
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (event: { data: string }) => void;
  constructor() {
    server.sockets.push(this);
  }
  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  send(): void {}
  close(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

vi.stubGlobal('location', { search: '', pathname: '/', host: 'localhost', protocol: 'http:' });
vi.stubGlobal('history', { pushState: () => undefined, replaceState: () => undefined });
vi.stubGlobal('document', { hidden: false });
vi.stubGlobal('WebSocket', FakeSocket);
vi.stubGlobal('fetch', (address: string) => server.fetch(address));
vi.stubGlobal('requestAnimationFrame', (run: () => void) => setTimeout(run, 0));
vi.stubGlobal('window', {
  addEventListener: () => undefined,
  setTimeout: (run: () => void, delay: number) => setTimeout(run, delay),
  clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
});

const { Session } = await import('./session.ts');

const settle = () => vi.advanceTimersByTimeAsync(50);
const shown = (session: InstanceType<typeof Session>) =>
  session.list.rows.map((row) => Number.parseInt(row.id, 16));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

async function started(n: number) {
  server.stored = [];
  for (const i of upTo(n)) server.add(i, 'ok', false);
  const session = new Session();
  session.start();
  server.sockets.at(-1)?.open();
  await settle();
  return session;
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
});

describe('an address with an entry', () => {
  const opened = async (n: number, entry: number) => {
    location.search = `?entry=${entry.toString(16).padStart(25, '0')}`;
    const session = await started(n);
    location.search = '';
    return session;
  };

  it('shows it where it stands, and stays there', async () => {
    const session = await opened(5, 2);
    expect(session.view.get()).toMatchObject({ following: false, loaded: true });
    server.add(6);
    await settle();
    expect(shown(session)).toEqual(upTo(6));
  });

  it('however old it is', async () => {
    const session = await opened(2_000, 700);
    expect(session.view.get().following).toBe(false);
    expect(shown(session)).toContain(700);
    expect(shown(session)).toContain(650);
    expect(shown(session)).toContain(750);
    await session.loadNewer();
    expect(shown(session)).toContain(1_500);
  });

  it('that is not in the store shows the newest', async () => {
    const session = await opened(500, 5_000);
    expect(session.view.get().following).toBe(true);
    expect(shown(session).at(-1)).toBe(500);
  });
});

describe('what a viewer sees', () => {
  it('is what was stored, then what comes', async () => {
    const session = await started(5);
    server.add(6);
    await settle();
    expect(shown(session)).toEqual(upTo(6));
  });

  it('has each entry once that comes while the first page is on its way', async () => {
    server.meanwhile = () => {
      server.meanwhile = () => undefined;
      server.add(6);
      server.add(7);
    };
    const session = await started(5);
    expect(shown(session)).toEqual(upTo(7));
  });

  it('goes on after a lost connection without a gap and without repeats', async () => {
    const session = await started(5);
    server.sockets.at(-1)?.close();
    expect(session.link.state.get().state).toBe('lost');
    for (const n of [6, 7, 8]) server.add(n);
    await vi.advanceTimersByTimeAsync(600);
    server.sockets.at(-1)?.open();
    server.add(9);
    await settle();
    expect(session.link.state.get().state).toBe('open');
    expect(shown(session)).toEqual(upTo(9));
  });

  it('learns after a reconnect what became of an entry that was pending', async () => {
    const session = await started(3);
    server.add(4, 'pending');
    server.add(5);
    await settle();
    server.sockets.at(-1)?.close();
    server.add(4, 'failed');
    await vi.advanceTimersByTimeAsync(600);
    server.sockets.at(-1)?.open();
    await settle();
    expect(session.list.rows.find((row) => row.id.endsWith('4'))?.outcome).toBe('failed');
    expect(shown(session)).toEqual(upTo(5));
  });

  it('stands still while paused, and misses nothing when it goes on', async () => {
    const session = await started(5);
    session.setPaused(true);
    server.add(6);
    await settle();
    expect(shown(session)).toEqual(upTo(5));
    session.setPaused(false);
    await settle();
    expect(shown(session)).toEqual(upTo(6));
  });

  it('is filled up from the store when the server could not send everything', async () => {
    const session = await started(5);
    for (const n of [6, 7, 8]) server.add(n, 'ok', false);
    server.send({ type: 'missed', count: 3 });
    server.add(9);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(shown(session)).toEqual(upTo(9));
    expect(session.view.get().missed).toBe(3);
  });

  it('counts what is new while older entries are read', async () => {
    const session = await started(5);
    session.setFollowing(false);
    server.add(6);
    server.add(7);
    await settle();
    expect(session.view.get().newer).toBe(2);
    session.goNewest();
    expect(session.view.get()).toMatchObject({ newer: 0, following: true });
  });

  it('is empty after somebody cleared the store', async () => {
    const session = await started(5);
    server.stored = [];
    server.send({ type: 'cleared' });
    server.add(6);
    await settle();
    expect(shown(session)).toEqual([6]);
  });
});
