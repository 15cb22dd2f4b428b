/** For tests: a schema of several protocols, and entries as subjects. */
import type { FieldDeclaration, ValueMap } from '../dissect/contract.ts';
import { entryFields } from '../entry/fields.ts';
import type { Subject } from './contract.ts';
import { buildSchema } from './schema.ts';

const text = (path: string, column?: string): FieldDeclaration => ({
  path,
  type: 'text',
  help: path,
  ...(column === undefined ? {} : { column }),
});
const number = (path: string, column?: string): FieldDeclaration => ({
  ...text(path, column),
  type: 'number',
});
const map = (path: string): FieldDeclaration => ({ path, type: 'map', help: path });
const list = (path: string): FieldDeclaration => ({ path, type: 'list', help: path });

const messages = [
  { ...text('request.method', 'method'), values: ['GET', 'POST', 'PUT'] },
  text('request.path', 'target'),
  text('request.httpVersion'),
  map('request.headers'),
  map('request.queryString'),
  list('request.pathSegments'),
  text('request.postData.text'),
  { ...number('response.status', 'status'), values: [200, 404, 500] },
  map('response.headers'),
  text('response.content.text'),
  number('response.content.size'),
];

/** HTTP with the fields of the original, and a little of the others. */
export const schema = buildSchema(entryFields, [
  {
    id: 'http',
    fields: messages,
    macros: {
      http: 'protocol.abbr == "HTTP"',
      grpc: 'protocol.abbr == "gRPC"',
    },
  },
  {
    id: 'amqp',
    fields: [text('request.method', 'method'), text('request.queue')],
    macros: { amqp: 'protocol.name == "amqp"' },
  },
  {
    id: 'kafka',
    fields: [text('request.apiKeyName', 'method'), map('response.payload')],
    macros: { kafka: 'protocol.name == "kafka"' },
  },
  {
    id: 'redis',
    fields: [text('request.command', 'method'), text('request.key', 'target')],
    macros: { redis: 'protocol.name == "redis"' },
  },
]);

/** Column → the path at entry level that it holds. */
const columnPaths: Readonly<Record<string, string>> = Object.fromEntries(
  entryFields.flatMap(({ path, column }) => (column === undefined ? [] : [[column, path]])),
);

function at(entry: ValueMap, path: string): unknown {
  let value: unknown = entry;
  for (const name of path.split('.')) value = (value as ValueMap | undefined)?.[name];
  return value;
}

/** What one column of an entry holds; undefined when it is missing or null. */
export function columnOf(entry: ValueMap, column: string): string | number | boolean | undefined {
  const value = at(entry, columnPaths[column] ?? column);
  return (value ?? undefined) as string | number | boolean | undefined;
}

/** Counts how often the payload was decoded. */
export interface CountingSubject extends Subject {
  decoded: number;
}

export function subjectOf(entry: ValueMap, texts: readonly string[] = []): CountingSubject {
  const subject: CountingSubject = {
    decoded: 0,
    column: (name) => columnOf(entry, name),
    root: () => {
      subject.decoded++;
      return entry;
    },
    texts: () => texts,
  };
  return subject;
}

/** An HTTP exchange with what most tests look at. */
export function httpEntry(changes: ValueMap = {}): ValueMap {
  return {
    id: '0005f5e1000000000000000001',
    timestamp: 1_634_624_942_593,
    elapsedTime: 12.5,
    protocol: { name: 'http', version: '1.1', abbr: 'HTTP' },
    src: { ip: '10.0.0.1', port: 51_234, name: 'front-end' },
    dst: { ip: '10.0.0.2', port: 80, name: 'carts.sock-shop' },
    namespace: 'default',
    node: 'node-1',
    outgoing: false,
    demo: false,
    method: 'GET',
    target: '/catalogue',
    host: 'shop',
    status: 200,
    outcome: 'ok',
    incomplete: [],
    requestSize: 100,
    responseSize: 2_000_000,
    request: {
      method: 'GET',
      path: '/catalogue',
      httpVersion: 'HTTP/1.1',
      headers: {
        accept: 'application/json, text/plain',
        'X-Request-Id': 'abc-123',
        via: ['a', 'b'],
      },
      queryString: { q: 'tea', page: ['1', '2'] },
      pathSegments: ['catalogue'],
    },
    response: {
      status: 200,
      headers: { 'Content-Length': '1234', y: 'tea' },
      content: {
        text: '{"user":{"id":1234567890123456789,"name":"ann"},"items":[{"id":7,"tags":["a"]},{"id":8}],"big":1000001}',
        size: 104,
      },
    },
    ...changes,
  };
}
