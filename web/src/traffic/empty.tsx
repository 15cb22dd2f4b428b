/** What stands in place of the list when there is nothing to list. */
import { useQueries } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { api } from '../data/api.ts';
import { useObserved } from '../data/observable.ts';
import { copyText } from '../data/page-state.ts';
import { goTo } from '../data/place.ts';
import { useInfo } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { tappingText, targetsState } from '../data/targets-state.ts';
import { rangeText } from '../data/url-state.ts';
import { runQuery } from '../query-bar/control.ts';
import { clauseTexts } from '../query-bar/language.ts';
import { duration, integer } from '../ui/format.ts';
import { CopyIcon } from '../ui/icons.tsx';

/** Shows the right one, or nothing while there are entries or the first answer is still to come. */
export function EmptyState() {
  useObserved(session.view, (view) => view.version);
  const filter = useObserved(session.view, (view) => view.filter);
  const range = useObserved(session.view, (view) => view.range);
  const loaded = useObserved(session.view, (view) => view.loaded);
  const error = useObserved(session.view, (view) => view.error);
  const link = useObserved(session.link.state, (state) => state.state);
  if (session.list.rows.length > 0) return null;
  if (error !== undefined) return <RefusedState message={error.message} />;
  if (!loaded) return link === 'lost' ? <UnreachableState /> : null;
  if (filter !== '' || range.kind !== 'all') return <NothingMatches />;
  return <NothingYet />;
}

function Message({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <section className="placed empty" aria-label={label}>
      <div className="message">{children}</div>
    </section>
  );
}

function RefusedState({ message }: { readonly message: string }) {
  return (
    <Message label="Error">
      <h2 className="red">The server could not answer this query</h2>
      <p>{message}</p>
      <button type="button" className="button bordered" onClick={() => runQuery('')}>
        Show everything
      </button>
    </Message>
  );
}

function UnreachableState() {
  return (
    <Message label="Not connected">
      <h2>Mizu does not answer</h2>
      <p>
        The page is loaded, but the program behind it cannot be reached at{' '}
        <code>{location.host}</code>. If it was ended, start it again: this page connects by itself.
      </p>
    </Message>
  );
}

function Command({ text }: { readonly text: string }) {
  return (
    <div className="command">
      <code>{text}</code>
      <button
        type="button"
        className="button icon-button small"
        aria-label="Copy the command"
        data-tip="Copy"
        onClick={() => void copyText(text)}
      >
        <CopyIcon />
      </button>
    </div>
  );
}

/** `7 s`, `2 min 5 s` */
function wholeSeconds(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1_000);
}

function NothingYet() {
  const { data: info } = useInfo();
  const counters = useObserved(session.counters, (state) => state.counters);
  const packets = counters?.capture.packets ?? 0;
  const elapsed = info === undefined ? 0 : session.now() - info.startedAt;
  const isFile = info?.kind === 'file';
  const isCluster = info?.kind === 'cluster';
  return (
    <Message label="Nothing captured yet">
      <h2>{isFile ? 'No API calls in this capture so far' : 'No API calls seen yet'}</h2>
      <p>
        {isFile ? 'Reading' : 'Listening to'} <b>{info?.description ?? 'this machine'}</b>
        {elapsed >= 1_000 && ` for ${wholeSeconds(elapsed)}`}. {integer(packets)} packets came by
        {packets === 0 ? '.' : ', none of them with a call that is understood.'}
      </p>
      <NotUnderstood />
      {isCluster && <InCluster />}
      {!isFile && !isCluster && (
        <>
          <p>Any unencrypted call from or to this machine appears here. Try one in a terminal:</p>
          <Command text="curl http://localhost:8080/" />
          {info?.demo !== true && (
            <>
              <p>No service at hand? The demo shop makes traffic:</p>
              <Command text="bin/mizu demo" />
            </>
          )}
        </>
      )}
    </Message>
  );
}

/** In a cluster it is most often a matter of what is tapped. */
function InCluster() {
  const summary = useObserved(targetsState, (state) => state.summary);
  return (
    <>
      <p>
        {summary === undefined ? 'What is tapped is not known yet' : tappingText(summary)}. Any call
        from or to these pods appears here.
      </p>
      <button type="button" className="button bordered" onClick={() => goTo('targets')}>
        Look at the targets
      </button>
    </>
  );
}

function NotUnderstood() {
  const reasons = useObserved(
    session.counters,
    (state) => state.counters?.dissect.notUnderstood ?? none,
  );
  const known = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  if (known.length === 0) return null;
  return (
    <table>
      <caption className="hidden-text">Connections that are not understood</caption>
      <tbody>
        {known.slice(0, 6).map(([reason, count]) => (
          <tr key={reason}>
            <td className="number">{integer(count)}</td>
            <td className="dim">connections: {reason}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const none: Readonly<Record<string, number>> = {};

function NothingMatches() {
  const filter = useObserved(session.view, (view) => view.filter);
  const range = useObserved(session.view, (view) => view.range);
  const clauses = clauseTexts(filter);
  const counts = useQueries({
    queries: clauses.map((clause) => ({
      queryKey: ['count', clause],
      queryFn: () => api.count(clause),
      staleTime: 5_000,
    })),
  });
  return (
    <Message label="Nothing matches">
      <h2>Nothing matches{range.kind === 'all' ? '' : ` in ${rangeText(range)}`}</h2>
      {clauses.length > 0 && (
        <>
          <p>Each part of the query on its own, over everything kept:</p>
          <table>
            <tbody>
              {clauses.map((clause, index) => (
                <tr key={clause}>
                  <td className={`number ${counts[index]?.data?.count === 0 ? 'red' : ''}`}>
                    {counts[index]?.data === undefined ? '…' : integer(counts[index].data.count)}
                  </td>
                  <td>
                    <code>{clause}</code>
                  </td>
                  <td>
                    {clauses.length > 1 && (
                      <button
                        type="button"
                        className="button small"
                        onClick={() =>
                          runQuery(clauses.filter((_, at) => at !== index).join(' and '))
                        }
                      >
                        leave out
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <div style={{ display: 'flex', gap: 8 }}>
        {filter !== '' && (
          <button type="button" className="button bordered" onClick={() => runQuery('')}>
            Clear the query
          </button>
        )}
        {range.kind !== 'all' && (
          <button
            type="button"
            className="button bordered"
            onClick={() => session.setRange({ kind: 'all' })}
          >
            Look at everything kept
          </button>
        )}
      </div>
      {range.kind !== 'fixed' && <p>New entries that match appear here as they come.</p>}
    </Message>
  );
}
