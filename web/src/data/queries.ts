/** Questions to the server that React Query keeps and repeats. */
import { keepPreviousData, QueryClient, useQuery } from '@tanstack/react-query';
import { useCallback, useRef, useSyncExternalStore } from 'react';
import type { Protocols } from '../../../src/serve/api.ts';
import { api, RequestFailed } from './api.ts';
import { useObserved } from './observable.ts';
import { declareProtocols } from './protocol-of.ts';
import { session } from './session.ts';
import { periodOf } from './url-state.ts';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      staleTime: 60_000,
      retry: (count, error) => count < 2 && error instanceof RequestFailed && error.status === 0,
    },
  },
});

/** Shortest time between two readings of histogram and counts, ms; longer when they are slow. */
const refreshPause = 2_000;

export const useInfo = () =>
  useQuery({ queryKey: ['info'], queryFn: ({ signal }) => api.info(signal) });

/** The protocols, once they are known; for what is not a component. */
export const protocolsNow = () => queryClient.getQueryData<Protocols>(['protocols']);

export const useProtocols = () =>
  useQuery({
    queryKey: ['protocols'],
    queryFn: async ({ signal }) => {
      const answer = await api.protocols(signal);
      declareProtocols(answer);
      return answer;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The chosen entry in full. Read again when its row changes; the old content stays meanwhile. */
export function useEntry(id: string) {
  const outcome = useSyncExternalStore(
    session.view.subscribe,
    useCallback(() => session.list.get(id)?.outcome ?? '', [id]),
  );
  return useQuery({
    queryKey: ['entry', id, outcome],
    queryFn: ({ signal }) => api.entry(id, signal),
    placeholderData: keepPreviousData,
    enabled: id !== '',
    // A large body should not stay in memory once it is not looked at.
    gcTime: 20_000,
  });
}

/**
 * A file ends when its last packet was captured, perhaps long ago: up to there reach its bars, not up to
 * now. Nothing while the input goes on or a range is chosen. `until` is excluded, hence the millisecond.
 */
function endOfInput(range: string): { until?: number } {
  const { counters } = session.counters.get();
  const lastId = session.list.lastId;
  const last = lastId === undefined ? undefined : session.list.get(lastId);
  if (range !== 'all' || counters?.capture.ended !== true || last === undefined) return {};
  return { until: Math.ceil(last.timestamp) + 1 };
}

/** Bars of the histogram for what is shown, refreshed while live. */
export function useHistogram(buckets: number) {
  const filter = useObserved(session.view, (view) => view.asked);
  const range = useObserved(session.view, (view) => view.range);
  const open = useObserved(session.link.state, (link) => link.state === 'open');
  return useQuery({
    queryKey: ['histogram', filter, range, buckets],
    queryFn: async ({ signal }) => {
      const startedAt = performance.now();
      const period = { ...periodOf(range, session.now()), ...endOfInput(range.kind) };
      const [histogram, count] = await Promise.all([
        api.histogram(filter, period, buckets, signal),
        api.count(filter, signal),
      ]);
      const inRange = histogram.buckets.reduce((sum, bucket) => sum + bucket.count, 0);
      const matching = {
        count: range.kind === 'all' ? count.count : inRange,
        live: session.extent.live,
      };
      const took = performance.now() - startedAt;
      return { ...histogram, matching, atLeast: count.atLeast, took };
    },
    placeholderData: keepPreviousData,
    enabled: open && buckets > 0,
    refetchInterval: (query) => Math.max(refreshPause, (query.state.data?.took ?? 0) * 10),
  });
}

/** How often the entries that wait during a pause are counted, ms. */
const countWaiting = 2_000;

/** Entries that came since the list was paused; undefined while it is not, or not yet known. */
export function useWaiting(): number | undefined {
  const paused = useObserved(session.view, (view) => view.paused);
  const filter = useObserved(session.view, (view) => view.asked);
  const seen = useObserved(session.counters, (state) => state.counters?.dissect.entries ?? 0);
  const atPause = useRef<{ filter: string; count: number } | undefined>(undefined);
  const { data } = useQuery({
    queryKey: ['waiting', filter, paused],
    queryFn: ({ signal }) => api.count(filter, signal),
    enabled: paused && filter !== '',
    refetchInterval: countWaiting,
    gcTime: 0,
    staleTime: 0,
  });
  const count = filter === '' ? seen : data?.count;
  if (!paused) atPause.current = undefined;
  if (!paused || count === undefined) return undefined;
  if (atPause.current?.filter !== filter) atPause.current = { filter, count };
  return Math.max(0, count - atPause.current.count);
}
