import { beforeEach, describe, expect, it } from 'vitest';
import { formatId } from '../entry/id.ts';
import { Outcome } from '../ship/columns.ts';
import type { LiveServerMessage } from './api.ts';
import { LiveFeed, type LiveFeedOptions } from './live-feed.ts';
import { batchOf, compileFake, entryAt, type FakeRow, zeroCounters } from './test-support.ts';
import type { ViewerSocket } from './viewer.ts';

/** A clock that stands still unless told. */
let time: number;
let made: number;
let feed: LiveFeed;

function newFeed(options: Partial<LiveFeedOptions> = {}): LiveFeed {
  return new LiveFeed({
    entryAt: (batch, row) => {
      made++;
      return entryAt(batch, row);
    },
    compile: compileFake,
    counters: () => zeroCounters,
    now: () => time,
    ...options,
  });
}

beforeEach(() => {
  time = 0;
  made = 0;
  feed = newFeed();
  return () => feed.close();
});

class FakeSocket implements ViewerSocket {
  bufferedAmount = 0;
  readonly messages: LiveServerMessage[] = [];
  send(text: string): void {
    this.messages.push(JSON.parse(text));
  }
  rows() {
    return this.messages.flatMap((message) => (message.type === 'entries' ? message.entries : []));
  }
  missed(): number {
    return this.messages.reduce((sum, it) => sum + (it.type === 'missed' ? it.count : 0), 0);
  }
}

const row = (at: number, more: Partial<FakeRow> = {}): FakeRow => ({
  time: at,
  sequence: at,
  status: 200,
  ...more,
});
const many = (count: number, from = 1) =>
  batchOf(Array.from({ length: count }, (_, i) => row(from + i)));
const pending = { outcome: Outcome.Pending, status: 0 } as const;

function flush(): void {
  time += 100;
  feed.flush();
}

it('rows that say more later are sent again to those who see them, and to nobody else', () => {
  const shown: string[] = [];
  feed = newFeed({ onShown: ({ id }) => shown.push(id) });
  const all = new FakeSocket();
  const failures = new FakeSocket();
  feed.watch(all, '');
  feed.watch(failures, 'status 500');
  const batch = batchOf([row(1)]);
  feed.push(batch);
  flush();
  expect(shown).toEqual([formatId(1, 1)]);
  const entry = entryAt(batch, 0);
  feed.again([{ ...entry, row: { ...entry.row, src: { ...entry.row.src, name: 'cart' } } }]);
  flush();
  expect(all.rows().map(({ id, src }) => [id, src.name])).toEqual([
    [formatId(1, 1), entry.row.src.name],
    [formatId(1, 1), 'cart'],
  ]);
  expect(failures.rows()).toEqual([]);
});

describe('calls that wait for their answer', () => {
  it('are kept with their bytes until it comes', () => {
    const batch = batchOf([row(1, { ...pending, request: 'ping' })]);
    feed.push(batch);
    batch.heap.fill(0);
    const [kept] = feed.pending();
    expect(new TextDecoder().decode(kept?.payload.request)).toBe('ping');
    expect(feed.pendingEntry(formatId(1, 1))).toBe(kept);
    feed.push(batchOf([row(1)]));
    expect(feed.pending()).toEqual([]);
    expect(feed.pendingEntry(formatId(1, 1))).toBeUndefined();
  });

  it('are listed by id, whatever order they came in', () => {
    feed.push(batchOf([row(3, pending), row(1, pending), row(2, pending)]));
    expect(feed.pending().map((entry) => entry.row.timestamp)).toEqual([0.001, 0.002, 0.003]);
  });

  it('that are answered in the same batch are shown once, as answered', () => {
    const socket = new FakeSocket();
    feed.watch(socket, '');
    feed.push(batchOf([row(1, pending), row(1)]));
    flush();
    expect(socket.rows().map(({ outcome }) => outcome)).toEqual(['ok']);
    expect(feed.pending()).toEqual([]);
  });

  it('another call with the same number at another time does not end them', () => {
    feed.push(batchOf([{ time: 1, sequence: 7, ...pending }]));
    feed.push(batchOf([{ time: 2, sequence: 7 }]));
    expect(feed.pending()).toHaveLength(1);
  });

  it('the oldest are given up when there are too many', () => {
    for (let from = 1; from <= 10_001; from += 1000) {
      const rows = Array.from({ length: 1000 }, (_, i) => row(from + i, pending));
      feed.push(batchOf(rows));
    }
    expect(feed.pending()).toHaveLength(10_000);
    expect(feed.givenUp).toBe(1000);
    expect(feed.pending()[0]?.row.timestamp).toBe(1.001);
  });

  it('the oldest are given up when their bodies are too large', () => {
    const request = 'x'.repeat(1 << 20);
    for (let at = 1; at <= 40; at++) feed.push(batchOf([row(at, { ...pending, request })]));
    expect(feed.pending()).toHaveLength(32);
    expect(feed.givenUp).toBe(8);
  });

  it('shown while waiting, their end is sent even when the filter is about waiting', () => {
    const [waiting, failed] = [new FakeSocket(), new FakeSocket()];
    feed.watch(waiting, 'outcome pending');
    feed.watch(failed, 'outcome failed');
    feed.push(batchOf([row(1, pending)]));
    flush();
    feed.push(batchOf([row(1), row(2)]));
    flush();
    expect(waiting.rows().map(({ outcome }) => outcome)).toEqual(['pending', 'ok']);
    expect(failed.rows()).toEqual([]);
  });
});

describe('the tap is not held up', () => {
  it('nobody looks: no row becomes an object', () => {
    feed.push(many(1000));
    expect(made).toBe(0);
    const socket = new FakeSocket();
    const viewer = feed.watch(socket, '');
    feed.setPaused(viewer, true);
    feed.push(many(1000));
    feed.leave(viewer);
    feed.push(many(1000));
    expect(made).toBe(0);
  });

  it('many look with the same filter: rows are made and matched once', () => {
    let matched = 0;
    feed = newFeed({ compile: () => () => ++matched > 0 });
    const sockets = [new FakeSocket(), new FakeSocket(), new FakeSocket()];
    for (const socket of sockets) feed.watch(socket, 'same');
    feed.push(many(10));
    flush();
    expect([made, matched]).toEqual([10, 10]);
    for (const socket of sockets) expect(socket.rows()).toHaveLength(10);
  });

  it('a filter that takes long is cut short, and the rest is counted', () => {
    feed = newFeed({
      compile: () => () => {
        time += 1;
        return true;
      },
    });
    const socket = new FakeSocket();
    feed.watch(socket, 'slow');
    feed.push(many(500));
    flush();
    expect(socket.rows().length).toBeLessThan(50);
    expect(socket.rows().length).toBeGreaterThanOrEqual(16);
    expect(socket.rows().length + socket.missed()).toBe(500);
    // The next flush has a budget of its own.
    feed.push(batchOf([row(9999)]));
    flush();
    expect(socket.rows().at(-1)?.id).toBe(formatId(9999, 9999));
  });

  it('a filter that breaks on an entry does not break the tap', () => {
    feed = newFeed({
      compile: () => (entry) => {
        if (entry.row.timestamp === 0.002) throw new Error('broken');
        return true;
      },
    });
    const socket = new FakeSocket();
    feed.watch(socket, 'breaks');
    feed.push(many(3));
    flush();
    expect(socket.rows()).toHaveLength(2);
  });
});

describe('viewers who cannot keep up', () => {
  it('more than a page can show: the rest is counted, and room comes back with time', () => {
    const socket = new FakeSocket();
    feed.watch(socket, '');
    feed.push(many(3000));
    flush();
    expect([socket.rows().length, socket.missed()]).toEqual([2000, 1000]);
    feed.push(many(300, 5000));
    flush();
    expect([socket.rows().length, socket.missed()]).toEqual([2200, 1100]);
  });

  it('a full socket gets nothing, and the number of what it missed when it drains', () => {
    const [slow, quick] = [new FakeSocket(), new FakeSocket()];
    feed.watch(slow, '');
    feed.watch(quick, '');
    slow.bufferedAmount = 2 << 20;
    feed.push(many(30));
    flush();
    feed.push(many(12, 100));
    flush();
    expect(slow.rows()).toEqual([]);
    expect(slow.missed()).toBe(0);
    expect(quick.rows()).toHaveLength(42);
    expect(quick.missed()).toBe(0);
    slow.bufferedAmount = 0;
    flush();
    expect(slow.missed()).toBe(42);
    feed.push(many(1, 200));
    flush();
    expect([slow.rows().length, slow.missed()]).toEqual([1, 42]);
  });

  it('a full socket gets no counters either, others get them each second', () => {
    const [slow, quick] = [new FakeSocket(), new FakeSocket()];
    feed.watch(slow, '');
    feed.watch(quick, '');
    slow.bufferedAmount = 2 << 20;
    for (let i = 0; i < 20; i++) flush();
    const counters = ({ messages }: FakeSocket) =>
      messages.filter(({ type }) => type === 'counters').length;
    expect(counters(quick)).toBe(3);
    expect(counters(slow)).toBe(1);
  });
});

describe('coming and going', () => {
  it('what was queued before a viewer came is not sent to it', () => {
    const [first, second] = [new FakeSocket(), new FakeSocket()];
    feed.watch(first, '');
    feed.push(many(3));
    feed.watch(second, '');
    flush();
    expect(first.rows()).toHaveLength(3);
    expect(second.rows()).toHaveLength(0);
  });

  it('forgetting everything drops what waits, and tells', () => {
    const socket = new FakeSocket();
    feed.watch(socket, '');
    feed.push(batchOf([row(1, pending), row(2)]));
    feed.cleared();
    flush();
    expect(socket.rows()).toEqual([]);
    expect(socket.messages.at(-1)).toEqual({ type: 'cleared' });
    expect(feed.pending()).toEqual([]);
  });
});
