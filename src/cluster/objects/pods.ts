/** What the pods of the API server and of the tappers have in common. */
import type {
  V1EnvVar,
  V1PodSecurityContext,
  V1PodSpec,
  V1SecurityContext,
  V1Toleration,
} from '@kubernetes/client-node';
import type { ClusterSettings, PodSettings, StringMap } from '../settings.ts';
import { commonLabels, imageReference, podSelector } from './names.ts';

/** Where things are in the image and in the pods. */
export const configFolder = '/app/config';
export const configFile = 'mizu-config.json';
export const secretFolder = '/app/secret';
export const dataFolder = '/app/data';
export const hostProcessFolder = '/hostproc';

/** Readable for the owner and the pod's group: the API server is not root. */
export const secretFileMode = 0o440;

/** Merges field by field; null takes a field out. */
export function mergeContext<T extends object>(
  base: T,
  changes: Readonly<Record<string, unknown>>,
): T {
  const merged = Object.entries({ ...base, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged) as T;
}

export function podLabels(settings: ClusterSettings, workload: string, pod: PodSettings) {
  return { ...commonLabels(settings), ...pod.labels, ...podSelector(workload) };
}

/** Annotations of a pod: the checksum makes a changed content replace the pod. */
export function podAnnotations(
  settings: ClusterSettings,
  pod: PodSettings,
  checksum: string,
): StringMap {
  return { ...settings.annotations, ...pod.annotations, [checksumAnnotation]: checksum };
}

const checksumAnnotation = 'mizu/checksum';

export function containerImage(settings: ClusterSettings, pod: PodSettings) {
  const image = pod.image ?? settings.image;
  return { image: imageReference(image), imagePullPolicy: image.pullPolicy };
}

export function containerEnvironment(
  settings: ClusterSettings,
  pod: PodSettings,
  own: StringMap,
): V1EnvVar[] {
  const field = (name: string, fieldPath: string): V1EnvVar => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  });
  const values: StringMap = {
    LOG_LEVEL: settings.server.logLevel,
    // Where the compiled form of the program is kept: the root file system is read-only.
    NODE_COMPILE_CACHE: '/tmp/compiled',
    ...own,
    ...pod.env,
  };
  return [
    field('NODE_NAME', 'spec.nodeName'),
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    ...sortedEntries(values).map(([name, value]) => ({ name, value })),
  ];
}

function sortedEntries(map: StringMap): [string, string][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Fields of a pod's spec that settings decide alike for both pods. */
export function placement(
  settings: ClusterSettings,
  pod: PodSettings,
): Pick<
  V1PodSpec,
  'enableServiceLinks' | 'imagePullSecrets' | 'nodeSelector' | 'priorityClassName' | 'tolerations'
> {
  return {
    // Kubernetes would set MIZU_API_SERVER_PORT and its kin, which look like configuration.
    enableServiceLinks: false,
    ...(settings.pullSecrets.length > 0 && {
      imagePullSecrets: settings.pullSecrets.map((name) => ({ name })),
    }),
    ...(Object.keys(pod.nodeSelector).length > 0 && { nodeSelector: { ...pod.nodeSelector } }),
    ...(pod.priorityClassName && { priorityClassName: pod.priorityClassName }),
    ...(pod.tolerations.length > 0 && { tolerations: [...pod.tolerations] as V1Toleration[] }),
  };
}

/** User and group of the image; numbers, so that the kubelet sees that it is not root. */
const imageUser = 65532;

/** Passes the Pod Security level `restricted`. */
export const unprivilegedPod: V1PodSecurityContext = {
  runAsNonRoot: true,
  runAsUser: imageUser,
  runAsGroup: imageUser,
  // Volumes and Secrets become readable for the group.
  fsGroup: imageUser,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
};

export const unprivilegedContainer: V1SecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
};

/**
 * Root without root's rights: runtimes give added capabilities to user 0 only, and a file
 * capability on the program would need privilege escalation to be allowed.
 */
export const captureUser: V1PodSecurityContext = {
  runAsUser: 0,
  runAsGroup: 0,
  seccompProfile: { type: 'RuntimeDefault' },
};

/** NET_RAW opens the packet socket: all that plain capture needs. */
export function captureContainer(settings: ClusterSettings): V1SecurityContext {
  return {
    ...unprivilegedContainer,
    capabilities: {
      drop: ['ALL'],
      add: settings.hostProcesses ? ['NET_RAW', 'SYS_PTRACE', 'DAC_READ_SEARCH'] : ['NET_RAW'],
    },
  };
}
