/** What this browser remembers of how the user likes the page. Storage may be forbidden: then nothing is. */
import { observable } from './observable.ts';

export type DetailsTab =
  | 'request'
  | 'response'
  | 'both'
  | 'messages'
  | 'timing'
  | 'packets'
  | 'compare';

export interface Settings {
  readonly detailsPlace: 'right' | 'bottom';
  /** Share of the width (right) and height (bottom) that the details take. */
  readonly detailsWidth: number;
  readonly detailsHeight: number;
  readonly tab: DetailsTab;
  readonly density: 'compact' | 'comfortable';
  readonly wrap: boolean;
  /** Messages of calls (streams, WebSockets) are entries of the list. */
  readonly messages: boolean;
  /** The list says which node saw the call. */
  readonly nodeColumn: boolean;
  /** Notices that were read. */
  readonly noticesRead: readonly string[];
  readonly queryHistory: readonly string[];
  readonly openSections: Readonly<Record<string, boolean>>;
}

const key = 'mizu.page';
const defaults: Settings = {
  detailsPlace: 'right',
  detailsWidth: 0.45,
  detailsHeight: 0.5,
  tab: 'both',
  density: 'compact',
  wrap: true,
  messages: true,
  nodeColumn: false,
  noticesRead: [],
  queryHistory: [],
  openSections: {},
};

function load(): Settings {
  try {
    const known = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Settings>;
    return { ...defaults, ...known };
  } catch {
    return defaults;
  }
}

export const settings = observable<Settings>(load());

settings.subscribe(() => {
  try {
    localStorage.setItem(key, JSON.stringify(settings.get()));
  } catch {
    // Private windows may refuse; the settings then last as long as the page.
  }
});

/** Notices remembered as read. */
const noticesLimit = 50;

/** A notice is not shown again. */
export function readNotice(text: string): void {
  settings.set({ noticesRead: [text, ...settings.get().noticesRead].slice(0, noticesLimit) });
}

/** Queries remembered. */
const historyLimit = 50;

/** Puts a query that was run at the front of the history. */
export function rememberQuery(query: string): void {
  const text = query.trim();
  if (text === '') return;
  const others = settings.get().queryHistory.filter((known) => known !== text);
  settings.set({ queryHistory: [text, ...others].slice(0, historyLimit) });
}
