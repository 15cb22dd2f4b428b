/**
 * A capture of real load on RabbitMQ: amqplib publishes with confirms and consumes with
 * acknowledgements, as services do. Needs what `test/brokers/setup.ts` installs.
 */
import { copyFileSync } from 'node:fs';
import { connect } from 'amqplib';
import { Capture, run } from '../../test/brokers/capture.ts';
import { startRabbit } from '../../test/brokers/setup-amqp.ts';
import type { CaptureResult } from './inside-namespace.ts';

export interface AmqpLoad {
  /** All publishers together. */
  readonly messages: number;
  /** As many publishers as consumers, each with a connection of its own. */
  readonly pairs: number;
}

const prefetch = 200;
/** Publishes that wait for their confirms at a time. */
const inFlight = 200;
/** Log-in (start, tune, open), opening and closing of a channel and a connection. */
const perConnection = 6;

const order = (number: number) =>
  JSON.stringify({
    number,
    customer: `c-${number % 1000}`,
    items: [1, 2, 3],
    note: 'x'.repeat(150),
  });

/** Makes the capture; the clients count the exchanges. */
export async function captureAmqp(file: string, load: AmqpLoad): Promise<CaptureResult> {
  await using broker = await startRabbit();
  await using capture = await Capture.start([broker.port]);
  const url = `amqp://guest:guest@127.0.0.1:${broker.port}`;
  const each = Math.ceil(load.messages / load.pairs);
  const pairs = Array.from({ length: load.pairs }, (_, pair) =>
    Promise.all([consume(url, pair, each), publish(url, pair, each)]),
  );
  const counts = (await Promise.all(pairs)).flat();
  copyFileSync(await capture.stop(), file);
  const { stdout } = await run('capinfos', ['-c', '-M', file]);
  return {
    exchanges: counts.reduce((sum, count) => sum + count, 0),
    packets: Number(/Number of packets:\s+(\d+)/.exec(stdout)?.[1] ?? 0),
  };
}

async function publish(url: string, pair: number, messages: number): Promise<number> {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('orders', 'topic');
  await channel.assertQueue(`orders-${pair}`);
  await channel.bindQueue(`orders-${pair}`, 'orders', `created.${pair}.#`);
  for (let i = 0; i < messages; i++) {
    channel.publish('orders', `created.${pair}.n${i % 20}`, Buffer.from(order(i)), {
      contentType: 'application/json',
      messageId: `m-${pair}-${i}`,
      persistent: true,
      headers: { tenant: 'shop', attempt: i % 3 },
    });
    if (i % inFlight === inFlight - 1) await channel.waitForConfirms();
  }
  await channel.waitForConfirms();
  await channel.close();
  await connection.close();
  // select, exchange declare, queue declare, bind
  return messages + perConnection + 4;
}

async function consume(url: string, pair: number, messages: number): Promise<number> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.prefetch(prefetch);
  await channel.assertQueue(`orders-${pair}`);
  let left = messages;
  await new Promise<void>((resolve) => {
    void channel.consume(`orders-${pair}`, (message) => {
      if (message === null) return;
      channel.ack(message);
      if (--left === 0) resolve();
    });
  });
  await channel.close();
  await connection.close();
  // qos, declare, consume
  return messages + perConnection + 3;
}
