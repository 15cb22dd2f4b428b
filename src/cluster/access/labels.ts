/** How Mizu's own objects are told from those of others. */
import type { ClusterObject } from './resources.ts';

export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedByMizu = 'mizu';

/** Made by Mizu: may be changed and removed. Others' objects are used as they are. */
export function isManaged(object: ClusterObject): boolean {
  return object.metadata?.labels?.[managedByLabel] === managedByMizu;
}
