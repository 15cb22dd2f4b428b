/** The line at the bottom: how fast, what was lost and where, how full the store is, connected or not. */
import type { Counters } from '../../../src/serve/api.ts';
import { useObserved } from '../data/observable.ts';
import { session } from '../data/session.ts';
import { bytes, clockSeconds, exactBytes, exactTime, integer, plural, rate } from '../ui/format.ts';
import { SilentItem, TappingItem } from './tapping.tsx';
import './status-bar.css';

/** What was lost, stage by stage in the order of a byte's life. */
export function losses(counters: Counters): readonly (readonly [string, number])[] {
  return [
    ['packets dropped by the kernel', counters.capture.dropped],
    ['holes in streams', counters.reassemble.holes],
    ['connections given up, memory short', counters.reassemble.shedConnections],
    ['bodies left out, memory short', counters.dissect.shedBodies],
    ['entries shed on the way to the store', counters.ship.shedRows],
    ['entries shed by the store', counters.store.shed],
  ];
}

function lossTip(counters: Counters): string {
  const lines = losses(counters).map(([what, count]) => `${integer(count)} ${what}`);
  const { holeBytes } = counters.reassemble;
  if (holeBytes > 0) lines[1] += ` (${bytes(holeBytes)})`;
  const ignored = Object.entries(counters.decode.ignored).map(
    ([why, count]) => `${integer(count)} ${why}`,
  );
  if (ignored.length > 0) lines.push('', 'Not looked at, packets:', ...ignored);
  const unknown = Object.entries(counters.dissect.notUnderstood).map(
    ([why, count]) => `${integer(count)} ${why}`,
  );
  if (unknown.length > 0) lines.push('', 'Not understood, connections:', ...unknown);
  return lines.join('\n');
}

function storeTip({ store }: Counters): string {
  const lines = [
    `${plural(store.entries, 'entry', 'entries')} kept`,
    `${exactBytes(store.bytes)} of ${exactBytes(store.limitBytes)}`,
  ];
  if (store.oldestTimestamp > 0) lines.push(`oldest ${exactTime(store.oldestTimestamp)}`);
  if (store.expired > 0) lines.push(`${integer(store.expired)} older entries were cleared`);
  return [...lines, ...store.repairs].join('\n');
}

const megabytes = (size: number) =>
  size / 1e6 < 9.95 ? (size / 1e6).toFixed(1) : Math.round(size / 1e6);

/** Everything about reading a file; nothing for live sources. */
function progress({ capture }: Counters): string {
  if (capture.totalBytes === 0 || capture.ended) return '';
  return `read ${Math.floor((capture.readBytes / capture.totalBytes) * 100)} %`;
}

function CounterItems({ counters }: { readonly counters: Counters }) {
  const lost = losses(counters).reduce((sum, [, count]) => sum + count, 0);
  const { store, capture } = counters;
  const reading = progress(counters);
  return (
    <>
      <span data-tip={`${integer(counters.dissect.entries)} entries since the start`}>
        {rate(counters.entriesPerSecond)}/s
      </span>
      <span
        data-tip={`${integer(capture.packets)} packets, ${exactBytes(capture.bytes)} since the start`}
      >
        {rate(counters.packetsPerSecond)} packets/s
      </span>
      <span className={lost > 0 ? 'amber' : ''} data-tip={lossTip(counters)}>
        lost {integer(lost)}
      </span>
      {counters.refine.ignored > 0 && (
        <span
          data-tip={`${plural(counters.refine.ignored, 'call')} left out by their User-Agent: tap.ignored-user-agents`}
        >
          {integer(counters.refine.ignored)} ignored
          <span className="wide-words"> by tap.ignored-user-agents</span>
        </span>
      )}
      <span data-tip={storeTip(counters)}>
        {store.oldestTimestamp > 0 && `from ${clockSeconds(store.oldestTimestamp)}, `}
        {megabytes(store.bytes)} of {megabytes(store.limitBytes)} MB
      </span>
      {reading !== '' && <span>{reading}</span>}
      {capture.ended && <span data-tip="The input was read to its end">input ended</span>}
      {capture.damage.length > 0 && (
        <span className="amber" data-tip={capture.damage.join('\n')}>
          damaged input
        </span>
      )}
    </>
  );
}

function ConnectionItem() {
  const state = useObserved(session.link.state, (link) => link.state);
  const since = useObserved(session.link.state, (link) => link.since);
  const words = {
    connecting: 'connecting',
    open: 'connected',
    lost: 'not connected',
    unauthorized: 'no access',
  } as const;
  const colour = state === 'lost' || state === 'unauthorized' ? 'red' : '';
  return (
    <span className={colour} data-tip={`since ${exactTime(since)}`}>
      {words[state]}
    </span>
  );
}

function MissedItem() {
  const missed = useObserved(session.view, (view) => view.missed);
  if (missed === 0) return null;
  return (
    <span
      className="amber"
      data-tip="This page was too slow for the live tail. The entries were read from the store instead; nothing is missing there."
    >
      page behind by {integer(missed)}
    </span>
  );
}

export function StatusBar() {
  const counters = useObserved(session.counters, (state) => state.counters);
  return (
    <div className="status-bar">
      <TappingItem />
      <SilentItem />
      {counters !== undefined && <CounterItems counters={counters} />}
      <MissedItem />
      <ConnectionItem />
      <span className="status-hint">
        <span className="key">?</span> keyboard
      </span>
    </div>
  );
}
