/**
 * The methods that other clients hide, with real brokers: log-in by question and answer, changed secrets,
 * alarms, flow, recovery, whatever the broker says of its own, and every way in which things are closed.
 */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry/entry.ts';
import { heartbeat } from '../../src/protocols/amqp/test-encode.ts';
import { RawClient } from './amqp-raw.ts';
import { Capture, delay } from './capture.ts';
import { type Broker, rabbitScript, startQpid, startRabbit } from './setup-amqp.ts';

const longestTestMs = 90_000;
const longestStartMs = 120_000;

/** Who sent it, what it is, what became of it. */
function lines(entries: readonly Entry[], { port }: Broker): string[] {
  return entries.map(({ src, method, target, outcome, status, response }) =>
    [
      `${src.port === port ? 'broker' : 'client'}: ${method}`,
      target,
      `${outcome}${status === 0 ? '' : ` ${status}`}`,
      String(response?.['method'] ?? '-'),
    ].join(' | '),
  );
}

const rabbit = await rabbitScript();

describe.skipIf(rabbit === undefined)('RabbitMQ (skipped when it is not installed)', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startRabbit();
  }, longestStartMs);
  afterAll(() => broker[Symbol.asyncDispose]());

  test('log-in by question and answer, new secret, old access, flow', {
    timeout: longestTestMs,
  }, async () => {
    await using capture = await Capture.start([broker.port]);
    await using raw = await RawClient.connect(broker.port);
    raw.startOk('RABBIT-CR-DEMO', Buffer.from('guest'));
    await raw.wait('connection secure');
    const response = Buffer.from('My password is guest');
    await raw.call('connection secure-ok', 0, { response }, 'connection tune');
    await raw.tuneAndOpen('/');
    const newSecret = Buffer.from('a new password');
    const fields = { newSecret, reason: 'rotated' };
    await raw.call('connection update-secret', 0, fields, 'connection update-secret-ok');
    await raw.call('channel open', 1, {}, 'channel open-ok');
    // Class access has gone from today's codecs: realm `/data`, all rights but exclusive ones.
    raw.write(
      Buffer.from('\u0001\0\u0001\0\0\0\u000b\0\u001e\0\u000a\u0005/data\u001e\u00ce', 'latin1'),
    );
    await raw.call('channel flow', 1, { active: true }, 'channel flow-ok');
    await raw.call('channel flow', 1, { active: false }, 'connection close');
    raw.send('connection close-ok', 0);
    const entries = await capture.entries();
    expect(entries[0]!.target).toContain('RABBIT-CR-DEMO');
    expect(lines(entries, broker).slice(1)).toEqual([
      'broker: connection secure |  | ok | connection secure-ok',
      'broker: connection tune | 2047 channels, 131072 bytes a frame, heartbeat 60 s | ok | connection tune-ok',
      'client: connection open | / | ok | connection open-ok',
      'client: connection update-secret | rotated | ok | connection update-secret-ok',
      'client: channel open | channel 1 | ok | channel open-ok',
      'client: access request | /data | ok | access request-ok',
      'client: channel flow | active | ok | channel flow-ok',
      'client: channel flow | paused | failed 540 | connection close',
      'broker: connection close | NOT_IMPLEMENTED - active=false | failed 540 | connection close-ok',
    ]);
    expect(entries[1]!.request).toMatchObject({ challenge: 'Please tell me your password' });
    expect(JSON.stringify(entries)).not.toMatch(/My password|a new password/);
  });

  test('an alarm: blocked and unblocked', { timeout: longestTestMs }, async () => {
    await using capture = await Capture.start([broker.port]);
    await using raw = await RawClient.connect(broker.port);
    await raw.open('PLAIN', Buffer.from('\0guest\0guest'), '/');
    await raw.call('channel open', 1, {}, 'channel open-ok');
    await broker.control(['set_vm_memory_high_watermark', '0.00001']);
    raw.publish(1, { routingKey: 'nobody' }, 'one too many');
    await raw.wait('connection blocked');
    await broker.control(['set_vm_memory_high_watermark', '0.8']);
    await raw.wait('connection unblocked');
    await raw.call('connection close', 0, { replyCode: 200 }, 'connection close-ok');
    expect(lines(await capture.entries(), broker).slice(4)).toEqual([
      'client: basic publish | nobody | ok | -',
      'broker: connection blocked | low on memory | ok | -',
      'broker: connection unblocked |  | ok | -',
      'client: connection close |  | ok 200 | connection close-ok',
    ]);
  });

  test('bindings of exchanges, refused publishes, recovery, a consumer whose queue goes', {
    timeout: longestTestMs,
  }, async () => {
    await using capture = await Capture.start([broker.port]);
    await using raw = await RawClient.connect(broker.port);
    await raw.open('PLAIN', Buffer.from('\0guest\0guest'), '/');
    await raw.call('channel open', 1, {}, 'channel open-ok');
    await raw.call('exchange declare', 1, { exchange: 'a', type: 'topic' }, 'exchange declare-ok');
    raw.send('exchange declare', 1, { exchange: 'b', type: 'fanout', nowait: true });
    const binding = { destination: 'b', source: 'a', routingKey: 'x.#' };
    raw.send('exchange bind', 1, { ...binding, nowait: true });
    await raw.call('exchange unbind', 1, binding, 'exchange unbind-ok');
    const overflow = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    raw.send('queue declare', 1, { queue: 'few', nowait: true, arguments: overflow });
    await raw.call('channel open', 2, {}, 'channel open-ok');
    await raw.call('confirm select', 2, {}, 'confirm select-ok');
    for (const body of ['kept', 'refused']) {
      raw.publish(2, { routingKey: 'few' }, body);
      await raw.wait(body === 'kept' ? 'basic ack' : 'basic nack');
    }
    const consumer = { queue: 'few', consumerTag: 'me' };
    await raw.call('basic consume', 1, consumer, 'basic consume-ok');
    await raw.wait('basic deliver');
    await raw.call('basic recover', 1, { requeue: true }, 'basic recover-ok');
    await raw.wait('basic deliver');
    raw.send('basic recover-async', 1, { requeue: true });
    await raw.wait('basic deliver');
    raw.send('basic nack', 1, { deliveryTag: 3, requeue: true });
    await raw.wait('basic deliver');
    // Everything until now.
    raw.send('basic ack', 1, { deliveryTag: 0, multiple: true });
    await raw.call('queue delete', 2, { queue: 'few' }, 'queue delete-ok');
    await raw.wait('basic cancel');
    raw.send('exchange delete', 1, { exchange: 'a', nowait: true });
    await raw.call('exchange delete', 1, { exchange: 'b' }, 'exchange delete-ok');
    raw.publish(2, { exchange: 'gone', routingKey: 'k' }, 'to nobody');
    await raw.wait('channel close');
    raw.send('channel close-ok', 2);
    raw.write(heartbeat);
    await delay(100);
    await raw[Symbol.asyncDispose]();
    const entries = await capture.entries();
    const [close] = entries.filter(({ method }) => method === 'channel close');
    expect(lines(entries, broker).slice(3).sort()).toEqual(
      [
        'client: channel open | channel 1 | ok | channel open-ok',
        'client: exchange declare | a | ok | exchange declare-ok',
        'client: exchange declare | b | ok | -',
        'client: exchange bind | a/x.# -> b | ok | -',
        'client: exchange unbind | a/x.# -> b | ok | exchange unbind-ok',
        'client: queue declare | few | ok | -',
        'client: channel open | channel 2 | ok | channel open-ok',
        'client: confirm select | channel 2 | ok | confirm select-ok',
        'client: basic publish | few | ok | basic ack',
        'client: basic publish | few | failed | basic nack',
        'client: basic consume | few | ok | basic consume-ok',
        'client: basic recover | channel 1 | ok | basic recover-ok',
        'broker: basic deliver | few | no response | -',
        'client: basic recover-async | channel 1 | ok | -',
        'broker: basic deliver | few | no response | -',
        'broker: basic deliver | few | failed | basic nack',
        'broker: basic deliver | few | ok | basic ack',
        'broker: basic cancel | me | ok | -',
        'client: queue delete | few | ok | queue delete-ok',
        'client: exchange delete | a | ok | -',
        'client: exchange delete | b | ok | exchange delete-ok',
        'client: basic publish | gone/k | failed 404 | channel close',
        `broker: channel close | ${close?.target} | failed 404 | channel close-ok`,
        'client: connection lost | the client hung up without connection close | failed | -',
      ].sort(),
    );
    expect(close?.target).toMatch(/^NOT_FOUND - no exchange 'gone'/);
    const redelivered = entries.filter(({ method }) => method === 'basic deliver');
    expect(redelivered.map(({ request }) => request?.['redelivered'])).toEqual([
      ...[false, true, true, true],
    ]);
    expect(entries.at(-1)!.request).toMatchObject({
      totals: { client: { heartbeats: 1, messages: 3 }, server: { messages: 4 } },
    });
  });
});

describe('Apache Qpid Broker-J', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startQpid();
  }, longestStartMs);
  afterAll(() => broker[Symbol.asyncDispose]());

  test('log-in by question and answer, flow, recovery, transactions, returned at once', {
    timeout: longestTestMs,
  }, async () => {
    await using capture = await Capture.start([broker.port]);
    await using raw = await RawClient.connect(broker.port);
    raw.startOk('CRAM-MD5', Buffer.alloc(0));
    const challenge = (await raw.wait('connection secure')).subarray(4);
    const digest = createHmac('md5', 'guest').update(challenge).digest('hex');
    const response = Buffer.from(`guest ${digest}`);
    await raw.call('connection secure-ok', 0, { response }, 'connection tune');
    await raw.tuneAndOpen('default');
    await raw.call('channel open', 1, {}, 'channel open-ok');
    await raw.call('queue declare', 1, { queue: 'jobs' }, 'queue declare-ok');
    await raw.call('tx select', 1, {}, 'tx select-ok');
    raw.publish(1, { routingKey: 'jobs' }, 'never mind');
    await raw.call('tx rollback', 1, {}, 'tx rollback-ok');
    raw.publish(1, { routingKey: 'jobs' }, 'do this');
    await raw.call('tx commit', 1, {}, 'tx commit-ok');
    await raw.call('channel open', 2, {}, 'channel open-ok');
    await raw.call('channel flow', 2, { active: false }, 'channel flow-ok');
    const consumer = { queue: 'jobs', consumerTag: 'me' };
    await raw.call('basic consume', 2, consumer, 'basic consume-ok');
    await raw.call('channel flow', 2, { active: true }, 'channel flow-ok');
    await raw.wait('basic deliver');
    await raw.call('basic recover', 2, { requeue: true }, 'basic recover-ok');
    await raw.wait('basic deliver');
    raw.send('basic reject', 2, { deliveryTag: 2, requeue: false });
    await raw.call('basic cancel', 2, { consumerTag: 'me' }, 'basic cancel-ok');
    raw.publish(2, { routingKey: 'jobs', immediate: true }, 'now or never');
    await raw.wait('basic return');
    await raw.call('queue delete', 2, { queue: 'jobs' }, 'queue delete-ok');
    await raw.call('connection close', 0, { replyCode: 200 }, 'connection close-ok');
    const entries = await capture.entries();
    expect(lines(entries, broker).slice(1).sort()).toEqual(
      [
        'broker: connection secure |  | ok | connection secure-ok',
        'broker: connection tune | 256 channels, 262136 bytes a frame, heartbeat 0 s | ok | connection tune-ok',
        'client: connection open | default | ok | connection open-ok',
        'client: channel open | channel 1 | ok | channel open-ok',
        'client: queue declare | jobs | ok | queue declare-ok',
        'client: tx select | channel 1 | ok | tx select-ok',
        'client: basic publish | jobs | ok | -',
        'client: tx rollback | channel 1 | ok | tx rollback-ok',
        'client: basic publish | jobs | ok | -',
        'client: tx commit | channel 1 | ok | tx commit-ok',
        'client: channel open | channel 2 | ok | channel open-ok',
        'client: channel flow | paused | ok | channel flow-ok',
        'client: basic consume | jobs | ok | basic consume-ok',
        'client: channel flow | active | ok | channel flow-ok',
        'client: basic recover | channel 2 | ok | basic recover-ok',
        'broker: basic deliver | jobs | no response | -',
        'broker: basic deliver | jobs | failed | basic reject',
        'client: basic cancel | me | ok | basic cancel-ok',
        'client: basic publish | jobs | ok | -',
        'broker: basic return | jobs | failed 313 | -',
        'client: queue delete | jobs | ok | queue delete-ok',
        'client: connection close |  | ok 200 | connection close-ok',
      ].sort(),
    );
    expect(JSON.stringify(entries)).not.toContain(digest);
  });
});
