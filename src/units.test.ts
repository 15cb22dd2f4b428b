import { describe, expect, test } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';

describe('sizes', () => {
  test.each([
    ['200MB', 200_000_000],
    ['200mb', 200_000_000],
    ['1MiB', 1_048_576],
    ['1.5 GB', 1_500_000_000],
    ['64k', 64_000],
    ['10Gi', 10 * 2 ** 30],
    ['0', 0],
    ['512', 512],
    ['.5kB', 500],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each(['', 'MB', '-1MB', '1 meter', '1e3', '99999999TB', '1,5MB'])(
    '%j is no size',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );

  test.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [1_500, '1.5kB'],
    [200_000_000, '200MB'],
    [999_999, '1MB'],
    [12_345_678, '12.3MB'],
  ])('%i is written %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test('what is written can be read', () => {
    for (const bytes of [1, 1000, 200_000_000, 3e12]) {
      expect(parseSize(formatSize(bytes))).toBe(bytes);
    }
  });
});

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['5', 5000],
    ['5s', 5000],
    ['2m', 120_000],
    ['1.5h', 5_400_000],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [250, '0.25 s'],
    [12_400, '12 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
  ])('%i ms are written %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});
