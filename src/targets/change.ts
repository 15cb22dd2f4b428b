/** What differs between two sets of targets, and what each node needs to know of one. */
import type { PodFact } from '../resolve/cluster/facts.ts';
import type { TargetSet } from './select.ts';

export interface TargetChange {
  readonly added: readonly PodFact[];
  readonly removed: readonly PodFact[];
  /** Still targets, but with other addresses or on another node. */
  readonly moved: readonly PodFact[];
}

export const noTargets: TargetSet = { targets: [], notTargeted: [] };

export function changeOf(before: TargetSet, after: TargetSet): TargetChange {
  const old = new Map(before.targets.map(({ pod }) => [pod.uid, pod]));
  const added: PodFact[] = [];
  const moved: PodFact[] = [];
  for (const { pod } of after.targets) {
    const known = old.get(pod.uid);
    old.delete(pod.uid);
    if (!known) added.push(pod);
    else if (known.node !== pod.node || `${known.addresses}` !== `${pod.addresses}`)
      moved.push(pod);
  }
  return { added, moved, removed: [...old.values()] };
}

export function isEmptyChange({ added, removed, moved }: TargetChange): boolean {
  return added.length + removed.length + moved.length === 0;
}

/** Node → addresses of its targets, in order. A node without targets is not in it. */
export function addressesByNode({ targets }: TargetSet): Map<string, string[]> {
  const byNode = new Map<string, string[]>();
  for (const { pod } of targets) {
    const addresses = byNode.get(pod.node) ?? [];
    addresses.push(...pod.addresses);
    byNode.set(pod.node, addresses);
  }
  byNode.delete('');
  for (const addresses of byNode.values()) addresses.sort();
  return new Map([...byNode].sort(([a], [b]) => (a < b ? -1 : 1)));
}
