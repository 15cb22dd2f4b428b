/** Every command of the page, with its keys: the palette, the help and the keyboard derive from this list. */

import { pageState } from '../data/page-state.ts';
import { goTo, placeState } from '../data/place.ts';
import { protocolsNow } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { settings } from '../data/settings.ts';
import { targetsState } from '../data/targets-state.ts';
import { copyCurl } from '../details/copy-curl.ts';
import { detailsTabs, stepTab } from '../details/tabs.ts';
import { focusQuery, runQuery, undoQuery } from '../query-bar/control.ts';
import {
  copyCell,
  filterByFocused,
  goNewest,
  goOldest,
  moveBy,
  moveColumn,
  openDetails,
  showCall,
  toggleMark,
} from '../traffic/moves.ts';

export interface Command {
  readonly id: string;
  readonly title: string;
  readonly group: 'Query' | 'List' | 'Details' | 'Page';
  /** Keys as `KeyboardEvent.key` with `Ctrl-` before it; two keys in a row with a space between. */
  readonly keys: readonly string[];
  readonly run: () => void;
  /** Too small a step to be worth a line in the palette. */
  readonly keyOnly?: true;
  /** Where there is nothing to do, it is not offered. */
  readonly isThere?: () => boolean;
}

/** What is there at the moment: the commands that make sense now, and one for each protocol. */
export function commandsNow(): Command[] {
  const macros = Object.entries(protocolsNow()?.macros ?? {}).filter(
    // Of several words for the same the first is enough.
    ([, meaning], at, all) => all.findIndex(([, other]) => other === meaning) === at,
  );
  const known = commands.filter(({ isThere }) => isThere?.() ?? true);
  return [
    ...known,
    ...macros.map(
      ([word, meaning]): Command => ({
        id: `macro-${word}`,
        title: `Show ${protocolTitle(word, meaning)} only`,
        group: 'Query',
        keys: [],
        run: () => runQuery(word),
      }),
    ),
  ];
}

/** The protocol that a macro stands for: the one whose label or id its meaning names, else the word itself. */
function protocolTitle(word: string, meaning: string): string {
  const all = protocolsNow()?.protocols ?? [];
  const named = all.find(
    ({ id, label }) => meaning.includes(`"${label}"`) || meaning.includes(`"${id}"`),
  );
  return named === undefined ? word : `${named.label} (${word})`;
}

/** Rows of a page, for PageUp and PageDown. */
const pageRows = 20;

/** Takes one step back: another page, details, then the choice. */
function back(): void {
  const { dialog, detailsOpen } = pageState.get();
  if (placeState.get().place !== 'traffic') goTo('traffic');
  else if (dialog !== 'none') pageState.set({ dialog: 'none' });
  else if (detailsOpen) {
    pageState.set({ detailsOpen: false });
    document.getElementById('entries')?.focus();
  } else session.choose('');
}

const flip = (place: 'right' | 'bottom') => (place === 'right' ? 'bottom' : 'right');

export const commands: readonly Command[] = [
  { id: 'query', title: 'Edit the query', group: 'Query', keys: ['/', 'Ctrl-f'], run: focusQuery },
  {
    id: 'filter',
    title: 'Filter by the focused value',
    group: 'Query',
    keys: ['f'],
    run: () => filterByFocused(false),
  },
  {
    id: 'exclude',
    title: 'Exclude the focused value',
    group: 'Query',
    keys: ['F'],
    run: () => filterByFocused(true),
  },
  {
    id: 'undo',
    title: 'Undo the last change of the query',
    group: 'Query',
    keys: ['Ctrl-z'],
    run: undoQuery,
  },
  {
    id: 'clear-query',
    title: 'Clear the query',
    group: 'Query',
    keys: [],
    run: () => runQuery(''),
  },
  {
    id: 'failed',
    title: 'Show failed calls only',
    group: 'Query',
    keys: [],
    run: () => runQuery('outcome == "failed"'),
  },
  {
    id: 'slow',
    title: 'Show calls slower than one second',
    group: 'Query',
    keys: [],
    run: () => runQuery('elapsedTime > 1000'),
  },
  {
    id: 'down',
    title: 'Next entry',
    group: 'List',
    keys: ['j', 'ArrowDown'],
    run: () => moveBy(1),
    keyOnly: true,
  },
  {
    id: 'up',
    title: 'Previous entry',
    group: 'List',
    keys: ['k', 'ArrowUp'],
    run: () => moveBy(-1),
    keyOnly: true,
  },
  {
    id: 'left',
    title: 'Cell to the left',
    group: 'List',
    keys: ['ArrowLeft'],
    run: () => moveColumn(-1),
    keyOnly: true,
  },
  {
    id: 'right',
    title: 'Cell to the right',
    group: 'List',
    keys: ['ArrowRight'],
    run: () => moveColumn(1),
    keyOnly: true,
  },
  {
    id: 'page-down',
    title: 'Twenty entries down',
    group: 'List',
    keys: ['PageDown'],
    run: () => moveBy(pageRows),
    keyOnly: true,
  },
  {
    id: 'page-up',
    title: 'Twenty entries up',
    group: 'List',
    keys: ['PageUp'],
    run: () => moveBy(-pageRows),
    keyOnly: true,
  },
  {
    id: 'oldest',
    title: 'Go to the oldest entry',
    group: 'List',
    keys: ['g g', 'Home'],
    run: goOldest,
  },
  {
    id: 'newest',
    title: 'Go to the newest and follow',
    group: 'List',
    keys: ['G', 'End'],
    run: goNewest,
  },
  {
    id: 'jump',
    title: 'Jump to a time',
    group: 'List',
    keys: ['t'],
    run: () => pageState.set({ dialog: 'jump' }),
  },
  {
    id: 'pause',
    title: 'Pause or go on live',
    group: 'List',
    keys: [' '],
    run: () => session.setPaused(!session.view.get().paused),
  },
  {
    id: 'messages',
    title: 'Show or hide the messages of calls',
    group: 'List',
    keys: ['m'],
    run: () => session.setMessages(!settings.get().messages),
  },
  {
    id: 'call',
    title: 'Show the call of a message',
    group: 'List',
    keys: ['p'],
    run: () => showCall(session.list.get(session.view.get().chosen)),
  },
  {
    id: 'node',
    title: 'Show or hide the column of nodes',
    group: 'List',
    keys: [],
    run: () => settings.set({ nodeColumn: !settings.get().nodeColumn }),
  },
  { id: 'copy-cell', title: 'Copy the focused cell', group: 'List', keys: ['y'], run: copyCell },
  { id: 'mark', title: 'Mark for compare', group: 'List', keys: ['x'], run: toggleMark },
  { id: 'details', title: 'Open the details', group: 'Details', keys: ['Enter'], run: openDetails },
  {
    id: 'back',
    title: 'Back: close the details, then choose nothing',
    group: 'Page',
    keys: ['Escape'],
    run: back,
  },
  {
    id: 'previous-tab',
    title: 'Previous tab',
    group: 'Details',
    keys: ['['],
    run: () => stepTab(-1),
    keyOnly: true,
  },
  {
    id: 'next-tab',
    title: 'Next tab',
    group: 'Details',
    keys: [']'],
    run: () => stepTab(1),
    keyOnly: true,
  },
  { id: 'curl', title: 'Copy as curl', group: 'Details', keys: ['c'], run: () => void copyCurl() },
  ...detailsTabs.map(
    (tab): Command => ({
      id: `tab-${tab.id}`,
      title: `Details: ${tab.title}`,
      group: 'Details',
      keys: [],
      run: () => {
        openDetails();
        settings.set({ tab: tab.id });
      },
    }),
  ),
  {
    id: 'place',
    title: 'Details to the right or to the bottom',
    group: 'Details',
    keys: ['d'],
    run: () => settings.set({ detailsPlace: flip(settings.get().detailsPlace) }),
  },
  {
    id: 'palette',
    title: 'Every command',
    group: 'Page',
    keys: ['Ctrl-k'],
    run: () => pageState.set({ dialog: 'palette' }),
    keyOnly: true,
  },
  {
    id: 'targets',
    title: 'Targets: what is tapped in the cluster',
    group: 'Page',
    keys: ['T'],
    run: () => goTo(placeState.get().place === 'targets' ? 'traffic' : 'targets'),
    isThere: () => targetsState.get().summary !== undefined,
  },
  {
    id: 'schemas',
    title: 'Schemas: .proto files that messages are read by',
    group: 'Page',
    keys: ['s'],
    run: () => pageState.set({ dialog: 'schemas' }),
  },
  {
    id: 'help',
    title: 'Keyboard',
    group: 'Page',
    keys: ['?'],
    run: () => pageState.set({ dialog: 'help' }),
  },
  {
    id: 'all',
    title: 'Time range: all kept',
    group: 'Page',
    keys: [],
    run: () => session.setRange({ kind: 'all' }),
  },
  {
    id: 'quarter',
    title: 'Time range: last 15 min',
    group: 'Page',
    keys: [],
    run: () => session.setRange({ kind: 'last', minutes: 15 }),
  },
  {
    id: 'density',
    title: 'Compact or comfortable rows',
    group: 'Page',
    keys: [],
    run: () =>
      settings.set({ density: settings.get().density === 'compact' ? 'comfortable' : 'compact' }),
  },
  {
    id: 'theme',
    title: 'Dark or light colours',
    group: 'Page',
    keys: [],
    run: () =>
      document.querySelector<HTMLButtonElement>('.top-bar [aria-label$="colours"]')?.click(),
  },
  {
    id: 'clear',
    title: 'Clear: forget everything captured so far',
    group: 'Page',
    keys: [],
    run: () => pageState.set({ dialog: 'clear' }),
  },
];
