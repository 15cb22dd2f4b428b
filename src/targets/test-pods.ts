/** Pods as the watch tells of them, for tests. */
import type { PodFact } from '../resolve/cluster/facts.ts';

/** An ordinary running pod of `namespace/name` on node-1, but for what `rest` says. */
export function pod(place: string, rest: Partial<PodFact> = {}): PodFact {
  const [namespace = '', name = ''] = place.split('/');
  return {
    uid: `uid-${place}`,
    name,
    namespace,
    node: 'node-1',
    phase: 'Running',
    labels: {},
    addresses: ['10.1.0.1'],
    hostAddresses: [],
    hostNetwork: false,
    ports: [],
    startedAt: 0,
    deleting: false,
    ...rest,
  };
}
