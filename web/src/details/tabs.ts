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

/** The tabs there are now: messages only of a call with some, compare only with two marked entries. */
export function tabsNow(marked: readonly string[], messages: number): typeof detailsTabs {
  return [
    ...detailsTabs.slice(0, 3),
    ...(messages > 0 ? [{ id: 'messages', title: 'Messages' } as const] : []),
    ...detailsTabs.slice(3),
    ...(marked.length === 2 ? [{ id: 'compare', title: 'Compare' } as const] : []),
  ];
}

export function stepTab(step: 1 | -1): void {
  const { marked, messages } = pageState.get();
  const tabs = tabsNow(marked, messages);
  const at = tabs.findIndex((tab) => tab.id === settings.get().tab);
  const next = tabs[(Math.max(0, at) + step + tabs.length) % tabs.length];
  if (next !== undefined) settings.set({ tab: next.id });
}
