/** Settings → the Kubernetes objects of a session or an installation. Pure: asks no cluster. */
import type { ClusterSettings } from '../settings.ts';
import { roles, serviceAccounts } from './access.ts';
import { apiServerDeployment, apiServerPod, keepsData } from './api-server.ts';
import { objectNames } from './names.ts';
import type { ClusterObject, ObjectReference } from './object.ts';
import {
  configMapObject,
  leaseObject,
  namespaceObject,
  secretObject,
  serviceObject,
  volumeClaimObject,
} from './session.ts';
import { tapperDaemonSet } from './tapper.ts';

export { imageReference, managedBy, managedByLabel, podSelector } from './names.ts';
export type { ClusterObject, ObjectReference } from './object.ts';
export { apiServerSettings, microTime } from './session.ts';
export { tapperAffinity } from './tapper.ts';

/**
 * All objects, in the order in which they are created. The lease comes first: two sessions that
 * start at once meet there, before anything else is made.
 */
export function clusterObjects(settings: ClusterSettings): ClusterObject[] {
  const isTap = settings.mode === 'tap';
  return [
    ...(settings.ownsNamespace ? [namespaceObject(settings)] : []),
    ...(isTap ? [leaseObject(settings)] : []),
    ...serviceAccounts(settings),
    ...roles(settings),
    secretObject(settings),
    configMapObject(settings),
    ...(keepsData(settings) ? [volumeClaimObject(settings)] : []),
    serviceObject(settings),
    isTap ? apiServerPod(settings) : apiServerDeployment(settings),
    tapperDaemonSet(settings),
  ];
}

/**
 * Whom an object should name as its owner, so that Kubernetes itself removes it with the owner.
 * Whoever creates the objects adds the owner's uid, which is known only then:
 *
 * - Cluster roles go with Mizu's own namespace: `kubectl delete namespace mizu` leaves nothing.
 * - In a namespace that stays, everything of a session goes with its lease, and the binding with
 *   its cluster role.
 */
export function ownerOf(
  object: ClusterObject,
  settings: ClusterSettings,
): ObjectReference | undefined {
  const { namespace, ownsNamespace, mode } = settings;
  const names = objectNames(settings);
  if (object.metadata.namespace === undefined) {
    if (object.kind === 'Namespace') return undefined;
    if (ownsNamespace) return { apiVersion: 'v1', kind: 'Namespace', name: namespace };
    return object.kind === 'ClusterRoleBinding'
      ? { apiVersion: object.apiVersion, kind: 'ClusterRole', name: names.clusterRole }
      : undefined;
  }
  if (mode !== 'tap' || ownsNamespace || object.kind === 'Lease') return undefined;
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', name: names.lease };
}
