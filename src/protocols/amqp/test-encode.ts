/** For tests: frames written by amqplib's codec, which knows nothing of ours. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { client, type Event, server } from '../test-bench.ts';

interface Argument {
  readonly name: string;
  readonly type: string;
  readonly default?: unknown;
}

/** What amqplib's generated codec exports. */
interface Codec {
  encodeMethod(id: number, channel: number, fields: Readonly<Record<string, unknown>>): Buffer;
  encodeProperties(
    id: number,
    channel: number,
    size: number,
    fields: Readonly<Record<string, unknown>>,
  ): Buffer;
  info(id: number): { readonly args: readonly Argument[]; readonly name: string };
  readonly [name: string]: unknown;
}

// The package does not export its codec: it lies beside the file that it does export.
const require = createRequire(import.meta.url);
const codec = require(join(dirname(require.resolve('amqplib')), 'lib', 'defs.js')) as Codec;

export const protocolHeader = Buffer.from('AMQP\0\0\u0009\u0001', 'latin1');
export const heartbeat = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);

type Fields = Readonly<Record<string, unknown>>;

/** `basic publish` → the number and the fields of amqplib's `BasicPublish`. */
export function codecMethod(name: string): { id: number; args: readonly Argument[] } | undefined {
  const words = name.split(/[ -]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const id = codec[words.join('')];
  return typeof id === 'number' ? { id, args: codec.info(id).args } : undefined;
}

/** A method frame; fields that are left out have amqplib's default, else nothing. */
export function method(name: string, channel: number, fields: Fields = {}): Buffer {
  const found = codecMethod(name);
  if (found === undefined) throw new Error(`amqplib has no ${name}`);
  const all = Object.fromEntries(
    found.args.map((each) => [each.name, fields[each.name] ?? each.default ?? empty(each.type)]),
  );
  return codec.encodeMethod(found.id, channel, all);
}

function empty(type: string): unknown {
  switch (type) {
    case 'bit':
      return false;
    case 'shortstr':
      return '';
    case 'longstr':
      return Buffer.alloc(0);
    case 'table':
      return {};
    default:
      return 0;
  }
}

export function header(channel: number, size: number, properties: Fields = {}): Buffer {
  return codec.encodeProperties(codec['BasicProperties'] as number, channel, size, properties);
}

export function bodyFrame(channel: number, bytes: Uint8Array | string): Buffer {
  const payload = Buffer.from(bytes as string);
  const frame = Buffer.alloc(payload.length + 8);
  frame.writeUInt8(3, 0);
  frame.writeUInt16BE(channel, 1);
  frame.writeUInt32BE(payload.length, 3);
  payload.copy(frame, 7);
  frame.writeUInt8(0xce, frame.length - 1);
  return frame;
}

/** Header and body frames, the body in pieces of `pieceBytes`. */
export function content(
  channel: number,
  body: string | Uint8Array,
  properties: Fields = {},
  pieceBytes = 131_064,
): Buffer {
  const bytes = Buffer.from(body as string);
  const frames = [header(channel, bytes.length, properties)];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    frames.push(bodyFrame(channel, bytes.subarray(at, at + pieceBytes)));
  }
  return Buffer.concat(frames);
}

/** A message from the client. */
export function publish(
  channel: number,
  exchange: string,
  routingKey: string,
  body: string | Uint8Array,
  properties: Fields = {},
): Buffer {
  return Buffer.concat([
    method('basic publish', channel, { exchange, routingKey }),
    content(channel, body, properties),
  ]);
}

/** A message to the client. */
export function deliver(
  channel: number,
  consumerTag: string,
  deliveryTag: number,
  routingKey: string,
  body: string,
): Buffer {
  return Buffer.concat([
    method('basic deliver', channel, { consumerTag, deliveryTag, exchange: '', routingKey }),
    content(channel, body, { contentType: 'text/plain' }),
  ]);
}

/** Everything until a connection is open, as PLAIN. */
export function login(password = 'secret', virtualHost = '/shop'): Event[] {
  const tune = { channelMax: 2047, frameMax: 131_072, heartbeat: 60 };
  return [
    client(protocolHeader),
    server(
      method('connection start', 0, {
        versionMajor: 0,
        versionMinor: 9,
        serverProperties: { product: 'Broker', capabilities: { publisher_confirms: true } },
        mechanisms: Buffer.from('PLAIN AMQPLAIN'),
        locales: Buffer.from('en_US'),
      }),
    ),
    client(
      method('connection start-ok', 0, {
        clientProperties: { product: 'Client' },
        mechanism: 'PLAIN',
        response: Buffer.from(`\0guest\0${password}`),
        locale: 'en_US',
      }),
    ),
    server(method('connection tune', 0, tune)),
    client(method('connection tune-ok', 0, tune), method('connection open', 0, { virtualHost })),
    server(method('connection open-ok', 0)),
  ];
}

/** A channel opened, as both sides say it. */
export function openChannel(channel: number): Event[] {
  return [
    client(method('channel open', channel)),
    server(method('channel open-ok', channel, { channelId: Buffer.alloc(0) })),
  ];
}
