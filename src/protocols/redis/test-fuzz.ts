/** Damaged conversations through the real driver. For tests. */
import { seededRandom } from '../../../test/fuzz/random.ts';
import type { Conversation } from '../../dissect/conversation.ts';
import { Dissector, RowWriter } from '../../dissect/index.ts';
import { storedFromBatch } from '../../entry/row.ts';
import { Closed, type Connection } from '../../reassemble/contract.ts';
import type { Batch } from '../../ship/batch.ts';
import { redisProtocol } from './index.ts';
import { bulk, command, list, randomValue } from './test-encode.ts';

const bodyLimitBytes = 4096;
/** Of how many rows one is decoded and described. */
const decodedShare = 8;

export interface Fuzzed {
  readonly rows: number;
  /** Exchanges that are still alive when all connections are closed. */
  readonly live: number;
}

type Random = () => number;
const heads = [
  '*',
  '$',
  '%',
  '>',
  '|',
  '~',
  '+',
  ':',
  '-',
  ';',
  '.',
  '*?',
  '$?',
  '\r\n',
  '-1',
  '9',
];

/** Requests that a connection may hold. */
function requests(random: Random): Buffer[] {
  return [
    command('GET', 'a'),
    command('SET', 'k', 'v'.repeat(Math.floor(random() * 50)), 'EX', '9'),
    command('SUBSCRIBE', 'a', 'b'),
    command('UNSUBSCRIBE'),
    command('MULTI'),
    command('EXEC'),
    command('CLIENT', 'REPLY', random() < 0.5 ? 'OFF' : 'SKIP'),
    command('CLIENT', 'REPLY', 'ON'),
    command('HELLO', '3', 'AUTH', 'a', 'b'),
    command('MONITOR'),
    command('PSYNC', '?', '-1'),
    command('MIGRATE', 'h', '1', '', '0', '5', 'AUTH', 'x', 'KEYS', 'a'),
    command('EVAL', 'return 1', '3', 'a', 'b'),
    command('CONFIG', 'GET', '*'),
    command('SET', 'large', 'x'.repeat(6000)),
    Buffer.from('SET a "b c"\r\nPING\r\n'),
  ];
}

/** Answers and pushes that it may hold. */
function answers(random: Random): Buffer[] {
  return [
    Buffer.from('+OK\r\n'),
    list('*', 'message', 'a', 'text'),
    list('>', 'pmessage', 'a*', 'a', 'text'),
    list('*', 'subscribe', 'a', Buffer.from(':1\r\n')),
    list('>', 'invalidate', list('*', 'a', 'b')),
    Buffer.from('+1700000000.123456 [0 127.0.0.1:5000] "get" "a"\r\n'),
    bulk('x'.repeat(6000)),
    Buffer.from('|1\r\n+a\r\n:1\r\n-MOVED 1 a:1\r\n'),
    ...Array.from({ length: 200 }, () => randomValue(random).bytes),
  ];
}

/** A message with some of its bytes changed, taken out or put in. */
function damaged(bytes: Buffer, random: Random): Buffer {
  let result = Buffer.from(bytes);
  for (let count = Math.floor(random() * 4); count > 0; count--) {
    const at = Math.floor(random() * (result.length + 1));
    const kind = random();
    if (kind < 0.4) result[at] = Math.floor(random() * 256);
    else if (kind < 0.7) {
      const head = Buffer.from(heads[Math.floor(random() * heads.length)]!);
      result = Buffer.concat([result.subarray(0, at), head, result.subarray(at)]);
    } else {
      const to = at + Math.floor(random() * 8);
      result = Buffer.concat([result.subarray(0, at), result.subarray(to)]);
    }
  }
  return result;
}

/** `streams` connections with a few messages of either end each. Throws when anything does. */
export function fuzzRedis(streams: number, seed: number): Fuzzed {
  const random = seededRandom(seed);
  const material = [requests(random), answers(random)];
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
    ...{ protocols: [redisProtocol], rows: writer, thread: 0, bodyLimitBytes, redact: true },
    ...{ windowBytes: 64 << 20, demoPorts: new Set<number>() },
  });
  for (let number = 1; number <= streams; number++) speak(dissector, number, random, material);
  writer.flush(false);
  return { rows, live: writer.live };
}

function speak(
  dissector: Dissector,
  number: number,
  random: Random,
  material: readonly (readonly Buffer[])[],
): void {
  const client = random() < 0.7 ? 0 : -1;
  const connection: Connection<Conversation | undefined> = {
    ...{ number, port0: 40_000, port1: 6379, scope: 0, client },
    address0: new Uint32Array([0, 0, 0xffff, 1]),
    address1: new Uint32Array([0, 0, 0xffff, 2]),
    ...{ initialSequence0: number, initialSequence1: number, context: undefined, ignored: false },
  };
  dissector.open(connection);
  let now = 1_700_000_000_000 + number;
  for (let count = 1 + Math.floor(random() * 5); count > 0; count--) {
    const from = random() < 0.5 ? 0 : 1;
    const messages = material[random() < 0.5 ? 0 : 1]!;
    const bytes = damaged(messages[Math.floor(random() * messages.length)]!, random);
    const cut = random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length;
    now += random() * 800;
    for (const piece of [bytes.subarray(0, cut), bytes.subarray(cut)]) {
      if (piece.length > 0) dissector.data(connection, from, piece, 0, piece.length, now, 1, 0);
      if (random() < 0.05) dissector.hole(connection, from, Math.floor(random() * 20) - 1, now);
    }
  }
  dissector.close(connection, random() < 0.5 ? Closed.Finished : Closed.Idle, now);
}

function decodeSome(batch: Batch): void {
  for (let row = 0; row < batch.rows; row += decodedShare) {
    const { payload } = storedFromBatch(batch, row, { protocolByCode: () => redisProtocol });
    redisProtocol.describe(redisProtocol.decode(payload));
  }
}
