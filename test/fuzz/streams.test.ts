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

it.each(fuzzed)(
  '%s: no row depends on what lies around a packet in memory',
  {
    timeout: 60_000,
  },
  async (protocol) => {
    const options = { streams: 400, seed: 4, protocol };
    // Names that are learnt from traffic, as those of Kafka's topics, are known from the first run on.
    const learnt = await runStreamFuzz({ ...options, filler: 0x55 });
    const line = await runStreamFuzz({ ...options, filler: 0x0a });
    const frame = await runStreamFuzz({ ...options, filler: 0xce });
    expect(learnt.rows).toBeGreaterThan(100);
    expect(frame.checksum).toBe(line.checksum);
  },
);
