/** What redis-server says in unusual moments: all types, long lines, aborted transactions, copies. */
import { rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry/entry.ts';
import { Capture, run } from './capture.ts';
import { RawClient } from './redis-raw.ts';
import { type RedisServer, redisServer, startRedis } from './setup-redis.ts';

const longestTestMs = 60_000;
const installed = (await redisServer()) !== undefined;
const { encode } = RawClient;
const secret = 'Open5esame';

/** What `DEBUG PROTOCOL` answers in RESP3: type and value. */
const types: Readonly<Record<string, readonly [string, unknown]>> = {
  string: ['Bulk String', 'Hello World'],
  integer: ['Integer', 12_345],
  double: ['Double', Number('3.141')],
  bignum: ['Big Number', '1234567999999999999999999999999999999'],
  null: ['Null', null],
  array: ['Array', [0, 1, 2]],
  set: ['Set', [0, 1, 2]],
  map: ['Map', { 0: false, 1: true, 2: false }],
  attrib: ['Bulk String', 'Some real reply following the attribute'],
  push: ['Bulk String', 'Some real reply following the push reply'],
  verbatim: ['Verbatim String', 'This is a verbatim\nstring'],
  true: ['Boolean', true],
  false: ['Boolean', false],
};

describe.skipIf(!installed)('Redis (skipped when redis-server is not installed)', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis(['--enable-debug-command', 'yes']);
    return () => server[Symbol.asyncDispose]();
  });

  async function recorded(work: () => Promise<void>): Promise<Entry[]> {
    await using capture = await Capture.start([server.port]);
    await work();
    const entries = await capture.entries();
    return entries.sort((one, other) => Number(one.id < other.id) * -2 + 1);
  }

  const shown = (entries: readonly Entry[]) =>
    entries.map(({ method, target, outcome }) => `${method} ${target} ${outcome}`);

  test(
    'every type of RESP3 as the server writes it',
    async () => {
      const entries = await recorded(async () => {
        const client = await RawClient.open(server.port);
        const asked = Object.keys(types).map((type) => encode('DEBUG', 'PROTOCOL', type));
        // The attribute and the push come beside their answers.
        await client.send(Buffer.concat([encode('HELLO', '3'), ...asked]), asked.length + 3);
        await client.close();
      });
      const answered = entries.filter(({ method }) => method === 'DEBUG');
      expect(answered.map(({ response }) => [response!['type'], response!['reply']])).toEqual(
        Object.values(types),
      );
      const attributes = answered.map(({ response }) => response!['attributes']).filter(Boolean);
      expect(attributes).toEqual([{ 'key-popularity': ['key:123', 90] }]);
      const pushes = entries.filter(({ request }) => request === undefined);
      expect(pushes.map(({ response }) => response!['reply'])).toEqual([['server-cpu-usage', 42]]);
      expect(entries.length).toBe(answered.length + 2);
    },
    longestTestMs,
  );

  test(
    'MONITOR shows large values, and what comes behind them',
    async () => {
      const sizes = [1, 100_000, 3_000_000, 1];
      const entries = await recorded(async () => {
        const [monitor, client] = [
          await RawClient.open(server.port),
          await RawClient.open(server.port),
        ];
        await monitor.ask('MONITOR');
        for (const size of sizes) await client.ask('SET', `mon:${size}`, 'x'.repeat(size));
        await client.ask('EVAL', "return {ok=string.rep('x', 200000)}", '0');
        await monitor.wait(1 + sizes.length + 1);
        await Promise.all([client.close(), monitor.close()]);
      });
      const lines = entries.filter(({ method, request }) => method === 'MONITOR' && !request);
      expect(lines.slice(0, 4).map(({ target }) => target.slice(0, 12))).toEqual(
        sizes.map((size) => `"SET" "mon:${size}`.slice(0, 12)),
      );
      expect(lines.length).toBe(5);
      expect(lines[2]!.responseSize).toBeGreaterThan(3_000_000);
      const script = entries.find(({ method }) => method === 'EVAL')!;
      expect(script).toMatchObject({ outcome: 'ok', responseSize: 200_003 });
    },
    longestTestMs,
  );

  test(
    'transactions: aborted by a watched key, refused, with secrets',
    async () => {
      const entries = await recorded(async () => {
        const [client, other] = [
          await RawClient.open(server.port),
          await RawClient.open(server.port),
        ];
        const set = encode('SET', 'odd:w', '1');
        const begun = [encode('WATCH', 'odd:w'), encode('MULTI'), set];
        await client.send(Buffer.concat(begun), 3);
        await other.ask('SET', 'odd:w', '2');
        await client.ask('EXEC');
        const nested = [encode('MULTI'), set, encode('MULTI'), encode('GET', 'odd:w')];
        await client.send(Buffer.concat([...nested, encode('EXEC')]), 5);
        await client.send(Buffer.concat([encode('MULTI'), encode('SET'), encode('EXEC')]), 3);
        await client.ask('CONFIG', 'SET', 'masterauth', secret);
        const hidden = [encode('CONFIG', 'GET', 'masterauth'), encode('ACL', 'GENPASS')];
        await client.send(Buffer.concat([encode('MULTI'), ...hidden, encode('EXEC')]), 4);
        await client.ask('CONFIG', 'SET', 'masterauth', '');
        await Promise.all([client.close(), other.close()]);
      });
      const exec = entries.filter(({ method }) => method === 'EXEC');
      expect(exec.map(({ response }) => response!['keyword'] ?? response!['results'])).toEqual([
        'ABORTED',
        [
          { command: 'SET', typed: 'SET odd:w 1', reply: 'OK' },
          { command: 'GET', typed: 'GET odd:w', reply: '1' },
        ],
        'EXECABORT',
        [
          {
            command: 'CONFIG GET',
            typed: 'CONFIG GET masterauth',
            reply: ['masterauth', '[REDACTED]'],
          },
          { command: 'ACL GENPASS', typed: 'ACL GENPASS', reply: '[REDACTED]' },
        ],
      ]);
      expect(JSON.stringify(entries)).not.toContain(secret);
    },
    longestTestMs,
  );

  test(
    'blocked clients: too long, and woken; tracking by a channel; channels of shards',
    async () => {
      const entries = await recorded(async () => {
        const client = await RawClient.open(server.port);
        const other = await RawClient.open(server.port);
        const id = String(await client.ask('CLIENT', 'ID'));
        await client.ask('BLPOP', 'odd:queue', '0.2');
        await client.ask('XREAD', 'BLOCK', '100', 'STREAMS', 'odd:stream', '$');
        const woken = client.send(encode('BLPOP', 'odd:queue', '0'), 1);
        await other.ask('CLIENT', 'UNBLOCK', id, 'ERROR');
        await woken;
        await client.send(encode('SUBSCRIBE', '__redis__:invalidate'), 1);
        await other.ask('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id);
        await other.ask('GET', 'odd:tracked');
        await other.ask('SET', 'odd:tracked', '1');
        await client.send(encode('SSUBSCRIBE', 'odd:one', 'odd:two'), 2);
        await other.ask('SPUBLISH', 'odd:two', 'hi');
        await client.wait(9);
        await Promise.all([client.close(), other.close()]);
      });
      const own = entries.filter(({ method }) => !/^(CLIENT|GET|SET|SPUBLISH)/.test(method));
      expect(shown(own)).toEqual([
        ...['BLPOP odd:queue ok', 'XREAD odd:stream ok', 'BLPOP odd:queue failed'],
        ...['SUBSCRIBE __redis__:invalidate ok', 'MESSAGE __redis__:invalidate ok'],
        ...['SSUBSCRIBE odd:one +1 ok', 'SMESSAGE odd:two ok'],
      ]);
      expect(own[0]!.elapsedTime).toBeGreaterThan(150);
      expect(own[2]!.response!['errorCode']).toBe('UNBLOCKED');
      expect(own[4]!.response!['value']).toBe('[odd:tracked]');
      expect(own[6]!.response!['value']).toBe('hi');
    },
    longestTestMs,
  );

  test(
    'redis-cli --pipe with lines, redis-cli --rdb by SYNC',
    async () => {
      const copy = join(tmpdir(), `mizu-odd-${process.pid}.rdb`);
      let piped = '';
      let size = 0;
      const entries = await recorded(async () => {
        const port = ['-p', String(server.port)];
        const input = 'SET pipe:a 1\r\nSET pipe:b 2\r\n';
        piped = (await run('redis-cli', [...port, '--pipe'], { input })).stdout;
        expect((await run('redis-cli', [...port, '--rdb', copy])).code).toBe(0);
        size = (await stat(copy)).size;
        await rm(copy);
      });
      expect(piped).toContain('errors: 0, replies: 2');
      expect(shown(entries).filter((line) => !/^(REPLCONF|ECHO)/.test(line))).toEqual([
        ...['SET pipe:a ok', 'SET pipe:b ok', 'SYNC  ok'],
      ]);
      const sync = entries.find(({ method }) => method === 'SYNC')!;
      expect(String(sync.response!['value'])).toMatch(/^RDB \$(\d+|EOF:\w{40})$/);
      expect(sync.responseSize).toBeGreaterThan(size);
      expect(sync.responseSize).toBeLessThan(size + 100);
    },
    longestTestMs,
  );
});
