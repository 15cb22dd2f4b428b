/** How wide the columns of a grid are, and which hold numbers. */
import type { Section } from '../../../src/dissect/contract.ts';

export type GridSection = Extract<Section, { kind: 'grid' }>;
type Cell = GridSection['rows'][number][number];

/** Rows that are looked at: those on the first screens, and some of all others. */
const sampled = 200;
/** Characters that a column may take while others have need of room. */
const widest = 60;
const narrowest = 3;

export interface GridColumn {
  readonly title: string;
  readonly isNumber: boolean;
  /** Characters. */
  readonly width: number;
}

export function cellText(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? '' : String(cell);
}

export function columnsOf(grid: GridSection): GridColumn[] {
  const { rows } = grid;
  const every = Math.max(1, Math.floor(rows.length / sampled));
  const sample = rows.filter((_, at) => at % every === 0 || at < sampled / 4);
  return grid.columns.map((title, at) => {
    let width = Math.max(narrowest, title.length);
    let isNumber = rows.length > 0;
    for (const row of sample) {
      const cell = row[at];
      width = Math.max(width, cellText(cell).length);
      if (typeof cell !== 'number' && cell !== null && cell !== undefined) isNumber = false;
    }
    return { title, isNumber, width: Math.min(widest, width) };
  });
}

/** Tracks of the rows: narrow columns are as wide as they need, wide ones share what is left. */
export function tracksOf(columns: readonly GridColumn[]): string {
  const fixedUpTo = 26;
  const hasWide = columns.some(({ width }) => width > fixedUpTo);
  return columns
    .map(({ width, isNumber }, at) => {
      const isLast = at === columns.length - 1;
      const grows = width > fixedUpTo || (!hasWide && isLast && !isNumber);
      const characters = `calc(${width}ch + 16px)`;
      return grows ? `minmax(${Math.min(width, 9)}ch, ${width}fr)` : characters;
    })
    .join(' ');
}
