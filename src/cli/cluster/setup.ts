/** What every command that talks to a cluster begins with: configuration, connection, names. */
import {
  type ClusterApi,
  connect,
  currentNamespace,
  type ServerVersion,
} from '../../cluster/access/index.ts';
import { type ObjectNames, objectNames } from '../../cluster/objects/names.ts';
import type { MizuConfig } from '../../config/index.ts';
import type { CliContext } from '../context.ts';

export interface ClusterSetup {
  readonly context: CliContext;
  readonly config: MizuConfig;
  readonly configPath: string;
  readonly api: ClusterApi;
  readonly version: ServerVersion;
  /** Where Mizu's own objects are. */
  readonly namespace: string;
  readonly names: ObjectNames;
}

/** @throws ClusterError */
export async function connectCluster(
  context: CliContext,
  config: MizuConfig,
  configPath: string,
): Promise<ClusterSetup> {
  const { api, version } = await connect({
    path: config.kubeConfigPath,
    context: config.kubeContext,
    environment: context.environment,
    signal: context.signal,
  });
  const namespace = config.mizuResourcesNamespace;
  return { context, config, configPath, api, version, namespace, names: namesOf(config) };
}

export function namesOf(config: MizuConfig): ObjectNames {
  return objectNames({
    namePrefix: config.namePrefix,
    namespace: config.mizuResourcesNamespace,
    apiServerAccount: config.apiServer.serviceAccount,
    tapperAccount: config.tapper.serviceAccount,
  });
}

/** The namespaces to tap; empty: all. */
export function targetNamespaces({ config, api }: ClusterSetup): readonly string[] {
  if (config.tap.allNamespaces) return [];
  const { namespaces } = config.tap;
  return namespaces.length > 0 ? [...new Set(namespaces)] : [currentNamespace(api.kubeConfig)];
}

export function namespacesText(namespaces: readonly string[]): string {
  return namespaces.length === 0
    ? 'all namespaces'
    : `namespaces ${namespaces.map((name) => `"${name}"`).join(', ')}`;
}
