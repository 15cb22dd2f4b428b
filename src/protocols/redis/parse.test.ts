import { expect, test } from 'vitest';
import type { Entry } from '../../entry/entry.ts';
import { byteByByte, client, type Event, entriesOf, server, timeless } from '../test-bench.ts';
import { redisProtocol } from './index.ts';

/** A command as clients send it. */
function command(...words: readonly (string | Uint8Array)[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = Buffer.from(word);
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'));
  }
  return Buffer.concat(parts);
}

function run(events: readonly Event[], options = {}): Entry[] {
  const whole = entriesOf([redisProtocol], events, options);
  const pieces = entriesOf([redisProtocol], byteByByte(events), options);
  expect(pieces.map(timeless)).toEqual(whole.map(timeless));
  return whole;
}

test('a command and its answer', () => {
  const entries = run([client(command('SET', 'shop:1', '{"a":1}', 'EX', '60')), server('+OK\r\n')]);
  expect(entries).toMatchObject([
    {
      method: 'SET',
      target: 'shop:1',
      outcome: 'ok',
      request: { command: 'SET', key: 'shop:1', keyword: 'EX', value: '[{"a":1}, EX, 60]' },
      response: { type: 'Simple String', keyword: 'OK', value: 'OK' },
    },
  ]);
});
