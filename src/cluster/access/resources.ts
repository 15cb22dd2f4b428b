/** The kinds of objects that Mizu makes or reads, and the paths under which Kubernetes serves them. */

/** Any object of Kubernetes, as far as its place is concerned. */
export interface ClusterObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: { readonly [name: string]: string };
    readonly annotations?: { readonly [name: string]: string };
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly deletionTimestamp?: Date | string;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
  };
}

export interface Resource {
  readonly kind: string;
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const entries: readonly (readonly [string, string, string, boolean])[] = [
  ['Namespace', 'v1', 'namespaces', false],
  ['Node', 'v1', 'nodes', false],
  ['Pod', 'v1', 'pods', true],
  ['Service', 'v1', 'services', true],
  ['ConfigMap', 'v1', 'configmaps', true],
  ['Secret', 'v1', 'secrets', true],
  ['ServiceAccount', 'v1', 'serviceaccounts', true],
  ['PersistentVolumeClaim', 'v1', 'persistentvolumeclaims', true],
  ['Event', 'v1', 'events', true],
  ['Deployment', 'apps/v1', 'deployments', true],
  ['ReplicaSet', 'apps/v1', 'replicasets', true],
  ['DaemonSet', 'apps/v1', 'daemonsets', true],
  ['StatefulSet', 'apps/v1', 'statefulsets', true],
  ['Job', 'batch/v1', 'jobs', true],
  ['CronJob', 'batch/v1', 'cronjobs', true],
  ['Lease', 'coordination.k8s.io/v1', 'leases', true],
  ['EndpointSlice', 'discovery.k8s.io/v1', 'endpointslices', true],
  ['Role', 'rbac.authorization.k8s.io/v1', 'roles', true],
  ['RoleBinding', 'rbac.authorization.k8s.io/v1', 'rolebindings', true],
  ['ClusterRole', 'rbac.authorization.k8s.io/v1', 'clusterroles', false],
  ['ClusterRoleBinding', 'rbac.authorization.k8s.io/v1', 'clusterrolebindings', false],
  ['StorageClass', 'storage.k8s.io/v1', 'storageclasses', false],
  ['PriorityClass', 'scheduling.k8s.io/v1', 'priorityclasses', false],
  ['Ingress', 'networking.k8s.io/v1', 'ingresses', true],
  ['NetworkPolicy', 'networking.k8s.io/v1', 'networkpolicies', true],
  ['PodDisruptionBudget', 'policy/v1', 'poddisruptionbudgets', true],
  ['SelfSubjectAccessReview', 'authorization.k8s.io/v1', 'selfsubjectaccessreviews', false],
];

const resources: ReadonlyMap<string, Resource> = new Map(
  entries.map(([kind, apiVersion, plural, namespaced]) => [
    kind,
    { kind, apiVersion, plural, namespaced },
  ]),
);

/** Throws on a kind that Mizu does not know: a mistake in Mizu. */
export function resourceOf(kind: string): Resource {
  const resource = resources.get(kind);
  if (resource === undefined) throw new Error(`unknown kind of object: ${kind}`);
  return resource;
}

/** `daemonsets.apps`, `pods`: as access rules and kubectl name it. */
export function qualifiedPlural({ plural, apiVersion }: Resource): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? plural : `${plural}.${apiVersion.slice(0, slash)}`;
}

/** `daemonset.apps/mizu-tapper`, as kubectl prints an object. */
export function printedName(object: ClusterObject): string {
  const { kind, apiVersion } = resourceOf(object.kind ?? '');
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : `.${apiVersion.slice(0, slash)}`;
  return `${kind.toLowerCase()}${group}/${object.metadata?.name ?? ''}`;
}

/** The path of the kind's list, or of one object; without `namespace`, the list over all namespaces. */
export function resourcePath(kind: string, namespace?: string, name?: string): string {
  const { apiVersion, plural, namespaced } = resourceOf(kind);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within =
    namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const end = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${within}/${plural}${end}`;
}
