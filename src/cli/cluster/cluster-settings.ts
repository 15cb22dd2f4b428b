/** The configuration, and what the cluster allows → settings of the objects. */
import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import type { V1Affinity, V1Toleration } from '@kubernetes/client-node';
import { generate } from 'selfsigned';
import { compileFilter } from '../../capture/bpf/index.ts';
import {
  type ClusterMode,
  type ClusterSettings,
  defaultSettings,
  type ImageSettings,
  type PodSettings,
  type SecretValues,
  volumeSpareBytes,
} from '../../cluster/settings.ts';
import type { MizuConfig } from '../../config/index.ts';
import { UserError } from '../errors.ts';
import { limitsOf } from '../limits.ts';

/** What is found out from the cluster before anything is made. */
export interface ClusterFacts {
  readonly mode: ClusterMode;
  readonly ownsNamespace: boolean;
  readonly clusterWide: boolean;
  /** Namespaces that are tapped; empty: all. */
  readonly namespaces: readonly string[];
  /** false: there is no storage class, or none is wanted. */
  readonly storage: boolean;
  readonly secret: SecretValues;
  readonly startedAt: number;
}

export function clusterSettings(config: MizuConfig, facts: ClusterFacts): ClusterSettings {
  const { apiServer, tapper, tap } = config;
  return {
    mode: facts.mode,
    namespace: config.mizuResourcesNamespace,
    ownsNamespace: facts.ownsNamespace,
    clusterWide: facts.clusterWide,
    namePrefix: config.namePrefix,
    image: imageSettings(config),
    pullSecrets: config.image.pullSecrets,
    ports: {
      service: apiServer.servicePort,
      http: apiServer.port,
      tapper: apiServer.tapperPort,
    },
    serviceType: apiServer.serviceType,
    serviceAnnotations: apiServer.serviceAnnotations,
    labels: config.labels,
    annotations: config.annotations,
    namespaceLabels: config.namespaceLabels,
    apiServer: {
      ...podSettings(config, apiServer, tap.apiServerResources),
      nodeSelector: { ...defaultSettings.apiServer.nodeSelector, ...apiServer.nodeSelector },
    },
    tapper: {
      ...podSettings(config, tapper, tap.tapperResources),
      nodeSelector: { ...defaultSettings.tapper.nodeSelector, ...tapper.nodeSelector },
    },
    apiServerAccount: apiServer.serviceAccount,
    tapperAccount: tapper.serviceAccount,
    createRoles: config.createRoles,
    hostProcesses: tapper.hostProcesses,
    storage: storageSettings(config, facts.storage),
    secret: facts.secret,
    lease: {
      seconds: Math.ceil(tap.lease / 1000),
      holder: sessionHolder(),
      startedAt: facts.startedAt,
    },
    server: serverChoices(config, facts.namespaces),
  };
}

/** `user@host`: who a second `mizu tap` is told about. */
export function sessionHolder(): string {
  return `${userName()}@${hostname()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not have a name.
    return String(process.getuid?.() ?? 'somebody');
  }
}

function serverChoices(
  config: MizuConfig,
  namespaces: readonly string[],
): ClusterSettings['server'] {
  const { tap, logLevel } = config;
  return {
    targets: {
      namespaces,
      allNamespaces: namespaces.length === 0,
      // Everything is no choice that would have to be told.
      regex: tap.regex === '.*' ? '' : tap.regex,
      selector: tap.selector,
      workload: tap.workload,
    },
    maxEntriesDbSizeBytes: tap.maxEntriesDbSize,
    bodyLimitBytes: tap.bodyLimit,
    redact: tap.redact,
    ignoredUserAgents: tap.ignoredUserAgents,
    captureFilter: checkedFilter(tap.captureFilter),
    limits: limitsOf(config),
    logLevel,
  };
}

/** @throws UserError here, where the user sees it: tappers could only fail. */
function checkedFilter(expression: string): string {
  if (expression === '') return '';
  try {
    compileFilter(expression);
  } catch (error) {
    throw new UserError(`--capture-filter: ${(error as Error).message}`);
  }
  return expression;
}

function storageSettings({ install, tap }: MizuConfig, enabled: boolean) {
  return {
    enabled,
    className: install.storageClass,
    sizeBytes: install.storageSize || tap.maxEntriesDbSize + volumeSpareBytes,
    accessMode: install.storageAccessMode,
  };
}

type PodConfig = MizuConfig['apiServer'] | MizuConfig['tapper'];
type ResourceConfig = MizuConfig['tap']['tapperResources'];

function podSettings(config: MizuConfig, pod: PodConfig, resources: ResourceConfig): PodSettings {
  return {
    resources: {
      limits: quantities(resources.cpuLimit, resources.memoryLimit),
      requests: quantities(resources.cpuRequests, resources.memoryRequests),
    },
    image: pod.image === '' ? undefined : parseImage(pod.image, config.imagePullPolicy),
    nodeSelector: pod.nodeSelector,
    affinity: isEmpty(pod.affinity) ? undefined : (pod.affinity as V1Affinity),
    tolerations: pod.tolerations as readonly V1Toleration[],
    priorityClassName: pod.priorityClass,
    podSecurityContext: pod.podSecurityContext,
    containerSecurityContext: pod.securityContext,
    labels: pod.labels,
    annotations: pod.annotations,
    env: pod.env,
  };
}

function isEmpty(object: object): boolean {
  return Object.keys(object).length === 0;
}

function quantities(cpu: string, memory: string): Record<string, string> {
  return { ...(cpu !== '' && { cpu }), ...(memory !== '' && { memory }) };
}

function imageSettings(config: MizuConfig): ImageSettings {
  const { agentImage, image, imagePullPolicy: pullPolicy } = config;
  if (agentImage !== '') return parseImage(agentImage, pullPolicy);
  const { registry, repository, digest } = image;
  return { registry, repository, digest, tag: image.tag || defaultSettings.image.tag, pullPolicy };
}

/** `registry:5000/team/mizu:1.0@sha256:...` in its parts; a registry stays part of the repository. */
export function parseImage(
  reference: string,
  pullPolicy: ImageSettings['pullPolicy'],
): ImageSettings {
  const [name = '', digest = ''] = reference.split('@');
  // A colon before the last slash belongs to the registry's port.
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const repository = colon < 0 ? name : name.slice(0, colon);
  const tag = colon < 0 ? 'latest' : name.slice(colon + 1);
  return { registry: '', repository, tag, digest, pullPolicy };
}

const keyBytes = 32;
const tokenBytes = 18;
/** Tappers pin the certificate itself; its dates say nothing to them. */
const certificateYears = 10;

/** Fresh keys for a session. `token` empty: a new one. */
export async function freshSecret(token: string, host: string): Promise<SecretValues> {
  const end = new Date();
  end.setFullYear(end.getFullYear() + certificateYears);
  const { cert, private: key } = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: end,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    ],
  });
  return {
    token: token || randomBytes(tokenBytes).toString('base64url'),
    key: randomBytes(keyBytes).toString('base64url'),
    certificate: cert,
    certificateKey: key,
  };
}
