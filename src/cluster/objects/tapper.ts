/** The tappers: one pod on each node that has targets. */
import type {
  V1Affinity,
  V1Container,
  V1DaemonSet,
  V1NodeSelectorTerm,
  V1PodSpec,
  V1Volume,
  V1VolumeMount,
} from '@kubernetes/client-node';
import type { ClusterSettings } from '../settings.ts';
import { objectNames, podSelector, tapperAddress } from './names.ts';
import { type ClusterObject, namespacedMetadata } from './object.ts';
import {
  captureContainer,
  captureUser,
  containerEnvironment,
  containerImage,
  hostProcessFolder,
  mergeContext,
  placement,
  podAnnotations,
  podLabels,
  secretFileMode,
  secretFolder,
} from './pods.ts';
import { tapperChecksum } from './session.ts';

/** Time to send what was captured and is not yet acknowledged. */
const graceSeconds = 5;

/** No node carries this label. */
const noNode: V1NodeSelectorTerm = {
  matchExpressions: [{ key: 'mizu/no-targets-yet', operator: 'Exists' }],
};

export function tapperDaemonSet(settings: ClusterSettings): ClusterObject {
  const { tapper } = settings;
  const { tapper: name } = objectNames(settings);
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: namespacedMetadata(settings, name),
    spec: {
      selector: { matchLabels: { ...podSelector(name) } },
      // Tappers and the API server are of one version: an upgrade replaces all at once.
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
      template: {
        metadata: {
          labels: podLabels(settings, name, tapper),
          annotations: podAnnotations(settings, tapper, tapperChecksum(settings)),
        },
        spec: podSpec(settings),
      },
    },
  } satisfies ClusterObject & V1DaemonSet;
}

/**
 * Affinity of the DaemonSet's pods for exactly these nodes; none: no node at all. What the user
 * wants besides is kept: terms are alternatives, so each of his is joined with each node.
 */
export function tapperAffinity(
  nodes: readonly string[],
  wanted: V1Affinity | null | undefined,
): V1Affinity {
  const required = wanted?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const alternatives = required?.nodeSelectorTerms ?? [{}];
  // A node's name, not its host name label: that may differ or be missing. One name a term, as the
  // API wants it.
  const places: V1NodeSelectorTerm[] = nodes.map((node) => ({
    matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }],
  }));
  const terms =
    places.length === 0
      ? [noNode]
      : places.flatMap((place) => alternatives.map((term) => ({ ...term, ...place })));
  return {
    ...wanted,
    nodeAffinity: {
      ...wanted?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
    },
  };
}

function podSpec(settings: ClusterSettings): V1PodSpec {
  const { tapper } = settings;
  return {
    ...placement(settings, tapper),
    // The API server writes the nodes with targets here as soon as it knows them.
    affinity: tapperAffinity([], tapper.affinity),
    serviceAccountName: objectNames(settings).tapperAccount,
    automountServiceAccountToken: false,
    // Traffic of all pods of a node passes in the node's own network.
    hostNetwork: true,
    dnsPolicy: 'ClusterFirstWithHostNet',
    terminationGracePeriodSeconds: graceSeconds,
    securityContext: mergeContext(captureUser, tapper.podSecurityContext),
    containers: [container(settings)],
    volumes: volumes(settings),
  };
}

function container(settings: ClusterSettings): V1Container {
  const { tapper, hostProcesses } = settings;
  const mounts: V1VolumeMount[] = [
    { name: 'secret', mountPath: secretFolder, readOnly: true },
    { name: 'temporary', mountPath: '/tmp' },
  ];
  if (hostProcesses) {
    mounts.push({ name: 'processes', mountPath: hostProcessFolder, readOnly: true });
  }
  return {
    name: objectNames(settings).tapper,
    ...containerImage(settings, tapper),
    args: ['tapper'],
    env: containerEnvironment(settings, tapper, {
      API_SERVER_ADDRESS: tapperAddress(settings),
      ...(hostProcesses && { HOST_PROC: hostProcessFolder }),
    }),
    resources: tapper.resources,
    securityContext: mergeContext(captureContainer(settings), tapper.containerSecurityContext),
    volumeMounts: mounts,
  };
}

function volumes(settings: ClusterSettings): V1Volume[] {
  const secret: V1Volume = {
    name: 'secret',
    secret: {
      secretName: objectNames(settings).secret,
      defaultMode: secretFileMode,
      // Neither the page's token nor the certificate's key is a tapper's business.
      items: ['key', 'tls.crt'].map((key) => ({ key, path: key })),
    },
  };
  const temporary: V1Volume = { name: 'temporary', emptyDir: {} };
  if (!settings.hostProcesses) return [secret, temporary];
  return [secret, temporary, { name: 'processes', hostPath: { path: '/proc', type: 'Directory' } }];
}
