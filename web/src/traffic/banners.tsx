/** Lines above the list that tell of something unusual: no connection, a notice, an error. */
import { useEffect, useState } from 'react';
import { useObserved } from '../data/observable.ts';
import { useInfo } from '../data/queries.ts';
import { session } from '../data/session.ts';
import { readNotice, settings } from '../data/settings.ts';
import { useIsCluster, useTargets } from '../data/targets.ts';
import { clockSeconds } from '../ui/format.ts';
import { CloseIcon } from '../ui/icons.tsx';

/** The time, every quarter of a second, while `running`. */
function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), 250);
    return () => window.clearInterval(timer);
  }, [running]);
  return now;
}

export function Disconnected() {
  const state = useObserved(session.link.state, (link) => link.state);
  const since = useObserved(session.link.state, (link) => link.since);
  const retryAt = useObserved(session.link.state, (link) => link.retryAt);
  const now = useNow(state === 'lost');
  if (state !== 'lost') return null;
  const seconds = Math.max(0, Math.ceil((retryAt - now) / 1_000));
  return (
    <div className="banner lost" role="status">
      <b>Not connected since {clockSeconds(since)}</b>
      {/* A countdown is for the eye: read aloud each second it would say nothing else. */}
      <span aria-hidden="true">
        {seconds === 0 ? 'connecting …' : `trying again in ${seconds} s`}
      </span>
      <span className="dim">
        What is shown can be read, scrolled and copied. Queries wait; what comes meanwhile is read
        later.
      </span>
      <button type="button" className="button small bordered" onClick={() => session.link.retry()}>
        Try now
      </button>
    </div>
  );
}

/** What could not be had, each said until somebody has read it. */
function Notices() {
  const { data: info } = useInfo();
  const isCluster = useIsCluster();
  const { data: report } = useTargets(false);
  const read = useObserved(settings, (value) => value.noticesRead);
  const ofInfo = info?.notice === undefined ? [] : [info.notice];
  const all = isCluster && report !== undefined ? report.targets.notices : ofInfo;
  const unread = all.filter((text) => !read.includes(text));
  if (unread.length === 0) return null;
  return (
    <div className="banner warn" role="status">
      <span className="banner-text">{unread.join(' ')}</span>
      <button
        type="button"
        className="button icon-button small"
        aria-label="Do not show this again"
        data-tip="Do not show this again"
        onClick={() => unread.forEach(readNotice)}
      >
        <CloseIcon />
      </button>
    </div>
  );
}

export function Banners() {
  const error = useObserved(session.view, (view) => view.error);
  useObserved(session.view, (view) => view.version);
  return (
    <>
      <Disconnected />
      <Notices />
      {error !== undefined && session.list.rows.length > 0 && (
        <div className="banner bad" role="alert">
          {error.message}
        </div>
      )}
    </>
  );
}
