/** A conversation that has all that is special about Redis: cut, damaged, and joined anywhere. */
import { expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import {
  client,
  type Event,
  entriesOf,
  ProtocolBench,
  server,
  timeless,
  withHole,
} from '../test-bench.ts';
import { redisProtocol } from './index.ts';
import { bulk, command, list } from './test-encode.ts';

/** From this event on it is known that the client does not wait for its answers. */
const pipelinedFrom = 3;
/** After so long a pause, ms, what was asked before a loss is no longer waited for. */
const pauseMs = 2000;
const number = (value: number) => Buffer.from(`:${value}\r\n`);
const said = (line: string) => Buffer.from(`${line}\r\n`);
const line = said('+1700000000.123456 [0 127.0.0.1:5000] "get" "a"');

/** Every answer tells its question: `key:N` is asked, N is told. */
const ask = (n: number) => client(command('GET', `key:${n}`));
const tell = (n: number) => server(bulk(String(n)));

function conversation(type: '*' | '>'): readonly Event[] {
  const confirm = (name: string, count: number) => list(type, name, 'c', number(count));
  return [
    ...(type === '>'
      ? [client(command('HELLO', '3')), server(list('%', 'proto', number(3)))]
      : [client(command('PING')), server('+PONG\r\n')]),
    client(command('GET', 'key:9'), command('GET', 'key:1')),
    server(bulk('9'), bulk('1')),
    client(command('MULTI'), command('SET', 'key:x', 'x'), command('INCR', 'n'), command('EXEC')),
    server('+OK\r\n+QUEUED\r\n+QUEUED\r\n', list('*', said('+OK'), number(7))),
    ...[ask(2), tell(2)],
    client(command('SUBSCRIBE', 'c')),
    server(confirm('subscribe', 1), list(type, 'message', 'c', 'one')),
    server(list(type, 'message', 'c', 'two')),
    client(command('UNSUBSCRIBE', 'c')),
    server(list(type, 'message', 'c', 'three'), confirm('unsubscribe', 0)),
    ...[ask(3), tell(3)],
    client(command('CLIENT', 'REPLY', 'SKIP'), command('SET', 'key:y', 'y')),
    client(command('BLPOP', 'key:q', '0')),
    server(list('*', 'key:q', 'job')),
    ...[ask(4), tell(4), ask(5), tell(5), ask(6), tell(6)],
    client(command('MONITOR')),
    server('+OK\r\n', line, line),
    client(command('RESET')),
    server(line, '+RESET\r\n'),
    ...[ask(7), tell(7), ask(8), tell(8)],
  ];
}

const textOf = ({ method, target, request, response }: Entry) =>
  `${method} ${target} ${request ? '?' : ''} ${JSON.stringify(response?.['reply'])}`;

/** Confirmations whose request was not seen are told as what the server said. */
const isWhole = (entry: Entry) =>
  entry.incomplete.length === 0 &&
  entry.response !== undefined &&
  (entry.request !== undefined || !/SUBSCRIBE/.test(entry.method));

/** What is shown as whole is so in the conversation that was seen whole; returns how many those are. */
function expectNothingInvented(entries: readonly Entry[], whole: readonly Entry[], what: string) {
  const known = whole.map(textOf);
  const shown = entries.filter(isWhole).map(textOf);
  for (const text of shown) expect(known, what).toContain(text);
  return shown.filter((text) => /key:\d/.test(text)).length;
}

for (const type of ['*', '>'] as const) {
  const talk = conversation(type);
  const whole = entriesOf([redisProtocol], talk);
  const asked = (events: readonly Event[]) =>
    events
      .filter((event) => event.from === 'client')
      .map((event) => ('bytes' in event ? Buffer.from(event.bytes).toString() : ''))
      .join('')
      .split('key:')
      .filter((text) => /^\d/.test(text)).length;

  test(`whole (${type}): every exchange is told, in any pieces`, () => {
    expect(whole.every((entry) => entry.outcome === 'ok')).toBe(true);
    expect(whole.filter(({ target }) => /^key:\d/.test(target)).length).toBe(9);
    expect(whole.filter(({ method }) => method === 'MESSAGE').length).toBe(3);
    expect(whole.filter(({ method, request }) => method === 'MONITOR' && !request).length).toBe(3);
    const random = seededRandom(3);
    for (let round = 0; round < 20; round++) {
      const pieces = talk.flatMap((event): Event[] => {
        if (!('bytes' in event)) return [event];
        const at = Math.floor(random() * event.bytes.length);
        const parts = [event.bytes.subarray(0, at), event.bytes.subarray(at)];
        return parts.filter(({ length }) => length > 0).map((bytes) => ({ ...event, bytes }));
      });
      expect(entriesOf([redisProtocol], pieces).map(timeless)).toEqual(whole.map(timeless));
    }
  });

  test(`joined at every message (${type}): nothing is invented, what follows is told`, () => {
    for (let from = 0; from < talk.length; from++) {
      const rest = talk.slice(from);
      const entries = entriesOf([redisProtocol], rest, { fromStart: false });
      const told = expectNothingInvented(entries, whole, `from event ${from}`);
      expect(told, `from event ${from}`).toBeGreaterThanOrEqual(asked(rest));
    }
  });

  test(`a hole at every byte (${type}): nothing is invented, and after a pause all is told`, () => {
    talk.forEach((event, index) => {
      if (!('bytes' in event) || index < pipelinedFrom) return;
      for (let at = 0; at < event.bytes.length; at++) {
        for (const length of [1, 9, event.bytes.length - at]) {
          const what = `event ${index}, ${length} bytes at ${at}`;
          const bench = new ProtocolBench([redisProtocol]);
          bench.feed(withHole(talk, index, at, length));
          bench.now += pauseMs;
          const entries = bench.feed([ask(5), tell(5)]).close();
          expectNothingInvented(entries, whole, what);
          // In the last event it is an answer that may be missing.
          const last = textOf(entries.at(-1)!);
          if (index < talk.length - 1) expect(last, what).toBe('GET key:5 ? "5"');
        }
      }
    });
  });
}
