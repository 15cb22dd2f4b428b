/** Everything of Mizu out of the cluster again, with the lines that say so. */
import { type Reference, removeObjects } from '../../cluster/access/index.ts';
import type { ClusterObject } from '../../cluster/objects/index.ts';
import { ExitCode } from '../errors.ts';
import type { ClusterSetup } from './setup.ts';

/** Everything is gone within a minute, or named. */
const budgetMs = 60_000;
/** How long a command that removes may take to end, ms. */
export const removalMs = budgetMs + 5000;

export interface RemovalOptions {
  readonly clusterWide: boolean;
  /** Names to look for where the user may not list. */
  readonly expected?: readonly Reference[];
}

/** Never throws; the exit code says whether something is left. */
export async function removeFromCluster(
  setup: ClusterSetup,
  options: RemovalOptions,
): Promise<ExitCode> {
  const { api, context, namespace } = setup;
  context.allowToEnd(removalMs);
  context.stdout.write('Removing mizu resources\n');
  const { leftovers } = await removeObjects(api, {
    namespace,
    clusterWide: options.clusterWide,
    belongs: (object) => belongsHere(setup, object),
    expected: options.expected ?? [],
    budgetMs,
    impatient: context.impatient,
  });
  if (leftovers.length === 0) return ExitCode.Ok;
  const lines = leftovers.map((name) => `- ${name}\n`).join('');
  if (context.impatient.aborted) {
    context.stderr.write(`Not waited for, Kubernetes still removes:\n${lines}`);
    return ExitCode.Cannot;
  }
  if (leftovers.some((name) => name.startsWith('namespace/'))) {
    context.stderr.write(`Timeout while removing Namespace ${namespace}\n`);
  }
  context.stderr.write(
    `Failed to remove the following resources, mizu clean tries it again:\n${lines}`,
  );
  return ExitCode.Cannot;
}

/** Cluster roles carry the namespace in their names; another namespace's session keeps its own. */
function belongsHere({ names }: ClusterSetup, object: { metadata?: { name?: string } }): boolean {
  const { clusterRole, clusterRoleBinding } = names;
  return [clusterRole, clusterRoleBinding].includes(object.metadata?.name ?? '');
}

export function referencesOf(objects: readonly ClusterObject[]): Reference[] {
  return objects.map(({ kind, metadata }) => ({
    kind,
    name: metadata.name,
    namespace: metadata.namespace,
  }));
}
