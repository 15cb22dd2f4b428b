import { expect, test } from 'vitest';
import { httpProtocol } from './http/index.ts';
import {
  byteByByte,
  client,
  entriesOf,
  ProtocolBench,
  server,
  timeless,
  withHole,
} from './test-bench.ts';

const talk = [
  client('POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\nhi'),
  server('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nyo'),
];

test('a connection becomes entries as people see them, in whatever pieces it comes', () => {
  const whole = entriesOf([httpProtocol], talk).map(timeless);
  expect(whole).toMatchObject([
    { method: 'POST', target: '/a', status: 200, request: { postData: { text: 'hi' } } },
  ]);
  expect(entriesOf([httpProtocol], byteByByte(talk)).map(timeless)).toEqual(whole);
});

test('a hole is said in the entry; what waits is seen when it is announced', () => {
  const [entry] = entriesOf([httpProtocol], withHole(talk, 1, 38, 1));
  expect(entry!.incomplete).toEqual(['bytes of the response were lost by the capture']);
  const bench = new ProtocolBench([httpProtocol]).feed(talk.slice(0, 1)).announce();
  expect(bench.pending).toMatchObject([{ target: '/a', outcome: 'pending' }]);
  expect(bench.feed(talk.slice(1)).close()).toMatchObject([{ outcome: 'ok' }]);
});
