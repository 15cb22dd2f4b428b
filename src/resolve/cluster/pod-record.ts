/** A pod through its life: its addresses, the services it was part of, and when. */
import type { Identity } from '../contract.ts';
import { type Claim, type Owner, pick, type Span } from './claims.ts';
import { type ContainerPort, type Labels, type PodFact, workloadText } from './facts.ts';

/** The pod was an endpoint of a service in this time. */
export interface Membership extends Span {
  readonly service: string;
  headless: boolean;
  ports: readonly number[];
}

/** An address of the pod and its claim on it. */
export interface HeldAddress {
  readonly address: string;
  readonly claim: Claim;
}

/** A port of its node that the pod serves. */
export interface HeldPort {
  readonly port: number;
  readonly claim: Claim;
}

/** Services of one pod that are remembered; more would be a loop of somebody's controller. */
const maxMemberships = 64;
/** A membership that is back after this is the same one: slices are split and merged. */
const reopenMs = 60_000;

const noPorts: readonly number[] = [];

export class PodRecord implements Owner, Span {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly hostNetwork: boolean;
  ports: readonly ContainerPort[];
  node: string;
  labels: Labels;
  workload: string | undefined;
  from: number;
  to = Number.POSITIVE_INFINITY;
  addresses: HeldAddress[] = [];
  nodePorts: HeldPort[] = [];
  memberships: Membership[] = [];
  #identities = new Map<string, Identity>();

  constructor(fact: PodFact) {
    this.uid = fact.uid;
    this.name = fact.name;
    this.namespace = fact.namespace;
    this.hostNetwork = fact.hostNetwork;
    this.ports = fact.ports;
    this.node = fact.node;
    this.labels = fact.labels;
    this.from = fact.startedAt;
    this.workload = fact.workload && workloadText(fact.workload);
  }

  /** Takes over what may change in a pod's life. Whether anything did. */
  update(fact: PodFact): boolean {
    this.ports = fact.ports;
    const workload = fact.workload ? workloadText(fact.workload) : this.workload;
    const same =
      this.node === fact.node &&
      this.workload === workload &&
      (this.from === fact.startedAt || fact.startedAt === 0) &&
      sameLabels(this.labels, fact.labels);
    if (same) return false;
    this.node = fact.node;
    this.labels = fact.labels;
    this.workload = workload;
    this.from = fact.startedAt || this.from;
    this.forget();
    return true;
  }

  identityAt(port: number, timeMs: number): Identity {
    return this.#identity(this.#serviceAt(port, timeMs));
  }

  *identities(): Iterable<Identity> {
    yield this.#identity('');
    for (const service of new Set(this.memberships.map((membership) => membership.service))) {
      yield this.#identity(service);
    }
  }

  /** Joins a service. The first time counts from the pod's start: when it joined is not known. */
  join(service: string, ports: readonly number[], headless: boolean, now: number): boolean {
    const known = this.memberships.filter((membership) => membership.service === service);
    const last = known.at(-1);
    if (last !== undefined && now - last.to < reopenMs) {
      const same = last.to === Number.POSITIVE_INFINITY && sameNumbers(last.ports, ports);
      last.to = Number.POSITIVE_INFINITY;
      last.ports = [...new Set([...last.ports, ...ports])];
      last.headless = headless;
      return !same;
    }
    if (this.memberships.length >= maxMemberships) this.memberships.shift();
    const from = last === undefined ? 0 : now;
    this.memberships.push({
      service,
      ports,
      headless,
      from,
      to: Number.POSITIVE_INFINITY,
    });
    return true;
  }

  leave(service: string, now: number): boolean {
    const open = this.memberships.find(
      (membership) => membership.service === service && membership.to > now,
    );
    if (open) open.to = now;
    return open !== undefined;
  }

  /** Identities are made anew: something in them has changed. */
  forget(): void {
    this.#identities = new Map();
  }

  /** The service it is called by: one with the port, one with an address of its own, by name. */
  #serviceAt(port: number, timeMs: number): string {
    const { memberships } = this;
    if (memberships.length === 0) return '';
    if (memberships.length === 1) {
      return pick(memberships, timeMs, true)?.service ?? '';
    }
    let best: Membership | undefined;
    for (const membership of memberships) {
      if (pick([membership], timeMs, true) === undefined) continue;
      if (best === undefined || this.#rank(membership, port) < this.#rank(best, port)) {
        best = membership;
      }
    }
    return best?.service ?? '';
  }

  #rank({ service, headless, ports }: Membership, port: number): string {
    const byPort = ports.includes(port) ? 0 : 1;
    const byWorkload = this.workload?.endsWith(`/${service}`) ? 0 : 1;
    return `${byPort}${headless ? 1 : 0}${byWorkload}${service}`;
  }

  #identity(service: string): Identity {
    let identity = this.#identities.get(service);
    if (!identity) {
      identity = {
        kind: 'pod',
        name: service === '' ? this.name : service,
        pod: this.name,
        ...(service === '' ? {} : { service }),
        namespace: this.namespace,
        ...(this.workload === undefined ? {} : { workload: this.workload }),
        ...(this.node === '' ? {} : { node: this.node }),
        labels: this.labels,
      };
      this.#identities.set(service, identity);
    }
    return identity;
  }
}

/** Ports of the node that the pod serves by declaration. */
export function declaredNodePorts(pod: PodRecord): readonly number[] {
  if (pod.ports.length === 0) return noPorts;
  const ports = pod.ports.map(({ port, hostPort }) => (pod.hostNetwork ? port : (hostPort ?? 0)));
  return ports.filter((port) => port > 0);
}

function sameNumbers(one: readonly number[], other: readonly number[]): boolean {
  return other.every((number) => one.includes(number));
}

function sameLabels(one: Labels, other: Labels): boolean {
  const names = Object.keys(one);
  if (names.length !== Object.keys(other).length) return false;
  return names.every((name) => one[name] === other[name]);
}
