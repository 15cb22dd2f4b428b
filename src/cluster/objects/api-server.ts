/** The API server: a Pod for a session, a Deployment when installed. */
import type {
  V1Container,
  V1Deployment,
  V1Pod,
  V1PodSpec,
  V1Probe,
  V1Volume,
} from '@kubernetes/client-node';
import type { ClusterSettings } from '../settings.ts';
import { objectNames, podSelector } from './names.ts';
import { type ClusterObject, namespacedMetadata } from './object.ts';
import {
  configFolder,
  containerEnvironment,
  containerImage,
  dataFolder,
  mergeContext,
  placement,
  podAnnotations,
  podLabels,
  secretFileMode,
  secretFolder,
  unprivilegedContainer,
  unprivilegedPod,
} from './pods.ts';
import { apiServerChecksum } from './session.ts';

/** Time to write what the store still holds in memory. */
const graceSeconds = 10;

export function apiServerPod(settings: ClusterSettings): ClusterObject {
  const { apiServer: name } = objectNames(settings);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: namespacedMetadata(settings, name, podExtras(settings)),
    spec: podSpec(settings),
  } satisfies ClusterObject & V1Pod;
}

export function apiServerDeployment(settings: ClusterSettings): ClusterObject {
  const { apiServer: name } = objectNames(settings);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: namespacedMetadata(settings, name),
    spec: {
      replicas: 1,
      revisionHistoryLimit: 2,
      selector: { matchLabels: { ...podSelector(name) } },
      // The store has one owner: the old pod goes before the new one comes.
      strategy: { type: 'Recreate' },
      template: { metadata: podExtras(settings), spec: podSpec(settings) },
    },
  } satisfies ClusterObject & V1Deployment;
}

function podExtras(settings: ClusterSettings) {
  const { apiServer: name } = objectNames(settings);
  return {
    labels: podLabels(settings, name, settings.apiServer),
    annotations: podAnnotations(settings, settings.apiServer, apiServerChecksum(settings)),
  };
}

function podSpec(settings: ClusterSettings): V1PodSpec {
  const { apiServer } = settings;
  return {
    ...placement(settings, apiServer),
    ...(apiServer.affinity && { affinity: apiServer.affinity }),
    serviceAccountName: objectNames(settings).apiServerAccount,
    automountServiceAccountToken: true,
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: mergeContext(unprivilegedPod, apiServer.podSecurityContext),
    containers: [container(settings)],
    volumes: volumes(settings),
  };
}

function container(settings: ClusterSettings): V1Container {
  const { apiServer, ports } = settings;
  return {
    name: objectNames(settings).apiServer,
    ...containerImage(settings, apiServer),
    args: ['api-server'],
    env: containerEnvironment(settings, apiServer, {}),
    ports: [
      { name: 'api', containerPort: ports.http, protocol: 'TCP' },
      { name: 'tapper', containerPort: ports.tapper, protocol: 'TCP' },
    ],
    // A large store may have to be mended first: five minutes to answer for the first time.
    startupProbe: { ...healthProbe(settings), periodSeconds: 1, failureThreshold: 300 },
    readinessProbe: { ...healthProbe(settings), periodSeconds: 5, failureThreshold: 3 },
    livenessProbe: { ...healthProbe(settings), periodSeconds: 10, failureThreshold: 6 },
    resources: apiServer.resources,
    securityContext: mergeContext(unprivilegedContainer, apiServer.containerSecurityContext),
    volumeMounts: [
      { name: 'config', mountPath: configFolder, readOnly: true },
      { name: 'secret', mountPath: secretFolder, readOnly: true },
      { name: 'data', mountPath: dataFolder },
      { name: 'temporary', mountPath: '/tmp' },
    ],
  };
}

/** Asks as `localhost`, a name that the guard against DNS rebinding knows. */
function healthProbe({ ports }: ClusterSettings): V1Probe {
  return {
    httpGet: {
      path: '/api/v1/health',
      port: ports.http,
      scheme: 'HTTP',
      httpHeaders: [{ name: 'Host', value: 'localhost' }],
    },
    timeoutSeconds: 5,
  };
}

function volumes(settings: ClusterSettings): V1Volume[] {
  const { configMap, secret, volumeClaim } = objectNames(settings);
  const data: V1Volume = keepsData(settings)
    ? { name: 'data', persistentVolumeClaim: { claimName: volumeClaim } }
    : { name: 'data', emptyDir: {} };
  return [
    { name: 'config', configMap: { name: configMap } },
    { name: 'secret', secret: { secretName: secret, defaultMode: secretFileMode } },
    data,
    { name: 'temporary', emptyDir: {} },
  ];
}

/** Whether what is stored outlives the pod. */
export function keepsData({ mode, storage }: ClusterSettings): boolean {
  return mode === 'install' && storage.enabled;
}
