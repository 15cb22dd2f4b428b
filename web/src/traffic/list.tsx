// biome-ignore-all lint/a11y/useSemanticElements: a table element cannot be virtual; the grid pattern of ARIA is kept
/** The list of entries: a grid of 24 px lines of which only those on screen exist. */
import {
  type CSSProperties,
  type PointerEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { useProtocols } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { settings } from '../data/settings.ts';
import { integer } from '../ui/format.ts';
import { provideTips } from '../ui/tooltip.tsx';
import { useSize } from '../ui/use-size.ts';
import { CellActions } from './cell-actions.tsx';
import { type Column, columnsNow, useColumns } from './columns.ts';
import { EndCard } from './end-card.tsx';
import { Row } from './row.tsx';
import { buttonRoom, headHeight, useScrollPlace } from './scroll-place.ts';
import './list.css';

/** Rows drawn beyond the screen: a notch of a wheel moves four. */
const overscan = 5;
const rowHeights = { compact: 24, comfortable: 30 } as const;

/** Brings the chosen row into view when it changes. */
function useChosenInView(
  scroller: RefObject<HTMLDivElement | null>,
  height: number,
  room: number,
  moved: () => void,
): string {
  const chosen = useObserved(session.view, (view) => view.chosen);
  const loaded = useObserved(session.view, (view) => view.loaded);
  const tell = useRef(moved);
  tell.current = moved;
  useLayoutEffect(() => {
    const element = scroller.current;
    const index = chosen === '' || !loaded ? -1 : session.list.indexOf(chosen);
    if (element === null || index < 0 || room === 0) return;
    const top = index * height;
    // The heads cover the top; some rows below stay visible, also above the button of the newest.
    const bottom = top + height * 3 - (element.clientHeight - headHeight);
    const before = element.scrollTop;
    if (before > top) element.scrollTop = top;
    else if (before < bottom) element.scrollTop = bottom;
    if (element.scrollTop !== before) tell.current();
  }, [chosen, loaded, height, room, scroller]);
  return chosen;
}

function useCellTips(): void {
  useEffect(
    () =>
      provideTips((target) => {
        if (target.closest('[data-tip]') !== null) return undefined;
        const owner = target.closest<HTMLElement>('[data-column]');
        const line = target.closest<HTMLElement>('[data-index]');
        const row = session.list.rows[Number(line?.dataset['index'] ?? -1)];
        const column = columnsNow()[Number(owner?.dataset['column'] ?? -1)];
        if (owner === null || row === undefined || column === undefined) return undefined;
        return { text: column.hint(row), owner };
      }),
    [],
  );
}

function useProtocolColours(): ReadonlyMap<string, string> {
  const { data } = useProtocols();
  return useMemo(
    () => new Map(data?.protocols.map((protocol) => [protocol.label, protocol.colour])),
    [data],
  );
}

interface Widths {
  readonly steps: readonly number[];
  readonly letter: number;
  readonly padding: number;
}

/** Widths of the column of methods: of verbs, of commands, of names such as `basic publish`. */
const methodWidths: Widths = { steps: [64, 84, 104, 126, 150], letter: 6.7, padding: 22 };
/** Of the column of protocols: most badges are short. */
const badgeWidths: Widths = { steps: [54, 64, 74], letter: 6.6, padding: 15 };

function fitting({ steps, letter, padding }: Widths, lengths: readonly number[]): number {
  const wanted = Math.max(0, ...lengths) * letter + padding;
  return steps.find((width) => width >= wanted) ?? steps.at(-1)!;
}

/**
 * The tracks of the lines. Methods and badges get as much as those that have been on the screen need, and never
 * less again, so that nothing jumps.
 */
function useShape(columns: readonly Column[], shown: readonly EntryRow[]) {
  const method = useRef(0);
  const badge = useRef(0);
  const methods = shown.map((row) => row.method.length);
  const badges = shown.map((row) => row.protocol.abbr.length);
  method.current = Math.max(method.current, fitting(methodWidths, methods));
  badge.current = Math.max(badge.current, fitting(badgeWidths, badges));
  const hasNode = columns.some(({ id }) => id === 'node');
  return {
    name: hasNode ? ' with-node' : '',
    style: {
      '--method': `${method.current}px`,
      '--badge': `${badge.current}px`,
    } as CSSProperties,
  };
}

/** Before the size of the list is known. */
const roomAtFirst = 800;

/** The rows to draw when the list is scrolled to `top`: lines are all of one height, nothing is measured. */
function drawn(top: number, room: number, height: number): { from: number; to: number } {
  const count = session.list.rows.length;
  const from = Math.min(count, Math.floor(top / height));
  const to = Math.ceil((top + (room || roomAtFirst)) / height);
  return { from: Math.max(0, from - overscan), to: Math.min(count, to + overscan) };
}

export function EntryGrid() {
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const density = useObserved(settings, (value) => value.density);
  const height = rowHeights[density];
  useObserved(session.view, (view) => view.version);
  const following = useObserved(session.view, (view) => view.following);
  const { rows } = session.list;
  const { height: room } = useSize(scroller);
  const { top, onScroll, moved } = useScrollPlace(scroller, height, room);
  const chosen = useChosenInView(scroller, height, room, moved);
  const hasFocus = useFocusWithin(grid);
  const column = useObserved(pageState, (state) => state.column);
  const marked = useObserved(pageState, (state) => state.marked);
  const colours = useProtocolColours();
  const columns = useColumns();
  useCellTips();
  const { from, to } = drawn(top, room, height);
  const shown = rows.slice(from, to);
  // Rows that leave the screen lend their elements to those that enter it.
  const slots = Math.ceil((room || roomAtFirst) / height) + 2 * overscan + 3;
  const isDrawn = shown.some(({ id }) => id === chosen);
  const shape = useShape(columns, shown);
  const active = isDrawn ? `cell-${chosen}-${column}` : undefined;
  const newestShown = top + room - headHeight >= rows.length * height - 1;

  return (
    <div className={`grid ${density}${shape.name}`} ref={grid} style={shape.style}>
      <div
        id="entries"
        ref={scroller}
        role="grid"
        aria-label="Entries"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={active}
        tabIndex={0}
        className="scroller"
        onScroll={onScroll}
      >
        <Heads columns={columns} />
        <div
          className="rows"
          role="rowgroup"
          style={{ height: rows.length * height + (following ? 0 : buttonRoom) }}
          onPointerUp={choosePointed}
        >
          {shown.map((row, at) => {
            const index = from + at;
            return (
              <Row
                key={index % slots}
                row={row}
                columns={columns}
                index={index}
                top={index * height}
                chosen={row.id === chosen}
                column={hasFocus && row.id === chosen ? column : -1}
                marked={marked.includes(row.id)}
                colour={colours.get(row.protocol.abbr) ?? 'var(--line-strong)'}
              />
            );
          })}
        </div>
      </div>
      <CellActions grid={grid} />
      <EndCard grid={grid} />
      <NewerButton newestShown={newestShown} />
    </div>
  );
}

function choosePointed(event: PointerEvent): void {
  if (event.button !== 0 || !(event.target instanceof Element)) return;
  if (getSelection()?.isCollapsed === false) return;
  const line = event.target.closest<HTMLElement>('[data-index]');
  const cell = event.target.closest<HTMLElement>('[data-column]');
  const row = session.list.rows[Number(line?.dataset['index'] ?? -1)];
  if (row === undefined || line?.id !== `row-${row.id}`) return;
  session.choose(row.id);
  pageState.set({ detailsOpen: true, column: Number(cell?.dataset['column'] ?? 4) });
}

function useFocusWithin(element: RefObject<HTMLElement | null>): boolean {
  const [inside, setInside] = useState(false);
  useEffect(() => {
    const update = () => setInside(element.current?.contains(document.activeElement) ?? false);
    addEventListener('focusin', update);
    return () => removeEventListener('focusin', update);
  }, [element]);
  return inside;
}

function Heads({ columns }: { readonly columns: readonly Column[] }) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
    <div className="heads" role="row" aria-rowindex={1}>
      {columns.map((column) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the grid has the focus
        <div
          key={column.id}
          role="columnheader"
          className={`cell cell-${column.id}${column.number ? ' number' : ''}`}
          data-tip={column.tip}
        >
          {column.title}
        </div>
      ))}
    </div>
  );
}

/** Leads back to the newest entries, while they are not on the screen anyway. */
function NewerButton({ newestShown }: { readonly newestShown: boolean }) {
  const following = useObserved(session.view, (view) => view.following);
  const newer = useObserved(session.view, (view) => view.newer);
  if (following || (newestShown && !session.list.behind)) return null;
  return (
    <button
      type="button"
      className="button newer-button"
      data-tip="Show the newest and follow (G)"
      onClick={() => session.goNewest()}
    >
      ↓ {newer === 0 ? 'newest' : `${integer(newer)} new`}
    </button>
  );
}
