/** ⊕ ⊖ ⧉ over the cell that is pointed at: one set for the whole list. */
import { type RefObject, useEffect, useState } from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { session } from '../data/session.ts';
import { cameUnderPointer } from '../ui/tooltip.tsx';
import { ValueActions } from '../ui/value-actions.tsx';
import { columnsNow } from './columns.ts';

interface Place {
  readonly row: EntryRow;
  readonly column: number;
  readonly left: number;
  readonly top: number;
}

function placeOf(target: EventTarget | null, grid: HTMLElement): Place | undefined {
  if (!(target instanceof Element)) return undefined;
  const cell = target.closest<HTMLElement>('[data-column]');
  const line = target.closest<HTMLElement>('[data-index]');
  if (cell === null || line === null) return undefined;
  const row = session.list.rows[Number(line.dataset['index'])];
  if (row === undefined || line.id !== `row-${row.id}`) return undefined;
  const place = cell.getBoundingClientRect();
  const outer = grid.getBoundingClientRect();
  return {
    row,
    column: Number(cell.dataset['column']),
    left: place.right - outer.left,
    top: place.top - outer.top,
  };
}

export function CellActions({ grid }: { readonly grid: RefObject<HTMLElement | null> }) {
  const [place, setPlace] = useState<Place>();

  useEffect(() => {
    const element = grid.current;
    if (element === null) return;
    const over = (event: Event) => {
      // While the list moves by itself nothing may appear under the pointer.
      if (session.view.get().following && session.view.get().newer > 0) return;
      if (cameUnderPointer(event)) return;
      if (event.target instanceof Element && event.target.closest('.cell-actions') !== null) return;
      setPlace(placeOf(event.target, element));
    };
    const away = () => setPlace(undefined);
    element.addEventListener('pointerover', over);
    element.addEventListener('pointerleave', away);
    element.addEventListener('scroll', away, { passive: true, capture: true });
    return () => {
      element.removeEventListener('pointerover', over);
      element.removeEventListener('pointerleave', away);
      element.removeEventListener('scroll', away, { capture: true });
    };
  }, [grid]);

  const column = columnsNow()[place?.column ?? -1];
  if (place === undefined || column === undefined) return null;
  const query = column.query(place.row);
  if (column.text(place.row) === '' && query === undefined) return null;
  return (
    <div className="cell-actions" data-card="keep" style={{ left: place.left, top: place.top }}>
      <ValueActions
        path={query?.[0]}
        value={query?.[1]}
        operator={query?.[2]}
        copy={column.text(place.row)}
      />
    </div>
  );
}
