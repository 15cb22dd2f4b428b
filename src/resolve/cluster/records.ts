/** Services and nodes as owners of addresses. */
import type { Identity } from '../contract.ts';
import { type Claim, type Extent, type Owner, pick, type Span } from './claims.ts';
import type { Labels, NodeFact, ServiceFact } from './facts.ts';

/** What a record claims in the table, to be taken back. */
export interface HeldClaim {
  readonly address: string;
  readonly extent: Extent;
  readonly claim: Claim;
}

/** The service in front of the Kubernetes API. */
const apiService = 'default/kubernetes';

export function serviceIdentity(namespace: string, name: string, labels?: Labels): Identity {
  return {
    kind: `${namespace}/${name}` === apiService ? 'kubernetes' : 'service',
    name,
    service: name,
    namespace,
    ...(labels ? { labels } : {}),
  };
}

/** An owner that is always the same. */
export class FixedOwner implements Owner {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  identityAt(): Identity {
    return this.#identity;
  }

  identities(): Iterable<Identity> {
    return [this.#identity];
  }
}

export class ServiceRecord implements Owner, Span {
  fact: ServiceFact;
  from: number;
  to = Number.POSITIVE_INFINITY;
  held: HeldClaim[] = [];
  /** Claims on ports of all nodes. */
  nodePorts: { readonly port: number; readonly claim: Claim }[] = [];
  #identity: Identity | undefined;

  constructor(fact: ServiceFact) {
    this.fact = fact;
    this.from = fact.createdAt;
  }

  update(fact: ServiceFact): void {
    this.fact = fact;
    this.#identity = undefined;
  }

  identityAt(): Identity {
    const { namespace, name, labels } = this.fact;
    this.#identity ??= serviceIdentity(namespace, name, labels);
    return this.#identity;
  }

  identities(): Iterable<Identity> {
    return [this.identityAt()];
  }
}

/** What the ports of every node lead to: NodePort services. */
export type NodePorts = Map<number, Claim[]>;

/**
 * A node. Its addresses lead to many: pods of the host network and hostPorts (`ports`: declared, or
 * found by a tapper from the socket's owner), NodePort services, the kubelet, or the node itself.
 */
export class NodeRecord implements Owner, Span {
  readonly name: string;
  from = 0;
  to = Number.POSITIVE_INFINITY;
  kubeletPort = 0;
  labels: Labels = {};
  held: HeldClaim[] = [];
  readonly ports: NodePorts = new Map();
  readonly #ofAllNodes: NodePorts;
  #self: Identity | undefined;
  #kubelet: Identity | undefined;

  constructor(name: string, ofAllNodes: NodePorts) {
    this.name = name;
    this.#ofAllNodes = ofAllNodes;
  }

  update(fact: NodeFact): void {
    this.kubeletPort = fact.kubeletPort;
    this.labels = fact.labels;
    this.to = Number.POSITIVE_INFINITY;
    this.#self = undefined;
    this.#kubelet = undefined;
  }

  identityAt(port: number, timeMs: number): Identity {
    const own = this.ports.get(port);
    const claim = pick(own, timeMs, false) ?? pick(this.#ofAllNodes.get(port), timeMs, false);
    if (claim) return claim.owner.identityAt(port, timeMs);
    if (port > 0 && port === this.kubeletPort) return this.#asKubelet();
    return pick(own, timeMs, true)?.owner.identityAt(port, timeMs) ?? this.#asNode();
  }

  *identities(): Iterable<Identity> {
    yield this.#asNode();
    yield this.#asKubelet();
    for (const claims of [...this.ports.values(), ...this.#ofAllNodes.values()]) {
      for (const claim of claims) yield* claim.owner.identities();
    }
  }

  #asNode(): Identity {
    const { name, labels } = this;
    this.#self ??= { kind: 'node', name, node: name, labels };
    return this.#self;
  }

  #asKubelet(): Identity {
    const { name, labels } = this;
    this.#kubelet ??= { kind: 'node', name: 'kubelet', node: name, labels };
    return this.#kubelet;
  }
}

export function addPort(ports: NodePorts, port: number, claim: Claim): void {
  const list = ports.get(port);
  if (list) list.push(claim);
  else ports.set(port, [claim]);
}

export function removePort(ports: NodePorts, port: number, claim: Claim): void {
  const list = ports.get(port);
  const at = list?.indexOf(claim) ?? -1;
  if (!list || at < 0) return;
  list.splice(at, 1);
  if (list.length === 0) ports.delete(port);
}
