/** The main pane: histogram, notices, list. */
import { useObserved } from '../data/observable.ts';
import { session } from '../data/session.ts';
import { Banners } from './banners.tsx';
import { EmptyState } from './empty.tsx';
import { EntryGrid } from './list.tsx';

export function Traffic() {
  const loading = useObserved(session.view, (view) => view.loading || view.loadingOlder);
  const state = useObserved(session.link.state, (link) => link.state);
  return (
    <main className="traffic" aria-label="Traffic">
      {loading && state !== 'lost' && <div className="loading-bar" />}
      <Banners />
      <div style={{ position: 'relative', flex: 1, minHeight: 0 }}>
        <div style={{ position: 'absolute', inset: 0, display: 'flex', flexDirection: 'column' }}>
          <EntryGrid />
        </div>
        <EmptyState />
      </div>
    </main>
  );
}
