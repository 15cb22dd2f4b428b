/** What a user may do, asked of the cluster (`SelfSubjectAccessReview`), which alone knows. */
import type { Permission } from '../objects/permissions.ts';
import type { ClusterApi } from './cluster-api.ts';

export type { Permission } from '../objects/permissions.ts';

/** Reviews asked for at the same time. */
const atOnce = 10;

/** Those of the permissions that the user lacks, in their order. */
export async function missingRights(
  api: ClusterApi,
  permissions: readonly Permission[],
  namespace: string,
  signal?: AbortSignal,
): Promise<Permission[]> {
  const allowed: boolean[] = [];
  for (let from = 0; from < permissions.length; from += atOnce) {
    const some = permissions.slice(from, from + atOnce);
    allowed.push(...(await Promise.all(some.map((one) => mayDo(api, one, namespace, signal)))));
  }
  return permissions.filter((_, i) => !allowed[i]);
}

export async function mayDo(
  api: ClusterApi,
  permission: Permission,
  namespace: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const { scope, group, resource, verb, name } = permission;
  const [plural, subresource] = resource.split('/');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: {
      resourceAttributes: {
        ...(scope === 'namespace' && { namespace }),
        group,
        resource: plural,
        ...(subresource !== undefined && { subresource }),
        verb,
        ...(name !== undefined && { name }),
      },
    },
  };
  const answer = await api.create<object>(review, { signal });
  return (answer as { status?: { allowed?: boolean } }).status?.allowed === true;
}

/** `create daemonsets.apps in namespace "mizu"` */
export function rightText(permission: Permission, namespace: string): string {
  const { scope, group, resource, verb, name } = permission;
  const plural = group === '' ? resource : `${resource}.${group}`;
  const named = name === undefined ? '' : ` "${name}"`;
  const place = scope === 'cluster' ? 'in the whole cluster' : `in namespace "${namespace}"`;
  return `${verb} ${plural}${named} ${place}`;
}
