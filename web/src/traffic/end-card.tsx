/** Everything known of an end of a call, beside its name in the list. */
import { type RefObject, useLayoutEffect, useRef } from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { session } from '../data/session.ts';
import { FactList } from '../ui/fact-list.tsx';
import { useHoverCard } from '../ui/use-hover-card.ts';
import { columnsNow } from './columns.ts';
import { type EndSide, endFacts, endpointText, endTitles, kindText } from './ends.ts';

interface About {
  readonly key: string;
  readonly row: EntryRow;
  readonly side: EndSide;
  readonly cell: HTMLElement;
}

const margin = 6;

function find(target: Element): About | undefined {
  const cell = target.closest<HTMLElement>('[data-column]');
  const line = target.closest<HTMLElement>('[data-index]');
  const row = session.list.rows[Number(line?.dataset['index'] ?? -1)];
  const id = columnsNow()[Number(cell?.dataset['column'] ?? -1)]?.id;
  if (cell === null || row === undefined || line?.id !== `row-${row.id}`) return undefined;
  if (id !== 'source' && id !== 'destination') return undefined;
  const side = id === 'source' ? 'src' : 'dst';
  return { key: `${row.id} ${side}`, row, side, cell };
}

export function EndCard({ grid }: { readonly grid: RefObject<HTMLElement | null> }) {
  const [about] = useHoverCard(grid, find);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const card = box.current;
    const outer = grid.current?.getBoundingClientRect();
    if (about === undefined || card === null || outer === undefined) return;
    const cell = about.cell.getBoundingClientRect();
    const size = card.getBoundingClientRect();
    const isBelow = cell.bottom + size.height + margin < outer.bottom;
    const left = Math.min(cell.left - outer.left, outer.width - size.width - margin);
    const top = (isBelow ? cell.bottom : cell.top - size.height) - outer.top;
    card.style.left = `${Math.max(margin, left)}px`;
    card.style.top = `${Math.max(0, top)}px`;
  }, [about, grid]);
  if (about === undefined) return null;
  const { row, side } = about;
  const kind = kindText(row[side]);
  return (
    <div ref={box} className="end-card" data-card="">
      <div className="end-card-title">
        <b>{endpointText(row[side])}</b>
        <span className="dim">{endTitles[side].toLowerCase()}</span>
      </div>
      {kind !== '' && <p className="dim">{kind}</p>}
      <FactList facts={endFacts(row, side)} label={`${endTitles[side]} of the call`} />
    </div>
  );
}
