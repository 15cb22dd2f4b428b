/** Removes a session whose command is gone, as far as the API server's own rights reach. */
import type { ClusterApi, Reference } from '../cluster/access/index.ts';
import type { ApiServerSettings } from '../cluster/settings.ts';

const attempts = 5;
const attemptMs = 10_000;
const betweenMs = 2000;

/**
 * Everything else goes with these: with Mizu's own namespace what is in it and the cluster role, and
 * with the lease, in a namespace that stays, all that names it as its owner.
 */
function doomed(settings: ApiServerSettings): Reference[] {
  const { namespace, ownsNamespace, daemonSet, clusterRole, lease } = settings;
  const last: Reference[] = ownsNamespace
    ? [{ kind: 'Namespace', name: namespace }]
    : lease === null
      ? []
      : [{ kind: 'Lease', namespace, name: lease.name }];
  return [
    { kind: 'DaemonSet', namespace, name: daemonSet },
    ...(clusterRole === '' ? [] : [{ kind: 'ClusterRole', name: clusterRole }]),
    ...last,
  ];
}

/** Never throws. Returns what could not be removed, with the reason, in words. */
export async function removeSession(
  api: Pick<ClusterApi, 'delete'>,
  settings: ApiServerSettings,
  impatient: AbortSignal,
): Promise<string[]> {
  const leftovers: string[] = [];
  for (const reference of doomed(settings)) {
    const failure = await remove(api, reference, impatient);
    if (failure !== undefined) leftovers.push(`${reference.kind} ${reference.name}: ${failure}`);
  }
  return leftovers;
}

async function remove(
  api: Pick<ClusterApi, 'delete'>,
  reference: Reference,
  impatient: AbortSignal,
): Promise<string | undefined> {
  let failure = '';
  for (let attempt = 1; attempt <= attempts && !impatient.aborted; attempt++) {
    try {
      await api.delete(reference, { timeoutMs: attemptMs });
      return undefined;
    } catch (error) {
      failure = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, betweenMs));
  }
  return failure || 'the pod was told to end';
}
