// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be virtual; the grid pattern of ARIA is kept
/** A line of a grid, and what it holds in full when it is opened. */
import { useMemo } from 'react';
import type { Value } from '../../../src/dissect/contract.ts';
import type { Entry } from '../../../src/entry/entry.ts';
import { ValueActions } from '../ui/value-actions.tsx';
import { cellText, type GridColumn, type GridSection } from './grid-columns.ts';
import { indexJson } from './json-index.ts';
import { JsonTree } from './json-tree.tsx';
import { anyOf, valueAt } from './value-at.ts';

interface Props {
  readonly id: string;
  readonly measure: (element: Element | null) => void;
  readonly index: number;
  readonly top: number;
  readonly grid: GridSection;
  readonly columns: readonly GridColumn[];
  readonly entry: Entry;
  readonly isOpen: boolean;
  readonly isActive: boolean;
  readonly onToggle: (index: number) => void;
}

export function GridRow(props: Props) {
  const { id, measure, index, top, grid, columns, entry, isOpen, isActive, onToggle } = props;
  const row = grid.rows[index] ?? [];
  const onClick = () => {
    if (getSelection()?.isCollapsed !== false) onToggle(index);
  };
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus and names the active line
    <div
      id={id}
      ref={measure}
      role="row"
      aria-rowindex={index + 2}
      aria-expanded={isOpen}
      data-index={index}
      className={`section-grid-row${isActive ? ' active' : ''}${isOpen ? ' open' : ''}`}
      style={{ transform: `translateY(${top}px)` }}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: as above */}
      <div className="section-grid-line" onClick={onClick}>
        {columns.map(({ title, isNumber }, at) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
          <span key={title} role="gridcell" className={isNumber ? 'number' : ''}>
            {cellText(row[at])}
          </span>
        ))}
      </div>
      {isOpen && <Opened grid={grid} index={index} columns={columns} entry={entry} />}
    </div>
  );
}

type OpenedProps = Pick<Props, 'grid' | 'index' | 'columns' | 'entry'>;

/** Each value on lines of its own; what the row's path leads to, as it was decoded. */
function Opened({ grid, index, columns, entry }: OpenedProps) {
  const path = grid.paths?.[index];
  const whole = useMemo(
    () => (path === undefined ? undefined : valueAt(entry, path)),
    [entry, path],
  );
  const row = grid.rows[index] ?? [];
  // The column that shows the beginning of the whole value is replaced by it.
  const own = columns.findIndex((_, at) => isBeginning(row[at], whole));
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div className="section-grid-opened" role="gridcell">
      <table className="values">
        <tbody>
          {columns.map(({ title }, at) =>
            at === own || cellText(row[at]) === '' ? null : (
              <tr key={title} data-value-actions="">
                <th scope="row">{title}</th>
                <td>
                  {cellText(row[at])}
                  <span className="line-actions">
                    <ValueActions path={undefined} value={row[at] ?? null} name={title} />
                  </span>
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      {path !== undefined && whole !== undefined && (
        <Whole title={columns[own]?.title ?? lastName(path)} value={whole} path={path} />
      )}
    </div>
  );
}

function isBeginning(cell: string | number | boolean | null | undefined, whole: Value): boolean {
  if (typeof whole === 'object' || whole === undefined) return false;
  const shown = cellText(cell).replace(/…$/, '');
  return shown !== '' && String(whole).startsWith(shown);
}

function lastName(path: string): string {
  return /([A-Za-z_]\w*)(?:\[\d+\])?$/.exec(path)?.[1] ?? 'value';
}

interface WholeProps {
  readonly title: string;
  readonly value: Value;
  readonly path: string;
}

/** A structure, or a text that holds one, is a tree; everything else is text. */
function Whole({ title, value, path }: WholeProps) {
  const isStructure = typeof value === 'object' && value !== null;
  const isJson = typeof value === 'string' && /^\s*[[{]/.test(value);
  const index = useMemo(() => {
    if (isStructure) return indexJson(JSON.stringify(value));
    return isJson ? indexJson(value) : undefined;
  }, [value, isStructure, isJson]);
  const any = anyOf(path);
  if (index !== undefined && index.count > 0 && index.brokenAt < 0) {
    return (
      <div className="section-grid-whole">
        <div className="section-grid-title dim">{title}</div>
        <JsonTree
          index={index}
          path={isStructure ? any : `${any}.json()`}
          search=""
          label={title}
        />
      </div>
    );
  }
  return (
    <table className="values">
      <tbody>
        <tr data-value-actions="">
          <th scope="row">{title}</th>
          <td>
            {String(value)}
            <span className="line-actions">
              <ValueActions path={any} value={value} name={title} />
            </span>
          </td>
        </tr>
      </tbody>
    </table>
  );
}
