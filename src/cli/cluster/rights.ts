/** Before anything is made: whose namespace it is, and how far the user's rights reach. */
import {
  ClusterError,
  type ClusterObject,
  hasCode,
  isManaged,
  mayDo,
} from '../../cluster/access/index.ts';
import type { ClusterSetup } from './setup.ts';

export interface Reach {
  readonly ownsNamespace: boolean;
  readonly clusterWide: boolean;
}

export async function findReach(setup: ClusterSetup): Promise<Reach> {
  const [ownsNamespace, clusterWide] = await Promise.all([
    isOwnNamespace(setup),
    reachesCluster(setup),
  ]);
  return { ownsNamespace, clusterWide };
}

/** A namespace that is there and was not made by Mizu is used, and stays. */
async function isOwnNamespace({ api, namespace, context }: ClusterSetup): Promise<boolean> {
  const { signal } = context;
  try {
    const found = await api.find<ClusterObject>({ kind: 'Namespace', name: namespace }, { signal });
    return found === undefined || isManaged(found);
  } catch (error) {
    // Who may not even look at namespaces was given one.
    if (hasCode(error, 'forbidden')) return false;
    throw error;
  }
}

async function reachesCluster({ api, config, namespace, context }: ClusterSetup): Promise<boolean> {
  const { signal } = context;
  const rbac = 'rbac.authorization.k8s.io';
  const wanted = [
    { group: '', resource: 'pods', verb: 'list' },
    ...(config.createRoles
      ? [
          { group: rbac, resource: 'clusterroles', verb: 'create' },
          { group: rbac, resource: 'clusterrolebindings', verb: 'create' },
        ]
      : []),
  ];
  const answers = await Promise.all(
    wanted.map((one) => mayDo(api, { scope: 'cluster', ...one }, namespace, signal)),
  );
  return answers.every(Boolean);
}

/** @throws ClusterError when targets lie where the rights do not reach. */
export function checkReach(reach: Reach, namespace: string, targets: readonly string[]): void {
  if (reach.clusterWide || (targets.length === 1 && targets[0] === namespace)) return;
  throw new ClusterError(
    'forbidden',
    `Not supported mode. Mizu can't resolve IPs in other namespaces when running in namespace restricted mode. Your rights do not reach the whole cluster (mizu check --pre-tap lists what is missing): put Mizu into the namespace that you tap and have rights in, mizu tap -n NAME --mizu-resources-namespace NAME (now: ${namespace})`,
  );
}

export const restrictedNotice =
  'Your rights do not reach the whole cluster: addresses of other namespaces stay without names.';
