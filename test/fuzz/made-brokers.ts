/**
 * Conversations with brokers, written by the encoders of their tests, for what the recorded ones do not
 * have: every API of Kafka, every method of AMQP, every type of Redis, secrets of each.
 */
import type { Value, ValueMap } from '../../src/dissect/contract.ts';
import { methods, Sender } from '../../src/protocols/amqp/methods.ts';
import * as amqp from '../../src/protocols/amqp/test-encode.ts';
import {
  apiNames,
  apiOf,
  type Layout,
  requestLayout,
  responseLayout,
} from '../../src/protocols/kafka/schema.ts';
import * as kafka from '../../src/protocols/kafka/test-encode.ts';
import { bulk, command, list, randomValue } from '../../src/protocols/redis/test-encode.ts';
import { seededRandom } from './random.ts';
import type { Said, Talk } from './talks.ts';

const seed = 5;
const asked = (bytes: Uint8Array | string): Said => ({ from: 0, bytes: bytesOf(bytes) });
const told = (bytes: Uint8Array | string): Said => ({ from: 1, bytes: bytesOf(bytes) });
const bytesOf = (bytes: Uint8Array | string) => new Uint8Array(Buffer.from(bytes as string));

function pick<Item>(items: readonly Item[], random: () => number): Item {
  return items[Math.floor(random() * items.length)]!;
}

/** Kafka: each API in three of its versions, six calls a connection; logins in all ways. */
export function madeKafka(): Talk[] {
  const random = seededRandom(seed);
  const calls: Said[][] = [];
  let correlation = 1;
  for (let key = 0; key < 128; key++) {
    const api = apiOf(key);
    if (api === undefined || !apiNames.includes(api.name)) continue;
    for (const version of [api.oldest, pick([api.oldest, api.newest], random), api.newest]) {
      const request = requestLayout(key, version);
      const response = responseLayout(key, version);
      if (request === undefined || response === undefined) continue;
      const payload = withRecords(kafka.randomValues(request, random), request, random);
      const answer = withRecords(kafka.randomValues(response, random), response, random);
      calls.push([
        asked(kafka.request({ key, version, correlation, payload })),
        told(kafka.response(key, version, correlation++, answer)),
      ]);
    }
  }
  const talks: Said[][] = [];
  for (let i = 0; i < calls.length; i += 3) {
    talks.push([...calls.slice(i, i + 3), ...calls.slice(i - 60, i - 57)].flat());
  }
  talks.push(...kafkaLogins(calls.slice(0, 3).flat()));
  return talks.map((said) => ({ name: 'made', serverPort: 9092, said }));
}

const codecs = ['none', 'gzip', 'snappy', 'xerial', 'lz4', 'zstd'] as const;

/** The same values, with records where the layout has some. */
function withRecords(values: ValueMap, layout: Layout, random: () => number): ValueMap {
  for (const field of [...layout.fields, ...layout.tagged]) {
    const value = values[field.name];
    if (field.type === 'R' && value !== null) values[field.name] = records(random);
    if (field.layout === undefined || value === null || value === undefined) continue;
    const { layout: inner } = field;
    const all = (field.isArray ? value : [value]) as ValueMap[];
    for (const each of all) withRecords(each, inner, random);
  }
  return values;
}

function records(random: () => number): Value {
  const text = (value: string) => Buffer.from(value);
  const values = [
    text('{"id":7,"name":"Zoë"}'),
    null,
    Buffer.concat([Buffer.of(0, 0, 0, 0, 9), text('avro')]),
    text('plain'),
    Buffer.from('080712036c6565', 'hex'),
  ];
  const codec = pick(codecs, random);
  if (random() < 0.2) {
    const pairs = [['k', 'one'] as const, [null, '{"two":2}'] as const];
    return kafka.messageSet(random() < 0.5 ? 0 : 1, pairs, codec) as unknown as Value;
  }
  const batch = kafka.batch({
    records: values.map((value, i) => ({
      ...{ key: text(`key ${i}`), value, timestampDelta: i },
      headers: [['trace', text('1')] as const, ['none', null] as const],
    })),
    ...{ codec, producerId: 9, attributes: pick([0, 0x10, 0x30], random) },
  });
  return batch as unknown as Value;
}

function kafkaLogins(afterwards: readonly Said[]): Said[][] {
  const bytes = (text: string) => Buffer.from(text) as unknown as Value;
  const handshake = (mechanism: string, version: number) => [
    asked(kafka.request({ key: 17, version, correlation: 1, payload: { mechanism } })),
    told(kafka.response(17, version, 1, { errorCode: 0, mechanisms: [mechanism] })),
  ];
  const step = (version: number, correlation: number, token: string, answer: string) => [
    asked(kafka.request({ key: 36, version, correlation, payload: { authBytes: bytes(token) } })),
    told(
      kafka.response(36, version, correlation, {
        ...{ errorCode: 0, errorMessage: null, authBytes: bytes(answer), sessionLifetimeMs: 0 },
      }),
    ),
  ];
  const bare = (token: string) => Buffer.concat([kafka.i32(token.length), Buffer.from(token)]);
  const bearer = 'n,a=x,\u0001auth=Bearer abc.def.ghi\u0001\u0001';
  const scram = [
    ['n,,n=bob,r=abc', 'r=abcdef,s=c2FsdA==,i=4096'],
    ['c=biws,r=abcdef,p=cHJvb2Y=', 'v=c2lnbmF0dXJl'],
  ] as const;
  return [
    [...handshake('PLAIN', 1), ...step(2, 2, '\0alice\0hunter2', ''), ...afterwards],
    [
      ...handshake('SCRAM-SHA-256', 1),
      ...scram.flatMap(([token, answer], i) => step(1, i + 2, token, answer)),
    ],
    [...handshake('OAUTHBEARER', 1), ...step(0, 2, bearer, '{"status":"invalid_token"}')],
    [...handshake('PLAIN', 0), asked(bare('\0carol\0s9')), told(bare('')), ...afterwards],
    [
      ...handshake('SCRAM-SHA-512', 0),
      ...scram.flatMap(([token, answer]) => [asked(bare(token)), told(bare(answer))]),
      ...afterwards,
    ],
  ];
}

const table = {
  ...{ number: 1, text: 'y', yes: true, nothing: undefined, fraction: 1.5, large: 2 ** 40 },
  ...{
    nested: { list: [true, 'x', { deep: 2 }] },
    when: { '!': 'timestamp', value: 1_700_000_000 },
  },
};

/** A value for each field of a method that amqplib knows. */
function amqpFields(name: string, random: () => number): Record<string, unknown> {
  const args = amqp.codecMethod(name)?.args ?? [];
  const value = (type: string, field: string): unknown => {
    switch (type) {
      case 'bit':
        return random() < 0.2;
      case 'shortstr':
        return pick(['', 'q', 'orders', 'c'], random);
      case 'longstr':
        return Buffer.from('text');
      case 'table':
        return random() < 0.5 ? table : {};
      case 'timestamp':
      case 'longlong':
        return 1 + Math.floor(random() * 4);
      default:
        return field === 'replyCode' ? 404 : Math.floor(random() * 3);
    }
  };
  return Object.fromEntries(args.map(({ name: field, type }) => [field, value(type, field)]));
}

/** AMQP 0-9-1: every method of either side, contents with all properties, logins in two ways. */
export function madeAmqp(): Talk[] {
  const random = seededRandom(seed);
  const login = amqp.login().flatMap((event) => {
    if (!('bytes' in event)) return [];
    return [event.from === 'client' ? asked(event.bytes) : told(event.bytes)];
  });
  const opened = [
    asked(amqp.method('channel open', 1)),
    told(amqp.method('channel open-ok', 1, { channelId: Buffer.alloc(0) })),
  ];
  const properties = {
    ...{ contentType: 'application/json', contentEncoding: 'gzip', headers: table, priority: 3 },
    ...{ deliveryMode: 2, correlationId: 'c1', replyTo: 'r', expiration: '60', messageId: 'm' },
    ...{ timestamp: 1_700_000_000, type: 't', userId: 'guest', appId: 'app' },
  };
  const talks: Said[][] = [[...loginByTable(), ...opened]];
  for (let i = 0; i < 30; i++) {
    const said = [...login, ...opened];
    if (random() < 0.5) said.push(asked(amqp.method('confirm select', 1)));
    for (let k = 0; k < 16; k++) {
      const { name, sender, content } = pick(methods, random);
      if (amqp.codecMethod(name) === undefined) continue;
      const channel = name.startsWith('connection') ? 0 : 1 + Math.floor(random() * 2);
      const frames = [amqp.method(name, channel, amqpFields(name, random))];
      if (content) frames.push(amqp.content(channel, '{"id":7}', properties, 5));
      const isAsked = sender === Sender.Both ? random() < 0.5 : sender === Sender.Client;
      const bytes = Buffer.concat(frames);
      said.push(isAsked ? asked(bytes) : told(bytes));
    }
    talks.push(said, [...login, ...opened, ...amqpWork(random, properties)]);
  }
  return talks.map((said) => ({ name: 'made', serverPort: 5672, said }));
}

function loginByTable(): Said[] {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)]);
  const entry = (name: string, value: string) =>
    Buffer.concat([text(name), Buffer.from('S'), kafka.i32(value.length), Buffer.from(value)]);
  return [
    asked(amqp.protocolHeader),
    asked(
      amqp.method('connection start-ok', 0, {
        ...{ clientProperties: table, mechanism: 'AMQPLAIN', locale: 'en_US' },
        response: Buffer.concat([entry('LOGIN', 'guest'), entry('PASSWORD', 'secret')]),
      }),
    ),
    told(amqp.method('connection secure', 0, { challenge: Buffer.from('who') })),
    asked(amqp.method('connection secure-ok', 0, { response: Buffer.from('me') })),
  ];
}

/** Messages that are confirmed, delivered, got, returned and acknowledged, on two channels at once. */
function amqpWork(random: () => number, properties: Readonly<Record<string, unknown>>): Said[] {
  const body = () => pick(['{"a":1}', 'text', 'x'.repeat(300), ''], random);
  const tag = () => 1 + Math.floor(random() * 4);
  const steps: (() => Said)[] = [
    () => asked(amqp.method('confirm select', 1)),
    () => asked(amqp.publish(1, 'e', 'k', body(), properties)),
    () => asked(amqp.method('basic consume', 1, { queue: 'q', consumerTag: 'c' })),
    () => told(amqp.method('basic consume-ok', 1, { consumerTag: 'c' })),
    () => told(amqp.deliver(1, 'c', tag(), 'k', body())),
    () => asked(amqp.method('basic get', 1, { queue: 'q' })),
    () => told(got(tag(), body())),
    () => told(amqp.method('basic get-empty', 1)),
    () => told(returned(body())),
    () => told(Buffer.concat([amqp.header(2, 4), amqp.heartbeat, amqp.bodyFrame(2, 'ab')])),
    () => asked(Buffer.concat([amqp.method('basic publish', 2, { routingKey: 'k' })])),
    ...['basic ack', 'basic nack'].flatMap((name) => [
      () => asked(amqp.method(name, 1, { deliveryTag: tag(), multiple: random() < 0.5 })),
      () => told(amqp.method(name, 1, { deliveryTag: tag(), multiple: random() < 0.5 })),
    ]),
    () => asked(amqp.method('basic reject', 1, { deliveryTag: tag() })),
  ];
  return Array.from({ length: 16 }, () => pick(steps, random)());
}

function got(deliveryTag: number, body: string): Buffer {
  const head = amqp.method('basic get-ok', 1, { deliveryTag, routingKey: 'q', messageCount: 2 });
  return Buffer.concat([head, amqp.content(1, body)]);
}

function returned(body: string): Buffer {
  const head = amqp.method('basic return', 1, { replyCode: 312, replyText: 'NO_ROUTE' });
  return Buffer.concat([head, amqp.content(1, body)]);
}

const redisWords: readonly string[] = [
  ...[
    'AUTH secret',
    'AUTH user secret',
    'HELLO 3 AUTH user secret SETNAME x',
    'HELLO 3',
    'HELLO 2',
  ],
  ...['CONFIG SET requirepass x maxmemory 1', 'CONFIG GET *', 'ACL SETUSER a on >secret ~* +@all'],
  ...['SENTINEL SET m auth-pass x', 'MIGRATE h 1 k 0 9 AUTH2 u p KEYS a b', 'MONITOR', 'QUIT'],
  ...['SUBSCRIBE a b', 'PSUBSCRIBE n*', 'SSUBSCRIBE s', 'UNSUBSCRIBE', 'PUBLISH a hello', 'PING'],
  ...['MULTI', 'EXEC', 'DISCARD', 'WATCH k', 'INCR n', 'EVAL x 2 a b c', 'FCALL f 1 k', 'RESET'],
  ...['CLIENT REPLY OFF', 'CLIENT REPLY SKIP', 'CLIENT REPLY ON', 'CLIENT TRACKING ON BCAST'],
  ...['PSYNC ? -1', 'REPLCONF listening-port 6380', 'REPLCONF ACK 12', 'BLPOP q 0', 'GET missing'],
  ...['XADD s * f v', 'XREAD COUNT 2 BLOCK 5 STREAMS s t 0 0', 'ZADD z 1 a 2 b', 'MSET a 1 b 2'],
  ...['HSET h f v', 'SORT l BY w GET x STORE d', 'GEOADD g 1 2 m', 'DEBUG SLEEP 0', 'NOSUCH a b'],
];

const redisAnswers: readonly Buffer[] = [
  ...['+OK\r\n', '+QUEUED\r\n', '-WRONGTYPE Operation against a key\r\n', '+RESET\r\n', '*-1\r\n'],
  ...[
    '-MOVED 3999 127.0.0.1:6381\r\n',
    '-NOAUTH Authentication required.\r\n',
    '+PONG\r\n',
    '_\r\n',
  ],
  ...['+1700000000.123456 [0 127.0.0.1:5000] "get" "a b"\r\n', '(123456789012345678901234\r\n'],
  ...[
    '+FULLRESYNC 0123456789012345678901234567890123456789 7\r\n$9\r\nREDIS0011',
    '#t\r\n',
    ',inf\r\n',
  ],
  ...[
    '$?\r\n;4\r\nabcd\r\n;0\r\n',
    '*?\r\n:1\r\n.\r\n',
    '%?\r\n+a\r\n:1\r\n.\r\n',
    '=7\r\ntxt:abc\r\n',
  ],
  ...[
    '|1\r\n+ttl\r\n:3\r\n+OK\r\n',
    '!9\r\nERR wrong\r\n',
    '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n',
  ],
].map((text) => Buffer.from(text));

/** Redis: commands of every kind as arrays and as lines, answers of every type. */
export function madeRedis(): Talk[] {
  const random = seededRandom(seed);
  const answers = [
    ...redisAnswers,
    list('*', 'message', 'a', 'hello'),
    list('>', 'message', 'a', 'hello'),
    list('*', 'pmessage', 'n*', 'news', '{"a":1}'),
    list('>', 'subscribe', 'a', Buffer.from(':1\r\n')),
    list('%', 'server', 'redis', 'version', '7.2.0', 'proto', Buffer.from(':3\r\n')),
    bulk('x'.repeat(500)),
  ];
  const talks = Array.from({ length: 60 }, () => {
    const said: Said[] = [];
    for (let i = 0; i < 12; i++) {
      const words = pick(redisWords, random);
      const line = random() < 0.2;
      said.push(asked(line ? `${words}\r\n` : command(...words.split(' '))));
      const answer = random() < 0.5 ? pick(answers, random) : randomValue(random).bytes;
      said.push(told(answer.length > 4000 ? '+OK\r\n' : answer));
    }
    return said;
  });
  return talks.map((said) => ({ name: 'made', serverPort: 6379, said }));
}
