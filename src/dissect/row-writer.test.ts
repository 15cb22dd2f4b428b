import { expect, test } from 'vitest';
import { type Batch, payloadAt, textAt } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { fillTexts } from './fill.ts';
import { fixedName } from './fixed-name.ts';
import { ReportedMessage } from './message.ts';
import { RowWriter } from './row-writer.ts';

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

test('fixed names are once in a batch, in every batch, and give way to a text', () => {
  const names = Array.from({ length: 400 }, (_, i) => fixedName(`basic test-${i}`));
  const named = (number: number) => (message: ReportedMessage) => {
    message.methodName = names[number];
    return encoder.encode('');
  };
  const own = (message: ReportedMessage) => {
    message.methodName = names[0];
    message.text(message.method, 'größe');
    return encoder.encode('');
  };
  const batches = write(4, [named(0), named(399), named(0), own, named(0), named(1), named(1)]);
  expect(batches.map(({ rows }) => rows.map(({ method }) => method))).toEqual([
    ['basic test-0', 'basic test-399', 'basic test-0', 'größe'],
    ['basic test-0', 'basic test-1', 'basic test-1'],
  ]);
  expect(batches[1]!.heapBytes).toBe('basic test-0basic test-1'.length);
});
