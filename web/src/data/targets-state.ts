/** What the live connection tells of the cluster: which pods are tapped. */
import type { TargetsSummary } from '../../../src/serve/api.ts';
import { integer } from '../ui/format.ts';
import { observable } from './observable.ts';

export interface TargetsState {
  /** Undefined: no cluster is tapped, or it has not been told yet. */
  readonly summary: TargetsSummary | undefined;
}

export const targetsState = observable<TargetsState>({ summary: undefined });

/** `Tapping 12 / 14 pods in namespaces default, shop` */
export function tappingText({ tapped, pods, namespaces, allNamespaces }: TargetsSummary): string {
  const count = tapped === pods ? integer(pods) : `${integer(tapped)} / ${integer(pods)}`;
  const word = pods === 1 ? 'pod' : 'pods';
  if (allNamespaces) return `Tapping ${count} ${word} in all namespaces`;
  if (namespaces.length === 0) return `Tapping ${count} ${word}`;
  const places = namespaces.length === 1 ? 'namespace' : 'namespaces';
  return `Tapping ${count} ${word} in ${places} ${namespaces.join(', ')}`;
}
