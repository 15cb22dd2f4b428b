/** What an address is, and who is asked: the same interface for a cluster and for one machine. */

/** What lies behind an address. `process` is a server of this machine, outside a cluster. */
export const identityKinds = [
  'pod',
  'service',
  'node',
  'external',
  'kubernetes',
  'process',
] as const;
export type IdentityKind = (typeof identityKinds)[number];

/** Where the name of an `external` address comes from: a DNS answer, a TLS handshake, a Host header. */
export const nameOrigins = ['dns', 'sni', 'host'] as const;
export type NameOrigin = (typeof nameOrigins)[number];

/** Who an address belonged to at some time. Shared between entries: never changed once given out. */
export interface Identity {
  readonly kind: IdentityKind;
  /** What people call it: the service when there is one, else the pod, node, host or process. */
  readonly name: string;
  readonly pod?: string;
  readonly service?: string;
  readonly namespace?: string;
  /** Owner that a user made, with its kind: `deployment/cart`. */
  readonly workload?: string;
  readonly node?: string;
  readonly process?: string;
  /** Of `external`. */
  readonly origin?: NameOrigin;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface NameResolver {
  /**
   * What `address:port` was at a time (ms since 1970), or undefined. Answers at once from what is known;
   * a later question about the same time may be answered better.
   */
  identify(address: string, port: number, timeMs: number): Identity | undefined;
  /** Name of a node by its number in entry ids; empty when unknown. */
  nodeName?(node: number): string;
  /** The nodes that `nodeName` names, by number. */
  nodeNames?(): Iterable<readonly [node: number, name: string]>;
  /**
   * Every address that had, at any time, an identity that satisfies the predicate; undefined when
   * there are too many to be worth listing.
   */
  addressesWhere?(predicate: (identity: Identity) => boolean): string[] | undefined;
}
