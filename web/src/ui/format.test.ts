import { describe, expect, it } from 'vitest';
import { atLeast, bytes, duration, headAndTail, plural, rate } from './format.ts';

describe('durations', () => {
  const cases: readonly (readonly [number, string])[] = [
    [0.004, '0.00 ms'],
    [0.42, '0.42 ms'],
    [0.996, '1.0 ms'],
    [8.2, '8.2 ms'],
    [9.96, '10 ms'],
    [812.4, '812 ms'],
    [999.6, '1.00 s'],
    [1_940, '1.94 s'],
    [59_940, '59.9 s'],
    [125_000, '2 min 5 s'],
    [3_660_000, '1 h 1 min'],
  ];
  for (const [ms, text] of cases) it(`${ms} ms is ${text}`, () => expect(duration(ms)).toBe(text));
});

describe('sizes', () => {
  it('are short, small ones in thousands and large ones in powers of two', () => {
    expect(bytes(999)).toBe('999 B');
    expect(bytes(1_200)).toBe('1.2 kB');
    expect(bytes(999_600)).toBe('0.95 MiB');
    expect(bytes(48_000_000)).toBe('46 MiB');
  });

  it('of limits are whole', () => {
    expect(bytes(1_048_576)).toBe('1 MiB');
    expect(bytes(3 * 1_048_576)).toBe('3 MiB');
    expect(bytes(2 * 1_073_741_824)).toBe('2 GiB');
  });
});

describe('a time to filter by', () => {
  const cases = [0.0004, 0.29, 0.297, 3.456, 8.1, 64.25, 812.6, 1_940];
  for (const ms of cases) {
    it(`finds the call of ${ms} ms itself, and says something`, () => {
      expect(atLeast(ms)).toBeLessThanOrEqual(ms);
      expect(atLeast(ms)).toBeGreaterThanOrEqual(ms * 0.95 - 0.001);
    });
  }
  it('is exact for the short ones', () => expect(atLeast(0.29)).toBe(0.29));
});

describe('numbers', () => {
  it('have one word for one', () => {
    expect(plural(1, 'entry', 'entries')).toBe('1 entry');
    expect(plural(1_204, 'entry', 'entries')).toBe('1,204 entries');
  });

  it('of the status bar stay short', () => {
    expect(rate(1_204)).toBe('1,204');
    expect(rate(38_400)).toBe('38 k');
    expect(rate(1_200_000)).toBe('1.2 M');
  });
});

describe('a long path', () => {
  it('keeps its end apart so that the middle can be cut', () => {
    const path = '/api/v1/recommendations/customers/0123456789/and-others?limit=25';
    const [head, tail] = headAndTail(path);
    expect(head + tail).toBe(path);
    expect(tail).toBe('nd-others?limit=25');
  });

  it('keeps the end of a name that may not fit in a narrow list', () => {
    const [head, tail] = headAndTail('/grpc.testing.TestService/UnaryCall');
    expect(head + tail).toBe('/grpc.testing.TestService/UnaryCall');
    expect(tail).toBe('/UnaryCall');
  });

  it('that is short stays whole', () => {
    expect(headAndTail('/api/items')).toEqual(['/api/items', '']);
  });
});
