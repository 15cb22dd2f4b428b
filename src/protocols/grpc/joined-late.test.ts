import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ValueMap } from '../../dissect/contract.ts';
import { Flag, Frame } from '../http2/frames.ts';
import { block, frame } from '../http2/test-frames.ts';
import { Recorder } from '../http2/test-record.ts';
import { protocols } from '../index.ts';
import { byteByByte, client, type Event, entriesOf, ProtocolBench, server } from '../test-bench.ts';
import { openShop, ShopClient } from './test-shop.ts';

const count = 12;
let events: Event[] = [];

/** Calls one after the other: what their headers have in common is in tables after the first one. */
beforeAll(async () => {
  const shop = await openShop();
  const recorder = await Recorder.before(shop.port);
  const caller = new ShopClient(recorder.port);
  for (let i = 0; i < count; i++) await caller.add({ name: `item ${i}`, count: 3 });
  await caller.add({ name: 'missing' }).catch(() => undefined);
  await delay(20);
  caller.close();
  recorder.close();
  shop.close();
  events = recorder.events;
});

const allIn = (each: readonly Event[]) => entriesOf(protocols, each, { fromStart: false });
const callsIn = (each: readonly Event[]) => allIn(each).filter(({ parent }) => parent === '');

/** From the fourth call on. */
function lateEvents(): Event[] {
  const start = events.findIndex(
    (event) =>
      event.from === 'client' && 'bytes' in event && Buffer.from(event.bytes).includes('item 3'),
  );
  return events.slice(start);
}

describe('calls of which the capture missed the beginning of the connection', () => {
  test('are shown as such, with their messages', () => {
    const calls = callsIn(lateEvents()).filter(({ outcome }) => outcome !== 'failed');
    expect(calls.length).toBeGreaterThan(count - 5);
    for (const call of calls.slice(1)) {
      expect(call).toMatchObject({ outcome: 'ok', protocol: { abbr: 'gRPC' } });
      const [asked] = call.request!['messages'] as { 1: string }[];
      expect(asked![1]).toMatch(/^item \d+$/);
      expect(call.response!['messages']).toMatchObject([{ 2: `added ${asked![1]}` }]);
      expect(JSON.stringify(call.request!['messageProblems'])).toContain(
        'read as messages of gRPC',
      );
    }
  });
});

test('their messages are entries under them, before the call ends', () => {
  for (const each of [lateEvents(), byteByByte(lateEvents())]) {
    const entries = allIn(each);
    for (const call of entries.filter(({ parent }) => parent === '').slice(1)) {
      const [asked, answered] = entries.filter(({ parent }) => parent === call.id);
      expect(asked).toMatchObject({ protocol: { abbr: 'gRPC' }, target: '/shop.Cart/Add' });
      const { 1: name } = asked!.request!['message'] as { 1: string };
      if (name === 'missing') expect(answered).toBeUndefined();
      else expect(answered!.response!['message']).toEqual({ 1: 3, 2: `added ${name}` });
    }
  }
  // The request alone.
  const late = lateEvents();
  const isItem = (event: Event) => 'bytes' in event && Buffer.from(event.bytes).includes('item 5');
  const { entries } = new ProtocolBench(protocols, { fromStart: false })
    .feed(late.slice(0, late.findIndex(isItem) + 1))
    .announce();
  const last = entries.findLast(({ request }) => request?.['message'] !== undefined);
  expect(last!.request!['message']).toMatchObject({ 1: 'item 5' });
});

test('a call that failed is one although the name of its status is not known', () => {
  const failed = callsIn(lateEvents()).filter(({ outcome }) => outcome === 'failed');
  expect(failed).toMatchObject([{ status: 5, protocol: { abbr: 'gRPC' } }]);
  expect(failed[0]!.response).toMatchObject({ status: 5, statusText: 'NOT_FOUND' });
  expect(JSON.stringify(failed[0]!.response!['problems'])).toContain(
    'the status is that of a number',
  );
});

test('messages of an answer whose request is an empty message', () => {
  const entries = allIn(answered(message));
  const call = entries.find(({ parent }) => parent === '')!;
  expect(entries.filter(({ parent }) => parent === call.id)).toMatchObject([
    { response: { message: { 1: 'a' }, index: 0 } },
  ]);
});

/** An index into the table that was sent before the capture started. */
const lostField = Buffer.of(0x80 | 62);

interface Answer {
  readonly trailers?: boolean;
  readonly known?: Uint8Array;
}

function answered(body: Uint8Array, options: Answer = {}): Event[] {
  const { trailers = true, known = new Uint8Array(0) } = options;
  const asked = frame(
    Frame.Headers,
    Flag.EndHeaders | Flag.EndStream,
    3,
    Buffer.concat([Buffer.of(0x83, 0x86), lostField]),
  );
  const head = Buffer.concat([Buffer.of(0x88), lostField, known]);
  const end = frame(Frame.Headers, Flag.EndHeaders | Flag.EndStream, 3, lostField);
  const data = frame(Frame.Data, trailers ? 0 : Flag.EndStream, 3, body);
  const ping = frame(6, 0, 0, Buffer.alloc(8));
  return [
    client(ping, asked),
    server(ping, frame(Frame.Headers, Flag.EndHeaders, 3, head), data, ...(trailers ? [end] : [])),
  ];
}

const message = Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x61]);

describe('an answer whose media type is not known', () => {
  test('messages and trailers: gRPC', () => {
    for (const body of [message, Buffer.concat([message, message])]) {
      expect(callsIn(answered(body))).toMatchObject([{ protocol: { abbr: 'gRPC' } }]);
    }
  });

  test.each<[string, Uint8Array, Answer]>([
    ['without trailers', message, { trailers: false }],
    ['of another media type', message, { known: block([['content-type', 'image/x-icon']]) }],
    ['a byte behind the last message', Buffer.concat([message, Buffer.of(0)]), {}],
    ['a message that is not whole', message.subarray(0, 7), {}],
    ['the flags of gRPC-Web', Buffer.concat([message, Buffer.of(0x80, 0, 0, 0, 0)]), {}],
    ['zeros alone', Buffer.alloc(500), {}],
    ['a text', Buffer.from('{"a":1}'), {}],
  ])('%s: HTTP', (_what, body, options) => {
    expect(callsIn(answered(body, options))).toMatchObject([{ protocol: { abbr: 'HTTP/2' } }]);
  });
});

describe('a call that was open when the capture started', () => {
  const data = (text: string, flags = 0) =>
    frame(
      Frame.Data,
      flags,
      1,
      Buffer.of(0, 0, 0, 0, 2 + text.length, 0x0a, text.length, ...Buffer.from(text)),
    );
  const end = frame(
    Frame.Headers,
    Flag.EndHeaders | Flag.EndStream,
    1,
    block([['grpc-status', '5']]),
  );
  // Another call, by which the connection is recognised.
  const whole = Flag.EndHeaders | Flag.EndStream;
  const other = [
    client(frame(Frame.Headers, whole, 3, Buffer.of(0x82, 0x86, 0x84))),
    server(frame(Frame.Headers, whole, 3, Buffer.of(0x8d))),
  ];
  const textOf = (side: ValueMap | undefined) =>
    (side?.['message'] as { 1: string } | undefined)?.[1];

  function shown(each: readonly Event[]) {
    const entries = allIn(each);
    const [call, ...more] = entries.filter(({ parent, target }) => parent === '' && target !== '/');
    expect(more).toEqual([]);
    const under = entries.filter(({ parent }) => parent === call!.id);
    return { call: call!, asked: texts('request'), told: texts('response') };

    function texts(side: 'request' | 'response') {
      return under.map((message) => textOf(message[side])).filter((text) => text !== undefined);
    }
  }

  test('shows its messages under one entry, whoever speaks first, and how it ended', () => {
    const asks = client(data('a'), data('b', Flag.EndStream));
    const tells = server(data('c'), data('d'));
    for (const talk of [
      [asks, tells],
      [tells, asks],
    ]) {
      const { call, asked, told } = shown([...other, ...talk, server(end)]);
      expect({ asked, told }).toEqual({ asked: ['a', 'b'], told: ['c', 'd'] });
      expect(call).toMatchObject({ status: 5, protocol: { abbr: 'gRPC' } });
      expect(call.response).toMatchObject({
        statusText: 'NOT_FOUND',
        messages: [{ 1: 'c' }, { 1: 'd' }],
      });
      expect(JSON.stringify(call.response!['problems'])).toContain('its headers were sent before');
    }
  });

  test('of which only the answer is heard: at once, before it ends', () => {
    const bench = new ProtocolBench(protocols, { fromStart: false });
    const { entries } = bench.feed([...other, server(data('c')), server(data('d'))]).announce();
    const told = entries
      .map(({ response }) => textOf(response))
      .filter((text) => text !== undefined);
    expect(told).toEqual(['c', 'd']);
  });

  test('bytes that are no messages are nobody knows what', () => {
    const bytes = frame(Frame.Data, 0, 1, '{"a":1}');
    expect(allIn([...other, client(bytes), server(bytes)])).toHaveLength(1);
  });
});
