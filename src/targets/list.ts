/** A selection → its targets now, read from the cluster once: `mizu tap --dry-run`. */
import type { ApiReader } from '../resolve/cluster/api-reader.ts';
import { listPods } from '../resolve/cluster/list-pods.ts';
import { compileSelection, type TargetSelection, type TargetSet } from './select.ts';

/**
 * Rejects with a sentence when the selection cannot be used, with `ApiError` when pods may not be
 * listed. Of pods in namespaces that are not chosen nothing is read.
 */
export async function listTargets(
  reader: ApiReader,
  selection: TargetSelection,
  signal?: AbortSignal,
): Promise<TargetSet> {
  const compiled = compileSelection(selection);
  if (!compiled.ok) throw new Error(compiled.message);
  const included = (selection.include ?? []).map((place) => place.split('/')[0] ?? '');
  const namespaces = [...new Set([...selection.namespaces, ...included])].filter(Boolean);
  const pods = await listPods(reader, {
    namespaces: selection.allNamespaces ? undefined : namespaces,
    withWorkloads: (selection.workloads?.length ?? 0) > 0,
    ...(signal ? { signal } : {}),
  });
  return compiled.select(pods);
}
