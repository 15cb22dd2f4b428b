import { expect, test } from 'vitest';
import { columnsOf, tracksOf } from './grid-columns.ts';

const grid = {
  kind: 'grid',
  title: 'Records',
  columns: ['Offset', 'Value'],
  rows: [
    [1, 'x'.repeat(400)],
    [200_000, ''],
    [null, 'short'],
  ],
} as const;

test('numbers are known as such, widths follow what is in the cells, long texts have a limit', () => {
  const [offset, value] = columnsOf(grid);
  expect(offset).toEqual({ title: 'Offset', isNumber: true, width: 6 });
  expect(value).toEqual({ title: 'Value', isNumber: false, width: 60 });
  // The column of long texts takes what is left.
  expect(tracksOf([offset!, value!])).toMatch(/^calc\(6ch .*\) minmax\(.*fr\)$/);
});
