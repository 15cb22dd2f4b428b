import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { ValueMap } from '../../dissect/contract.ts';
import { protocols } from '../index.ts';
import {
  byteByByte,
  client,
  type Event,
  entriesOf,
  inRandomPieces,
  ProtocolBench,
  server,
  timeless,
  withHole,
} from '../test-bench.ts';

function prefixed(flags: number, content: string): Buffer {
  const bytes = Buffer.from(content);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

const chunk = (bytes: Buffer | string) =>
  Buffer.from(`${bytes.length.toString(16)}\r\n${bytes}\r\n`);
const names = ['apple', 'pear', 'plum'];
const type = 'application/connect+json';
const head = `POST /shop.Cart/AddAll HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`;
const asked = names.map((name) => chunk(prefixed(0, JSON.stringify({ name }))));
const answered = Buffer.concat([prefixed(0, '{"total":3}'), prefixed(2, '{}')]);
const answer = server(
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${answered.length}\r\n\r\n`,
  answered,
);
const stream: readonly Event[] = [
  client(head, ...asked, '0\r\n\r\n'),
  answer,
  client('GET /next HTTP/1.1\r\nHost: a\r\n\r\n'),
  server('HTTP/1.1 204 No Content\r\n\r\n'),
];

const contents = (entries: ReturnType<typeof entriesOf>) =>
  entries.flatMap(({ request }) =>
    request?.['method'] === 'message' ? [(request['message'] as ValueMap)['name']] : [],
  );

describe('messages of a request over HTTP/1', () => {
  test('are entries of their own under the call, which has them all as well', () => {
    const entries = entriesOf(protocols, stream);
    expect(contents(entries)).toEqual(names);
    const call = entries.find(({ target, parent }) => target.endsWith('AddAll') && parent === '')!;
    expect(call).toMatchObject({ outcome: 'ok', incomplete: [], protocol: { abbr: 'Connect' } });
    expect(call.request).toMatchObject({ messages: names.map((name) => ({ name })) });
    expect(entries.at(-1)).toMatchObject({ target: '/next', status: 204, outcome: 'ok' });
    const children = entries.filter(({ parent }) => parent === call.id);
    expect(children).toHaveLength(names.length + 1);
  });

  test('are there before the request ends', () => {
    const bench = new ProtocolBench(protocols);
    bench.feed([client(head, asked[0]!)]).announce();
    expect(contents(bench.entries)).toEqual(['apple']);
  });

  test('are the same however the bytes are cut', () => {
    const whole = entriesOf(protocols, stream).map(timeless);
    expect(entriesOf(protocols, byteByByte(stream)).map(timeless)).toEqual(whole);
    const random = seededRandom(7);
    for (let i = 0; i < 20; i++) {
      expect(entriesOf(protocols, inRandomPieces(stream, random)).map(timeless)).toEqual(whole);
    }
  });

  test('of a length that is known', () => {
    const body = Buffer.concat(names.map((name) => prefixed(0, JSON.stringify({ name }))));
    const known = `POST /shop.Cart/Add HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc-web+json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const entries = entriesOf(protocols, [client(known, body), ...stream]);
    expect(contents(entries)).toEqual([...names, ...names]);
    expect(entries[0]).toMatchObject({ protocol: { abbr: 'gRPC-Web' } });
  });

  test('an answer within the request', () => {
    const refused = server('HTTP/1.1 505 Not Supported\r\nContent-Length: 0\r\n\r\n');
    const events = [client(head, asked[0]!), refused, client(...asked.slice(1), '0\r\n\r\n')];
    const entries = entriesOf(protocols, events);
    const call = entries.find(({ parent }) => parent === '');
    expect(call).toMatchObject({ status: 505, outcome: 'failed', protocol: { abbr: 'Connect' } });
    expect(contents(entries)).toEqual(names);
  });

  test('after a loss nothing is made up, and what follows is found', () => {
    const length = Buffer.concat([Buffer.from(head), ...asked]).length;
    for (let at = head.length; at < length - 4; at += 3) {
      const entries = entriesOf(protocols, withHole(stream, 0, at, 4));
      expect(names).toEqual(expect.arrayContaining(contents(entries).filter(isText)));
      expect(entries.some(({ target }) => target === '/next')).toBe(true);
    }
  });
});

const isText = (value: unknown) => typeof value === 'string';
