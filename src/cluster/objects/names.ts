/** What Mizu's objects are called, and the labels by which they are found. */
import type { ClusterSettings, ImageSettings, StringMap } from '../settings.ts';

export interface ObjectNames {
  readonly apiServer: string;
  readonly tapper: string;
  readonly service: string;
  readonly configMap: string;
  readonly secret: string;
  readonly apiServerAccount: string;
  readonly tapperAccount: string;
  readonly clusterRole: string;
  readonly clusterRoleBinding: string;
  /** Reading pods and services, where the rights are of one namespace. */
  readonly role: string;
  readonly roleBinding: string;
  /** What the API server may do with Mizu's own objects. */
  readonly daemonRole: string;
  readonly daemonRoleBinding: string;
  readonly volumeClaim: string;
  readonly lease: string;
}

export type NamedSettings = Pick<
  ClusterSettings,
  'namePrefix' | 'namespace' | 'apiServerAccount' | 'tapperAccount'
>;

export function objectNames(settings: NamedSettings): ObjectNames {
  const { namePrefix: prefix, namespace, apiServerAccount, tapperAccount } = settings;
  // Cluster roles are shared by all namespaces: a second Mizu elsewhere needs names of its own.
  const clusterPrefix = namespace === prefix ? prefix : `${prefix}-${namespace}`;
  return {
    apiServer: `${prefix}-api-server`,
    tapper: `${prefix}-tapper-daemon-set`,
    service: `${prefix}-api-server`,
    configMap: `${prefix}-config`,
    secret: `${prefix}-secret`,
    apiServerAccount: apiServerAccount.name || `${prefix}-service-account`,
    tapperAccount: tapperAccount.name || `${prefix}-tapper-service-account`,
    clusterRole: `${clusterPrefix}-cluster-role`,
    clusterRoleBinding: `${clusterPrefix}-cluster-role-binding`,
    role: `${prefix}-role`,
    roleBinding: `${prefix}-role-binding`,
    daemonRole: `${prefix}-role-daemon`,
    daemonRoleBinding: `${prefix}-role-binding-daemon`,
    volumeClaim: `${prefix}-volume-claim`,
    lease: `${prefix}-session`,
  };
}

export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedBy = 'mizu';

/** On every object. Objects made beforehand by the user lack them, and so are never deleted. */
export function commonLabels(settings: ClusterSettings): StringMap {
  return {
    'app.kubernetes.io/name': 'mizu',
    'app.kubernetes.io/instance': settings.namePrefix,
    [managedByLabel]: managedBy,
    'app.kubernetes.io/created-by': 'mizu-cli',
    ...settings.labels,
  };
}

/** What a workload finds its pods by; never changed by settings, for it cannot change later. */
export function podSelector(workload: string): StringMap {
  return { app: workload };
}

/** `registry/repository:tag`; a digest says exactly which image and takes the tag's place. */
export function imageReference(image: ImageSettings): string {
  const repository = image.registry ? `${image.registry}/${image.repository}` : image.repository;
  return image.digest ? `${repository}@${image.digest}` : `${repository}:${image.tag}`;
}

/** The API server as tappers reach it; without the cluster's domain, which nobody has to know. */
export function tapperAddress(settings: ClusterSettings): string {
  const { service } = objectNames(settings);
  return `${service}.${settings.namespace}.svc:${settings.ports.tapper}`;
}
