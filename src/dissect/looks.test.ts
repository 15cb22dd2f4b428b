import { expect, test } from 'vitest';
import { protocols } from '../protocols/index.ts';
import { type Event, entriesOf, ProtocolBench, server } from '../protocols/test-bench.ts';

/** CPU time in ms. */
function cost(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

function byteByByte(from: 'client' | 'server', text: string): Event[] {
  return Array.from(Buffer.from(text), (byte) => ({ from, bytes: Uint8Array.of(byte) }));
}

test('a long line that may become a command, byte by byte, is not looked at for each byte', () => {
  const pieces = byteByByte('client', `set ${'word '.repeat(6000)}`);
  expect(cost(() => new ProtocolBench(protocols, { stepMs: 0.01 }).feed(pieces))).toBeLessThan(
    1000,
  );
});

test('what comes slowly is found when it is there: time counts as well as bytes', () => {
  const head = `GET /slow HTTP/1.1\r\nX-Long: ${'x'.repeat(300)}\r\nHost: shop\r\n\r\n`;
  const bench = new ProtocolBench(protocols, { fromStart: false, stepMs: 150 });
  bench.feed(byteByByte('client', head));
  bench.announce();
  expect(bench.pending.map(({ target }) => target)).toEqual(['/slow']);
  bench.feed([server('HTTP/1.1 204 No Content\r\n\r\n')]);
  expect(bench.close()).toHaveLength(1);
});

test('the place in HTTP/2 is found again behind a long frame in small pieces, at little cost', () => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const data = Buffer.alloc(60_000, 7);
  const pieces: Event[] = [];
  for (let at = 0; at < data.length; at += 4) {
    pieces.push({ from: 'client', bytes: data.subarray(at, at + 4) });
  }
  const request = Buffer.from([0, 0, 4, 1, 5, 0, 0, 0, 9, 0x82, 0x84, 0x86, 0x81]);
  const events: Event[] = [
    { from: 'client', bytes: Buffer.concat([preface, settings]) },
    { from: 'client', lost: -1 },
    ...pieces,
    { from: 'client', bytes: Buffer.concat([settings, request]) },
  ];
  let seen: string[] = [];
  const spent = cost(() => {
    seen = entriesOf(protocols, events, { stepMs: 0.01 }).map(
      ({ method, target }) => `${method} ${target}`,
    );
  });
  expect(seen).toEqual(['GET /']);
  expect(spent).toBeLessThan(700);
});
