import { expect, it } from 'vitest';
import { fuzzed, runStreamFuzz } from './streams.ts';

// The long form is `npm run fuzz -- --streams N`.
it('damaged streams of every protocol are dissected, decoded and described', {
  timeout: 120_000,
}, async () => {
  const { streams, streamsOf, rows } = await runStreamFuzz({ streams: 26_000, seed: 11 });
  expect(streams).toBe(26_000);
  expect(Object.keys(streamsOf)).toEqual(fuzzed);
  expect(rows).toBeGreaterThan(10_000);
});
