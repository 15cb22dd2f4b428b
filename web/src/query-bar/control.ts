/** What other parts of the page may do with the query bar. The bar registers itself when it is drawn. */
import type { Value } from '../../../src/dissect/contract.ts';
import { session } from '../data/session.ts';
import { rememberQuery } from '../data/settings.ts';
import { addClause, comparison, errorOf, type Operator } from './language.ts';

export interface QueryBarHandle {
  read(): string;
  /** Replaces the text as one step that undo takes back. */
  write(text: string): void;
  focus(): void;
  undo(): void;
}

let bar: QueryBarHandle | undefined;

export function registerQueryBar(handle: QueryBarHandle | undefined): void {
  bar = handle;
}

/** Runs a query; one with an error stays in the bar, marked. */
export function applyQuery(text: string): boolean {
  if (errorOf(text) !== undefined) return false;
  rememberQuery(text);
  session.setFilter(text.trim());
  return true;
}

/** Puts a query into the bar and runs it. */
export function runQuery(text: string): void {
  bar?.write(text);
  applyQuery(text);
}

/** Narrows what is shown to entries with (or without) this value. */
export function filterBy(
  path: string,
  value: Value,
  negate = false,
  operator: Operator = '==',
): void {
  const current = session.view.get().filter;
  runQuery(addClause(current, comparison(path, value, operator), negate ? 'and not' : 'and'));
}

export function focusQuery(): void {
  bar?.focus();
}

/** Takes back the last change of the query and shows what that gives. */
export function undoQuery(): void {
  bar?.undo();
  const text = bar?.read();
  if (text !== undefined) applyQuery(text);
}
