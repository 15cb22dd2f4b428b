/** Where the cluster is and who the user is: the kubeconfig, found as kubectl finds it. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ClusterError } from './errors.ts';

export interface KubeConfigOptions {
  /** `kube-config-path`; empty: `KUBECONFIG`, `~/.kube/config`, the pod's service account. */
  readonly path?: string | undefined;
  /** `kube-context`; empty: the current one. */
  readonly context?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const serviceAccountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';
const inClusterContext = 'inClusterContext';

/**
 * The kubeconfig with its context chosen.
 * @throws ClusterError `no-kubeconfig`, `bad-kubeconfig`, `no-context`.
 */
export function findKubeConfig(options: KubeConfigOptions): KubeConfig {
  const { config, origin } = load(options);
  const wanted = options.context ?? '';
  if (wanted !== '') config.setCurrentContext(wanted);
  const name = config.getCurrentContext();
  const names = config.getContexts().map((context) => context.name);
  if (name === '' || name === undefined) {
    throw new ClusterError(
      'no-context',
      `${origin} has no current context; choose one with --context: ${names.join(', ') || '(there is none)'}`,
    );
  }
  const context = config.getContextObject(name);
  if (context === null) {
    throw new ClusterError(
      'no-context',
      `there is no context "${name}" in ${origin}; it has: ${names.join(', ') || '(none)'}`,
    );
  }
  if (config.getCluster(context.cluster) === null) {
    throw new ClusterError(
      'bad-kubeconfig',
      `the context "${name}" in ${origin} names the cluster "${context.cluster}", which is not in it`,
    );
  }
  if (config.getUser(context.user) === null) {
    // Kubernetes allows contexts without a user; the library needs one.
    config.addUser({ name: context.user });
  }
  allowPlainHttp(config);
  return config;
}

/** The namespace of the current context; `default` where it names none. */
export function currentNamespace(config: KubeConfig): string {
  const name = config.getContextObject(config.getCurrentContext())?.namespace ?? '';
  return name === '' ? 'default' : name;
}

function load(options: KubeConfigOptions): { config: KubeConfig; origin: string } {
  const { path = '', environment } = options;
  const home = environment['HOME'] || homedir();
  if (path !== '') {
    if (!existsSync(path)) {
      throw new ClusterError('no-kubeconfig', `the kubeconfig ${path} does not exist`);
    }
    return { config: loadFiles([path]), origin: path };
  }
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((one) => one !== '');
  if (listed.length > 0) {
    const there = listed.filter((one) => existsSync(one));
    if (there.length > 0) return { config: loadFiles(there), origin: there.join(delimiter) };
    throw new ClusterError(
      'no-kubeconfig',
      `KUBECONFIG points to ${listed.join(' and ')}, which does not exist`,
    );
  }
  const usual = join(home, '.kube', 'config');
  if (existsSync(usual)) return { config: loadFiles([usual]), origin: usual };
  if (environment['KUBERNETES_SERVICE_HOST'] && existsSync(serviceAccountToken)) {
    const config = new KubeConfig();
    config.loadFromCluster();
    return { config, origin: `the pod's service account (${inClusterContext})` };
  }
  throw new ClusterError(
    'no-kubeconfig',
    `no kubeconfig: ${usual} does not exist and KUBECONFIG is not set; set it, or pass --kubeconfig FILE`,
  );
}

/** As kubectl merges: the first file that has a name, or a current context, wins. */
function loadFiles(paths: readonly string[]): KubeConfig {
  const merged = new KubeConfig();
  merged.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' });
  for (const path of paths) {
    const one = loadFile(path);
    for (const cluster of one.getClusters() ?? []) {
      if (merged.getCluster(cluster.name) === null) merged.addCluster(cluster);
    }
    for (const user of one.getUsers() ?? []) {
      if (merged.getUser(user.name) === null) merged.addUser(user);
    }
    for (const context of one.getContexts() ?? []) {
      if (merged.getContextObject(context.name) === null) merged.addContext(context);
    }
    if (!merged.getCurrentContext()) merged.setCurrentContext(one.getCurrentContext() ?? '');
  }
  if (merged.getContexts().length === 0) {
    throw new ClusterError('bad-kubeconfig', `there is no context in ${paths.join(' and ')}`);
  }
  return merged;
}

function loadFile(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    if (statSync(path).isDirectory()) throw new Error('it is a folder');
    if (readFileSync(path, 'utf8').trim() === '') throw new Error('it is empty');
    config.loadFromFile(path);
  } catch (error) {
    const reason = (error as Error).message.split('\n', 1)[0];
    throw new ClusterError('bad-kubeconfig', `${path} is not a kubeconfig: ${reason}`);
  }
  return config;
}

/** The library refuses plain http unless certificates are not to be checked; there are none then. */
function allowPlainHttp(config: KubeConfig): void {
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http://') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
}
