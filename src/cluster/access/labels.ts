/** How Mizu's own objects are told from those of others. */
import { managedBy, managedByLabel } from '../objects/index.ts';
import type { ClusterObject } from './resources.ts';

export const managedSelector = `${managedByLabel}=${managedBy}`;

/** Made by Mizu: may be changed and removed. Others' objects are used as they are. */
export function isManaged(object: ClusterObject): boolean {
  return object.metadata?.labels?.[managedByLabel] === managedBy;
}
