/** `mizu clean`: whatever Mizu left in the cluster, of a session or of an installation. */
import type { Reference } from '../../cluster/access/index.ts';
import { clusterObjects } from '../../cluster/objects/index.ts';
import type { LoadedConfig } from '../../config/index.ts';
import type { CliContext } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { clusterSettings } from './cluster-settings.ts';
import { dumpLogs } from './log-dump.ts';
import { referencesOf, removeFromCluster } from './removal.ts';
import { type ClusterSetup, connectCluster } from './setup.ts';

export async function runClean(context: CliContext, loaded: LoadedConfig): Promise<ExitCode> {
  const setup = await connectCluster(context, loaded.config, loaded.configPath);
  try {
    if (loaded.config.dumpLogs) await dumpLogs(setup);
    return await removeFromCluster(setup, { clusterWide: true, expected: allReferences(setup) });
  } finally {
    setup.api.close();
  }
}

/** The objects of every kind of Mizu under the configured names. */
function allReferences({ config }: ClusterSetup): Reference[] {
  const secret = { token: '', key: '', certificate: '', certificateKey: '' };
  const facts = { ownsNamespace: true, namespaces: [], storage: true, secret, startedAt: 0 };
  return (['tap', 'install'] as const).flatMap((mode) =>
    [true, false].flatMap((clusterWide) =>
      referencesOf(clusterObjects(clusterSettings(config, { ...facts, mode, clusterWide }))),
    ),
  );
}
