/**
 * How far in time the next slice of a long search looks. Without a limit each slice would sort all that is
 * left to be searched, and a search that finds nothing would be quadratic.
 */
import type { EntryId } from '../entry/id.ts';
import type { Bounds, Direction, Window } from './windows.ts';

/** A slice that was full says how dense entries are; the next one looks this much further. */
const margin = 2;
/** A window that held less than a slice is followed by one this much longer. */
const widening = 4;
/** Shortest window, microseconds. */
const shortest = 1000;
/** Above every sequence number. */
const lastSequence = 2 ** 48;

export class Stride {
  readonly direction: Direction;
  /** Microseconds; the first slice looks at everything. */
  #length = Number.POSITIVE_INFINITY;

  constructor(direction: Direction) {
    this.direction = direction;
  }

  /** The window that the next slice is taken from. */
  window({ before, after }: Bounds): Window {
    if (this.direction === 'newest') {
      const high = before === undefined ? Number.POSITIVE_INFINITY : before.idTime + 1;
      return { low: Math.max(0, high - this.#length) || 0, high };
    }
    const low = after?.idTime ?? 0;
    return { low, high: low + this.#length };
  }

  /** The slice was full: entries are this dense. */
  filled(first: EntryId, last: EntryId): void {
    const covered = Math.abs(first.idTime - last.idTime);
    this.#length = Math.max(shortest, Math.ceil(covered * margin));
  }

  /** The window held less than a slice. Moves `bounds` to its end. */
  exhausted({ low, high }: Window, bounds: Bounds): void {
    if (this.direction === 'newest') bounds.before = { idTime: low, idSequence: 0 };
    else bounds.after = { idTime: high - 1, idSequence: lastSequence };
    this.#length *= widening;
  }

  /** Whether nothing can lie beyond the window, given where the segments begin and end. */
  isLast(window: Window, segments: readonly { minTime: number; maxTime: number }[]): boolean {
    if (this.direction === 'newest') {
      return segments.every(({ minTime }) => minTime >= window.low);
    }
    return segments.every(({ maxTime }) => maxTime < window.high);
  }
}
