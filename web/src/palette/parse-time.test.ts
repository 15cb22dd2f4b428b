import { describe, expect, it } from 'vitest';
import { parseTime } from './parse-time.ts';

const noon = new Date(2026, 10, 24, 12, 0, 0).getTime();

describe('a time to jump to', () => {
  it('is of today', () => {
    expect(parseTime('11:59:30.5', noon)).toBe(new Date(2026, 10, 24, 11, 59, 30, 500).getTime());
  });

  it('that is still to come is of yesterday', () => {
    expect(parseTime('23:15', noon)).toBe(new Date(2026, 10, 23, 23, 15).getTime());
  });

  it('may have a date', () => {
    const at = new Date(2026, 10, 1, 8, 0, 0).getTime();
    expect(parseTime('2026-11-01 08:00:00', noon)).toBe(at);
  });

  it('that makes no sense is none', () => {
    expect(parseTime('later', noon)).toBeUndefined();
    expect(parseTime('25:99', noon)).toBeUndefined();
  });
});
