/** Questions to the server that React Query keeps and repeats. */
import { keepPreviousData, QueryClient, useQuery } from '@tanstack/react-query';
import { useCallback, useSyncExternalStore } from 'react';
import { api, RequestFailed } from './api.ts';
import { useObserved } from './observable.ts';
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

export const useProtocols = () =>
  useQuery({
    queryKey: ['protocols'],
    queryFn: ({ signal }) => api.protocols(signal),
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

/** Bars of the histogram for what is shown, refreshed while live. */
export function useHistogram(buckets: number) {
  const filter = useObserved(session.view, (view) => view.filter);
  const range = useObserved(session.view, (view) => view.range);
  const open = useObserved(session.link.state, (link) => link.state === 'open');
  return useQuery({
    queryKey: ['histogram', filter, range, buckets],
    queryFn: async ({ signal }) => {
      const startedAt = performance.now();
      const period = periodOf(range, session.now());
      const [histogram, count] = await Promise.all([
        api.histogram(filter, period, buckets, signal),
        api.count(filter, signal),
      ]);
      return { ...histogram, count, period, took: performance.now() - startedAt };
    },
    placeholderData: keepPreviousData,
    enabled: open && buckets > 0,
    refetchInterval: (query) => Math.max(refreshPause, (query.state.data?.took ?? 0) * 10),
  });
}
