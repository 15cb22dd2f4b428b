/**
 * What Mizu keeps of Kubernetes objects, trimmed as soon as they arrive: 5,000 whole pods would be
 * tens of megabytes, their facts are five.
 */

/** A workload: who made the pods. `kind` as in the API (`Deployment`). */
export interface Workload {
  readonly kind: string;
  readonly name: string;
}

/** A controlling owner; its uid tells it from an earlier one of the same name. */
export interface OwnerFact extends Workload {
  readonly uid: string;
}

export interface ContainerPort {
  readonly port: number;
  readonly hostPort?: number;
}

export type Labels = Readonly<Record<string, string>>;

export interface PodFact {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** Empty until the pod is scheduled. */
  readonly node: string;
  readonly phase: string;
  readonly labels: Labels;
  /** Its own addresses; with `hostNetwork` those of the node. */
  readonly addresses: readonly string[];
  /** Addresses of its node. */
  readonly hostAddresses: readonly string[];
  readonly hostNetwork: boolean;
  /** Declared TCP ports. */
  readonly ports: readonly ContainerPort[];
  /** Milliseconds since 1970: no packet of this pod is older. */
  readonly startedAt: number;
  /** When its last container ended, for pods that are over. */
  readonly endedAt?: number;
  /** Somebody asked for its deletion. */
  readonly deleting: boolean;
  readonly owner?: OwnerFact;
  /** The topmost owner, once it is known. */
  readonly workload?: Workload;
}

export interface ServiceFact {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly headless: boolean;
  readonly clusterAddresses: readonly string[];
  /** External and load balancer addresses: these may be shared, so only with a port. */
  readonly outerAddresses: readonly string[];
  readonly ports: readonly number[];
  readonly nodePorts: readonly number[];
  readonly createdAt: number;
}

export interface EndpointFact {
  readonly addresses: readonly string[];
  /** Uid of the pod behind it; without one the address is what the user wrote. */
  readonly podUid?: string;
}

export interface SliceFact {
  /** `namespace/name` */
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  readonly headless: boolean;
  readonly ports: readonly number[];
  readonly endpoints: readonly EndpointFact[];
}

export interface NodeFact {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly kubeletPort: number;
  readonly labels: Labels;
  readonly createdAt: number;
}

export interface OwnedFact {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly owner?: OwnerFact;
}

/** A workload as `Identity.workload` and filters have it: `deployment/cart`. */
export function workloadText({ kind, name }: Workload): string {
  return `${kind.toLowerCase()}/${name}`;
}
