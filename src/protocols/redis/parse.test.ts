import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Entry } from '../../entry/entry.ts';
import type { BenchOptions } from '../test-bench.ts';
import {
  byteByByte,
  client,
  type Event,
  entriesOf,
  inRandomPieces,
  ProtocolBench,
  server,
  timeless,
} from '../test-bench.ts';
import { redisProtocol } from './index.ts';
import { bulk, command, list, randomValue } from './test-encode.ts';

/** The entries, which are the same however the bytes are cut. */
function run(events: readonly Event[], options: BenchOptions = {}): Entry[] {
  const whole = entriesOf([redisProtocol], events, options);
  const same = whole.map(timeless);
  expect(entriesOf([redisProtocol], byteByByte(events), options).map(timeless)).toEqual(same);
  const random = seededRandom(events.length);
  for (let i = 0; i < 5; i++) {
    const pieces = inRandomPieces(events, random);
    expect(entriesOf([redisProtocol], pieces, options).map(timeless)).toEqual(same);
  }
  return whole;
}

/** `SET k|OK|ok`, one for each entry. */
function lines(entries: readonly Entry[]): string[] {
  return entries.map(({ method, target, response, outcome }) => {
    const answer = response === undefined ? '-' : String(response['value']);
    return `${method} ${target}|${answer}|${outcome}`;
  });
}

describe('requests', () => {
  test('names in capitals, keys by their positions, values, options', () => {
    const talk = [
      client(command('set', 'shop:1', '{"a":1}', 'nx')),
      server('+OK\r\n'),
      client(command('MGET', 'a', 'b', 'c')),
      server(list('*', 'x', 'y', 'z')),
      client(command('XREAD', 'COUNT', '2', 'STREAMS', 's1', 's2', '0', '0')),
      server('*-1\r\n'),
      client(command('eval', 'return 1', '2', 'k1', 'k2', 'v')),
      server(':1\r\n'),
      client(command('client', 'setname', 'me')),
      server('+OK\r\n'),
      client(command('PUBLISH', 'news', 'hi')),
      server(':0\r\n'),
      client(command('FT.SEARCH', 'index', 'word')),
      server('*0\r\n'),
      client(command('nosuch', 'a')),
      server("-ERR unknown command 'nosuch', with args beginning with: 'a' \r\n"),
    ];
    const entries = run(talk);
    expect(lines(entries)).toEqual([
      'SET shop:1|OK|ok',
      'MGET a +2|[x, y, z]|ok',
      'XREAD s1 +1||ok',
      'EVAL k1 +1|1|ok',
      'CLIENT SETNAME me|OK|ok',
      'PUBLISH news|0|ok',
      'FT.SEARCH index|[]|ok',
      "NOSUCH a|ERR unknown command 'nosuch', with args beginning with: 'a' |failed",
    ]);
    expect(entries[0]!.request).toMatchObject({
      type: 'Array',
      command: 'SET',
      key: 'shop:1',
      keyword: 'NX',
      value: '[{"a":1}, nx]',
      arguments: ['shop:1', '{"a":1}', 'nx'],
    });
    expect(entries[1]!.request).toMatchObject({ keys: ['a', 'b', 'c'], value: '' });
    expect(entries[4]!.request).toMatchObject({ subcommand: 'SETNAME', key: 'me' });
  });

  test('lines, with quotes and escapes, are read once the server shows what this is', () => {
    const talk = [
      client('PING\r\n'),
      server('+PONG\r\n'),
      client('SET greeting "hello \\"you\\"\\x21"\r\nGET \'greeting\'\n\r\n'),
      server('+OK\r\n$12\r\nhello "you"!\r\n'),
    ];
    const entries = run(talk);
    expect(lines(entries)).toEqual([
      'PING |PONG|ok',
      'SET greeting|OK|ok',
      'GET greeting|hello "you"!|ok',
    ]);
    expect(entries[1]!.request).toMatchObject({ type: 'Inline', value: 'hello "you"!' });
  });

  test('binary keys and values, and values that look like commands', () => {
    const trap = '*1\r\n$4\r\nPING\r\n';
    const bytes = Buffer.from([0, 13, 10, 255, 36]);
    const entries = run([
      client(command('SET', bytes, trap), command('GET', bytes)),
      server('+OK\r\n', bulk(trap)),
    ]);
    expect(entries.map(({ request }) => request!['key'])).toEqual([
      '\\x00\\r\\n\\xff$',
      '\\x00\\r\\n\\xff$',
    ]);
    expect(entries[0]!.request!['value']).toBe(trap);
    expect(entries[1]!.response!['value']).toBe(trap);
  });

  test('one that waits is shown while it waits', () => {
    const bench = new ProtocolBench([redisProtocol]);
    bench.feed([client(command('BLPOP', 'queue', '0'))]).announce();
    expect(bench.pending).toMatchObject([{ method: 'BLPOP', target: 'queue', outcome: 'pending' }]);
    expect(bench.feed([server(list('*', 'queue', 'job'))]).close()).toMatchObject([
      { outcome: 'ok', response: { reply: ['queue', 'job'] } },
    ]);
  });

  test('what is longer than the limit is counted, and what follows is found', () => {
    const large = 'x'.repeat(50_000);
    const many = Array.from({ length: 3000 }, (_, i) => [`key:${i}`, `value ${i}`]).flat();
    const talk = [
      client(command('SET', 'large', large), command('GET', 'large')),
      server('+OK\r\n', bulk(large)),
      client(command('MSET', ...many), command('KEYS', '*')),
      server('+OK\r\n', list('*', ...many)),
      client(command('DEL', 'large')),
      server(':1\r\n'),
    ];
    const options = { bodyLimitBytes: 2000 };
    const entries = entriesOf(
      [redisProtocol],
      inRandomPieces(talk, seededRandom(3), 1460),
      options,
    );
    expect(entries.map(({ method, target, outcome }) => `${method} ${target} ${outcome}`)).toEqual([
      ...['SET large ok', 'GET large ok', 'MSET key:0 +2999 ok', 'KEYS * ok', 'DEL large ok'],
    ]);
    expect(entries[0]!.requestSize).toBe(command('SET', 'large', large).length);
    expect(entries[1]!.responseSize).toBe(bulk(large).length);
    expect(entries[2]!.requestSize).toBe(command('MSET', ...many).length);
    expect(entries[3]!.responseSize).toBe(list('*', ...many).length);
    expect(entries[0]!.request).toMatchObject({ key: 'large', cut: true });
    expect(entries[0]!.incomplete).toEqual(['the request body is longer than the limit']);
  });
});

describe('what is not one answer to one request', () => {
  test('long messages without a partner are complete with their last byte', () => {
    const large = 'x'.repeat(9000);
    const bench = new ProtocolBench([redisProtocol], { bodyLimitBytes: 2000 });
    bench.feed([
      client(command('CLIENT', 'REPLY', 'OFF'), command('SET', 'a', large)),
      server(list('>', 'message', 'c', large)),
    ]);
    bench.announce();
    expect(bench.entries.map(({ method, outcome }) => `${method} ${outcome}`)).toEqual([
      ...['CLIENT REPLY ok', 'SET ok', 'MESSAGE ok'],
    ]);
    expect(bench.pending).toEqual([]);
  });

  test('a transaction: EXEC shows its commands with their results', () => {
    const entries = run([
      client(
        command('MULTI'),
        command('SET', 'a', '1'),
        command('lpush', 'a', 'x'),
        command('exec'),
      ),
      server('+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n-WRONGTYPE no list\r\n'),
      client(command('MULTI'), command('GET', 'a'), command('DISCARD'), command('EXEC')),
      server('+OK\r\n+QUEUED\r\n+OK\r\n-ERR EXEC without MULTI\r\n'),
    ]);
    expect(lines(entries)).toEqual([
      'MULTI |OK|ok',
      'SET a|QUEUED|ok',
      'LPUSH a|QUEUED|ok',
      'EXEC |[OK, (error) WRONGTYPE no list]|failed',
      'MULTI |OK|ok',
      'GET a|QUEUED|ok',
      'DISCARD |OK|ok',
      'EXEC |ERR EXEC without MULTI|failed',
    ]);
    expect(entries[3]!.requestSize).toBe(command('exec').length);
    expect(entries[3]!.request).toMatchObject({
      command: 'EXEC',
      queued: ['SET a 1', 'lpush a x'],
    });
    expect(entries[3]!.response!['results']).toEqual([
      { command: 'SET', typed: 'SET a 1', reply: 'OK' },
      { command: 'LPUSH', typed: 'lpush a x', reply: '(error) WRONGTYPE no list' },
    ]);
    expect(entries[7]!.request!['queued']).toBeUndefined();
  });

  test('a transaction: results stand with their commands, or with none', () => {
    const large = 'v'.repeat(8100);
    const many = Array.from({ length: 9 }, (_, i) => command('SET', `k:${i}`, large));
    const queued = '+QUEUED\r\n';
    const entries = run([
      client(command('MULTI'), command('SET', 'w', '5'), command('MULTI'), command('GET', 'w')),
      client(command('WATCH', 'w'), command('EXEC')),
      server('+OK\r\n', queued, '-ERR MULTI calls can not be nested\r\n', queued),
      server('-ERR WATCH inside MULTI is not allowed\r\n', '*2\r\n+OK\r\n', bulk('5')),
      client(command('MULTI'), ...many, command('INCR', 'n'), command('EXEC')),
      server('+OK\r\n', queued.repeat(10), '*10\r\n', '+OK\r\n'.repeat(9), ':7\r\n'),
      client(command('MULTI'), command('GET', 'a'), command('NOSUCH'), command('EXEC')),
      server('+OK\r\n', queued, '-ERR unknown\r\n', '*1\r\n', bulk('1')),
      client(command('WATCH', 'a'), command('MULTI'), command('INCR', 'a'), command('EXEC')),
      server('+OK\r\n+OK\r\n', queued, '*-1\r\n'),
    ]);
    const exec = entries.filter(({ method }) => method === 'EXEC');
    const results = exec.map(({ response }) => response!['results'] as Record<string, unknown>[]);
    expect(results[0]).toEqual([
      { command: 'SET', typed: 'SET w 5', reply: 'OK' },
      { command: 'GET', typed: 'GET w', reply: '5' },
    ]);
    expect(results[1]!.map(({ command, reply }) => `${command} ${reply}`)).toEqual([
      ...new Array(8).fill('SET OK'),
      ...[' OK', ' 7'],
    ]);
    expect(results[2]).toEqual([{ command: '', typed: '', reply: '1' }]);
    expect(exec[3]!.response).toMatchObject({ keyword: 'ABORTED', reply: null });
  });

  test.each(['*', '>'] as const)('subscriptions and messages (%s)', (type) => {
    const confirm = (name: string, channel: string, count: number) =>
      list(type, name, channel, Buffer.from(`:${count}\r\n`));
    const hello = [client(command('HELLO', '3')), server('%1\r\n$5\r\nproto\r\n:3\r\n')];
    const entries = run([
      ...(type === '>' ? hello : []),
      client(command('SUBSCRIBE', 'a', 'b')),
      server(confirm('subscribe', 'a', 1), confirm('subscribe', 'b', 2)),
      server(list(type, 'message', 'a', '{"n":1}')),
      client(command('PSUBSCRIBE', 'n*')),
      server(list(type, 'message', 'b', 'early'), confirm('psubscribe', 'n*', 3)),
      server(list(type, 'pmessage', 'n*', 'news', 'hi')),
      client(command('PING')),
      server(type === '*' ? list('*', 'pong', '') : '+PONG\r\n'),
      client(command('UNSUBSCRIBE')),
      server(confirm('unsubscribe', 'a', 2), confirm('unsubscribe', 'b', 1)),
      client(command('PUNSUBSCRIBE', 'n*'), command('LRANGE', 'l', '0', '-1')),
      server(confirm('punsubscribe', 'n*', 0), list('*', 'message', 'not', 'one')),
    ]);
    expect(lines(entries.filter(({ method }) => method !== 'HELLO'))).toEqual([
      'SUBSCRIBE a +1|[subscribe, a, 1, subscribe, b, 2]|ok',
      'MESSAGE a|{"n":1}|ok',
      'MESSAGE b|early|ok',
      'PSUBSCRIBE n*|[psubscribe, n*, 3]|ok',
      'PMESSAGE news|hi|ok',
      `PING |${type === '*' ? '[pong, ]' : 'PONG'}|ok`,
      'UNSUBSCRIBE |[unsubscribe, a, 2, unsubscribe, b, 1]|ok',
      'PUNSUBSCRIBE n*|[punsubscribe, n*, 0]|ok',
      'LRANGE l|[message, not, one]|ok',
    ]);
    const message = entries.find(({ method }) => method === 'PMESSAGE')!;
    expect(message.request).toBeUndefined();
    expect(message.response).toMatchObject({ type: 'Push', pattern: 'n*', key: 'news' });
  });

  test('CLIENT REPLY: the silent ones are complete, the others find their answers', () => {
    const reply = (how: string) => command('CLIENT', 'REPLY', how);
    const entries = run([
      client(command('GET', '0'), reply('OFF'), command('GET', '1'), reply('SKIP')),
      client(command('GET', '2'), reply('ON'), reply('SKIP'), command('GET', '3')),
      client(command('GET', '4'), reply('OFF'), command('RESET'), command('GET', '5')),
      server(bulk('zero'), '+OK\r\n', bulk('four'), '+RESET\r\n', bulk('five')),
    ]);
    expect(entries.map(({ outcome }) => outcome)).toEqual(new Array(12).fill('ok'));
    const answered = entries.filter(({ response }) => response !== undefined);
    expect(lines(answered)).toEqual([
      'GET 0|zero|ok',
      'CLIENT REPLY ON|OK|ok',
      'GET 4|four|ok',
      'RESET |RESET|ok',
      'GET 5|five|ok',
    ]);
  });

  test('answers that come although they were turned off belong to the next request', () => {
    const entries = run([
      client(command('CLIENT', 'REPLY', 'OFF')),
      server('-NOAUTH Authentication required.\r\n'),
      client(command('GET', 'a')),
      server('-NOAUTH Authentication required.\r\n'),
    ]);
    expect(entries.at(-1)).toMatchObject({ method: 'GET', outcome: 'failed' });
  });

  test('invalidated keys, between answers', () => {
    const entries = run([
      client(command('HELLO', '3'), command('CLIENT', 'TRACKING', 'ON'), command('GET', 'a')),
      server('%1\r\n$5\r\nproto\r\n:3\r\n+OK\r\n', bulk('1')),
      server(
        list('>', 'invalidate', list('*', 'a', 'b')),
        list('>', 'invalidate', Buffer.from('_\r\n')),
      ),
      client(command('GET', 'a')),
      server(list('>', 'invalidate', list('*', 'c')), bulk('2')),
    ]);
    expect(lines(entries).slice(2)).toEqual([
      'GET a|1|ok',
      'INVALIDATE a +1|undefined|ok',
      'INVALIDATE |undefined|ok',
      'INVALIDATE c|undefined|ok',
      'GET a|2|ok',
    ]);
    expect(entries[3]!.response!['keys']).toEqual(['a', 'b']);
  });

  test('MONITOR', () => {
    const line = '+1700000000.123456 [0 127.0.0.1:5000] "set" "a" "1"\r\n';
    const entries = run([
      client(command('MONITOR')),
      server('+OK\r\n', line, line),
      client(command('RESET'), command('PING')),
      server(line, '+RESET\r\n+PONG\r\n'),
    ]);
    expect(lines(entries)).toEqual([
      'MONITOR |OK|ok',
      'MONITOR "set" "a" "1"|"set" "a" "1"|ok',
      'MONITOR "set" "a" "1"|"set" "a" "1"|ok',
      'MONITOR "set" "a" "1"|"set" "a" "1"|ok',
      'RESET |RESET|ok',
      'PING |PONG|ok',
    ]);
  });

  test('a replica: the handshake, then one entry that counts until the end', () => {
    const id = '0123456789'.repeat(4);
    const file = Buffer.from('REDIS0011\r\n*3\r\n$3\r\nSET\r\n');
    const stream = [command('SET', 'a', '1'), command('REPLCONF', 'GETACK', '*')];
    const talk = [
      client(command('PING')),
      server('+PONG\r\n'),
      client(command('REPLCONF', 'capa', 'eof', 'capa', 'psync2')),
      server('+OK\r\n'),
      client(command('PSYNC', '?', '-1')),
      server('\n\n', `+FULLRESYNC ${id} 0\r\n`, `$${file.length}\r\n`, file, ...stream),
      client(command('REPLCONF', 'ACK', '31')),
      server(command('PING')),
    ];
    const entries = run(talk);
    expect(entries.map(({ method }) => method)).toEqual(['PING', 'REPLCONF', 'PSYNC']);
    expect(entries[2]!.response!['value']).toBe(`FULLRESYNC ${id} 0`);
    const { length } = Buffer.concat([...stream, command('PING')]);
    const line = `+FULLRESYNC ${id} 0\r\n$${file.length}\r\n`.length;
    expect(entries[2]!.responseSize).toBe(line + file.length + length);
    const live = new ProtocolBench([redisProtocol]).feed(talk.slice(0, -1)).announce();
    expect(live.pending).toMatchObject([{ method: 'PSYNC', outcome: 'pending' }]);
  });

  test.each([
    ['a length', '$20\r\nREDIS0011-0123456789'],
    ['a mark', `$EOF:${'0123456789'.repeat(4)}\r\nREDIS0011\r\n${'0123456789'.repeat(4)}`],
  ])('SYNC: a file with %s, and what follows, is counted', (_name, file) => {
    const stream = command('SET', 'a', '1');
    const entries = run([
      client(command('REPLCONF', 'capa', 'eof')),
      server('+OK\r\n'),
      client('SYNC\r\n'),
      server('\n'),
      server(file, stream),
      server(stream),
    ]);
    expect(entries.slice(1)).toMatchObject([
      { method: 'SYNC', outcome: 'ok', responseSize: file.length + 2 * stream.length },
    ]);
    expect(entries[1]!.response!['value']).toBe(`RDB ${file.split('\r')[0]}`);
  });

  test.each(['replica', 'master'])(
    'a replication stream joined in its middle is counted; the %s is heard first',
    (first) => {
      const stream = command('SET', 'a', '1');
      const acknowledgement = client(command('REPLCONF', 'ACK', '31'));
      const talk = [acknowledgement, server(stream, stream), acknowledgement, server(stream)];
      const events = first === 'replica' ? talk : [server(stream), ...talk];
      const entries = entriesOf([redisProtocol], events, { fromStart: false });
      expect(entries.at(-1)).toMatchObject({
        ...{ method: 'REPLCONF', target: 'ACK', outcome: 'ok', responseSize: 3 * stream.length },
        dst: { port: 9000 },
      });
      expect(entries.length).toBe(first === 'replica' ? 1 : 2);
    },
  );

  test('redirections and other errors have their classes', () => {
    const errors = [
      'MOVED 3999 127.0.0.1:6381',
      'ASK 3999 [::1]:6381',
      'CLUSTERDOWN Hash slot not served',
      'BUSY Redis is busy',
      'NOSCRIPT No matching script',
      'WRONGTYPE Operation against a key',
    ];
    const entries = run(
      errors.flatMap((error) => [client(command('GET', 'a')), server(`-${error}\r\n`)]),
    );
    expect(entries.map(({ response }) => response!['errorClass'])).toEqual([
      ...['MovedDataError', 'AskDataError', 'ClusterError', 'BusyError', 'NoScriptError'],
      'DataError',
    ]);
    expect(entries[0]!.response).toMatchObject({ slot: 3999, address: '127.0.0.1:6381' });
    expect(entries.every(({ outcome }) => outcome === 'failed')).toBe(true);
  });
});

describe('values', () => {
  test('lines of any length: beyond the limit they are counted', () => {
    const long = 'x'.repeat(100_000);
    const line = `+1700000000.123456 [0 [::1]:5000] "set" "a" "${long}"\r\n`;
    const talk = [
      client(command('EVAL', 'a', '0'), command('EVAL', 'b', '0'), command('EVAL', 'c', '0')),
      server(`+${long}\r\n`, `-ERR ${long}\r\n`, `*3\r\n:1\r\n+${long}\r\n:2\r\n`),
      client(command('MONITOR')),
      server('+OK\r\n', line, line.replaceAll('x', 'y')),
      client(command('RESET'), command('GET', 'a')),
      server('+RESET\r\n', bulk('1')),
    ];
    for (const bodyLimitBytes of [1 << 20, 2000]) {
      const pieces = inRandomPieces(talk, seededRandom(4), 1400);
      const entries = entriesOf([redisProtocol], pieces, { bodyLimitBytes });
      expect(entries.map(({ method, outcome }) => `${method} ${outcome}`)).toEqual([
        ...['EVAL ok', 'EVAL failed', 'EVAL ok', 'MONITOR ok', 'MONITOR ok', 'MONITOR ok'],
        ...['RESET ok', 'GET ok'],
      ]);
      expect(entries.map(({ responseSize }) => responseSize)).toEqual([
        ...[100_003, 100_007, 100_015, 5, line.length, line.length, 8, 7],
      ]);
      expect(entries[4]!.target).toMatch(/^"set" "a" "xxx/);
    }
  });

  test('a head without an end is no message, and costs no time', () => {
    const talk = [client(command('GET', 'a')), server(`$${'0'.repeat(300_000)}`)];
    const started = performance.now();
    entriesOf([redisProtocol], inRandomPieces(talk, seededRandom(6), 8));
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('any value of RESP3 is one answer, with the value that was encoded', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 60; round++) {
      const samples = Array.from({ length: 8 }, () => randomValue(random));
      const talk = samples.flatMap(({ bytes }) => [client(command('GET', 'a')), server(bytes)]);
      const pieces = round % 3 === 0 ? byteByByte(talk) : inRandomPieces(talk, random, 30);
      const entries = entriesOf([redisProtocol], pieces);
      expect(entries.map(({ response }) => response!['reply'])).toEqual(
        samples.map(({ value }) => value),
      );
    }
  });

  test('attributes belong to the answer behind them', () => {
    const attribute = Buffer.from('|1\r\n+ttl\r\n:3600\r\n');
    const entries = run([
      client(command('GET', 'a'), command('LRANGE', 'b', '0', '-1')),
      server(attribute, bulk('x'), attribute, list('*', Buffer.concat([attribute, bulk('y')]))),
    ]);
    expect(entries.map(({ response }) => [response!['reply'], response!['attributes']])).toEqual([
      ['x', { ttl: 3600 }],
      [['y'], { ttl: 3600 }],
    ]);
  });

  test('deep and wide replies cost neither recursion nor rescanning', () => {
    const deep = Buffer.from(`${'*1\r\n'.repeat(200_000)}:1\r\n`);
    const wide = Buffer.from(`*200000\r\n${':7\r\n'.repeat(200_000)}`);
    const talk = [client(command('GET', 'a'), command('GET', 'b')), server(deep, wide)];
    const started = performance.now();
    const entries = entriesOf([redisProtocol], inRandomPieces(talk, seededRandom(5), 60));
    expect(performance.now() - started).toBeLessThan(3000);
    expect(entries.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    expect(entries.map(({ responseSize }) => responseSize)).toEqual([deep.length, wide.length]);
    expect(entries.map(({ response }) => response!['cut'])).toEqual([true, true]);
  });
});

test('secrets are redacted in every form they have', () => {
  const secret = 'Open5esame';
  const hash = 'ab'.repeat(32);
  const talk = [
    client(command('AUTH', secret), command('AUTH', 'ann', secret), `AUTH ${secret}\r\n`),
    server('+OK\r\n+OK\r\n+OK\r\n'),
    client(command('HELLO', '3', 'AUTH', 'ann', secret, 'SETNAME', 'me')),
    server('%0\r\n'),
    client(command('ACL', 'SETUSER', 'ann', 'on', `>${secret}`, `#${hash}`, '~*')),
    client(command('CONFIG', 'SET', 'maxmemory', '0', 'requirepass', secret)),
    client(command('SENTINEL', 'SET', 'shop', 'quorum', '2', 'auth-pass', secret)),
    client(command('SENTINEL', 'CONFIG', 'SET', 'sentinel-pass', secret)),
    client(command('SENTINEL', 'CONFIG', 'GET', '*')),
    server('+OK\r\n+OK\r\n+OK\r\n+OK\r\n', list('*', 'sentinel-pass', secret)),
    client(command('MIGRATE', 'h', '6379', '', '0', '5', 'AUTH2', 'ann', secret, 'KEYS', 'a', 'b')),
    server('+NOKEY\r\n'),
    client(command('CONFIG', 'GET', '*pass'), command('ACL', 'GENPASS'), command('ACL', 'LIST')),
    server(list('*', 'requirepass', secret), bulk(hash), list('*', `user ann on #${hash} ~*`)),
    client(command('MULTI'), command('CONFIG', 'SET', 'masterauth', secret), command('EXEC')),
    server('+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n'),
  ];
  const entries = run(talk, { redact: true });
  const text = JSON.stringify(entries);
  expect(text).not.toContain(secret);
  expect(text).not.toContain(hash);
  expect(entries.map(({ request }) => request!['arguments']).slice(0, 10)).toEqual([
    ['[REDACTED]'],
    ['ann', '[REDACTED]'],
    ['[REDACTED]'],
    ['3', 'AUTH', 'ann', '[REDACTED]', 'SETNAME', 'me'],
    ['SETUSER', 'ann', 'on', '[REDACTED]', '[REDACTED]', '~*'],
    ['SET', 'maxmemory', '0', 'requirepass', '[REDACTED]'],
    ['SET', 'shop', 'quorum', '2', 'auth-pass', '[REDACTED]'],
    ['CONFIG', 'SET', 'sentinel-pass', '[REDACTED]'],
    ['CONFIG', 'GET', '*'],
    ['h', '6379', '', '0', '5', 'AUTH2', 'ann', '[REDACTED]', 'KEYS', 'a', 'b'],
  ]);
  expect(entries[8]!.response!['reply']).toEqual({ 'sentinel-pass': '[REDACTED]' });
  expect(entries[9]!.request!['keys']).toEqual(['a', 'b']);
  expect(entries.slice(10, 13).map(({ response }) => response!['reply'])).toEqual([
    { requirepass: '[REDACTED]' },
    '[REDACTED]',
    ['user ann on #[REDACTED] ~*'],
  ]);
  expect(JSON.stringify(entriesOf([redisProtocol], talk))).toContain(secret);
});

test('secrets are redacted behind many words, in transactions, and without their request', () => {
  const secret = 'Open5esame';
  const made = 'c0ffee12';
  const hash = 'ab'.repeat(32);
  const settings = list('*', 'port', '6379', 'requirepass', secret, 'maxmemory', '0');
  const talk = [
    client(command('PING'), `ACL SETUSER ann ${'+get '.repeat(40)}>${secret}\r\n`),
    server('+PONG\r\n+OK\r\n'),
    client(command('MULTI'), command('CONFIG', 'GET', '*'), command('ACL', 'GENPASS', '32')),
    client(command('ACL', 'LIST'), command('GET', 'a'), command('EXEC')),
    server('+OK\r\n', '+QUEUED\r\n'.repeat(4)),
    server(list('*', settings, bulk(made), list('*', `user ann on #${hash} ~*`), 'kept')),
    server(settings),
  ];
  const entries = run(talk, { redact: true });
  const text = JSON.stringify(entries);
  for (const each of [secret, made, hash]) expect(text).not.toContain(each);
  const redacted = ['port', '6379', 'requirepass', '[REDACTED]', 'maxmemory', '0'];
  expect(entries.at(-2)!.response!['reply']).toEqual([
    ...[redacted, '[REDACTED]', ['user ann on #[REDACTED] ~*'], 'kept'],
  ]);
  expect(entries.at(-1)!.response!['reply']).toEqual(redacted);
});
