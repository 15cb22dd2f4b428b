import { expect, test } from 'vitest';
import { type Batch, payloadAt, textAt } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { fillTexts } from './fill.ts';
import { ReportedMessage } from './message.ts';
import { RowWriter } from './row-writer.ts';
import { SharedText } from './shared-text.ts';

const connection = {
  stream: 1,
  protocolCode: 1,
  clientAddress: Uint32Array.of(0, 0, 0xffff, 0x0a000001),
  clientPort: 1,
  serverAddress: Uint32Array.of(0, 0, 0xffff, 0x0a000002),
  serverPort: 2,
  behindAddress: undefined,
  behindPort: 0,
  sightings: 1,
  demo: false,
};

const encoder = new TextEncoder();

interface Row {
  readonly method: string;
  readonly target: string;
  readonly payload: string;
}

function rowsOf(batch: Batch): Row[] {
  const { columns } = batch;
  return Array.from({ length: batch.rows }, (_, row) => ({
    method: textAt(batch, columns.method, row),
    target: textAt(batch, columns.target, row),
    payload: new TextDecoder().decode(
      payloadAt(batch, columns.requestOffset[row]!, columns.requestLength[row]!),
    ),
  }));
}

/** Has a row written for each message that is filled in; `capacity`: rows of a batch. */
function write(capacity: number, fills: readonly ((message: ReportedMessage) => Uint8Array)[]) {
  const sealed: { rows: Row[]; heapBytes: number }[] = [];
  const writer = new RowWriter({
    rows: capacity,
    heapBytes: 1 << 20,
    thread: 0,
    node: 0,
    capture: 0,
    // As it is taken over by another thread: the next batch may lie in the same memory.
    seal: (batch) => {
      sealed.push({ rows: rowsOf(batch), heapBytes: batch.heapUsed });
      writer.recycle(batch.buffer);
    },
  });
  const message = new ReportedMessage();
  for (const fill of fills) {
    message.reset();
    const bytes = fill(message);
    const exchange = writer.openSingle(1);
    exchange.connection = connection;
    fillTexts(exchange, message);
    writer.keepLast(exchange, exchange.request, message, bytes, 0);
    writer.finishSingle(Outcome.Ok);
  }
  writer.flush(false);
  return sealed;
}

test('a lead is kept in front of the message, with spans in it and redactions behind it', () => {
  const bytes = encoder.encode('....user=ann&pass=secret&x=1');
  const lead = encoder.encode('/shop/Buy ');
  const [batch] = write(4, [
    (message) => {
      message.lead = lead;
      message.from = 4 - lead.length;
      message.to = bytes.length;
      message.target.from = message.from;
      message.target.to = message.from + lead.length - 1;
      message.method.from = 4;
      message.method.to = 8;
      const secret = '....user=ann&pass='.length;
      message.redact(secret, secret + 'secret'.length);
      return bytes;
    },
    // Content may come from the very beginning of its bytes, or there may be none.
    (message) => {
      message.lead = lead;
      message.from = -lead.length;
      message.to = 3;
      return bytes;
    },
    (message) => {
      message.lead = lead;
      message.from = -lead.length;
      return bytes;
    },
  ]);
  expect(batch!.rows).toEqual([
    { method: 'user', target: '/shop/Buy', payload: '/shop/Buy user=ann&pass=[REDACTED]&x=1' },
    { method: '', target: '', payload: '/shop/Buy ...' },
    { method: '', target: '', payload: '/shop/Buy ' },
  ]);
});

test('shared texts are once in a batch, in every batch of every writer, and give way to others', () => {
  const [publish, ack] = [new SharedText('basic publish'), new SharedText('basic ack')];
  const [queue, virtualHost] = [new SharedText('größe -> q'), new SharedText('shop')];
  const none = new Uint8Array(0);
  const shared = (method: SharedText) => (message: ReportedMessage) => {
    message.methodText = method;
    message.targetText = queue;
    message.hostText = virtualHost;
    return none;
  };
  const own = (message: ReportedMessage) => {
    shared(publish)(message);
    message.text(message.method, 'größe');
    message.text(message.target, 'mine');
    return none;
  };
  const target = 'größe -> q';
  const first = { method: 'basic publish', target, payload: '' };
  const second = { method: 'basic ack', target, payload: '' };
  for (let writer = 0; writer < 2; writer++) {
    const fills = [
      shared(publish),
      shared(ack),
      shared(publish),
      own,
      shared(publish),
      shared(ack),
    ];
    const batches = write(4, [...fills, shared(ack)]);
    expect(batches.map(({ rows }) => rows)).toEqual([
      [first, second, first, { method: 'größe', target: 'mine', payload: '' }],
      [first, second, second],
    ]);
    const once = `basic publish${target}shopbasic ack`;
    expect(batches[1]!.heapBytes).toBe(Buffer.byteLength(once));
  }
});

test('a shared text that is too long for a row ends with a whole character', () => {
  const text = new SharedText('é'.repeat(3000));
  const [batch] = write(4, [
    (message) => {
      message.targetText = text;
      return new Uint8Array(0);
    },
  ]);
  expect(batch!.rows[0]!.target).toBe('é'.repeat(1024));
});
