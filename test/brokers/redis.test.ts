/** redis-server with redis-cli, ioredis, redis-py and redis-benchmark: all they did is seen, nothing more. */
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry/entry.ts';
import { Capture, delay, freePort, run, until } from './capture.ts';
import { RawClient, type Reply } from './redis-raw.ts';
import { type RedisServer, redisPython, redisServer, startRedis } from './setup-redis.ts';

const python = fileURLToPath(new URL('redis-client.py', import.meta.url));
const longestTestMs = 120_000;
const installed = (await redisServer()) !== undefined;

/** What is done while it is recorded, and what Mizu sees of it. */
async function recorded(
  server: RedisServer,
  work: () => Promise<void>,
  words: readonly string[] = [],
): Promise<Entry[]> {
  await using capture = await Capture.start([server.port]);
  await work();
  const entries = await capture.entries(words);
  for (const entry of entries) expect(entry.protocol.name).toBe('redis');
  return entries.sort((one, other) => Number(one.id < other.id) * -2 + 1);
}

/** The bus has a port of its own: by default it is too high for ports that are free. */
async function clusterWords(): Promise<string[]> {
  return ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort())];
}

describe.skipIf(!installed)('Redis (skipped when redis-server is not installed)', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    return () => server[Symbol.asyncDispose]();
  });

  test.each(['-2', '-3'])(
    'redis-cli %s: every command, its answer, its type',
    async (protocol) => {
      const commands = [
        'SET shop:1 "a value"',
        'GET shop:1',
        'GET nothing',
        'INCR counter',
        'INCR shop:1',
        'HSET cart apples 3 pears 4',
        'HGETALL cart',
        'ZADD board 1.5 ann 2 bob',
        'ZSCORE board ann',
        'ZRANGE board 0 -1 WITHSCORES',
        'SADD tags x',
        'SMEMBERS tags',
        'MGET shop:1 nothing',
        'XADD log 1-1 field value',
        'XRANGE log - +',
        'XREAD COUNT 2 STREAMS log 0',
        'EVAL "return {1,{2,{3}}}" 0',
        'NOSUCH command',
        'CONFIG GET maxmemory',
        'CLIENT NO-EVICT off',
        'OBJECT ENCODING counter',
        'MEMORY USAGE counter',
        'LOLWUT VERSION 5',
        'DEL shop:1 counter cart board tags log',
      ];
      let printed = '';
      const entries = await recorded(server, async () => {
        const words = ['-p', String(server.port), protocol, '--no-raw'];
        const input = `${commands.join('\n')}\n`;
        printed = (await run('redis-cli', words, { input })).stdout;
      });
      const own = new Set(['HELLO', 'COMMAND DOCS']);
      const seen = entries.filter(({ method }) => !own.has(method));
      expect(entries.length - seen.length).toBe(protocol === '-3' ? 2 : 1);
      expect(seen.map(({ request }) => String(request?.['typed']).replaceAll("'", '"'))).toEqual(
        commands,
      );
      expect(seen.every(({ outcome }) => outcome === 'ok' || outcome === 'failed')).toBe(true);
      const failed = seen.filter(({ outcome }) => outcome === 'failed');
      expect(failed.map(({ response }) => response!['errorClass'])).toEqual([
        'DataError',
        'DataError',
      ]);
      for (const { response } of seen) {
        const { error, value, count } = response!;
        const text = error === undefined ? String(value).split('\n')[0]! : String(error);
        if (count === undefined) expect(printed).toContain(text.replaceAll('"', '\\"'));
      }
      expect(seen.at(-1)!.response).toMatchObject({ type: 'Integer', reply: 6 });
      expect(seen.at(-1)!.target).toBe('shop:1 +5');
      const version = protocol === '-3' ? 'RESP3' : 'RESP2';
      expect(new Set(seen.map((entry) => entry.protocol.version))).toEqual(new Set([version]));
      const board = seen.find(({ method }) => method === 'ZSCORE')!;
      expect(board.response!['type']).toBe(protocol === '-3' ? 'Double' : 'Bulk String');
    },
    longestTestMs,
  );

  test(
    'ioredis: pipelines, a transaction, binary and large values, blocking, Lua',
    async () => {
      const log: { words: readonly string[]; answer: unknown }[] = [];
      const binary = Buffer.from([0, 255, 13, 10, 36, 49, 13, 10, 200]);
      const large = 'payload '.repeat(400_000);
      const entries = await recorded(server, async () => {
        const options = { port: server.port, enableReadyCheck: false, disableClientInfo: true };
        const client = new Redis(options);
        const other = new Redis(options);
        const note = async (...words: readonly (string | Buffer)[]) => {
          const answer = await client.call(String(words[0]), ...words.slice(1)).catch(String);
          log.push({ words: words.map(String), answer });
        };
        await note('set', 'io:binary', binary);
        await note('get', 'io:binary');
        await note('set', 'io:large', large);
        await note('get', 'io:large');
        await note('lpush', 'io:wrong', 'a');
        await note('incr', 'io:wrong');
        const pipeline = client.pipeline();
        for (let i = 0; i < 2000; i++) pipeline.set(`io:${i}`, `value ${i}`).get(`io:${i}`);
        await pipeline.exec();
        await client.multi().set('io:a', '1').incr('io:a').lpush('io:a', 'x').exec();
        const blocked = client.blpop('io:queue', 5);
        await delay(300);
        await other.rpush('io:queue', 'late');
        expect(await blocked).toEqual(['io:queue', 'late']);
        await client.eval('return redis.call("get", KEYS[1])', 1, 'io:a');
        await Promise.all([client.quit(), other.quit()]);
      });
      const pairs = entries.filter(({ target }) => /^io:\d/.test(target));
      expect(pairs.length).toBe(4000);
      for (const { method, target, request, response } of pairs) {
        const value = `value ${target.slice(3)}`;
        if (method === 'SET')
          expect([request!['value'], response!['value']]).toEqual([value, 'OK']);
        else expect(response!['value']).toBe(value);
      }
      const rest = entries.filter(({ target }) => !/^io:\d/.test(target));
      expect(rest.map(({ method, outcome }) => `${method} ${outcome}`)).toEqual([
        ...['SET ok', 'GET ok', 'SET ok', 'GET ok', 'LPUSH ok', 'INCR failed'],
        ...['MULTI ok', 'SET ok', 'INCR ok', 'LPUSH ok', 'EXEC failed'],
        ...['BLPOP ok', 'RPUSH ok', 'EVAL ok', 'QUIT ok', 'QUIT ok'],
      ]);
      expect(rest[1]!.response!['value']).toBe('\\x00\\xff\\r\\n$1\\r\\n\\xc8');
      expect(rest[2]!.requestSize).toBeGreaterThan(large.length);
      expect(rest[3]!.responseSize).toBe(large.length + 12);
      expect(rest[3]!.incomplete).toEqual(['the response body is longer than the limit']);
      expect(rest[5]!.response!['error']).toContain('WRONGTYPE');
      const exec = rest.find(({ method }) => method === 'EXEC')!;
      expect(exec.response!['results']).toEqual([
        { command: 'SET', typed: 'set io:a 1', reply: 'OK' },
        { command: 'INCR', typed: 'incr io:a', reply: 2 },
        { command: 'LPUSH', typed: 'lpush io:a x', reply: expect.stringMatching(/WRONGTYPE/) },
      ]);
      expect(rest.find(({ method }) => method === 'BLPOP')!.elapsedTime).toBeGreaterThan(250);
    },
    longestTestMs,
  );

  test.each([2, 3])(
    'redis-py, RESP%i: commands, a transaction, subscriptions',
    async (protocol) => {
      let lines: Record<string, unknown>[] = [];
      const program = await redisPython();
      const entries = await recorded(server, async () => {
        const words = [python, String(server.port), String(protocol)];
        const { code, stdout, stderr } = await run(program, words);
        expect(code, stderr).toBe(0);
        lines = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>);
      });
      const sent = lines.filter(({ words }) => words !== undefined);
      const sentNames = new Set(sent.map(({ words }) => (words as string[])[0]!));
      const own = entries.filter(({ method }) => sentNames.has(method));
      expect(own.length).toBe(sent.length);
      own.forEach((entry, i) => {
        const { words, answer } = sent[i]! as { words: string[]; answer: unknown };
        expect(entry.method).toBe(words[0]);
        if (entry.method !== 'EXEC' && entry.requestSize < 1 << 20) {
          expect(entry.request!['arguments']).toEqual(words.slice(1));
        }
        const reply = entry.response!['reply'];
        if (typeof answer === 'string' && answer.startsWith('(error)')) {
          expect(entry.response!['error']).toContain(answer.slice(8));
        } else expect(answer === true ? 'OK' : answer).toEqual(reply);
      });
      const { messages } = lines.find((line) => line['messages'] !== undefined)!;
      const pushes = entries.filter(({ method }) => /^P?MESSAGE$/.test(method));
      expect(
        pushes.map(({ method, target, response }) => [
          method.toLowerCase(),
          target,
          response!['value'],
        ]),
      ).toEqual(messages);
      const published = entries.filter(({ method }) => method === 'PUBLISH');
      expect(published.map(({ response }) => response!['reply'])).toEqual(new Array(20).fill(2));
      const subscriptions = entries.filter(({ method }) => /SUBSCRIBE/.test(method));
      expect(
        subscriptions.map(({ method, target, response }) => [method, target, response!['count']]),
      ).toEqual(
        [
          ['SUBSCRIBE', 'py:news +1', 2],
          ['PSUBSCRIBE', 'py:n*', 3],
          ['UNSUBSCRIBE', '', 2],
        ].slice(0, subscriptions.length),
      );
      expect(subscriptions.length).toBeGreaterThanOrEqual(2);
      const bad = entries.filter(
        ({ outcome, incomplete }) =>
          !['ok', 'failed'].includes(outcome) || incomplete.some((why) => !/longer/.test(why)),
      );
      expect(bad).toEqual([]);
    },
    longestTestMs,
  );

  test(
    'CLIENT REPLY, tracking, RESP3 subscriptions, lines: answers find their requests',
    async () => {
      let gone: Reply[] = [];
      const entries = await recorded(server, async () => {
        const client = await RawClient.open(server.port);
        const other = await RawClient.open(server.port);
        await client.ask('HELLO', '3');
        await client.ask('SET', 'raw:a', '1');
        const { encode } = RawClient;
        const quiet = [
          encode('CLIENT', 'REPLY', 'OFF'),
          encode('SET', 'raw:a', '2'),
          encode('CLIENT', 'REPLY', 'SKIP'),
          encode('SET', 'raw:a', '3'),
          encode('CLIENT', 'REPLY', 'ON'),
          encode('CLIENT', 'REPLY', 'SKIP'),
          encode('SET', 'raw:a', '4'),
          encode('GET', 'raw:a'),
        ];
        expect(await client.send(Buffer.concat(quiet), 2)).toEqual(['OK', '4']);
        await client.ask('CLIENT', 'TRACKING', 'ON');
        await client.ask('GET', 'raw:a');
        await client.send(encode('SUBSCRIBE', 'raw:one', 'raw:two'), 2);
        await other.ask('SET', 'raw:a', '5');
        await other.ask('PUBLISH', 'raw:one', '{"n":1}');
        await client.wait(9);
        gone = await client.send(encode('UNSUBSCRIBE'), 2);
        await client.ask('GET', 'raw:a');
        await client.send('PING\r\nSET raw:b "two words"\r\nGET raw:b\r\n', 3);
        await Promise.all([client.close(), other.close()]);
      });
      const shown = entries.map(({ method, target, request, response, outcome }) =>
        [method, target, request?.['value'] ?? '-', response?.['value'] ?? '-', outcome].join('|'),
      );
      expect(shown.filter((line) => !/HELLO/.test(line))).toEqual([
        'SET|raw:a|1|OK|ok',
        'CLIENT REPLY|OFF||-|ok',
        'SET|raw:a|2|-|ok',
        'CLIENT REPLY|SKIP||-|ok',
        'SET|raw:a|3|-|ok',
        'CLIENT REPLY|ON||OK|ok',
        'CLIENT REPLY|SKIP||-|ok',
        'SET|raw:a|4|-|ok',
        'GET|raw:a||4|ok',
        'CLIENT TRACKING|ON||OK|ok',
        'GET|raw:a||4|ok',
        'SUBSCRIBE|raw:one +1||[subscribe, raw:one, 1, subscribe, raw:two, 2]|ok',
        'SET|raw:a|5|OK|ok',
        'INVALIDATE|raw:a|-|-|ok',
        'PUBLISH|raw:one|{"n":1}|1|ok',
        'MESSAGE|raw:one|-|{"n":1}|ok',
        `UNSUBSCRIBE|||[${gone.flat().join(', ')}]|ok`,
        'GET|raw:a||5|ok',
        'PING|||PONG|ok',
        'SET|raw:b|two words|OK|ok',
        'GET|raw:b||two words|ok',
      ]);
    },
    longestTestMs,
  );

  test(
    'MONITOR: each line is an entry',
    async () => {
      const entries = await recorded(server, async () => {
        const monitor = await RawClient.open(server.port);
        const client = await RawClient.open(server.port);
        await monitor.ask('MONITOR');
        for (let i = 0; i < 50; i++) await client.ask('SET', `mon:${i}`, 'x');
        await monitor.wait(51);
        await Promise.all([client.close(), monitor.close()]);
      });
      const lines = entries.filter(({ method, request }) => method === 'MONITOR' && !request);
      expect(lines.map(({ target }) => target)).toEqual(
        Array.from({ length: 50 }, (_, i) => `"SET" "mon:${i}" "x"`),
      );
      expect(entries.length).toBe(101);
      expect(new Set(entries.map(({ outcome }) => outcome))).toEqual(new Set(['ok']));
    },
    longestTestMs,
  );

  test(
    'a replica: its handshake, then one entry that counts',
    async () => {
      const client = await RawClient.open(server.port);
      await client.ask('SET', 'replica:large', 'x'.repeat(2_000_000));
      const entries = await recorded(server, async () => {
        await using replica = await startRedis(['--replicaof', '127.0.0.1', String(server.port)]);
        const reader = await RawClient.open(replica.port);
        await until('the copy', async () => (await reader.ask('STRLEN', 'replica:large')) === 2e6);
        await client.ask('SET', 'replica:late', 'y'.repeat(500_000));
        await until('the rest', async () => (await reader.ask('STRLEN', 'replica:late')) === 5e5);
        await reader.close();
      });
      await client.close();
      const handshake = entries.filter(({ target }) => target !== 'replica:late');
      expect(handshake.map(({ method }) => method)).toEqual([
        ...['PING', 'REPLCONF', 'REPLCONF', 'PSYNC'],
      ]);
      expect(handshake.at(-1)!.response!['value']).toContain('FULLRESYNC');
      expect(handshake.at(-1)!.responseSize).toBeGreaterThan(500_000);
      expect(entries.length).toBe(5);
    },
    longestTestMs,
  );

  test(
    'a cluster: redirections say where to',
    async () => {
      await using one = await startRedis(await clusterWords());
      await using two = await startRedis(await clusterWords());
      const [first, second] = [await RawClient.open(one.port), await RawClient.open(two.port)];
      await first.ask('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
      await second.ask('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
      const id = String(await second.ask('CLUSTER', 'MYID'));
      const bus = String(await second.ask('CONFIG', 'GET', 'cluster-port')).split(',')[1]!;
      await first.ask('CLUSTER', 'MEET', '127.0.0.1', String(two.port), bus);
      await until('one cluster', async () =>
        /cluster_state:ok/.test(String(await first.ask('CLUSTER', 'INFO'))),
      );
      const entries = await recorded(one, async () => {
        await first.ask('GET', 'a');
        await first.ask('CLUSTER', 'SETSLOT', '3300', 'MIGRATING', id);
        await first.ask('GET', 'b');
        await first.ask('SET', 'nowhere', '1');
      });
      await Promise.all([first.close(), second.close()]);
      const address = `127.0.0.1:${two.port}`;
      expect(entries.map(({ method, outcome }) => `${method} ${outcome}`)).toEqual([
        ...['GET failed', 'CLUSTER SETSLOT ok', 'GET failed', 'SET ok'],
      ]);
      expect(entries[0]!.response).toMatchObject({
        errorClass: 'MovedDataError',
        slot: 15495,
        address,
      });
      expect(entries[2]!.response).toMatchObject({
        errorClass: 'AskDataError',
        slot: 3300,
        address,
      });
    },
    longestTestMs,
  );

  test(
    'secrets are nowhere in what is shown',
    async () => {
      const secret = 'Open5esame';
      const entries = await recorded(server, async () => {
        const client = await RawClient.open(server.port);
        await client.ask('ACL', 'SETUSER', 'ann', 'on', `>${secret}`, '~*', '+@all');
        await client.ask('AUTH', 'ann', secret);
        await client.ask('HELLO', '3', 'AUTH', 'ann', secret, 'SETNAME', 'it');
        await client.ask('CONFIG', 'SET', 'masterauth', secret);
        await client.ask('CONFIG', 'GET', 'master*');
        await client.ask('ACL', 'LIST');
        await client.send(`AUTH ann ${secret}\r\n`, 1);
        await client.ask('CONFIG', 'SET', 'masterauth', '');
        await client.close();
      });
      expect(entries.length).toBe(8);
      const text = JSON.stringify(entries);
      expect(text).not.toContain(secret);
      expect(text).not.toMatch(/[0-9a-f]{64}/);
      expect(entries[2]!.request!['arguments']).toEqual([
        '3',
        'AUTH',
        'ann',
        '[REDACTED]',
        'SETNAME',
        'it',
      ]);
      expect(entries[4]!.response!['reply']).toMatchObject({ masterauth: '[REDACTED]' });
    },
    longestTestMs,
  );

  test(
    'redis-benchmark: as many entries as commands, each answered',
    async () => {
      // A multiple of what a client sends at a time: it sends no less.
      const each = 4800;
      const tests = 'set,get,incr,lpush,rpush,lpop,sadd,hset,spop,zadd,mset';
      const entries = await recorded(server, async () => {
        const words = ['-p', String(server.port), '-n', String(each), '-c', '20', '-P', '16'];
        const { code } = await run('redis-benchmark', [...words, '-q', '-r', '1000', '-t', tests]);
        expect(code).toBe(0);
      });
      const counts: Record<string, number> = {};
      for (const { method } of entries) counts[method] = (counts[method] ?? 0) + 1;
      const whole = entries.filter(({ outcome, response }) => outcome === 'ok' && response);
      expect(whole.length).toBe(entries.length);
      for (const name of tests.toUpperCase().split(',')) expect(counts[name]).toBe(each);
    },
    longestTestMs,
  );
});
