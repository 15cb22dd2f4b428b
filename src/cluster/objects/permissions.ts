/**
 * Who needs which rights: the one list from which the roles are built, and against which
 * `deploy/permissions/*.yaml` is tested.
 */
import type { ClusterSettings } from '../settings.ts';
import { type ObjectNames, objectNames } from './names.ts';

/** A rule of RBAC. Without `resourceNames`: all names. */
export interface PermissionRule {
  readonly apiGroups: string[];
  readonly resources: string[];
  readonly resourceNames?: string[];
  readonly verbs: string[];
}

/** One thing somebody wants to do, as an access review asks for it. */
export interface Permission {
  readonly scope: 'cluster' | 'namespace';
  readonly group: string;
  /** With a subresource after a slash. */
  readonly resource: string;
  readonly verb: string;
  /** Undefined: any name. */
  readonly name?: string;
}

const read = ['get', 'list', 'watch'];
const rbac = 'rbac.authorization.k8s.io';

/**
 * What names and targets are made of. Owners (replica sets, jobs, ...) lead from a pod to its
 * workload. Read-only, and without Secrets.
 */
const namespacedReading: readonly PermissionRule[] = [
  { apiGroups: [''], resources: ['pods', 'services', 'replicationcontrollers'], verbs: read },
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'replicasets', 'statefulsets', 'daemonsets'],
    verbs: read,
  },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: read },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
];

/** Rules of the cluster role: the whole cluster, nodes and namespaces too. */
export function clusterRules(settings: ClusterSettings): PermissionRule[] {
  const rules = [
    ...namespacedReading,
    { apiGroups: [''], resources: ['nodes', 'namespaces'], verbs: read },
  ];
  const { clusterRole } = objectNames(settings);
  if (removesClusterRole(settings)) {
    rules.push({
      apiGroups: [rbac],
      resources: ['clusterroles'],
      resourceNames: [clusterRole],
      verbs: ['get', 'delete'],
    });
  }
  return rules;
}

/** Rules of the role that stands for the cluster role where rights end at one namespace. */
export function namespaceRules(): PermissionRule[] {
  return [...namespacedReading];
}

/** A session whose namespace stays has to take its cluster role along itself. */
export function removesClusterRole(settings: ClusterSettings): boolean {
  const { mode, ownsNamespace, clusterWide, createRoles } = settings;
  return mode === 'tap' && !ownsNamespace && clusterWide && createRoles;
}

/**
 * Rules of the API server's role in Mizu's own namespace: keep the DaemonSet on the nodes with
 * targets, see how the tappers are, and end the session when nobody renews it.
 */
export function daemonRules(settings: ClusterSettings): PermissionRule[] {
  const names = objectNames(settings);
  return [
    {
      apiGroups: ['apps'],
      resources: ['daemonsets'],
      resourceNames: [names.tapper],
      verbs: settings.mode === 'tap' ? ['get', 'patch', 'delete'] : ['get', 'patch'],
    },
    { apiGroups: [''], resources: ['pods', 'events'], verbs: read },
    ...(settings.mode === 'tap' ? sessionRules(settings, names) : installedRules(names)),
  ];
}

function sessionRules(settings: ClusterSettings, names: ObjectNames): PermissionRule[] {
  const lease: PermissionRule = {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [names.lease],
    verbs: [...read, 'delete'],
  };
  if (!settings.ownsNamespace) return [lease];
  // RBAC takes a namespace to be inside itself: a role in it may allow to delete it.
  const namespace: PermissionRule = {
    apiGroups: [''],
    resources: ['namespaces'],
    resourceNames: [settings.namespace],
    verbs: ['get', 'delete'],
  };
  return [lease, namespace];
}

/** Targets chosen in the page are kept in the ConfigMap, for there may be no volume. */
function installedRules(names: ObjectNames): PermissionRule[] {
  return [
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: [names.configMap],
      verbs: ['get', 'patch'],
    },
  ];
}

/**
 * What the person at the command line needs for a mode: to make, watch and remove the objects, to
 * reach the API server, and everything that the roles grant, for nobody can grant what he lacks.
 */
export function userPermissions(settings: ClusterSettings): Permission[] {
  const permissions = [
    ...ownObjects(settings),
    ...commandNeeds(settings),
    ...(settings.createRoles ? grantedRights(settings) : []),
  ];
  const seen = new Map(permissions.map((permission) => [JSON.stringify(permission), permission]));
  return [...seen.values()];
}

/**
 * Making, upgrading and removing each object. Only making one is not bound to its name: RBAC does
 * not know the name of what is not there yet.
 */
function ownObjects(settings: ClusterSettings): Permission[] {
  const { mode } = settings;
  const verbs = mode === 'tap' ? ['get', 'delete'] : ['get', 'patch', 'delete'];
  return objectKinds(settings).flatMap((kind) => [
    ...needs(kind.scope, kind.group, kind.resource, ['create']),
    ...kind.names.flatMap((name) =>
      needs(kind.scope, kind.group, kind.resource, verbs).map((one) => ({ ...one, name })),
    ),
  ]);
}

interface ObjectKind {
  readonly group: string;
  readonly resource: string;
  readonly names: readonly string[];
  readonly scope: Permission['scope'];
}

function objectKinds(settings: ClusterSettings): ObjectKind[] {
  const { mode, namespace, ownsNamespace, createRoles, storage } = settings;
  const names = objectNames(settings);
  const kind = (group: string, resource: string, ...own: string[]): ObjectKind => ({
    group,
    resource,
    scope: 'namespace',
    names: own,
  });
  return [
    ...(ownsNamespace ? [{ ...kind('', 'namespaces', namespace), scope: 'cluster' as const }] : []),
    ...(settings.apiServerAccount.create
      ? [kind('', 'serviceaccounts', names.apiServerAccount)]
      : []),
    ...(settings.tapperAccount.create ? [kind('', 'serviceaccounts', names.tapperAccount)] : []),
    ...(createRoles ? roleKinds(settings, names) : []),
    kind('', 'secrets', names.secret),
    kind('', 'configmaps', names.configMap),
    kind('', 'services', names.service),
    kind('apps', 'daemonsets', names.tapper),
    ...(mode === 'tap'
      ? [kind('', 'pods', names.apiServer), kind('coordination.k8s.io', 'leases', names.lease)]
      : [kind('apps', 'deployments', names.apiServer)]),
    ...(mode === 'install' && storage.enabled
      ? [kind('', 'persistentvolumeclaims', names.volumeClaim)]
      : []),
  ];
}

function roleKinds({ clusterWide }: ClusterSettings, names: ObjectNames): ObjectKind[] {
  const pair = (
    scope: Permission['scope'],
    [role, roleName]: [string, string],
    [binding, bindingName]: [string, string],
  ): ObjectKind[] => [
    { scope, group: rbac, resource: role, names: [roleName] },
    { scope, group: rbac, resource: binding, names: [bindingName] },
  ];
  return [
    ...pair('namespace', ['roles', names.daemonRole], ['rolebindings', names.daemonRoleBinding]),
    ...(clusterWide
      ? pair(
          'cluster',
          ['clusterroles', names.clusterRole],
          ['clusterrolebindings', names.clusterRoleBinding],
        )
      : pair('namespace', ['roles', names.role], ['rolebindings', names.roleBinding])),
  ];
}

/** Besides objects: finding targets, seeing why a pod does not start, logs, the tunnel. */
function commandNeeds(settings: ClusterSettings): Permission[] {
  const scope = settings.clusterWide ? 'cluster' : 'namespace';
  const { lease } = objectNames(settings);
  return [
    ...needs(scope, '', 'pods', read),
    ...(settings.mode === 'tap' ? [leaseRenewal(lease)] : []),
    ...needs('namespace', '', 'pods/log', ['get']),
    // Over WebSockets the request is a GET; over SPDY, as older clients ask, a POST.
    ...needs('namespace', '', 'pods/portforward', ['get', 'create']),
    ...needs('namespace', '', 'events', read),
    ...(settings.mode === 'install' && settings.storage.enabled && settings.clusterWide
      ? needs('cluster', 'storage.k8s.io', 'storageclasses', ['list'])
      : []),
  ];
}

function leaseRenewal(name: string): Permission {
  return {
    scope: 'namespace',
    group: 'coordination.k8s.io',
    resource: 'leases',
    verb: 'patch',
    name,
  };
}

function grantedRights(settings: ClusterSettings): Permission[] {
  return [
    ...fromRules('namespace', daemonRules(settings)),
    ...(settings.clusterWide
      ? fromRules('cluster', clusterRules(settings))
      : fromRules('namespace', namespaceRules())),
  ];
}

function needs(
  scope: Permission['scope'],
  group: string,
  resource: string,
  verbs: readonly string[],
): Permission[] {
  return verbs.map((verb) => ({ scope, group, resource, verb }));
}

/** Each combination that the rules allow. */
export function fromRules(
  scope: Permission['scope'],
  rules: readonly PermissionRule[],
): Permission[] {
  return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [undefined] }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) =>
          resourceNames.map((name) => ({
            scope,
            group,
            resource,
            verb,
            ...(name !== undefined && { name }),
          })),
        ),
      ),
    ),
  );
}
