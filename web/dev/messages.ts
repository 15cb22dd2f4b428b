/**
 * Made-up entries of other protocols for the mock server: brokers, calls that stream, and their messages,
 * which name their call as `parent`.
 */
import type { Section, ValueMap } from '../../src/dissect/contract.ts';
import type { Endpoint, EntryRow } from '../../src/entry/entry.ts';
import { largeJson } from './bodies.ts';

interface Exchange {
  readonly label: string;
  readonly name: string;
  readonly version: string;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly method: string;
  readonly target: (n: number) => string;
  readonly status: number;
  readonly outcome: 'ok' | 'failed' | 'pending';
  readonly ms: number | null;
  /** Of a message: the kind of call it belongs to, and who sent it. */
  readonly under?: string;
  readonly sender?: 'client' | 'server';
}

const httpTwo = { name: 'http', version: '2.0' };
const socket = { label: 'WS', name: 'websocket', version: '' };

// biome-ignore format: a table reads better in columns
const exchanges: readonly Exchange[] = [
  { label: 'KAFKA', name: 'kafka', version: '13', from: 'orders', to: 'kafka', port: 9092, method: 'Produce', target: () => 'shop.orders.v1, shop.audit.v1', status: 0, outcome: 'ok', ms: 3.2 },
  { label: 'KAFKA', name: 'kafka', version: '17', from: 'invoice', to: 'kafka', port: 9092, method: 'Fetch', target: () => 'shop.orders.v1', status: 0, outcome: 'ok', ms: 480 },
  { label: 'KAFKA', name: 'kafka', version: '9', from: 'orders', to: 'kafka', port: 9092, method: 'OffsetCommit', target: () => 'invoice-run (shop.orders.v1)', status: 27, outcome: 'failed', ms: 1.1 },
  { label: 'REDIS', name: 'redis', version: 'RESP3', from: 'cart', to: 'redis', port: 6379, method: 'HGETALL', target: (n) => `cart:{customer-${n % 900}}:items`, status: 0, outcome: 'ok', ms: 0.3 },
  { label: 'REDIS', name: 'redis', version: 'RESP2', from: 'cart', to: 'redis', port: 6379, method: 'EXEC', target: () => '', status: 0, outcome: 'ok', ms: 0.6 },
  { label: 'REDIS', name: 'redis', version: 'RESP2', from: 'cart', to: 'redis', port: 6379, method: 'INCR', target: (n) => `session:${(n * 2654435761 >>> 0).toString(16)}:user:${n}:token`, status: 0, outcome: 'failed', ms: 0.2 },
  { label: 'AMQP', name: 'amqp', version: '0-9-1', from: 'payments', to: 'rabbitmq', port: 5672, method: 'basic publish', target: () => 'shop.events/payment.authorised', status: 0, outcome: 'ok', ms: 2.8 },
  { label: 'AMQP', name: 'amqp', version: '0-9-1', from: 'rabbitmq', to: 'orders', port: 5672, method: 'basic deliver', target: () => 'shop.events/payment.authorised → orders.payments', status: 0, outcome: 'pending', ms: null },
  { label: 'gRPC', ...httpTwo, from: 'cart', to: 'payments', port: 50_051, method: 'POST', target: () => '/shop.billing.v1.PaymentService/Charge', status: 200, outcome: 'ok', ms: 41 },
  { label: 'gRPC', ...httpTwo, from: 'front', to: 'recommendations-service-with-a-long-name', port: 50_051, method: 'POST', target: () => '/shop.recommendations.v1.RecommendationService/WatchBecauseYouViewed', status: 200, outcome: 'pending', ms: null },
  { label: 'gRPC', ...httpTwo, from: 'front', to: 'recommendations-service-with-a-long-name', port: 50_051, method: 'message', target: (n) => `WatchRequest #${n % 50}`, status: 0, outcome: 'ok', ms: null, under: 'gRPC', sender: 'client' },
  { label: 'gRPC', ...httpTwo, from: 'front', to: 'recommendations-service-with-a-long-name', port: 50_051, method: 'message', target: (n) => `Recommendation #${n % 50}`, status: 0, outcome: 'ok', ms: null, under: 'gRPC', sender: 'server' },
  { label: 'HTTP', name: 'http', version: '1.1', from: 'browser', to: 'front', port: 8079, method: 'GET', target: () => '/chat?room=support', status: 101, outcome: 'ok', ms: 4 },
  { ...socket, from: 'browser', to: 'front', port: 8079, method: 'text', target: () => '{"type":"say","text":"Is the cast iron teapot in stock?"}', status: 0, outcome: 'ok', ms: null, under: 'HTTP', sender: 'client' },
  { ...socket, from: 'browser', to: 'front', port: 8079, method: 'text', target: () => '{"type":"said","by":"support","text":"Yes, three left."}', status: 0, outcome: 'ok', ms: null, under: 'HTTP', sender: 'server' },
  { ...socket, from: 'browser', to: 'front', port: 8079, method: 'ping', target: () => '', status: 0, outcome: 'ok', ms: null, under: 'HTTP', sender: 'server' },
];

const newest = new Map<string, EntryRow>();
const kindOf = new Map<string, number>();

/** Turns a made-up HTTP row into one of another protocol, or a message of the newest call. */
export function makeOther(
  n: number,
  base: EntryRow,
  endpoint: (name: string, port: number, n: number) => Endpoint,
): EntryRow {
  const exchange = exchanges[((n >> 1) * 7) % exchanges.length]!;
  const { label, name, version, outcome, ms, under, sender } = exchange;
  const call = under === undefined ? undefined : newest.get(under);
  const elapsed = ms === null ? null : ms * (0.6 + ((n * 7919) % 100) / 90);
  const isChild = under !== undefined;
  const row: EntryRow = {
    ...base,
    protocol: { name, version, abbr: label },
    elapsedTime: elapsed,
    src: call?.src ?? endpoint(exchange.from, 40_000 + (n % 20_000), n),
    dst: call?.dst ?? endpoint(exchange.to, exchange.port, n),
    method: exchange.method,
    target: exchange.target(n),
    contentType: '',
    status: exchange.status,
    outcome,
    incomplete: [],
    demo: false,
    requestSize: isChild && sender === 'server' ? 0 : 60 + ((n * 13) % 600),
    responseSize:
      isChild && sender === 'client' ? 0 : outcome === 'pending' ? 0 : 90 + ((n * 7_919) % 9_000),
    parent: call?.id ?? '',
    stream: call?.stream ?? base.stream,
    packets: {
      request: isChild && sender === 'server' ? 0 : n * 6 + 1,
      response: isChild && sender === 'client' ? 0 : n * 6 + 3,
    },
    timing: { request: 0.1, wait: elapsed === null ? null : elapsed * 0.7 },
  };
  const isStream = !isChild && (exchange.status === 101 || (label === 'gRPC' && ms === null));
  // Few calls with many messages tell more than many with few.
  if (isStream && (n % 10 === 0 || !newest.has(label))) newest.set(label, row);
  kindOf.set(row.id, exchanges.indexOf(exchange));
  if (kindOf.size > 400_000) kindOf.clear();
  return row;
}

interface Sides {
  readonly request: ValueMap | undefined;
  readonly response: ValueMap | undefined;
  readonly sections: {
    readonly request: readonly Section[];
    readonly response: readonly Section[];
  };
}

/** What the details show of such an entry; undefined of all others. */
export function otherSides(row: EntryRow): Sides | undefined {
  const exchange = exchanges[kindOf.get(row.id) ?? -1];
  if (exchange === undefined || exchange.status === 101) return undefined;
  if (exchange.under !== undefined) return messageSides(row, exchange.sender ?? 'client');
  if (exchange.label === 'KAFKA') return kafkaSides(exchange.method);
  if (exchange.label === 'REDIS') return redisSides(exchange.method, row);
  if (exchange.label === 'AMQP') return amqpSides(row);
  return grpcSides(row);
}

function messageSides(row: EntryRow, sender: 'client' | 'server'): Sides {
  const side = sender === 'client' ? 'request' : 'response';
  const text = row.target.startsWith('{') ? row.target : '{"items":[{"sku":"A-1","score":0.93}]}';
  const value: ValueMap = { opcode: 'text', text, size: text.length };
  const sections: Section[] = [
    {
      kind: 'table',
      title: 'Message',
      rows: [
        { name: 'Opcode', value: 'text', path: `${side}.opcode` },
        { name: 'Size (bytes)', value: text.length, path: `${side}.size` },
      ],
    },
    {
      kind: 'body',
      title: 'Content',
      mediaType: 'application/json',
      encoding: 'text',
      content: text,
      size: text.length,
      cut: false,
      path: `${side}.text`,
    },
  ];
  return {
    request: side === 'request' ? value : undefined,
    response: side === 'response' ? value : undefined,
    sections: {
      request: side === 'request' ? sections : [],
      response: side === 'response' ? sections : [],
    },
  };
}

function records(count: number): ValueMap[] {
  return Array.from({ length: count }, (_, i) => ({
    offset: 1_204_000 + i,
    timestamp: Date.now() - i * 40,
    key: `customer-${i % 300}`,
    value:
      i % 11 === 3
        ? `plain text, line ${i}: two cups and a teapot, to be delivered before noon please, ring twice`
        : JSON.stringify({
            order: 10_000 + i,
            total: 12.5 + i,
            currency: 'EUR',
            items: [{ sku: `A-${i % 40}`, n: 1 + (i % 3) }],
            note: i % 5 === 0 ? 'gift' : null,
          }),
    headers: { 'content-type': 'application/json', trace: (i * 2654435761).toString(16) },
  }));
}

function kafkaSides(method: string): Sides {
  const all = records(method === 'Fetch' ? 1_200 : 12);
  const topic: ValueMap = {
    topic: 'shop.orders.v1',
    partitions: [{ partition: 2, recordBatch: { record: all } }],
  };
  const side = method === 'Fetch' ? 'response' : 'request';
  const base = `${side}.payload.topics[0].partitions[0].recordBatch.record`;
  const grid: Section = {
    kind: 'grid',
    title: 'Records (topic: shop.orders.v1, partition: 2)',
    columns: ['Offset', 'Time', 'Key', 'Value', 'Headers'],
    rows: all.map((record) => [
      Number(record['offset']),
      new Date(Number(record['timestamp'])).toISOString(),
      String(record['key']),
      String(record['value']),
      'content-type: application/json; trace: 9e3779b1',
    ]),
    paths: all.map((_, i) => `${base}[${i}].value`),
    ...(method === 'Fetch' && { remark: 'the first 1200 of 4801 records' }),
  };
  const head = (name: string): Section => ({
    kind: 'table',
    title: `${name} Header`,
    rows: [
      { name: 'API', value: method, path: 'request.apiKeyName' },
      { name: 'Correlation ID', value: 4_711, path: 'request.correlationID' },
    ],
  });
  const payload: ValueMap = { payload: { topics: [topic] } };
  const commit: Section = {
    kind: 'grid',
    title: 'Partitions (topic: shop.orders.v1)',
    columns: ['Partition Index', 'Error Code', 'Error Name'],
    rows: [
      [0, 27, 'REBALANCE_IN_PROGRESS'],
      [1, 0, 'NONE'],
      [2, null, ''],
    ],
    paths: [0, 1, 2].map((i) => `response.payload.topics[0].partitions[${i}]`),
  };
  const isCommit = method === 'OffsetCommit';
  return {
    request: side === 'request' ? payload : { payload: {} },
    response: side === 'response' ? payload : { payload: {} },
    sections: {
      request: [head('Request'), ...(side === 'request' && !isCommit ? [grid] : [])],
      response: [
        head('Response'),
        ...(side === 'response' ? [grid] : []),
        ...(isCommit ? [commit] : []),
      ],
    },
  };
}

function redisSides(method: string, row: EntryRow): Sides {
  const reply: ValueMap = {
    'A-1001': '2',
    'B-7': '1',
    updated: 1_700_000_000,
    'gift-note': 'two cups, please',
    nested: { ttl: 300, tags: ['tea', 'kitchen'] },
  };
  const request: ValueMap = {
    command: method,
    key: row.target,
    arguments: [row.target],
    typed: `${method} ${row.target}`,
  };
  const details: Section = {
    kind: 'table',
    title: 'Details',
    rows: [
      { name: 'Command', value: method, path: 'request.command' },
      { name: 'Key', value: row.target, path: 'request.key' },
    ],
  };
  if (method === 'INCR') {
    const error = 'WRONGTYPE Operation against a key holding the wrong kind of value';
    const rows = [
      { name: 'Error', value: error, path: 'response.error' },
      { name: 'Error Class', value: 'WRONGTYPE', path: 'response.errorClass' },
    ];
    return {
      request,
      response: { error },
      sections: { request: [details], response: [{ kind: 'table', title: 'Details', rows }] },
    };
  }
  if (method === 'EXEC') {
    const results = ['SET a 1', 'HSET cart:1 sku 2', 'EXPIRE cart:1 600'].map((typed) => ({
      typed,
      reply: 'OK',
    }));
    const grid: Section = {
      kind: 'grid',
      title: 'Transaction',
      columns: ['#', 'Command', 'Result'],
      rows: results.map(({ typed, reply: answer }, i) => [i, typed, answer]),
      paths: results.map((_, i) => `response.results[${i}].reply`),
    };
    return { request, response: { results }, sections: { request: [details], response: [grid] } };
  }
  const tree: Section = { kind: 'tree', title: 'Reply', value: reply, path: 'response.reply' };
  return { request, response: { reply }, sections: { request: [details], response: [tree] } };
}

function amqpSides(row: EntryRow): Sides {
  const headers: ValueMap = {
    'x-death': [{ queue: 'orders.payments', count: 2, reason: 'rejected' }],
    tenant: 'eu-1',
  };
  const content = largeJson(3);
  const request: ValueMap = {
    method: row.method,
    exchange: 'shop.events',
    routingKey: 'payment.authorised',
    properties: { headers },
  };
  return {
    request,
    response: row.outcome === 'pending' ? undefined : { acknowledgement: 'ack' },
    sections: {
      request: [
        {
          kind: 'table',
          title: 'Details',
          rows: [
            { name: 'Exchange', value: 'shop.events', path: 'request.exchange' },
            { name: 'Routing Key', value: 'payment.authorised', path: 'request.routingKey' },
          ],
        },
        {
          kind: 'tree',
          title: 'Headers',
          value: headers,
          path: 'request.properties.headers',
          remark: '2 values of type decimal are shown as text',
        },
        {
          kind: 'body',
          title: 'Body',
          mediaType: 'application/json',
          encoding: 'text',
          content,
          size: content.length,
          cut: false,
          path: 'request.body',
        },
      ],
      response:
        row.outcome === 'pending'
          ? []
          : [
              {
                kind: 'table',
                title: 'Details',
                rows: [{ name: 'Acknowledgement', value: 'ack', path: 'response.acknowledgement' }],
              },
            ],
    },
  };
}

function grpcSides(row: EntryRow): Sides {
  const message: ValueMap = {
    amount: { units: 129, nanos: 900_000_000 },
    currency: 'EUR',
    card: '[REDACTED]',
    items: [
      { sku: 'A-1', n: 2 },
      { sku: 'B-7', n: 1 },
    ],
  };
  const frames: Section = {
    kind: 'grid',
    title: 'Frames',
    columns: ['Frame', 'Bytes', 'Flags'],
    rows: [
      ['HEADERS', 212, 'END_HEADERS'],
      ['DATA', 88, 'END_STREAM'],
    ],
  };
  const tree = (side: string): Section => ({
    kind: 'tree',
    title: 'Message',
    value: message,
    path: `${side}.message`,
  });
  return {
    request: { message },
    response: row.outcome === 'pending' ? undefined : { message },
    sections: {
      request: [tree('request'), frames],
      response: row.outcome === 'pending' ? [] : [tree('response')],
    },
  };
}
