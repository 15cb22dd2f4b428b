import { expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import { client, type Event, entriesOf, server } from '../test-bench.ts';
import { redisProtocol } from './index.ts';
import { bulk, command, list } from './test-encode.ts';

const text = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n`;
const bytes = (...numbers: readonly number[]) => Buffer.from(numbers);

/** First bytes of both ends in other protocols, and bytes from the middle of connections. */
const others: readonly (readonly Event[])[] = [
  [
    client(bytes(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3)),
    server(bytes(22, 3, 3, 0, 122, 2, 0, 0, 118)),
  ],
  [server('SSH-2.0-OpenSSH_9.2\r\n'), client('SSH-2.0-Go\r\n')],
  [server(bytes(74, 0, 0, 0, 10), '8.0.33\0'), client(bytes(32, 0, 0, 1, 133, 166))],
  [client(bytes(0, 0, 0, 8, 4, 210, 22, 47)), server('N')],
  [
    client(bytes(0, 0, 0, 41, 0, 3, 0, 0), 'user\0me\0\0'),
    server(bytes(82, 0, 0, 0, 12, 0, 0, 0, 5)),
  ],
  [client(bytes(58, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 212, 7, 0, 0))],
  [client(bytes(16, 18, 0, 4), 'MQTT', bytes(4, 2, 0, 60)), server(bytes(32, 2, 0, 0))],
  [
    client('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
    server('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  ],
  [client('GET /\r\n'), server('<html></html>')],
  [client('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), server(bytes(0, 0, 0, 4, 0, 0, 0, 0, 0))],
  [client('AMQP', bytes(0, 0, 9, 1)), server(bytes(1, 0, 0, 0, 0, 1, 244, 0, 10, 0, 10))],
  [client(bytes(0, 0, 0, 35, 0, 18, 0, 3, 0, 0, 0, 1)), server(bytes(0, 0, 1, 0, 0, 0, 0, 1))],
  // memcached
  [client('get shop\r\n'), server(text('VALUE shop 0 2', 'ab', 'END'))],
  [client('set shop 0 0 2\r\nab\r\n'), server('STORED\r\n'), client('quit\r\n')],
  [client('incr n 1\r\n'), server('5\r\n'), client('touch a 1\r\n'), server('TOUCHED\r\n')],
  // NATS
  [server('INFO {"server_id":"x"}\r\n'), client('CONNECT {}\r\nPING\r\n'), server('PONG\r\n')],
  [client('PING\r\n'), server('PONG\r\n'), client('PUB a 2\r\nhi\r\n'), server('+OK\r\n+OK\r\n')],
  [client('PING\r\n'), server("-ERR 'Authorization Violation'\r\n")],
  // POP3, SMTP, FTP, IMAP, IRC
  [server('+OK ready\r\n'), client('USER a\r\n'), server('+OK\r\n'), client('QUIT\r\n')],
  [server('+OK ready\r\n'), client('AUTH\r\n'), server('-ERR unknown command\r\n')],
  [server('220 mail\r\n'), client('HELO a\r\n'), server('250 a\r\n'), client('QUIT\r\n')],
  [server('220 ftp\r\n'), client('TYPE I\r\n'), server('200 ok\r\n'), client('AUTH TLS\r\n')],
  [server('* OK ready\r\n'), client('a1 SELECT inbox\r\n'), server('* 3 EXISTS\r\na1 OK\r\n')],
  [client('PING :abc\r\n'), server(':irc 001 me :hello\r\n')],
  // Text that begins like something
  [server('*important*\r\n'), client('# heading\r\n')],
  [server('$100 for two\r\n'), client('sort of\r\n')],
  [client('info about it\r\n'), server(':80\r\n'), client('time\r\n'), server('> quoted\r\n')],
  [client('function f() {\r\n'), server('%PDF-1.4\r\n')],
  [client('foo.bar 1 1700000000\n'), server('_\r\n')],
];

test('other protocols, whole and in the middle, give no entry', () => {
  for (const events of others) {
    for (const fromStart of [true, false]) {
      for (let from = 0; from < events.length; from++) {
        const said = events.slice(from);
        const entries = entriesOf([redisProtocol], said, { fromStart });
        expect(
          entries.map(({ method }) => method),
          JSON.stringify(said.map(String)),
        ).toEqual([]);
      }
    }
  }
});

test('1,000 random payloads, bytes and text, give no entry', () => {
  const random = seededRandom(20261124);
  const signs = '*$+-:>%~#_,(!=|0123456789\r\nabcGET ';
  for (let i = 0; i < 1000; i++) {
    const isText = i % 2 === 0;
    const said = [client, server, client, server].map((say) => {
      const length = 1 + Math.floor(random() * 300);
      const made = Array.from({ length }, () =>
        isText ? signs.charCodeAt(Math.floor(random() * signs.length)) : Math.floor(random() * 256),
      );
      return say(Buffer.from(made));
    });
    const entries = entriesOf([redisProtocol], said, { fromStart: i % 4 < 2 });
    expect(entries.length, JSON.stringify(said)).toBe(0);
  }
});

test.each([
  ['a command', [client(command('GET', 'a')), server(bulk('1'))], 'GET a'],
  ['a command of a module', [client(command('JSON.GET', 'a')), server(bulk('1'))], 'JSON.GET a'],
  [
    'an unknown command, by its answer',
    [
      client(command('nosuch', 'a')),
      server("-ERR unknown command 'nosuch', with args beginning with: 'a' \r\n"),
    ],
    'NOSUCH a',
  ],
  [
    'lines with an array behind them',
    [client('SET a b\r\n\r\n', command('ECHO', 'c')), server('+OK\r\n', bulk('c'))],
    'SET a',
  ],
  [
    'many lines as redis-cli --pipe sends them',
    [client('SET a b\n'.repeat(1000)), server('+OK\r\n'.repeat(1000))],
    'SET a',
  ],
  ['a line, by its answer', [client('PING\r\n'), server('+PONG\r\n')], 'PING '],
  ['a telling line', [client('HGETALL cart\r\n'), server('*0\r\n')], 'HGETALL cart'],
  [
    'lines whose answers tell late',
    [client('SET a b\r\n'), server('+OK\r\n'), client('GET a\r\n'), server(bulk('b'))],
    'SET a',
  ],
] as const)('%s is recognised', (_name, events, wanted) => {
  // In the middle, an array that begins with any word may be an answer as well.
  for (const fromStart of wanted.startsWith('NOSUCH') ? [true] : [true, false]) {
    const [first] = entriesOf([redisProtocol], events, { fromStart });
    expect(`${first!.method} ${first!.target}`).toBe(wanted);
    expect(first!.outcome).toMatch(/^(ok|failed)$/);
    expect(first!.dst.port).toBe(9000);
  }
});

test('lines that wait for an array behind their answer keep the order in which all was said', () => {
  const events = [
    ...[client('SET a b\r\nSET c d\r\n'), server('+OK\r\n+OK\r\n')],
    ...[client(command('ECHO', 'e')), server(bulk('e'))],
  ];
  const entries = entriesOf([redisProtocol], events);
  expect(entries.map(({ method, response }) => `${method} ${response!['value']}`)).toEqual([
    ...['SET OK', 'SET OK', 'ECHO e'],
  ]);
});

test('the sides are told apart in the middle, whichever is heard first', () => {
  const events = [server(list('*', 'a', 'b')), client(command('DEL', 'a')), server(':1\r\n')];
  const entries = entriesOf([redisProtocol], events, { fromStart: false });
  expect(entries.map(({ method, dst }) => `${method} ${dst.port}`)).toEqual([' 9000', 'DEL 9000']);
  // An answer that looks like a command at first.
  const again = events.slice(1);
  const odd = [server(list('*', 'get', 'b')), ...again, ...again, ...again, ...again];
  const later = entriesOf([redisProtocol], odd, { fromStart: false });
  expect(later.at(-1)).toMatchObject({ method: 'DEL', outcome: 'ok', dst: { port: 9000 } });
});
