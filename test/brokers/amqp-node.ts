/** What amqplib does with a broker, and what of it must be seen on the wire. */
import { createHash } from 'node:crypto';
import { type ConfirmChannel, connect, type GetMessage } from 'amqplib';
import type { Broker } from './setup-amqp.ts';

/** One exchange as the client knows it. */
export interface Expected {
  readonly method: string;
  readonly target: string;
  readonly answer: string;
  /** Of a message: sha256 of its body. */
  readonly body?: string;
}

export const digest = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** Bodies of all kinds: none, text, binary, several frames. */
export const bodies: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from('{"order":1,"text":"grüße"}'),
  Buffer.from([0, 1, 2, 0xce, 0xff, 0xce, 1, 0, 1]),
  Buffer.alloc(5000, 'medium '),
  Buffer.alloc(300_000, 'long enough for three frames '),
];

export async function driveWithAmqplib({ name, port, virtualHost }: Broker): Promise<Expected[]> {
  const seen: Expected[] = [];
  const note = (method: string, target: string, answer: string, body?: Uint8Array) =>
    seen.push({ method, target, answer, ...(body !== undefined && { body: digest(body) }) });
  const connection = await connect(
    `amqp://guest:guest@127.0.0.1:${port}/${encodeURIComponent(virtualHost)}`,
  );
  connection.on('error', () => undefined);
  note('connection start', '*', 'connection start-ok');
  note('connection tune', '*', 'connection tune-ok');
  note('connection open', virtualHost, 'connection open-ok');

  const channel = await connection.createConfirmChannel();
  note('channel open', 'channel 1', 'channel open-ok');
  note('confirm select', 'channel 1', 'confirm select-ok');
  await channel.prefetch(100);
  note('basic qos', 'prefetch 100', 'basic qos-ok');
  await channel.assertExchange('orders', 'topic', { durable: false });
  note('exchange declare', 'orders', 'exchange declare-ok');
  await channel.assertQueue('work', { durable: false });
  note('queue declare', 'work', 'queue declare-ok');
  await channel.bindQueue('work', 'orders', 'created.#');
  note('queue bind', 'orders/created.# -> work', 'queue bind-ok');

  for (const [i, body] of bodies.entries()) {
    channel.publish('orders', `created.n${i}`, body, {
      contentType: i === 1 ? 'application/json' : 'application/octet-stream',
      messageId: `m${i}`,
      headers: { number: i, text: 'x', yes: true, nested: { list: [1, 'two'] } },
    });
    note('basic publish', `orders/created.n${i}`, 'basic ack', body);
  }
  await channel.waitForConfirms();
  await returned(channel);
  // RabbitMQ has confirmed that it dealt with it, Qpid refuses.
  const verdict = name === 'Qpid' ? 'basic nack' : 'basic ack';
  note('basic publish', 'orders/nowhere', verdict, Buffer.from('lost'));
  note('basic return', 'orders/nowhere', '', Buffer.from('lost'));

  await consume(channel, note);
  // Qpid keeps what was refused.
  await channel.purgeQueue('work');
  note('queue purge', 'work', 'queue purge-ok');
  await getAll(channel, note);
  await channel.unbindQueue('work', 'orders', 'created.#');
  note('queue unbind', 'orders/created.# -> work', 'queue unbind-ok');
  await channel.purgeQueue('work');
  note('queue purge', 'work', 'queue purge-ok');
  await channel.deleteQueue('work');
  note('queue delete', 'work', 'queue delete-ok');
  await channel.deleteExchange('orders');
  note('exchange delete', 'orders', 'exchange delete-ok');
  await channel.close();
  note('channel close', 'Goodbye', 'channel close-ok');

  const failing = await connection.createChannel();
  note('channel open', 'channel 1', 'channel open-ok');
  failing.on('error', () => undefined);
  await failing.checkQueue('missing').catch(() => undefined);
  note('queue declare', 'missing', 'channel close');
  note('channel close', '*', 'channel close-ok');
  await connection.close();
  note('connection close', 'Cheers, thanks', 'connection close-ok');
  return seen;
}

type Note = (method: string, target: string, answer: string, body?: Uint8Array) => void;

async function returned(channel: ConfirmChannel): Promise<void> {
  const back = new Promise((resolve) => channel.once('return', resolve));
  channel.publish('orders', 'nowhere', Buffer.from('lost'), { mandatory: true });
  await Promise.all([back, channel.waitForConfirms().catch(() => undefined)]);
}

/** All messages are delivered: the first two acknowledged together, one refused, the others one by one. */
async function consume(channel: ConfirmChannel, note: Note): Promise<void> {
  let count = 0;
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const { consumerTag } = await channel.consume(
    'work',
    (message) => {
      if (message === null) return;
      const { routingKey } = message.fields;
      const i = count++;
      const answer = i === 2 ? 'basic nack' : 'basic ack';
      note('basic deliver', `orders/${routingKey} -> work`, answer, message.content);
      if (i === 1) channel.ack(message, true);
      else if (i === 2) channel.nack(message, false, false);
      else if (i > 2) channel.ack(message);
      if (count === bodies.length) done();
    },
    { consumerTag: 'worker' },
  );
  await all;
  note('basic consume', 'work', 'basic consume-ok');
  await channel.cancel(consumerTag);
  note('basic cancel', 'worker', 'basic cancel-ok');
}

async function getAll(channel: ConfirmChannel, note: Note): Promise<void> {
  for (const body of ['one', 'two', 'three']) {
    channel.sendToQueue('work', Buffer.from(body));
    note('basic publish', 'work', 'basic ack', Buffer.from(body));
  }
  await channel.waitForConfirms();
  const first = (await channel.get('work')) as GetMessage;
  note('basic get', 'work', 'basic get-ok', first.content);
  channel.ack(first);
  note('basic get-ok', 'work', 'basic ack');
  const second = (await channel.get('work')) as GetMessage;
  note('basic get', 'work', 'basic get-ok', second.content);
  channel.reject(second, false);
  note('basic get-ok', 'work', 'basic reject');
  const third = (await channel.get('work', { noAck: true })) as GetMessage;
  note('basic get', 'work', 'basic get-ok', third.content);
  // RabbitMQ has dropped what was rejected, Qpid gives it again.
  for (let left = 3; left > 0; left--) {
    const more = await channel.get('work');
    if (more === false) break;
    note('basic get', 'work', 'basic get-ok', more.content);
    channel.ack(more);
    note('basic get-ok', 'work', 'basic ack');
  }
  note('basic get', 'work', 'basic get-empty');
}
