import { expect, it } from 'vitest';
import { fuzzed } from './material.ts';
import { runStreamFuzz } from './streams.ts';

// The long form is `npm run fuzz -- --streams N`.
it('damaged streams of every protocol are dissected, decoded and described', {
  timeout: 120_000,
}, async () => {
  const streams = fuzzed.length * 2000;
  const result = await runStreamFuzz({ streams, seed: 11 });
  expect(result.streams).toBe(streams);
  expect(Object.keys(result.streamsOf)).toEqual(fuzzed);
  // What nobody recognises reaches no parser: most must be, and become rows of every protocol.
  expect(result.recognised).toBeGreaterThan(streams * 0.6);
  expect(result.rows).toBeGreaterThan(streams);
  expect(result.decoded).toBeGreaterThan(500);
  for (const name of fuzzed) expect(result.rowsOf[name], name).toBeGreaterThan(50);
});
