/** Damaged conversations of AMQP 0-9-1 and 1.0 through the real driver. For tests. */
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Conversation } from '../../dissect/conversation.ts';
import { Dissector, RowWriter } from '../../dissect/index.ts';
import { storedFromBatch } from '../../entry/row.ts';
import { Closed, type Connection } from '../../reassemble/contract.ts';
import type { Batch } from '../../ship/batch.ts';
import { amqp1Protocol } from '../amqp1/index.ts';
import { amqpProtocol } from './index.ts';
import {
  bodyFrame,
  content,
  deliver,
  header,
  heartbeat,
  login,
  method,
  publish,
} from './test-encode.ts';

const protocols = [amqpProtocol, amqp1Protocol];
const bodyLimitBytes = 4096;
/** Of how many rows one is decoded and described. */
const decodedShare = 8;

export interface Fuzzed {
  readonly rows: number;
  /** Exchanges that are still alive when all connections are closed. */
  readonly live: number;
}
type Random = () => number;

const headers = { number: 1, nested: { list: [true, 'x', { deep: 2 }] }, text: 'y' };
const fromClient: readonly Buffer[] = [
  method('channel open', 1),
  method('confirm select', 1),
  method('queue declare', 1, { queue: 'q', arguments: headers }),
  method('exchange bind', 1, { destination: 'd', source: 's', routingKey: 'k' }),
  method('basic consume', 1, { queue: 'q', consumerTag: 'c' }),
  method('basic consume', 1, { queue: 'q', noAck: true }),
  method('basic get', 1, { queue: 'q' }),
  method('basic ack', 1, { deliveryTag: 1, multiple: true }),
  method('basic nack', 1, { deliveryTag: 2 }),
  method('basic recover', 1, { requeue: true }),
  publish(1, 'e', 'k', 'text', { contentType: 'text/plain', headers }),
  publish(1, 'e', 'k', 'x'.repeat(6000)),
  Buffer.concat([
    method('basic publish', 1, { routingKey: 'one' }),
    method('basic publish', 2, { routingKey: 'two' }),
    header(1, 3),
    header(2, 4),
    bodyFrame(2, 'ab'),
    bodyFrame(1, 'xyz'),
    bodyFrame(2, 'cd'),
  ]),
  method('channel close', 1, { replyCode: 200, replyText: 'bye' }),
  method('connection close', 0, { replyCode: 200, replyText: 'bye' }),
  heartbeat,
  Buffer.from(
    'AMQP\u0003\u0001\0\0\0\0\0\u0010\u0002\0\0\0\0\u0053\u0010\u00c0\u0003\u0001\u00a1\0',
    'latin1',
  ),
  Buffer.from('\0\0\0\u000c\u0002\0\0\0\0\u0053\u0018\u0045', 'latin1'),
];
const fromServer: readonly Buffer[] = [
  method('channel open-ok', 1, { channelId: Buffer.alloc(0) }),
  method('confirm select-ok', 1),
  method('queue declare-ok', 1, { queue: 'q' }),
  method('basic consume-ok', 1, { consumerTag: 'c' }),
  method('basic get-empty', 1),
  method('basic ack', 1, { deliveryTag: 3, multiple: true }),
  method('basic nack', 1, { deliveryTag: 1 }),
  deliver(1, 'c', 1, 'q', 'text'),
  deliver(2, 'd', 9, 'q', 'x'.repeat(5000)),
  Buffer.concat([method('basic get-ok', 1, { deliveryTag: 4, routingKey: 'q' }), content(1, 'z')]),
  Buffer.concat([method('basic return', 1, { replyCode: 312, replyText: 'no' }), content(1, 'z')]),
  method('channel close', 1, { replyCode: 404, replyText: 'no', classId: 50, methodId: 10 }),
  method('connection close', 0, { replyCode: 320, replyText: 'no', classId: 10, methodId: 40 }),
  method('connection blocked', 0, { reason: 'memory' }),
  heartbeat,
  Buffer.from('AMQP\0\u0001\0\0', 'latin1'),
];
const beginning = login().map((event) => ({
  from: event.from === 'client' ? (0 as const) : (1 as const),
  bytes: 'bytes' in event ? Buffer.from(event.bytes) : Buffer.alloc(0),
}));

/** A message with some of its bytes changed, taken out or put in. */
function damaged(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let count = Math.floor(random() * 3); count > 0; count--) {
    const at = Math.floor(random() * (result.length + 1));
    const kind = random();
    if (kind < 0.6) result[at] = Math.floor(random() * 256);
    else if (kind < 0.8) {
      const added = Buffer.from([random() < 0.5 ? 0xce : 0, random() * 256]);
      result = Buffer.concat([result.subarray(0, at), added, result.subarray(at)]);
    } else {
      result = Buffer.concat([result.subarray(0, at), result.subarray(at + random() * 8)]);
    }
  }
  return result;
}

/** `streams` connections with a few messages of either end each. Throws when anything does. */
export function fuzzAmqp(streams: number, seed: number): Fuzzed {
  const random = seededRandom(seed);
  let rows = 0;
  const writer = new RowWriter({
    ...{ rows: 1024, heapBytes: 1 << 20, thread: 0, node: 0, capture: 0 },
    seal: (batch) => {
      rows += batch.rows;
      decodeSome(batch);
      writer.recycle(batch.buffer);
    },
  });
  const dissector = new Dissector({
    ...{ protocols, rows: writer, thread: 0, bodyLimitBytes, redact: true },
    ...{ windowBytes: 64 << 20, demoPorts: new Set<number>() },
  });
  for (let number = 1; number <= streams; number++) speak(dissector, number, random);
  writer.flush(false);
  return { rows, live: writer.live };
}

function speak(dissector: Dissector, number: number, random: Random): void {
  const connection: Connection<Conversation | undefined> = {
    ...{ number, port0: 40_000, port1: 5672, scope: 0, client: random() < 0.7 ? 0 : -1 },
    address0: new Uint32Array([0, 0, 0xffff, 1]),
    address1: new Uint32Array([0, 0, 0xffff, 2]),
    ...{ initialSequence0: number, initialSequence1: number, context: undefined, ignored: false },
  };
  dissector.open(connection);
  let now = 1_700_000_000_000 + number;
  const say = (from: 0 | 1, bytes: Uint8Array) => {
    now += random() * 100;
    if (bytes.length > 0) dissector.data(connection, from, bytes, 0, bytes.length, now, 1, 0);
  };
  if (random() < 0.3) {
    for (const { from, bytes } of beginning)
      say(from, random() < 0.1 ? damaged(bytes, random) : bytes);
  }
  for (let count = 2 + Math.floor(random() * 6); count > 0; count--) {
    const from = random() < 0.5 ? 0 : 1;
    // Mostly what this end may say.
    const messages = (from === 0) === random() < 0.9 ? fromClient : fromServer;
    const bytes = damaged(messages[Math.floor(random() * messages.length)]!, random);
    const cut = random() < 0.4 ? Math.floor(random() * bytes.length) : bytes.length;
    say(from, bytes.subarray(0, cut));
    if (random() < 0.05) dissector.hole(connection, from, Math.floor(random() * 20) - 1, now);
    say(from, bytes.subarray(cut));
  }
  dissector.close(connection, random() < 0.5 ? Closed.Finished : Closed.Idle, now);
}

function decodeSome(batch: Batch): void {
  const protocolByCode = (code: number) => protocols.find((each) => each.code === code);
  for (let row = 0; row < batch.rows; row += decodedShare) {
    const { payload, protocolCode } = storedFromBatch(batch, row, { protocolByCode });
    const protocol = protocolByCode(protocolCode);
    const decoded = protocol?.decode(payload);
    // Bodies are decoded when they are read.
    if (decoded !== undefined) JSON.stringify(protocol?.describe(decoded));
  }
}
