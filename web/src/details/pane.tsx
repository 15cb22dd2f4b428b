/** The details pane: one entry in full. */
import { useEffect, useRef } from 'react';
import type { EntryDetails } from '../../../src/serve/api.ts';
import { RequestFailed } from '../data/api.ts';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { useEntry } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { type DetailsTab, settings } from '../data/settings.ts';
import { integer } from '../ui/format.ts';
import { Compare } from './compare.tsx';
import { BackToList, Head, PaneButtons } from './head.tsx';
import { MessageList } from './messages.tsx';
import { Packets } from './packets.tsx';
import { Sections } from './sections.tsx';
import { tabsNow } from './tabs.ts';
import { Timing } from './timing.tsx';
import { useMessageCount } from './use-messages.ts';
import './details.css';

export function DetailsPane() {
  const chosen = useObserved(session.view, (view) => view.chosen);
  const { data, error, isFetching, isPlaceholderData } = useEntry(chosen);
  const marked = useObserved(pageState, (state) => state.marked);
  const wanted = useObserved(settings, (value) => value.tab);
  const messages = useMessageCount(data?.entry) ?? 0;
  useEffect(() => pageState.set({ messages }), [messages]);
  const tabs = tabsNow(marked, messages);
  const tab = tabs.some(({ id }) => id === wanted) ? wanted : 'both';
  const isOther = data !== undefined && data.entry.id !== chosen;
  const scroller = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another entry or tab starts at its top
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [chosen, tab]);

  return (
    <div className="details">
      {isFetching && (isPlaceholderData || data === undefined) && <div className="loading-bar" />}
      {error !== null && !isPlaceholderData ? (
        <Missing error={error} />
      ) : (
        data !== undefined && (
          <>
            <Head row={data.entry} {...(data.labels && { labels: data.labels })} />
            <Tabs tabs={tabs} tab={tab} details={data} messages={messages} />
            <div
              className={`details-scroll scrolls${isOther ? ' stale' : ''}`}
              ref={scroller}
              role="tabpanel"
              aria-labelledby={`tab-${tab}`}
              // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
              tabIndex={0}
            >
              <Content tab={tab} details={data} />
            </div>
          </>
        )
      )}
    </div>
  );
}

function Content({ tab, details }: { readonly tab: DetailsTab; readonly details: EntryDetails }) {
  if (tab === 'timing') return <Timing entry={details.entry} />;
  if (tab === 'packets') return <Packets entry={details.entry} />;
  if (tab === 'compare') return <Compare />;
  if (tab === 'messages') return <MessageList key={details.entry.id} call={details.entry} />;
  return <Sections key={details.entry.id} details={details} sides={tab} />;
}

function Missing({ error }: { readonly error: Error }) {
  const isGone = error instanceof RequestFailed && error.status === 404;
  return (
    <>
      <div className="details-head">
        <div className="details-title">
          <BackToList />
          <span className="spacer" />
          <PaneButtons canCopy={false} />
        </div>
      </div>
      <div className="details-missing">
        <h2>{isGone ? 'This entry is no longer kept' : 'The details could not be read'}</h2>
        <p className="dim">{error.message}</p>
      </div>
    </>
  );
}

interface TabsProps {
  readonly tabs: ReturnType<typeof tabsNow>;
  readonly tab: DetailsTab;
  readonly details: EntryDetails;
  /** How many messages the call has. */
  readonly messages: number;
}

function Tabs({ tabs, tab, details, messages }: TabsProps) {
  const { entry } = details;
  const isMissing = (id: DetailsTab) =>
    (id === 'response' && entry.response === undefined) ||
    (id === 'request' && entry.request === undefined);
  return (
    <div className="tabs" role="tablist" aria-label="Details">
      {tabs.map(({ id, title }) => (
        <button
          key={id}
          id={`tab-${id}`}
          type="button"
          role="tab"
          aria-selected={id === tab}
          tabIndex={id === tab ? 0 : -1}
          className={`tab${isMissing(id) ? ' dim' : ''}`}
          onClick={() => settings.set({ tab: id })}
          onKeyDown={(event) => {
            const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
            const next = tabs[tabs.findIndex((other) => other.id === id) + step];
            if (step === 0 || next === undefined) return;
            settings.set({ tab: next.id });
            document.getElementById(`tab-${next.id}`)?.focus();
          }}
        >
          {title}
          {id === 'messages' && <span className="tab-count dim">{integer(messages)}</span>}
        </button>
      ))}
    </div>
  );
}
