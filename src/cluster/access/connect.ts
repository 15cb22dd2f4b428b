/** A kubeconfig → a cluster that answers, that is no proxy and that is new enough. */
import { ClusterApi, notKubernetes } from './cluster-api.ts';
import { ClusterError, hasCode } from './errors.ts';
import { findKubeConfig, type KubeConfigOptions } from './kube-config.ts';

/** The first with `discovery.k8s.io/v1` (EndpointSlice), from which services get their pods. */
export const leastVersion = { major: 1, minor: 21 } as const;

const versionTimeoutMs = 10_000;

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  /** `v1.34.4`. */
  readonly text: string;
}

/**
 * @throws ClusterError when there is no kubeconfig, no answer, no Kubernetes there or one too old.
 */
export async function connect(
  options: KubeConfigOptions & { readonly signal?: AbortSignal },
): Promise<{ api: ClusterApi; version: ServerVersion }> {
  const api = new ClusterApi(findKubeConfig(options));
  const version = await readVersion(api, options.signal);
  checkVersion(version);
  return { api, version };
}

/** @throws ClusterError `proxy` when what answers is not Kubernetes. */
export async function readVersion(api: ClusterApi, signal?: AbortSignal): Promise<ServerVersion> {
  const asked = { verb: 'get', resource: '/version' };
  const call = { signal, timeoutMs: versionTimeoutMs };
  let answer: string;
  try {
    answer = await api.text('/version', asked, undefined, call);
  } catch (error) {
    // A server of Kubernetes has this path for everyone who may log in.
    if (hasCode(error, 'not-found')) throw notKubernetes(api.server, 'not found');
    throw error;
  }
  const version = parseVersion(answer);
  if (version === undefined) throw notKubernetes(api.server, answer);
  return version;
}

/** Numbers, whatever a vendor appends: `{"major":"1","minor":"27+"}`. */
export function parseVersion(answer: string): ServerVersion | undefined {
  try {
    const { major, minor, gitVersion } = JSON.parse(answer) as Record<string, unknown>;
    const numbers = [Number.parseInt(String(major), 10), Number.parseInt(String(minor), 10)];
    if (!numbers.every(Number.isInteger)) return undefined;
    const text = typeof gitVersion === 'string' ? gitVersion : `v${numbers.join('.')}`;
    return { major: numbers[0]!, minor: numbers[1]!, text };
  } catch {
    return undefined;
  }
}

/** @throws ClusterError `too-old` */
export function checkVersion(version: ServerVersion): void {
  const { major, minor } = leastVersion;
  if (version.major > major || (version.major === major && version.minor >= minor)) return;
  throw new ClusterError(
    'too-old',
    `the cluster runs Kubernetes ${version.text}; Mizu needs ${major}.${minor} or newer (EndpointSlice v1)`,
  );
}
