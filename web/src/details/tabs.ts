/** The tabs of the details pane. */
import { pageState } from '../data/page-state.ts';
import { type DetailsTab, settings } from '../data/settings.ts';

export const detailsTabs: readonly { readonly id: DetailsTab; readonly title: string }[] = [
  { id: 'request', title: 'Request' },
  { id: 'response', title: 'Response' },
  { id: 'both', title: 'Both' },
  { id: 'timing', title: 'Timing' },
  { id: 'packets', title: 'Packets' },
];

/** The tabs there are now: compare only with two marked entries. */
export function tabsNow(marked: readonly string[]): typeof detailsTabs {
  return marked.length === 2 ? [...detailsTabs, { id: 'compare', title: 'Compare' }] : detailsTabs;
}

export function stepTab(step: 1 | -1): void {
  const tabs = tabsNow(pageState.get().marked);
  const at = tabs.findIndex((tab) => tab.id === settings.get().tab);
  const next = tabs[(Math.max(0, at) + step + tabs.length) % tabs.length];
  if (next !== undefined) settings.set({ tab: next.id });
}
