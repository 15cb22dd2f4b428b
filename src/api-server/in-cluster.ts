/**
 * The way to the Kubernetes API from inside a pod. The client library would do the same, but loading it
 * takes 55 MB of memory, a fifth of what this process may have.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { Agent } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Tokens are exchanged long before they end; they are read again this often, ms. */
const tokenMs = 60_000;

/** What Mizu's own callers of the Kubernetes API use of a kubeconfig. */
type Access = Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>;

class ServiceAccount implements Access {
  readonly #server: string;
  readonly #agent: Agent;
  readonly #folder: string;
  #token = '';
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(server: string, accountFolder: string) {
    this.#server = server;
    this.#folder = accountFolder;
    this.#agent = new Agent({ ca: readFileSync(`${accountFolder}/ca.crt`) });
  }

  getCurrentCluster() {
    return { name: 'inCluster', server: this.#server, skipTLSVerify: false };
  }

  async applyToHTTPSOptions(options: RequestOptions): Promise<void> {
    if (performance.now() - this.#readMs > tokenMs) {
      this.#token = readFileSync(`${this.#folder}/token`, 'utf8').trim();
      this.#readMs = performance.now();
    }
    options.agent = this.#agent;
    options.headers = { ...options.headers, authorization: `Bearer ${this.#token}` };
  }
}

/** Undefined outside of a pod. */
export function inClusterAccess(
  environment: Readonly<Record<string, string | undefined>>,
  accountFolder = folder,
): KubeConfig | undefined {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = environment;
  if (host === '' || !existsSync(`${accountFolder}/token`)) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new ServiceAccount(server, accountFolder) as unknown as KubeConfig;
}

/** From inside the pod, or from outside with a kubeconfig. Throws `ClusterError`. */
export async function kubernetesAccess(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<KubeConfig> {
  const access = environment['KUBECONFIG'] ? undefined : inClusterAccess(environment);
  if (access !== undefined) return access;
  const { findKubeConfig } = await import('../cluster/access/kube-config.ts');
  return findKubeConfig({ environment });
}
