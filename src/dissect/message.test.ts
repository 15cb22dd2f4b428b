import { expect, test } from 'vitest';
import { type Batch, payloadAt, textAt } from '../ship/batch.ts';
import { Outcome } from '../ship/columns.ts';
import { ReportedMessage } from './message.ts';
import { RowWriter } from './row-writer.ts';

const connection = {
  stream: 1,
  protocolCode: 1,
  clientAddress: Uint32Array.of(0, 0, 0xffff, 0x0a000001),
  clientPort: 1,
  serverAddress: Uint32Array.of(0x20010db8, 0, 0, 2),
  serverPort: 2,
  behindAddress: undefined,
  behindPort: 0,
  sightings: 1,
  demo: false,
};

/** What is kept of `text` when the words in `secrets` are redacted. */
function kept(
  text: string,
  secrets: readonly string[],
): { text: string; message: ReportedMessage } {
  const sealed: Batch[] = [];
  const rows = new RowWriter({
    rows: 16,
    heapBytes: 1 << 20,
    thread: 0,
    node: 0,
    capture: 0,
    seal: (batch) => sealed.push(batch),
  });
  const message = new ReportedMessage();
  message.reset();
  message.to = text.length;
  let from = 0;
  for (const secret of secrets) {
    from = text.indexOf(secret, from);
    message.redact(from, from + secret.length);
    from += secret.length;
  }
  const exchange = rows.open(1);
  exchange.connection = connection;
  rows.keep(exchange.request, message, new TextEncoder().encode(text), 0);
  rows.finish(exchange, Outcome.NoResponse);
  rows.flush(false);
  const { columns } = sealed[0]!;
  const bytes = payloadAt(sealed[0]!, columns.requestOffset[0]!, columns.requestLength[0]!);
  expect([...columns.sourceAddress.subarray(0, 16)].slice(10)).toEqual([255, 255, 10, 0, 0, 1]);
  expect([...columns.destinationAddress.subarray(0, 4)]).toEqual([0x20, 1, 0x0d, 0xb8]);
  expect(textAt(sealed[0]!, columns.host, 0)).toBe('');
  return { text: new TextDecoder().decode(bytes), message };
}

test('every one of many secrets is redacted, and what lies between them stays', () => {
  const count = 300;
  const lines = Array.from({ length: count }, (_, i) => `key-${i}: <secret${i}>\n`);
  const secrets = lines.map((_, i) => `<secret${i}>`);
  const result = kept(`${lines.join('')}end`, secrets);
  expect(result.text).toBe(`${lines.map((_, i) => `key-${i}: [REDACTED]\n`).join('')}end`);
});

test('a text behind secrets is found where it has moved to', () => {
  const text = 'a=secret b=longer-secret-than-that host';
  const { text: shown, message } = kept(text, ['secret', 'longer-secret-than-that']);
  const at = text.indexOf('host');
  expect(message.keptAt({ from: at, to: at + 4 })).toBe(shown.indexOf('host'));
  expect(message.keptAt({ from: 0, to: 2 })).toBe(0);
});

test('a text that is a secret, or a part of one, is absent', () => {
  const text = 'a=secret b';
  const { message } = kept(text, ['secret']);
  expect(message.keptAt({ from: 2, to: 8 })).toBe(-1);
  expect(message.keptAt({ from: 3, to: 5 })).toBe(-1);
  expect(message.keptAt({ from: 0, to: 3 })).toBe(-1);
  expect(message.keptAt({ from: 7, to: 10 })).toBe(-1);
  expect(message.keptAt({ from: 8, to: 10 })).toBeGreaterThan(0);
});

test('secrets that overlap, or reach beyond what is kept, leave nothing of themselves', () => {
  const text = 'one two three four';
  const { message } = kept(text, []);
  message.redact(4, 10);
  message.redact(8, 13);
  expect(message.redactionCount).toBe(2);
  const rest = kept(text, ['three four']);
  expect(rest.text).toBe('one two [REDACTED]');
});
