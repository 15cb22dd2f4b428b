import { settings } from './schema.ts';

/** Longer words are not compared: nobody mistypes that much. */
const maxLength = 100;

/** Steps between two words: a letter more, less or other, or two neighbours swapped. */
function distance(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      let least = Math.min(
        above[column]! + 1,
        current[column - 1]! + 1,
        above[column - 1]! + (same ? 0 : 1),
      );
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped && row > 1 && column > 1) least = Math.min(least, before[column - 2]! + 1);
      current.push(least);
    }
    before = above;
    above = current;
  }
  return above[right.length]!;
}

/** The nearest of `words`, when it is near enough to be what was meant. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  if (word.length > maxLength) return undefined;
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 4)) + 1;
  for (const candidate of words) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const steps = distance(word, candidate);
    if (steps < least) {
      best = candidate;
      least = steps;
    }
  }
  return best;
}

const offered = settings.filter(({ setting }) => setting.status !== 'dead');

/** What may have been meant by a path that does not exist: also one written without its group. */
export function suggestPath(path: string): string | undefined {
  const plain = path.toLowerCase().replaceAll('_', '-');
  const last = plain.slice(plain.lastIndexOf('.') + 1);
  const paths = offered.map((located) => located.path);
  return (
    paths.find((candidate) => candidate === plain) ??
    paths.find((candidate) => candidate.endsWith(`.${last}`)) ??
    nearest(plain, paths) ??
    paths.find((candidate) => nearest(last, [candidate.slice(candidate.lastIndexOf('.') + 1)]))
  );
}

/** ` (did you mean X?)`, or nothing. */
export function didYouMean(suggestion: string | undefined): string {
  return suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`;
}
