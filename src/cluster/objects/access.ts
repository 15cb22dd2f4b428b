/** Service accounts, roles and their bindings. */
import type {
  RbacV1Subject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Role,
  V1RoleBinding,
  V1ServiceAccount,
} from '@kubernetes/client-node';
import type { ClusterSettings } from '../settings.ts';
import { objectNames } from './names.ts';
import { type ClusterObject, clusterMetadata, namespacedMetadata } from './object.ts';
import { clusterRules, daemonRules, namespaceRules, type PermissionRule } from './permissions.ts';

const rbacVersion = 'rbac.authorization.k8s.io/v1';

/** One account for the API server; one without any right for the tappers, which ask nothing. */
export function serviceAccounts(settings: ClusterSettings): ClusterObject[] {
  const names = objectNames(settings);
  const wanted = [
    ...(settings.apiServerAccount.create ? [names.apiServerAccount] : []),
    ...(settings.tapperAccount.create ? [names.tapperAccount] : []),
  ];
  return wanted.map((name) => serviceAccount(settings, name));
}

function serviceAccount(settings: ClusterSettings, name: string): ClusterObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: namespacedMetadata(settings, name),
    // Pods that want the token say so.
    automountServiceAccountToken: false,
  } satisfies ClusterObject & V1ServiceAccount;
}

export function roles(settings: ClusterSettings): ClusterObject[] {
  if (!settings.createRoles) return [];
  const names = objectNames(settings);
  return [
    ...(settings.clusterWide
      ? clusterRole(settings)
      : role(settings, names.role, names.roleBinding, namespaceRules())),
    ...role(settings, names.daemonRole, names.daemonRoleBinding, daemonRules(settings)),
  ];
}

function clusterRole(settings: ClusterSettings): ClusterObject[] {
  const names = objectNames(settings);
  const role = {
    apiVersion: rbacVersion,
    kind: 'ClusterRole',
    metadata: clusterMetadata(settings, names.clusterRole),
    rules: clusterRules(settings),
  } satisfies ClusterObject & V1ClusterRole;
  const binding = {
    apiVersion: rbacVersion,
    kind: 'ClusterRoleBinding',
    metadata: clusterMetadata(settings, names.clusterRoleBinding),
    roleRef: roleReference('ClusterRole', names.clusterRole),
    subjects: [apiServerSubject(settings)],
  } satisfies ClusterObject & V1ClusterRoleBinding;
  return [role, binding];
}

function role(
  settings: ClusterSettings,
  name: string,
  bindingName: string,
  rules: PermissionRule[],
): ClusterObject[] {
  const role = {
    apiVersion: rbacVersion,
    kind: 'Role',
    metadata: namespacedMetadata(settings, name),
    rules,
  } satisfies ClusterObject & V1Role;
  const binding = {
    apiVersion: rbacVersion,
    kind: 'RoleBinding',
    metadata: namespacedMetadata(settings, bindingName),
    roleRef: roleReference('Role', name),
    subjects: [apiServerSubject(settings)],
  } satisfies ClusterObject & V1RoleBinding;
  return [role, binding];
}

function roleReference(kind: string, name: string) {
  return { apiGroup: 'rbac.authorization.k8s.io', kind, name };
}

function apiServerSubject(settings: ClusterSettings): RbacV1Subject {
  const { apiServerAccount } = objectNames(settings);
  return { kind: 'ServiceAccount', name: apiServerAccount, namespace: settings.namespace };
}
