import { describe, expect, it } from 'vitest';
import type { Counters } from '../../../src/serve/api.ts';
import { countNow, totalSample } from './totals.ts';

const counters = (entries: number, entriesPerSecond: number, expired = 0) =>
  ({ entriesPerSecond, store: { entries, expired } }) as Counters;

describe('the number of entries beside the histogram', () => {
  it('before the server told anything, it is what is in memory', () => {
    expect(countNow(undefined, { rows: 12, live: 12 })).toBe(12);
  });

  it('grows with each live row, without waiting for the next count', () => {
    expect(countNow({ count: 1_000, live: 40 }, { rows: 300, live: 45 })).toBe(1_005);
  });

  it('is never less than what the list shows', () => {
    expect(countNow({ count: 0, live: 5 }, { rows: 5, live: 5 })).toBe(5);
  });

  it('does not count back while the store is a moment behind the live tail', () => {
    const before = { count: 1_000, live: 0 };
    const sample = totalSample(counters(1_020, 50), before, { rows: 300, live: 60 });
    expect(countNow(sample, { rows: 300, live: 60 })).toBe(1_060);
  });

  it('is exact again when nothing comes any more, and after old entries were cleared', () => {
    const before = { count: 1_000, live: 0 };
    const list = { rows: 300, live: 60 };
    expect(totalSample(counters(1_058, 0), before, list).count).toBe(1_058);
    expect(totalSample(counters(900, 50, 200), before, list).count).toBe(900);
  });
});
