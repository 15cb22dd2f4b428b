import { expect, test } from 'vitest';
import { run } from './packets.ts';

test('200,000 random and mutated packets break no promise of decoder and reassembler', {
  timeout: 120_000,
}, async () => {
  const result = await run({ packets: 200_000, seed: 20 });
  expect(result.packets).toBe(200_000);
  expect(result.connections).toBeGreaterThan(1000);
  expect(result.holes).toBeGreaterThan(1000);
});
