/** The page: bars above and below, the list and the details between them. */
import { Suspense, useEffect, useState } from 'react';
import { useObserved } from './data/observable.ts';
import { pageState } from './data/page-state.ts';
import { placeState } from './data/place.ts';
import { session } from './data/session.ts';
import { settings } from './data/settings.ts';
import { listenToKeys } from './palette/keyboard.ts';
import { loadMenus, QueryBar } from './query-bar/query-bar.tsx';
import { listenToDraggedFiles } from './schemas/dragged-files.ts';
import { StatusBar } from './status-bar/status-bar.tsx';
import { TopBar } from './top-bar/top-bar.tsx';
import { Histogram } from './traffic/histogram.tsx';
import { Traffic } from './traffic/traffic.tsx';
import { lazyPart } from './ui/lazy-part.tsx';
import { Split } from './ui/split.tsx';
import { Tooltip } from './ui/tooltip.tsx';
import './app.css';

const loadDetails = () => import('./details/pane.tsx');
const loadTargets = () => import('./targets/page.tsx');
const loadDialogs = () => import('./palette/dialogs.tsx');

const DetailsPane = lazyPart(() => loadDetails().then((module) => module.DetailsPane));
const TargetsPage = lazyPart(() => loadTargets().then((module) => module.TargetsPage));
const NoAccess = lazyPart(() => import('./access/no-access.tsx').then((module) => module.NoAccess));
const Dialogs = lazyPart(() => loadDialogs().then((module) => module.Dialogs));

/** What is needed at the first click is fetched once the list stands, ms after the start. */
const fetchRestAfter = 800;

/** Narrower than this the details cover the list. */
const narrow = '(max-width: 1099px)';

function useNarrow(): boolean {
  const [matches, setMatches] = useState(() => matchMedia(narrow).matches);
  useEffect(() => {
    const query = matchMedia(narrow);
    const update = () => setMatches(query.matches);
    query.addEventListener('change', update);
    return () => query.removeEventListener('change', update);
  }, []);
  return matches;
}

function Panes() {
  const detailsOpen = useObserved(pageState, (state) => state.detailsOpen);
  const chosen = useObserved(session.view, (view) => view.chosen);
  const place = useObserved(settings, (value) => value.detailsPlace);
  const width = useObserved(settings, (value) => value.detailsWidth);
  const height = useObserved(settings, (value) => value.detailsHeight);
  const isNarrow = useNarrow();
  const details = detailsOpen && chosen !== '';
  const pane = (
    <Suspense fallback={<div className="details" />}>
      <DetailsPane />
    </Suspense>
  );
  // The list keeps its place and its scroll position whatever is beside it.
  return (
    <div className="panes">
      <Split
        direction={place}
        label="Details"
        share={place === 'right' ? width : height}
        onShare={(share) =>
          settings.set(place === 'right' ? { detailsWidth: share } : { detailsHeight: share })
        }
      >
        <Traffic />
        {details && !isNarrow ? pane : null}
      </Split>
      {details && isNarrow && (
        <aside className="details-over" aria-label="Details">
          {pane}
        </aside>
      )}
    </div>
  );
}

function Toast() {
  const toast = useObserved(pageState, (state) => state.toast);
  return (
    <div className="toast" role="status">
      {toast}
    </div>
  );
}

function DialogPlace() {
  const wanted = useObserved(pageState, (state) => state.dialog !== 'none');
  if (!wanted) return null;
  return (
    <Suspense fallback={null}>
      <Dialogs />
    </Suspense>
  );
}

export function App() {
  const state = useObserved(session.link.state, (link) => link.state);
  const place = useObserved(placeState, (value) => value.place);
  useEffect(listenToKeys, []);
  useEffect(listenToDraggedFiles, []);
  useEffect(() => {
    const timer = window.setTimeout(() => {
      // Without them the first click fetches them, and says so if it cannot.
      Promise.all([loadDetails(), loadDialogs(), loadMenus()]).catch(() => undefined);
    }, fetchRestAfter);
    return () => window.clearTimeout(timer);
  }, []);
  if (state === 'unauthorized') {
    return (
      <Suspense fallback={null}>
        <NoAccess />
      </Suspense>
    );
  }
  // The list goes on below another page, and keeps its place.
  const covered = place === 'traffic' ? '' : ' covered';
  return (
    <div className="app">
      <TopBar />
      <div className={`query-place${covered}`}>
        <QueryBar />
        <Histogram />
      </div>
      <div className={`panes-place${covered}`}>
        <Panes />
      </div>
      {place === 'targets' && (
        <Suspense fallback={<main className="targets" />}>
          <TargetsPage />
        </Suspense>
      )}
      <footer>
        <StatusBar />
        <Toast />
        <Tooltip />
      </footer>
      <DialogPlace />
    </div>
  );
}
