import { expect, test } from 'vitest';
import { captureNames, compare, knownDifferences, type Result } from './streams.ts';

const names = captureNames();

/** The share of streams that must agree without an excuse. */
const agreement = 0.995;

test.skipIf(names.length === 0)(
  'the streams of all captures have the bytes of their ground truth (needs ../shared/pcaps)',
  { timeout: 300_000 },
  async () => {
    const known = knownDifferences();
    const total: Result = { streams: 0, agreed: 0, differences: [] };
    for (const name of names) {
      const result = await compare(name, known);
      total.streams += result.streams;
      total.agreed += result.agreed;
      total.differences.push(...result.differences);
    }
    expect(total.differences.filter(({ reason }) => reason === undefined)).toEqual([]);
    expect(total.agreed / total.streams).toBeGreaterThanOrEqual(agreement);
  },
);
