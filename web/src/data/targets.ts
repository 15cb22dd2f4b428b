/** What is tapped in the cluster, as the server reports it; nothing where no cluster is tapped. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { TargetedNode } from '../../../src/serve/api.ts';
import { api } from './api.ts';
import { useObserved } from './observable.ts';
import { useInfo } from './queries.ts';
import { session } from './session.ts';
import { targetsState } from './targets-state.ts';

/** Between two readings, ms: while the targets are looked at, and while they are not. */
const pause = { watched: 2_000, aside: 20_000 } as const;
/** A report of thousands of pods takes time: it is read at most for one in so many parts of it. */
const restShare = 10;

export const targetsKey = ['targets'] as const;

/** A cluster is tapped. Local taps have no targets, and are not asked for them. */
export function useIsCluster(): boolean {
  const { data } = useInfo();
  const isTold = useObserved(targetsState, (state) => state.summary !== undefined);
  return isTold || data?.kind === 'cluster';
}

/** The report, read again when the live connection tells of a change. */
export function useTargets(watched: boolean) {
  const isCluster = useIsCluster();
  const isOpen = useObserved(session.link.state, (link) => link.state === 'open');
  const summary = useObserved(targetsState, (state) => state.summary);
  const client = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new summary is the reason
  useEffect(() => {
    if (watched) void client.invalidateQueries({ queryKey: targetsKey });
  }, [summary, watched, client]);
  return useQuery({
    queryKey: targetsKey,
    queryFn: async ({ signal }) => {
      const startedAt = performance.now();
      const targets = await api.targets(signal);
      return { targets, readAt: session.now(), took: performance.now() - startedAt };
    },
    enabled: isCluster && isOpen,
    staleTime: 1_000,
    refetchInterval: (query) =>
      Math.max(watched ? pause.watched : pause.aside, (query.state.data?.took ?? 0) * restShare),
  });
}

export interface SilentNode {
  readonly name: string;
  readonly reason: string;
}

/** Nodes whose tapper should run and does not, by the report; and those that the summary tells of already. */
export function silentNodes(
  nodes: readonly TargetedNode[],
  told: readonly string[] = [],
): SilentNode[] {
  const silent = nodes.filter(({ wanted, running }) => wanted && !running);
  const known = new Set(silent.map(({ name }) => name));
  return [
    ...silent.map(({ name, reason }) => ({ name, reason: reason || 'no tapper runs there' })),
    ...told
      .filter((name) => !known.has(name))
      .map((name) => ({ name, reason: 'no tapper has reported from there' })),
  ];
}

export function useSilentNodes(): SilentNode[] {
  const { data } = useTargets(false);
  const told = useObserved(targetsState, (state) => state.summary?.silentNodes);
  return silentNodes(data?.targets.nodes ?? [], told);
}
