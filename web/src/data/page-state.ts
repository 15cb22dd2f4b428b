/** What is open and marked on the page; not remembered. */
import { observable } from './observable.ts';

export interface PageState {
  readonly dialog: 'none' | 'help' | 'palette' | 'clear' | 'jump' | 'schemas';
  readonly detailsOpen: boolean;
  /** Which cell of the chosen row the keyboard is on. */
  readonly column: number;
  /** Ids marked for compare, at most two. */
  readonly marked: readonly string[];
  /** How many messages the entry of the details has. */
  readonly messages: number;
  /** A short message, shown for a moment. */
  readonly toast: string;
}

export const pageState = observable<PageState>({
  dialog: 'none',
  detailsOpen: new URLSearchParams(globalThis.location?.search ?? '').has('entry'),
  column: 4,
  marked: [],
  messages: 0,
  toast: '',
});

const toastTime = 1_800;
let toastTimer = 0;

/** Shows a short message. */
export function say(text: string): void {
  pageState.set({ toast: text });
  window.clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => pageState.set({ toast: '' }), toastTime);
}

/** Copies a text, and says so. */
export async function copyText(text: string, what = 'Copied'): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(what);
  } catch {
    copyByCommand(text);
    say(what);
  }
}

/** Where the clipboard interface is withheld: plain http from another machine. */
function copyByCommand(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
