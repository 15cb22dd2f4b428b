/** Moving through the list: which entry is next, and what happens with it. */
import { messagesOf } from '../data/messages.ts';
import { copyText, pageState } from '../data/page-state.ts';
import { session } from '../data/session.ts';
import { filterBy, runQuery } from '../query-bar/control.ts';
import { columnsNow } from './columns.ts';

/** Moves the choice by so many rows; with nothing chosen, it starts at the newest. */
export function moveBy(step: number): void {
  const { rows } = session.list;
  if (rows.length === 0) return;
  const { chosen } = session.view.get();
  const at = chosen === '' ? -1 : session.list.indexOf(chosen);
  const next = at < 0 ? rows.length - 1 : Math.min(rows.length - 1, Math.max(0, at + step));
  session.choose(rows[next]!.id);
}

/** Chooses the oldest entry in memory; scrolling there reads older ones. */
export function goOldest(): void {
  const id = session.list.firstId;
  if (id !== undefined) session.choose(id);
}

/** Chooses nothing, shows the newest and follows. */
export function goNewest(): void {
  session.choose('');
  session.goNewest();
}

export function moveColumn(step: number): void {
  const { column } = pageState.get();
  pageState.set({ column: Math.min(columnsNow().length - 1, Math.max(0, column + step)) });
}

function cellQuery() {
  const row = session.list.get(session.view.get().chosen);
  const column = columnsNow()[pageState.get().column];
  return row === undefined ? undefined : { row, column };
}

/** Filters by the value the keyboard is on: a cell of the list, or a value in the details. */
export function filterByFocused(negate: boolean): void {
  const focused = document.activeElement;
  // A tree has the focus itself and names the line that the keyboard is on.
  const line = document.getElementById(focused?.getAttribute('aria-activedescendant') ?? '');
  const owner = (line ?? focused)?.closest('[data-value-actions]');
  const button = owner?.querySelector<HTMLButtonElement>(negate ? '[data-exclude]' : '[data-add]');
  if (button !== undefined && button !== null) {
    button.click();
    return;
  }
  const cell = cellQuery();
  const query = cell?.column?.query(cell.row);
  if (query !== undefined) filterBy(query[0], query[1], negate, query[2]);
}

/** Copies the text of the cell the keyboard is on. */
export function copyCell(): void {
  const cell = cellQuery();
  if (cell?.column !== undefined) void copyText(cell.column.text(cell.row));
}

/** Marks the chosen entry for compare; the third mark replaces the first. */
export function toggleMark(): void {
  const { chosen } = session.view.get();
  if (chosen === '') return;
  const { marked } = pageState.get();
  const next = marked.includes(chosen)
    ? marked.filter((id) => id !== chosen)
    : [...marked, chosen].slice(-2);
  pageState.set({ marked: next });
}

/** Shows the call that a message belongs to. */
export function showCall(message: { readonly parent: string } | undefined): void {
  if (message === undefined || message.parent === '') return;
  session.choose(message.parent);
  pageState.set({ detailsOpen: true });
}

/** Lists a call and its messages only. */
export function showMessages(call: string): void {
  runQuery(messagesOf(call));
}

export function openDetails(): void {
  if (session.view.get().chosen === '') moveBy(0);
  if (session.view.get().chosen !== '') pageState.set({ detailsOpen: true });
}
