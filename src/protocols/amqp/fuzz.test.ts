import { expect, test } from 'vitest';
import { fuzzAmqp } from './test-fuzz.ts';

// The long form: MIZU_FUZZ_STREAMS=10000000 npx vitest run src/protocols/amqp/fuzz.test.ts
const streams = Number(process.env['MIZU_FUZZ_STREAMS'] ?? 20_000);

test('damaged streams neither throw nor hang, and nothing stays behind', {
  timeout: 36_000_000,
}, () => {
  const { rows, live } = fuzzAmqp(streams, Number(process.env['MIZU_FUZZ_SEED'] ?? 1));
  expect(rows).toBeGreaterThan(streams / 2);
  expect(live).toBe(0);
});
