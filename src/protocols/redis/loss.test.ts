import { expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import {
  client,
  type Event,
  entriesOf,
  inRandomPieces,
  server,
  timeless,
  withHole,
} from '../test-bench.ts';
import { redisProtocol } from './index.ts';
import { bulk, command, list } from './test-encode.ts';

/** Questions and answers in turn; every answer tells its question. */
const talk: readonly Event[] = Array.from({ length: 8 }, (_, i) => [
  client(command(i % 2 === 0 ? 'GET' : 'LRANGE', `key:${i}`, ...(i % 2 === 0 ? [] : ['0', '-1']))),
  server(i % 2 === 0 ? bulk(`${i}`) : list('*', `${i}`, 'b', 'c', bulk('d\r\n:1\r\n'))),
]).flat();

const answerOf = ({ response }: Entry) => {
  const reply = response?.['reply'];
  return Array.isArray(reply) ? String(reply[0]) : String(reply);
};

/** No answer stands with another question; at most those at the hole are missing. */
function expectNoMixUp(entries: readonly Entry[], missing: number, what: string): void {
  let whole = 0;
  for (const entry of entries) {
    if (entry.request === undefined || entry.response === undefined) continue;
    if (entry.incomplete.length > 0) continue;
    expect(entry.target, what).toBe(`key:${answerOf(entry)}`);
    whole++;
  }
  expect(whole, what).toBeGreaterThanOrEqual(talk.length / 2 - missing);
}

test('a hole anywhere costs what it falls into, and no answer goes astray', () => {
  talk.forEach((event, index) => {
    if ('lost' in event) return;
    for (let at = 0; at < event.bytes.length; at++) {
      for (const length of [1, 7, event.bytes.length - at]) {
        const entries = entriesOf([redisProtocol], withHole(talk, index, at, length));
        expectNoMixUp(entries, 2, `event ${index}, ${length} bytes at ${at}`);
      }
    }
  });
});

test('a hole in a long value costs only its bytes', () => {
  const large = 'x'.repeat(10_000);
  const events = [
    client(command('SET', 'a', large, 'EX', '9'), command('GET', 'a')),
    server('+OK\r\n', list('*', large, 'b'), '+OK\r\n'),
    client(command('GET', 'after')),
    server(bulk('after')),
  ];
  for (const [index, sides] of [
    [0, 'the request'],
    [1, 'the response'],
  ] as const) {
    const random = seededRandom(index);
    const pieces = inRandomPieces(withHole(events, index, 4000, 2000), random, 1400);
    const entries = entriesOf([redisProtocol], pieces);
    const whole = entriesOf([redisProtocol], events);
    expect(entries.map(({ method, target }) => `${method} ${target}`)).toEqual(
      whole.map(({ method, target }) => `${method} ${target}`),
    );
    expect(entries.map(({ requestSize, responseSize }) => [requestSize, responseSize])).toEqual(
      whole.map(({ requestSize, responseSize }) => [requestSize, responseSize]),
    );
    expect(entries[index]!.incomplete).toContain(`bytes of ${sides} were lost by the capture`);
    expect(entries.at(-1)!.incomplete).toEqual([]);
  }
});

test('pipelined: what follows a loss is never given to the wrong request', () => {
  const random = seededRandom(9);
  for (let round = 0; round < 300; round++) {
    const count = 2 + Math.floor(random() * 12);
    const events: Event[] = [];
    for (let i = 0; i < 40; i += count) {
      const numbers = Array.from({ length: count }, (_, k) => i + k);
      events.push(client(...numbers.map((n) => command('GET', `key:${n}`))));
      events.push(server(...numbers.map((n) => bulk(String(n)))));
    }
    const index = Math.floor(random() * events.length);
    const { bytes } = events[index] as { bytes: Uint8Array };
    const at = Math.floor(random() * bytes.length);
    const holed = withHole(events, index, at, 1 + Math.floor(random() * 60));
    for (const entry of entriesOf([redisProtocol], inRandomPieces(holed, random, 60))) {
      if (!entry.request || !entry.response || entry.incomplete.length > 0) continue;
      expect(entry.target).toBe(`key:${answerOf(entry)}`);
    }
  }
});

test('messages of channels are found again behind a loss', () => {
  const messages = (type: '*' | '>') => [
    client(command('SUBSCRIBE', 'c')),
    server(list(type, 'subscribe', 'c', Buffer.from(':1\r\n'))),
    ...Array.from({ length: 10 }, (_, i) => server(list(type, 'message', 'c', `text ${i}`))),
  ];
  for (const type of ['*', '>'] as const) {
    for (let at = 0; at < 20; at++) {
      const entries = entriesOf([redisProtocol], withHole(messages(type), 4, at, 8));
      const texts = entries.map(({ response }) => response!['value']);
      expect(texts.slice(-7)).toEqual([3, 4, 5, 6, 7, 8, 9].map((i) => `text ${i}`));
    }
  }
});

test('lines of MONITOR are found again behind a loss, and when joined in the middle', () => {
  const line = (i: number) => server(`+170000000${i}.123456 [0 lua] "get" "${i}"\r\n`);
  const lines = Array.from({ length: 9 }, (_, i) => line(i));
  const shown = (entries: readonly Entry[]) => entries.map(({ target }) => target);
  const all = lines.map((_, i) => `"get" "${i}"`);
  for (let at = 0; at < 30; at++) {
    const events = [client(command('MONITOR')), server('+OK\r\n'), ...lines];
    expect(shown(entriesOf([redisProtocol], withHole(events, 4, at, 8))).slice(-6)).toEqual(
      all.slice(3),
    );
  }
  for (let from = 0; from < lines.length; from++) {
    const entries = entriesOf([redisProtocol], lines.slice(from), { fromStart: false });
    expect(shown(entries)).toEqual(all.slice(from));
    expect(new Set(entries.map(({ method, outcome }) => `${method} ${outcome}`))).toEqual(
      new Set(['MONITOR ok']),
    );
  }
});

test('joined in the middle, at every message: all that follows is shown', () => {
  const whole = entriesOf([redisProtocol], talk).map(timeless);
  for (let from = 0; from < talk.length; from++) {
    const entries = entriesOf([redisProtocol], talk.slice(from), { fromStart: false });
    const complete = entries.filter(({ request }) => request !== undefined).map(timeless);
    expect(complete).toEqual(whole.slice(Math.ceil(from / 2)));
  }
});

test('joined in the middle of a message: the next one is shown', () => {
  for (let from = 0; from < 4; from++) {
    const { from: side, bytes } = talk[from] as { from: 'client' | 'server'; bytes: Uint8Array };
    for (let at = 1; at < bytes.length; at++) {
      const events: Event[] = [{ from: side, bytes: bytes.subarray(at) }, ...talk.slice(from + 1)];
      const entries = entriesOf([redisProtocol], events, { fromStart: false });
      expectNoMixUp(entries, Math.ceil((from + 1) / 2) + 1, `event ${from} at ${at}`);
    }
  }
});

test('joined in the middle of what only the server says', () => {
  const messages = Array.from({ length: 4 }, (_, i) => server(list('*', 'message', 'c', `${i}`)));
  const entries = entriesOf([redisProtocol], messages, { fromStart: false });
  expect(entries.map(({ method, target }) => `${method} ${target}`)).toEqual(
    new Array(4).fill('MESSAGE c'),
  );
  expect(entries[0]!.src.port).toBe(9000 === entries[0]!.dst.port ? 40_000 : 9000);
});

test('a connection that ends in the middle says so', () => {
  const [question, answer] = [command('SET', 'a', 'a value'), list('*', 'a', 'b')];
  const asked = entriesOf([redisProtocol], [client(question.subarray(0, 30))]);
  expect(asked).toMatchObject([{ method: 'SET', target: 'a' }]);
  expect(asked[0]!.incomplete.join()).toContain('request');
  const answered = entriesOf(
    [redisProtocol],
    [client(command('KEYS', '*')), server(answer.subarray(0, 12))],
  );
  expect(answered).toMatchObject([{ method: 'KEYS', response: { reply: ['a'], cut: true } }]);
  expect(answered[0]!.incomplete.length).toBe(1);
});
