/** RabbitMQ and Apache Qpid Broker-J with amqplib and pika: all that they did is seen, nothing more. */
import { fileURLToPath } from 'node:url';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Entry } from '../../src/entry/entry.ts';
import { digest, driveWithAmqplib, type Expected } from './amqp-node.ts';
import { Capture, run } from './capture.ts';
import {
  type Broker,
  pikaPython,
  protonPython,
  rabbitScript,
  startQpid,
  startRabbit,
} from './setup-amqp.ts';

const pikaScript = fileURLToPath(new URL('amqp-pika.py', import.meta.url));
const protonScript = fileURLToPath(new URL('amqp1-proton.py', import.meta.url));
const longestTestMs = 60_000;
const longestStartMs = 120_000;

async function driveWithPika({ port, name, virtualHost }: Broker): Promise<Expected[]> {
  const python = await pikaPython();
  const { code, stdout, stderr } = await run(python, [pikaScript, String(port), name, virtualHost]);
  expect(code, stderr).toBe(0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Expected);
}

/** Side of an entry that has the message's body, as bytes. */
function bodyOf({ request, response }: Entry): Buffer | undefined {
  const side = typeof request?.['body'] === 'string' ? request : response;
  const body = side?.['body'];
  if (typeof body !== 'string') return undefined;
  return Buffer.from(body, side?.['bodyEncoding'] === 'base64' ? 'base64' : 'utf8');
}

/** `*` as a target: whatever the broker says. */
function line(expected: Expected): string {
  const { method, target, answer, body = '' } = expected;
  return `${method} | ${target} | ${answer} | ${body.slice(0, 12)}`;
}

/** Entries as the client would have noted them. */
function lines(entries: readonly Entry[], wanted: readonly Expected[]): string[] {
  const exact = new Set(wanted.map(line));
  const any = new Set(wanted.filter(({ target }) => target === '*').map(key));
  return entries.map((entry) => {
    const { method, response } = entry;
    const answer = String(response?.['method'] ?? '');
    const body = bodyOf(entry);
    const rest = { method, answer, ...(body !== undefined && { body: digest(body) }) };
    const itself = line({ ...rest, target: entry.target });
    return exact.has(itself) || !any.has(key(rest)) ? itself : line({ ...rest, target: '*' });
  });
}

const key = ({ method, answer }: Pick<Expected, 'method' | 'answer'>) => `${method} | ${answer}`;

function compare(
  entries: readonly Entry[],
  wanted: readonly Expected[],
  { virtualHost }: Broker,
): void {
  expect(lines(entries, wanted).sort()).toEqual(wanted.map(line).sort());
  for (const { incomplete, host, method, protocol } of entries) {
    expect(protocol).toEqual({ name: 'amqp', version: '0-9-1', abbr: 'AMQP' });
    expect(incomplete).toEqual([]);
    if (!/start|tune/.test(method)) expect(host).toBe(virtualHost);
  }
  const login = entries.find(({ method }) => method === 'connection start');
  expect(login?.response).toMatchObject({ mechanism: 'PLAIN', user: 'guest' });
  expect(login?.response?.['response']).toBe('\0guest\0[REDACTED]');
}

/** One entry for a connection of Proton's, its frames counted. `host`: what RabbitMQ calls `vhost:NAME`. */
async function speakAmqp1({ port, virtualHost }: Broker, host: string): Promise<void> {
  const address = `amqp://guest:guest@127.0.0.1:${port}/${encodeURIComponent(virtualHost)}`;
  const connection = await connect(address);
  const channel = await connection.createChannel();
  // As RabbitMQ declares it itself for AMQP 1.0.
  await channel.assertQueue('jobs', { durable: false });
  await connection.close();
  await using capture = await Capture.start([port]);
  const words = [protonScript, String(port), host, 'jobs', '25'];
  const { code, stdout, stderr } = await run(await protonPython(), words);
  expect(code, stderr).toBe(0);
  const { container, sent, got } = JSON.parse(stdout) as Record<string, unknown>;
  expect(await capture.entries()).toMatchObject([
    {
      protocol: { name: 'amqp1', version: '1.0' },
      target: `${container} -> ${host}`,
      outcome: 'ok',
      incomplete: [],
      request: { containerId: container, hostname: host, frames: { transfer: sent } },
      response: { frames: { transfer: got } },
    },
  ]);
}

const rabbit = await rabbitScript();

describe.skipIf(rabbit === undefined)('RabbitMQ (skipped when it is not installed)', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startRabbit();
  }, longestStartMs);
  afterAll(() => broker[Symbol.asyncDispose]());

  test('amqplib', { timeout: longestTestMs }, async () => {
    await using capture = await Capture.start([broker.port]);
    const wanted = await driveWithAmqplib(broker);
    const entries = await capture.entries();
    compare(entries, wanted, broker);
    expect(entries.find(({ target }) => target === 'orders/created.n1')).toMatchObject({
      contentType: 'application/json',
      request: {
        properties: {
          messageId: 'm1',
          headers: { number: 1, text: 'x', yes: true, nested: { list: [1, 'two'] } },
        },
        body: '{"order":1,"text":"grüße"}',
      },
    });
  });

  test('pika', { timeout: longestTestMs }, async () => {
    await using capture = await Capture.start([broker.port]);
    const wanted = await driveWithPika(broker);
    compare(await capture.entries(), wanted, broker);
  });

  test('AMQP 1.0 with Proton', { timeout: longestTestMs }, () => speakAmqp1(broker, 'vhost:/'));
});

describe('Apache Qpid Broker-J', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startQpid();
  }, longestStartMs);
  afterAll(() => broker[Symbol.asyncDispose]());

  test('amqplib', { timeout: longestTestMs }, async () => {
    await using capture = await Capture.start([broker.port]);
    const wanted = await driveWithAmqplib(broker);
    compare(await capture.entries(), wanted, broker);
  });

  test('pika', { timeout: longestTestMs }, async () => {
    await using capture = await Capture.start([broker.port]);
    const wanted = await driveWithPika(broker);
    compare(await capture.entries(), wanted, broker);
  });

  test('AMQP 1.0 with Proton', { timeout: longestTestMs }, () => speakAmqp1(broker, 'default'));
});
