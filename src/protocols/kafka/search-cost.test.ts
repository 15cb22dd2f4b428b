import { expect, test } from 'vitest';
import { client, ProtocolBench } from '../test-bench.ts';
import { kafkaProtocol } from './index.ts';
import { i16, i32, join } from './test-encode.ts';

/** CPU time in ms. */
function cost(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** Header of Metadata 0, which asks for topics by name. */
const header = (size: number, correlation: number) =>
  join(i32(size), i16(3), i16(0), i32(correlation), i16(0));
const empty = join(header(14, 1), i32(0));

test('bytes that look like the beginning of a request at every place cost little after a loss', () => {
  const one = header(0x1_0000, 0);
  const bytes = Buffer.concat(Array.from({ length: 16_384 }, () => one));
  const bench = new ProtocolBench([kafkaProtocol]);
  bench.feed([client(empty), { from: 'client', lost: -1 }]);
  expect(cost(() => bench.feed([client(bytes)]))).toBeLessThan(400);
  expect(bench.feed([client(empty)]).close().length).toBeGreaterThan(0);
});

test('a long request without a name, byte by byte, is looked at few times', () => {
  const names = Buffer.alloc(2 * 4000);
  const bytes = join(header(10 + 4 + names.length, 1), i32(4000), names);
  const pieces = Array.from(bytes, (_, i) => client(bytes.subarray(i, i + 1)));
  const bench = new ProtocolBench([kafkaProtocol], { fromStart: false });
  expect(cost(() => bench.feed(pieces))).toBeLessThan(200);
  expect(bench.close()).toHaveLength(1);
});
