import { describe, expect, it } from 'vitest';
import { Stride } from './stride.ts';
import { type Bounds, shared } from './windows.ts';

const at = (idTime: number) => ({ idTime, idSequence: 5 });
const segments = [{ minTime: 1000, maxTime: 9_000_000 }];

describe('a long search looks at a stretch of time after the other', () => {
  it('at everything first, then as far as the last slice says entries lie', () => {
    const stride = new Stride('newest');
    const bounds: Bounds = {};
    expect(stride.window(bounds)).toEqual({ low: 0, high: Number.POSITIVE_INFINITY });
    stride.filled(at(9_000_000), at(8_000_000));
    bounds.before = at(8_000_000);
    const window = stride.window(bounds);
    expect(window).toEqual({ low: 6_000_001, high: 8_000_001 });
    expect(stride.isLast(window, segments)).toBe(false);
  });

  it.each(['newest', 'oldest'] as const)('%s first: widens until nothing is left', (direction) => {
    const stride = new Stride(direction);
    const bounds: Bounds = direction === 'newest' ? { before: at(9_000_000) } : { after: at(1000) };
    stride.filled(at(10), at(20));
    const windows = [];
    for (let i = 0; i < 40; i++) {
      const window = stride.window(bounds);
      windows.push(window);
      if (stride.isLast(window, segments)) break;
      stride.exhausted(window, bounds);
    }
    expect(windows.length).toBeLessThan(20);
    const low = Math.min(...windows.map((window) => window.low));
    const high = Math.max(...windows.map((window) => window.high));
    expect(low).toBeLessThanOrEqual(1000);
    expect(high).toBeGreaterThan(9_000_000);
    // Neighbours touch: no entry lies between two windows.
    for (let i = 1; i < windows.length; i++) {
      const [earlier, later] =
        direction === 'newest' ? [windows[i]!, windows[i - 1]!] : [windows[i - 1]!, windows[i]!];
      expect(earlier.high).toBeGreaterThanOrEqual(later.low);
    }
  });

  it('windows share what lies in both', () => {
    expect(shared({ low: 1, high: 5 }, { low: 3, high: 9 })).toEqual({ low: 3, high: 5 });
  });
});
