/** Messages with any properties, bodies and frames, written by amqplib's codec, in any order of channels. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Value, ValueMap } from '../../dissect/contract.ts';
import { client, type Event, entriesOf, server } from '../test-bench.ts';
import { amqpProtocol } from './index.ts';
import {
  bodyFrame,
  header,
  heartbeat,
  login,
  method,
  openChannel,
  publish,
} from './test-encode.ts';

/** What amqplib encodes, and what is shown for it. */
interface Pair {
  readonly sent: unknown;
  readonly shown: Value;
}
const same = (value: fc.Arbitrary<Value>): fc.Arbitrary<Pair> =>
  value.map((each) => ({ sent: each, shown: each }));
const typed = (type: string, value: fc.Arbitrary<number>): fc.Arbitrary<Pair> =>
  value.map((each) => ({ sent: { '!': type, value: each }, shown: each }));
const seconds = fc.nat(4_000_000_000);
const iso = (value: number) => new Date(value * 1000).toISOString().replace('.000Z', 'Z');

const bytes = fc.uint8Array({ maxLength: 40 }).map((each): Pair => {
  const buffer = Buffer.from(each);
  const text = new TextDecoder('utf8', { fatal: true, ignoreBOM: true });
  try {
    return { sent: buffer, shown: text.decode(buffer) };
  } catch {
    return { sent: buffer, shown: buffer.toString('base64') };
  }
});
const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const { table } = fc.letrec<{ table: Pair; value: Pair }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    same(fc.string({ unit: 'grapheme', maxLength: 40 })),
    same(fc.boolean()),
    same(fc.constant(null)),
    same(fc.maxSafeInteger()),
    // Left to itself amqplib takes fractions beyond 2^50 for whole numbers, and fails.
    typed('double', fc.double({ noNaN: true, noDefaultInfinity: true })),
    typed('byte', fc.integer({ min: -128, max: 127 })),
    typed('short', fc.integer({ min: -32_768, max: 32_767 })),
    typed('int', fc.integer()),
    typed('long', fc.integer()),
    typed('float', fc.float({ noNaN: true, noDefaultInfinity: true })),
    seconds.map((value) => ({ sent: { '!': 'timestamp', value }, shown: iso(value) })),
    fc.record({ digits: fc.nat(), places: fc.nat(6) }).map(({ digits, places }) => ({
      sent: { '!': 'decimal', value: { digits, places } },
      shown: digits / 10 ** places,
    })),
    bytes,
    fc.array(tie('value'), { maxLength: 4 }).map((list) => ({
      sent: list.map(({ sent }) => sent),
      shown: list.map(({ shown }) => shown),
    })),
    tie('table'),
  ),
  table: fc.dictionary(name, tie('value'), { maxKeys: 5 }).map((map) => ({
    sent: Object.fromEntries(Object.entries(map).map(([key, { sent }]) => [key, sent])),
    shown: Object.fromEntries(Object.entries(map).map(([key, { shown }]) => [key, shown])),
  })),
}));

const text = same(fc.string({ unit: 'grapheme', maxLength: 30 }));
const octet = same(fc.nat(255));
const properties = fc
  .record(
    {
      contentType: same(fc.constantFrom('application/octet-stream', 'image/png')),
      contentEncoding: same(fc.constantFrom('utf-8', 'x-unheard-of')),
      headers: table,
      deliveryMode: octet,
      priority: octet,
      correlationId: text,
      replyTo: text,
      expiration: text,
      messageId: text,
      timestamp: seconds.map((value) => ({ sent: value, shown: iso(value) })),
      type: text,
      userId: text,
      appId: text,
      clusterId: text,
    },
    { requiredKeys: [] },
  )
  .map((map) => ({
    sent: Object.fromEntries(Object.entries(map).map(([key, pair]) => [key, pair.sent])),
    shown: Object.fromEntries(Object.entries(map).map(([key, pair]) => [key, pair.shown])),
  }));

test('properties and headers of every type are shown as they were encoded', () => {
  fc.assert(
    fc.property(properties, ({ sent, shown }) => {
      const frames = [method('basic publish', 7), header(7, 0, sent as ValueMap)];
      const { request } = amqpProtocol.decode({
        version: 91,
        request: Buffer.concat(frames),
        response: undefined,
        incomplete: 0,
      });
      expect(request!['problems']).toBeUndefined();
      expect(request!['properties']).toEqual(shown);
    }),
    { numRuns: 300 },
  );
});

const channels = [1, 2, 3, 900];
const message = fc.record({
  fromServer: fc.boolean(),
  // A byte order mark is left out of a text that is shown.
  body: fc.uint8Array({ maxLength: 300 }).filter(([first = 0]) => first !== 0xef && first < 0xfe),
  piece: fc.integer({ min: 1, max: 120 }),
  key: fc.string({ unit: 'grapheme', maxLength: 20 }),
  properties,
});
type Sent = typeof message extends fc.Arbitrary<infer One> ? One & { readonly tag: number } : never;

/** The frames of a message on a channel. */
function framesOf({ fromServer, body, piece, key, properties: given, tag }: Sent, channel: number) {
  const fields = { consumerTag: 'c', deliveryTag: tag, exchange: 'e', routingKey: key };
  const frames = [
    method(fromServer ? 'basic deliver' : 'basic publish', channel, fields),
    header(channel, body.length, given.sent as ValueMap),
  ];
  for (let at = 0; at < body.length; at += piece) {
    frames.push(bodyFrame(channel, body.subarray(at, at + piece)));
  }
  return frames;
}

test('however the frames of channels are interleaved, each message is whole', () => {
  const talk = fc.array(fc.array(message, { maxLength: 4 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(talk, fc.infiniteStream(fc.nat(3)), (lists, order) => {
      const queues = lists.map((list, i) =>
        list.flatMap((one, at) =>
          framesOf({ ...one, tag: at + 1 }, channels[i]!).map((frame) =>
            one.fromServer ? server(frame) : client(frame),
          ),
        ),
      );
      const mixed: Event[] = [];
      for (let left = queues.flat().length; left > 0; ) {
        const event = queues[order.next().value!]!.shift();
        if (event === undefined) continue;
        mixed.push(event);
        left--;
      }
      const opened = channels.flatMap(openChannel);
      const entries = entriesOf([amqpProtocol], [...login(), ...opened, ...mixed], {
        finished: false,
      }).slice(3 + channels.length);
      const shown = entries.map(({ request, incomplete }) => {
        const { channel, routingKey, properties: props, body, bodyEncoding } = request!;
        const encoding = bodyEncoding === 'base64' ? 'base64' : 'utf8';
        const hex = Buffer.from(String(body), encoding).toString('hex');
        return { channel, routingKey, props, hex, incomplete };
      });
      const wanted = lists.flatMap((list, i) =>
        list.map(({ key, body, properties: given }) => {
          const hex = Buffer.from(body).toString('hex');
          const facts = { channel: channels[i]!, routingKey: key, props: given.shown };
          return { ...facts, hex, incomplete: [] };
        }),
      );
      const sorted = (list: readonly unknown[]) => list.map((each) => JSON.stringify(each)).sort();
      expect(sorted(shown)).toEqual(sorted(wanted));
    }),
    { numRuns: 60 },
  );
});

test('a message that does not go on says why', () => {
  const lasting = publish(1, '', 'q', 'abcdef');
  const begun = lasting.subarray(0, -4);
  const reasons = (...events: Event[]) => {
    const entries = entriesOf([amqpProtocol], [...login(), ...openChannel(1), ...events]);
    return entries.find(({ target }) => target === 'q')!.incomplete;
  };
  expect(reasons(client(begun))).toEqual(['the connection ended within the request']);
  expect(reasons(client(begun), { from: 'client', lost: 30 }, client(heartbeat))).toEqual([
    'bytes of the request were lost by the capture',
  ]);
  const [first, second] = [lasting.subarray(0, -14), publish(1, '', 'other', 'x')];
  expect(reasons(client(first), client(second))).toEqual(['the request breaks its specification']);
});
