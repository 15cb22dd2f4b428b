// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be virtual; the treegrid pattern of ARIA is kept
/** A table with columns of its own (records, frames): only the lines on screen exist; a click opens one. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useMemo, useRef, useState } from 'react';
import type { Entry } from '../../../src/entry/entry.ts';
import {
  cellText,
  columnsOf,
  type GridColumn,
  type GridSection,
  tracksOf,
} from './grid-columns.ts';
import { GridRow } from './grid-row.tsx';

const lineHeight = 22;
/** Height of an opened line until it has been measured. */
const openedHeight = 160;
/** Lines without a scroll bar of their own. */
const mostLines = 16;

interface Props {
  readonly grid: GridSection;
  readonly entry: Entry;
  readonly side: 'request' | 'response';
}

export function Grid({ grid, entry, side }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const columns = useMemo(() => columnsOf(grid), [grid]);
  const tracks = useMemo(() => tracksOf(columns), [columns]);
  const [opened, setOpened] = useState<ReadonlySet<number>>(() => new Set());
  const [active, setActive] = useState(0);
  const { rows } = grid;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (opened.has(at) ? openedHeight : lineHeight),
    overscan: 8,
    useFlushSync: false,
  });
  const toggle = (at: number) => {
    const next = new Set(opened);
    if (!next.delete(at)) next.add(at);
    setActive(at);
    setOpened(next);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.target !== scroller.current) return;
    const at = moved(event.key, active, rows.length);
    if (at !== undefined) {
      setActive(at);
      virtualizer.scrollToIndex(at);
    } else if (event.key === 'Enter') toggle(active);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  // What fits needs no scroll bar; opened lines make it as high as it may be.
  const lines = opened.size > 0 ? mostLines + 8 : Math.min(rows.length, mostLines);
  const height = Math.min(virtualizer.getTotalSize(), lines * lineHeight) + lineHeight + 2;

  return (
    <>
      {grid.remark !== undefined && <p className="body-remark amber">{grid.remark}</p>}
      <div
        ref={scroller}
        className="section-grid scrolls"
        role="treegrid"
        aria-label={`${grid.title} of the ${side}`}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={rows.length === 0 ? undefined : `${side}-${grid.title}-${active}`}
        tabIndex={0}
        onKeyDown={onKey}
        style={{ height, '--tracks': tracks } as React.CSSProperties}
      >
        <Heads columns={columns} />
        <div
          role="rowgroup"
          className="section-grid-rows"
          style={{ height: virtualizer.getTotalSize() }}
        >
          {virtualizer.getVirtualItems().map(({ index, start }) => (
            <GridRow
              key={index}
              id={`${side}-${grid.title}-${index}`}
              measure={virtualizer.measureElement}
              index={index}
              top={start}
              grid={grid}
              columns={columns}
              entry={entry}
              isOpen={opened.has(index)}
              isActive={index === active}
              onToggle={toggle}
            />
          ))}
        </div>
      </div>
    </>
  );
}

function moved(key: string, active: number, count: number): number | undefined {
  if (key === 'ArrowDown') return Math.min(count - 1, active + 1);
  if (key === 'ArrowUp') return Math.max(0, active - 1);
  if (key === 'PageDown') return Math.min(count - 1, active + mostLines);
  if (key === 'PageUp') return Math.max(0, active - mostLines);
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}

function Heads({ columns }: { readonly columns: readonly GridColumn[] }) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div className="section-grid-line heads-line" role="row" aria-rowindex={1}>
      {columns.map(({ title, isNumber }) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
        <span key={title} role="columnheader" className={isNumber ? 'number' : ''} data-tip={title}>
          {cellText(title)}
        </span>
      ))}
    </div>
  );
}
