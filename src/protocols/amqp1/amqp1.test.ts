/** A connection of AMQP 1.0 is one entry with its frames counted. */
import { expect, test } from 'vitest';
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { ValueMap } from '../../dissect/contract.ts';
import type { Entry } from '../../entry/entry.ts';
import { amqpProtocol } from '../amqp/index.ts';
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
import { amqp1Protocol } from './index.ts';

const protocols = [amqpProtocol, amqp1Protocol];
const seen = (events: readonly Event[], options = {}) => entriesOf(protocols, events, options);

function frame(type: number, channel: number, ...body: number[]): Buffer {
  const bytes = Buffer.alloc(8 + body.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt8(2, 4);
  bytes.writeUInt8(type, 5);
  bytes.writeUInt16BE(channel, 6);
  bytes.set(body, 8);
  return bytes;
}
/** A performative with these encoded fields. */
const performative = (code: number, count: number, ...fields: number[]): Buffer =>
  frame(code >= 0x40 ? 1 : 0, 0, 0, 0x53, code, 0xc0, fields.length + 1, count, ...fields);
const text = (type: number, value: string) => [type, value.length, ...Buffer.from(value)];

const saslHeader = 'AMQP\u0003\u0001\0\0';
const amqpHeader = 'AMQP\0\u0001\0\0';
const heartbeat = frame(0, 0);
const open = performative(
  0x10,
  4,
  ...text(0xa1, 'shop-1'),
  ...text(0xa1, 'broker'),
  0x70,
  0,
  1,
  0,
  0,
  0x60,
  0,
  9,
);
const transfer = Buffer.concat([
  frame(0, 1, 0, 0x53, 0x14, 0xc0, 4, 2, 0x43, 0x52, 7, 0, 0x53, 0x75, 0xa0, 200),
]);
const large = Buffer.concat([transfer, Buffer.alloc(70_000, 0x41)]);
large.writeUInt32BE(large.length, 0);

const talk: readonly Event[] = [
  client(saslHeader),
  server(saslHeader, performative(0x40, 1, ...text(0xa3, 'PLAIN'))),
  client(performative(0x41, 2, ...text(0xa3, 'PLAIN'), ...text(0xa0, '\0guest\0hunter2'))),
  server(performative(0x44, 1, 0x50, 0)),
  client(amqpHeader, open, performative(0x11, 1, 0x40)),
  server(
    amqpHeader,
    performative(0x10, 1, ...text(0xa1, 'broker-7')),
    performative(0x11, 1, 0x60, 0, 0),
  ),
  client(transfer, large, heartbeat),
  server(performative(0x15, 1, 0x41), heartbeat, heartbeat),
  client(frame(0, 0, 0, 0x53, 0x18, 0x45)),
  server(performative(0x18, 0)),
];

test('a connection: who, with whom, how many frames of which kind', () => {
  const [entry, ...more] = seen(talk);
  expect(more).toEqual([]);
  expect(entry).toMatchObject({
    protocol: { name: 'amqp1', version: '1.0', abbr: 'AMQP1' },
    method: 'connection',
    target: 'shop-1 -> broker',
    host: 'broker',
    outcome: 'ok',
    incomplete: [],
    request: {
      version: '1.0.0',
      containerId: 'shop-1',
      hostname: 'broker',
      maxFrameSize: 65_536,
      channelMax: 9,
      frameCount: 7,
      frames: { 'sasl-init': 1, open: 1, begin: 1, transfer: 2, heartbeat: 1, close: 1 },
    },
    response: {
      containerId: 'broker-7',
      frameCount: 8,
      frames: { 'sasl-mechanisms': 1, 'sasl-outcome': 1, heartbeat: 2, disposition: 1 },
    },
  });
  expect(entry!.requestSize).toBeGreaterThan(70_000);
});

test('in any pieces the same; on its way while the connection lives', () => {
  const whole = seen(talk).map(timeless);
  const pieces = [byteByByte(talk.slice(0, 6)), talk.slice(6)].flat();
  expect(seen(pieces).map(timeless)).toEqual(whole);
  const random = seededRandom(3);
  for (let i = 0; i < 20; i++) {
    expect(seen(inRandomPieces(talk, random, 3000)).map(timeless)).toEqual(whole);
  }
  const bench = new ProtocolBench(protocols).feed(talk.slice(0, 5)).announce();
  expect(bench.pending).toMatchObject([{ target: 'shop-1 -> broker', outcome: 'pending' }]);
});

/** Frames of one side of an entry. */
const framesOf = (side: ValueMap | undefined) => (side?.['frames'] ?? {}) as Record<string, number>;
const sizes = talk.map((event) => ('bytes' in event ? event.bytes.length : 0));
const whole = seen(talk)[0]!;

test('joined in the middle at every message: found by its frames, which are counted from there', () => {
  // A heartbeat and a close say nothing of who sends them: there is little left to find.
  for (let from = 1; from < talk.length - 2; from++) {
    const entries = seen(talk.slice(from), { fromStart: false });
    expect(entries).toHaveLength(1);
    const [{ request, response }] = entries as [Entry];
    const counted = [request, response].flatMap((side) => Object.entries(framesOf(side)));
    const total = counted.reduce((sum, [, count]) => sum + count, 0);
    const rest = talk.slice(from).map((event) => frameCount(event));
    expect(total).toBe(rest.reduce((sum, count) => sum + count, 0));
  }
  const [entry] = seen(talk.slice(6), { fromStart: false });
  expect(entry!.request).toMatchObject({ frames: { transfer: 2, heartbeat: 1, close: 1 } });
});

/** By the sizes that frames begin with, which protocol headers do not have. */
function frameCount(event: Event): number {
  if ('lost' in event) return 0;
  const bytes = Buffer.from(event.bytes);
  let count = 0;
  for (let at = 0; at < bytes.length; ) {
    if (bytes.toString('latin1', at, at + 4) === 'AMQP') at += 8;
    else {
      at += bytes.readUInt32BE(at);
      count++;
    }
  }
  return count;
}

test('wherever bytes are lost: one entry, and no frame that there was not', () => {
  for (const [index, length] of sizes.entries()) {
    for (let at = 0; at < length; at += 1 + Math.floor(length / 12)) {
      for (const lost of [1, 9, length - at]) {
        const entries = seen(withHole(talk, index, at, lost));
        expect(entries).toHaveLength(1);
        for (const side of ['request', 'response'] as const) {
          for (const [name, count] of Object.entries(framesOf(entries[0]![side]))) {
            expect(count).toBeLessThanOrEqual(framesOf(whole[side])[name] ?? 0);
          }
        }
        expect(JSON.stringify(entries[0])).not.toContain('hunter2');
      }
    }
  }
});

test('closed with an error: failed, with the reason', () => {
  const condition = [...text(0xa3, 'amqp:not-found'), ...text(0xa1, 'no such queue')];
  const error = [0, 0x53, 0x1d, 0xc0, condition.length + 1, 2, ...condition];
  const [entry] = seen([...talk.slice(0, 8), server(performative(0x18, 1, ...error))]);
  expect(entry).toMatchObject({
    outcome: 'failed',
    response: { error: 'amqp:not-found: no such queue' },
  });
});

test('a server that speaks another version', () => {
  const [entry, ...more] = seen([client(amqpHeader), server('AMQP\0\0\u0009\u0001')]);
  expect(more).toEqual([]);
  expect(entry).toMatchObject({
    outcome: 'failed',
    request: { version: '1.0.0' },
    response: { version: '0.9.1' },
  });
});

test('random bytes and other protocols are not taken for it, damage does no harm', () => {
  const random = seededRandom(11);
  const starts = [
    '',
    '\0\0\0\u0010\u0002',
    '\0\0\0\u001f\0\u0012\0\u0003',
    'AMQP\0\0\u0009\u0002',
    'GET /',
  ];
  for (let i = 0; i < 1000; i++) {
    const noise = Uint8Array.from({ length: 300 * random() }, () => random() * 256);
    const event = client(Buffer.from(starts[i % starts.length]!, 'latin1'), noise);
    expect(seen([event], { fromStart: i % 2 === 0 })).toEqual([]);
  }
  const all = Buffer.concat(
    talk.map((event) => ('bytes' in event ? event.bytes : Buffer.alloc(0))),
  );
  const short = all.subarray(0, 600);
  for (let i = 0; i < 500; i++) {
    const bytes = Uint8Array.from(short);
    for (let n = 0; n < 4; n++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    expect(seen([client(saslHeader), client(bytes)]).length).toBeLessThanOrEqual(1);
  }
});
