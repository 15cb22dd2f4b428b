/**
 * Everything that decides which Kubernetes objects Mizu creates: plain data, no defaults hidden in
 * the builders. `defaultSettings` is the configuration nobody changed.
 */
import type { V1Affinity, V1ResourceRequirements, V1Toleration } from '@kubernetes/client-node';
import { defaultLimits, type TapLimits } from '../limits.ts';
import { version } from '../version.ts';

/** `tap`: as long as a session of the command line lives. `install`: until it is removed. */
export type ClusterMode = 'tap' | 'install';

export type StringMap = Readonly<Record<string, string>>;

/** `registry/repository:tag`, or `registry/repository@digest` when there is a digest. */
export interface ImageSettings {
  /** Host and port, such as `registry.test:5000`; empty: the nodes' default. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** `sha256:...`; wins over the tag. Empty: none. */
  readonly digest: string;
  readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
}

/** What a pod may be told besides what Mizu needs; one for the API server, one for the tappers. */
export interface PodSettings {
  /** Kubernetes quantities, as in a container's `resources`. */
  readonly resources: V1ResourceRequirements;
  /** Replaces `image` for this pod only; undefined: the same image as the rest. */
  readonly image?: ImageSettings | undefined;
  readonly nodeSelector: StringMap;
  readonly affinity?: V1Affinity | undefined;
  readonly tolerations: readonly V1Toleration[];
  /** Empty: the cluster's default. */
  readonly priorityClassName: string;
  /** Merged over the pod's security context, field by field; null takes a field out. */
  readonly podSecurityContext: Readonly<Record<string, unknown>>;
  /** Merged over the container's security context, field by field; null takes a field out. */
  readonly containerSecurityContext: Readonly<Record<string, unknown>>;
  /** On the pods, besides those of every object. */
  readonly labels: StringMap;
  readonly annotations: StringMap;
  /** Environment variables besides Mizu's own. */
  readonly env: StringMap;
}

export interface ServiceAccountSettings {
  /** false: an account made beforehand is used; `name` says which. */
  readonly create: boolean;
  /** Empty: the name that follows from the prefix. */
  readonly name: string;
}

export interface StorageSettings {
  /** false: the data of an installed API server lives as long as its pod. */
  readonly enabled: boolean;
  /** Empty: the cluster's default class. */
  readonly className: string;
  /** Size of the volume, which is larger than what the store may keep. */
  readonly sizeBytes: number;
  readonly accessMode: 'ReadWriteOnce' | 'ReadWriteOncePod' | 'ReadWriteMany';
}

/** Values of the Secret; made anew for each session. */
export interface SecretValues {
  /** Token of the page and the API. */
  readonly token: string;
  /** What tappers prove themselves with: 32 random bytes, base64url. */
  readonly key: string;
  /** PEM of the self-signed certificate that tappers pin, and its key. */
  readonly certificate: string;
  readonly certificateKey: string;
}

export interface LeaseSettings {
  /** Seconds without renewal after which the cluster side stops and removes itself. */
  readonly seconds: number;
  /** `user@host`, shown to whoever starts a second session. */
  readonly holder: string;
  /** When the session started, milliseconds since 1970. */
  readonly startedAt: number;
}

/** Which pods are tapped. Empty lists and texts narrow nothing. */
export interface TargetSettings {
  readonly namespaces: readonly string[];
  readonly allNamespaces: boolean;
  /** RE2, found anywhere in the pod's name. */
  readonly regex: string;
  /** A label selector as kubectl takes it. */
  readonly selector: string;
  /** `deploy/cart`; empty: any. */
  readonly workload: string;
}

/**
 * What the API server reads from `mizu-config.json`. What follows from other settings (names, ports,
 * mode) is filled in by `apiServerSettings` of `objects/`.
 */
export interface ApiServerSettings {
  readonly mode: ClusterMode;
  /** Where Mizu's own objects are. */
  readonly namespace: string;
  /** Whether the namespace is Mizu's own and goes away with the session. */
  readonly ownsNamespace: boolean;
  /** true: rights in `namespace` only, nothing cluster-wide is watched. */
  readonly restricted: boolean;
  readonly daemonSet: string;
  readonly service: string;
  readonly configMap: string;
  /**
   * Cluster role to delete when the session ends, if it is labelled as Mizu's; its binding follows
   * it. Empty: none, or it goes with the namespace.
   */
  readonly clusterRole: string;
  /** What the user wants of tappers' nodes; `tapperAffinity` joins it with the nodes of targets. */
  readonly tapperAffinity: V1Affinity | null;
  /** null when installed: there is no session whose end would matter. */
  readonly lease: { readonly name: string; readonly seconds: number } | null;
  readonly ports: { readonly http: number; readonly tapper: number };
  readonly targets: TargetSettings;
  readonly maxEntriesDbSizeBytes: number;
  readonly bodyLimitBytes: number;
  readonly redact: boolean;
  readonly ignoredUserAgents: readonly string[];
  /** As for tcpdump; empty: none. */
  readonly captureFilter: string;
  readonly limits: TapLimits;
  readonly logLevel: string;
}

/** The part of `ApiServerSettings` that is a choice and not a consequence. */
export type ServerChoices = Pick<
  ApiServerSettings,
  | 'targets'
  | 'maxEntriesDbSizeBytes'
  | 'bodyLimitBytes'
  | 'redact'
  | 'ignoredUserAgents'
  | 'captureFilter'
  | 'limits'
  | 'logLevel'
>;

export interface ClusterSettings {
  readonly mode: ClusterMode;
  readonly namespace: string;
  /** true: the namespace is made, labelled and removed by Mizu; false: it is there already. */
  readonly ownsNamespace: boolean;
  /** false: rights in one namespace only; no cluster roles, no names from elsewhere. */
  readonly clusterWide: boolean;
  /** Names of all objects begin with it: `mizu` gives `mizu-api-server`. */
  readonly namePrefix: string;
  readonly image: ImageSettings;
  /** Names of Secrets of type `kubernetes.io/dockerconfigjson` in the namespace. */
  readonly pullSecrets: readonly string[];
  readonly ports: {
    /** Port of the Service for page and API. */
    readonly service: number;
    /** Port of page and API in the pod. */
    readonly http: number;
    /** Port for tappers, in the pod and in the Service. */
    readonly tapper: number;
  };
  readonly serviceType: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  /** Annotations of the Service, which load balancers read. */
  readonly serviceAnnotations: StringMap;
  /** On every object. */
  readonly labels: StringMap;
  readonly annotations: StringMap;
  /** Added to the Namespace; over the Pod Security labels that Mizu sets. */
  readonly namespaceLabels: StringMap;
  readonly apiServer: PodSettings;
  readonly tapper: PodSettings;
  readonly apiServerAccount: ServiceAccountSettings;
  readonly tapperAccount: ServiceAccountSettings;
  /** false: roles and bindings were made beforehand, or there are none: then names are missing. */
  readonly createRoles: boolean;
  /**
   * Tappers find out which process, and so which pod, owns a socket of a host-network pod. Mounts
   * the node's `/proc` (read-only) and adds SYS_PTRACE and DAC_READ_SEARCH: the kernel shows the
   * sockets of others' processes to nobody else.
   */
  readonly hostProcesses: boolean;
  readonly storage: StorageSettings;
  readonly secret: SecretValues;
  /** Used by `tap` only. */
  readonly lease: LeaseSettings;
  readonly server: ServerChoices;
}

/** Bytes of a volume beyond what the store may keep: the newest segment, DuckDB's temporary files. */
export const volumeSpareBytes = 500_000_000;

/** Pods run on every node whatever its taints: traffic is everywhere. */
const everyTaint: readonly V1Toleration[] = [
  { operator: 'Exists', effect: 'NoExecute' },
  { operator: 'Exists', effect: 'NoSchedule' },
];

/** The first toleration that matches counts: an API server on a lost node is to move. */
const lostNode: readonly V1Toleration[] = ['not-ready', 'unreachable'].map((state) => ({
  key: `node.kubernetes.io/${state}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

const resources: V1ResourceRequirements = {
  limits: { cpu: '750m', memory: '1Gi' },
  requests: { cpu: '50m', memory: '50Mi' },
};

const plainPod: PodSettings = {
  resources,
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: everyTaint,
  priorityClassName: '',
  podSecurityContext: {},
  containerSecurityContext: {},
  labels: {},
  annotations: {},
  env: {},
};

const storedBytes = 200_000_000;

/** Settings of a session that nobody configured. The secret and the lease's holder are empty. */
export const defaultSettings: ClusterSettings = {
  mode: 'tap',
  namespace: 'mizu',
  ownsNamespace: true,
  clusterWide: true,
  namePrefix: 'mizu',
  image: { registry: '', repository: 'mizu', tag: version, digest: '', pullPolicy: 'IfNotPresent' },
  pullSecrets: [],
  ports: { service: 80, http: 8899, tapper: 8898 },
  serviceType: 'ClusterIP',
  serviceAnnotations: {},
  labels: {},
  annotations: {},
  namespaceLabels: {},
  apiServer: { ...plainPod, tolerations: [...lostNode, ...everyTaint] },
  tapper: plainPod,
  apiServerAccount: { create: true, name: '' },
  tapperAccount: { create: true, name: '' },
  createRoles: true,
  hostProcesses: false,
  storage: {
    enabled: true,
    className: '',
    sizeBytes: storedBytes + volumeSpareBytes,
    accessMode: 'ReadWriteOnce',
  },
  secret: { token: '', key: '', certificate: '', certificateKey: '' },
  lease: { seconds: 300, holder: '', startedAt: 0 },
  server: {
    targets: { namespaces: [], allNamespaces: false, regex: '', selector: '', workload: '' },
    maxEntriesDbSizeBytes: storedBytes,
    bodyLimitBytes: 1_048_576,
    redact: true,
    ignoredUserAgents: [],
    captureFilter: '',
    limits: defaultLimits,
    logLevel: 'info',
  },
};
