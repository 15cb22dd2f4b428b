/** Objects without pods: namespace, lease, configuration, secret, service, volume. */
import { createHash } from 'node:crypto';
import type { V1PersistentVolumeClaim, V1Service } from '@kubernetes/client-node';
import type { ApiServerSettings, ClusterSettings } from '../settings.ts';
import { objectNames, podSelector } from './names.ts';
import { type ClusterObject, clusterMetadata, namespacedMetadata } from './object.ts';
import { removesClusterRole } from './permissions.ts';
import { configFile } from './pods.ts';

/**
 * Tappers use the node's network and NET_RAW, which the Pod Security levels `baseline` and
 * `restricted` forbid; in a cluster whose default is one of them they would not start. The API
 * server would pass `restricted`.
 */
const podSecurity = {
  'pod-security.kubernetes.io/enforce': 'privileged',
  'pod-security.kubernetes.io/audit': 'privileged',
  'pod-security.kubernetes.io/warn': 'privileged',
};

export function namespaceObject(settings: ClusterSettings): ClusterObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: clusterMetadata(settings, settings.namespace, {
      labels: { ...podSecurity, ...settings.namespaceLabels },
    }),
  };
}

/** The session's sign of life: whoever finds it not renewed may clean up. */
export function leaseObject(settings: ClusterSettings): ClusterObject {
  const { holder, seconds, startedAt } = settings.lease;
  const started = microTime(startedAt);
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: namespacedMetadata(settings, objectNames(settings).lease),
    spec: {
      holderIdentity: holder,
      leaseDurationSeconds: seconds,
      acquireTime: started,
      renewTime: started,
    },
  };
  return lease;
}

/** A time as a Lease wants it: with microseconds. */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

export function apiServerSettings(settings: ClusterSettings): ApiServerSettings {
  const { mode, namespace, ownsNamespace, clusterWide, lease, ports, server, tapper } = settings;
  const names = objectNames(settings);
  return {
    ...server,
    mode,
    namespace,
    ownsNamespace,
    restricted: !clusterWide,
    daemonSet: names.tapper,
    service: names.service,
    configMap: names.configMap,
    clusterRole: removesClusterRole(settings) ? names.clusterRole : '',
    tapperAffinity: tapper.affinity ?? null,
    lease: mode === 'tap' ? { name: names.lease, seconds: lease.seconds } : null,
    ports: { http: ports.http, tapper: ports.tapper },
  };
}

export function configMapObject(settings: ClusterSettings): ClusterObject {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: namespacedMetadata(settings, objectNames(settings).configMap),
    data: { [configFile]: configText(settings) },
  };
  return configMap;
}

/** Sorted keys, so that equal settings are equal text and an equal checksum, here and in Helm. */
function configText(settings: ClusterSettings): string {
  return JSON.stringify(apiServerSettings(settings), sortKeys);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function secretObject(settings: ClusterSettings): ClusterObject {
  const { token, key, certificate, certificateKey } = settings.secret;
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: namespacedMetadata(settings, objectNames(settings).secret),
    type: 'Opaque',
    data: {
      token: base64(token),
      key: base64(key),
      'tls.crt': base64(certificate),
      'tls.key': base64(certificateKey),
    },
  };
  return secret;
}

/** Changes with everything that the API server reads when it starts. */
export function apiServerChecksum(settings: ClusterSettings): string {
  const { token, key, certificate, certificateKey } = settings.secret;
  return checksum([configText(settings), token, key, certificate, certificateKey]);
}

/** Changes with everything that a tapper reads when it starts. */
export function tapperChecksum({ secret: { key, certificate } }: ClusterSettings): string {
  return checksum([key, certificate]);
}

function checksum(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}

export function serviceObject(settings: ClusterSettings): ClusterObject {
  const { ports, serviceType, serviceAnnotations } = settings;
  const names = objectNames(settings);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: namespacedMetadata(settings, names.service, { annotations: serviceAnnotations }),
    spec: {
      type: serviceType,
      selector: podSelector(names.apiServer),
      ports: [
        { name: 'api', port: ports.service, targetPort: ports.http, protocol: 'TCP' },
        { name: 'tapper', port: ports.tapper, targetPort: ports.tapper, protocol: 'TCP' },
      ],
    },
  } satisfies ClusterObject & V1Service;
}

export function volumeClaimObject(settings: ClusterSettings): ClusterObject {
  const { className, sizeBytes, accessMode } = settings.storage;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: namespacedMetadata(settings, objectNames(settings).volumeClaim),
    spec: {
      accessModes: [accessMode],
      resources: { requests: { storage: String(sizeBytes) } },
      ...(className && { storageClassName: className }),
    },
  } satisfies ClusterObject & V1PersistentVolumeClaim;
}
