/** The details pane: one entry in full. */
import { useEffect, useRef } from 'react';
import type { EntryRow } from '../../../src/entry/entry.ts';
import type { EntryDetails } from '../../../src/serve/api.ts';
import { RequestFailed } from '../data/api.ts';
import { useObserved } from '../data/observable.ts';
import { pageState } from '../data/page-state.ts';
import { useEntry } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { type DetailsTab, settings } from '../data/settings.ts';
import { endpointText, slowAfter, statusClass, statusText } from '../traffic/columns.ts';
import { bytes, clockTime, duration, exactTime, headAndTail } from '../ui/format.ts';
import { BottomPaneIcon, BrokenIcon, CloseIcon, RightPaneIcon } from '../ui/icons.tsx';
import { Compare } from './compare.tsx';
import { copyCurl } from './copy-curl.ts';
import { Packets } from './packets.tsx';
import { Sections } from './sections.tsx';
import { tabsNow } from './tabs.ts';
import { Timing } from './timing.tsx';
import './details.css';

export function DetailsPane() {
  const chosen = useObserved(session.view, (view) => view.chosen);
  const { data, error, isFetching, isPlaceholderData } = useEntry(chosen);
  const marked = useObserved(pageState, (state) => state.marked);
  const wanted = useObserved(settings, (value) => value.tab);
  const tabs = tabsNow(marked);
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
            <Head row={data.entry} />
            <Tabs tabs={tabs} tab={tab} details={data} />
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
          <PaneButtons />
        </div>
      </div>
      <div className="details-missing">
        <h2>{isGone ? 'This entry is no longer kept' : 'The details could not be read'}</h2>
        <p className="dim">{error.message}</p>
      </div>
    </>
  );
}

function Head({ row }: { readonly row: EntryRow }) {
  const [head, tail] = headAndTail(row.target);
  const slow = (row.elapsedTime ?? 0) >= slowAfter;
  return (
    <div className="details-head">
      <div className="details-title">
        <BackToList />
        <span className="details-method">{row.method}</span>
        <span className="details-target mono" data-tip={row.target}>
          <span className="target-head">{head}</span>
          {tail !== '' && <span className="target-tail">{tail}</span>}
        </span>
        <span className={`details-status ${statusClass(row)}`}>{statusText(row)}</span>
        <PaneButtons />
      </div>
      <div className="details-facts dim">
        <span>
          {endpointText(row.src)} → {endpointText(row.dst)}
        </span>
        <span>
          {row.protocol.abbr} {row.protocol.version}
        </span>
        <span data-tip={exactTime(row.timestamp)}>{clockTime(row.timestamp)}</span>
        <span className={slow ? 'amber' : ''}>
          {row.elapsedTime === null ? row.outcome : duration(row.elapsedTime)}
        </span>
        <span data-tip="request and response on the wire">
          {bytes(row.requestSize)} / {bytes(row.responseSize)}
        </span>
        {row.demo && <span className="label">demo</span>}
      </div>
      {row.incomplete.length > 0 && (
        <div className="details-incomplete amber">
          <BrokenIcon size={13} />
          {row.incomplete.join(' · ')}
        </div>
      )}
    </div>
  );
}

const close = () => pageState.set({ detailsOpen: false });

/** Where the details cover the list. */
function BackToList() {
  return (
    <button
      type="button"
      className="button small bordered narrow-only"
      data-tip="Back to the list (Esc)"
      onClick={close}
    >
      ← list
    </button>
  );
}

function PaneButtons() {
  const place = useObserved(settings, (value) => value.detailsPlace);
  return (
    <span className="pane-buttons">
      <button
        type="button"
        className="button small"
        data-tip="Copy as curl (c)"
        onClick={() => void copyCurl()}
      >
        curl
      </button>
      <button
        type="button"
        className="button icon-button small wide-only"
        aria-label={place === 'right' ? 'Details to the bottom' : 'Details to the right'}
        data-tip={place === 'right' ? 'Details to the bottom (d)' : 'Details to the right (d)'}
        onClick={() => settings.set({ detailsPlace: place === 'right' ? 'bottom' : 'right' })}
      >
        {place === 'right' ? <BottomPaneIcon /> : <RightPaneIcon />}
      </button>
      <button
        type="button"
        className="button icon-button small"
        aria-label="Close the details"
        data-tip="Close (Esc)"
        onClick={close}
      >
        <CloseIcon />
      </button>
    </span>
  );
}

interface TabsProps {
  readonly tabs: ReturnType<typeof tabsNow>;
  readonly tab: DetailsTab;
  readonly details: EntryDetails;
}

function Tabs({ tabs, tab, details }: TabsProps) {
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
        </button>
      ))}
    </div>
  );
}
