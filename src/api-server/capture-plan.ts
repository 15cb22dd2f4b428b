/** What each node's tapper reads: its own targets, and the services that lead to targets only. */
import type { CaptureEndpoint, CaptureTargets } from '../capture/targets.ts';
import type { PodFact, ServiceFact } from '../resolve/cluster/index.ts';
import type { NameResolver } from '../resolve/contract.ts';
import { addressesByNode, type TargetSet } from '../targets/index.ts';

/** What may be asked for in front of pods; node ports are those of every address. */
const everyAddress = '';

export interface PlanInput {
  readonly targets: TargetSet;
  readonly services: readonly ServiceFact[];
  readonly names: NameResolver;
  readonly nowMs: number;
  /** Ports that a host-network pod is known to listen on, by its uid. */
  readonly hostPorts: (podUid: string) => readonly number[];
  /** Where tappers and users reach this process. */
  readonly own: readonly CaptureEndpoint[];
}

/** Versions count the changes of each node's part. */
export class CapturePlan {
  #plans = new Map<string, CaptureTargets>();
  #version = 0;
  #empty: CaptureTargets = { version: 0, addresses: [], endpoints: [], ignored: [] };

  /** Returns whether anything is different now. */
  update(input: PlanInput): boolean {
    const ofServices = fronts(input);
    const ofHostPods = Map.groupBy(hostEndpoints(input), ({ node }) => node);
    const plans = new Map<string, CaptureTargets>();
    let isChanged = false;
    for (const [node, addresses] of addressesByNode(input.targets)) {
      const before = this.#plans.get(node);
      const own = (ofHostPods.get(node) ?? []).map(({ endpoint }) => endpoint);
      const endpoints = [...ofServices, ...own];
      const plan = { version: 0, addresses, endpoints, ignored: input.own };
      const isSame = before !== undefined && textOf(before) === textOf(plan);
      plans.set(node, isSame ? before : { ...plan, version: ++this.#version });
      isChanged ||= !isSame;
    }
    isChanged ||= plans.size !== this.#plans.size;
    if (isChanged) this.#empty = { ...this.#empty, version: ++this.#version };
    this.#plans = plans;
    return isChanged;
  }

  of(node: string): CaptureTargets {
    return this.#plans.get(node) ?? this.#empty;
  }

  get nodes(): string[] {
    return [...this.#plans.keys()];
  }
}

function textOf({ addresses, endpoints, ignored }: CaptureTargets): string {
  return JSON.stringify([addresses, endpoints, ignored]);
}

/**
 * Of chosen pods on the network of their node only what they listen on is read: their address is the
 * node's. Who owns a port is known where tappers look (`tapper.host-processes`).
 */
function hostEndpoints({ targets, hostPorts }: PlanInput) {
  return targets.notTargeted
    .filter(({ reason }) => reason === 'host-network')
    .flatMap(({ pod }) =>
      hostPorts(pod.uid).flatMap((port) =>
        pod.addresses.map((address) => ({ node: pod.node, endpoint: { address, port } })),
      ),
    );
}

/**
 * Addresses of services all of whose pods are targets. Of a service with other pods as well the
 * packets in front cannot be told apart: those calls are shown with the pod, without the service.
 */
function fronts(input: PlanInput): CaptureEndpoint[] {
  const { targets, services } = input;
  const ofTargets = servicesOf(
    input,
    targets.targets.map(({ pod }) => pod),
  );
  const ofOthers = servicesOf(
    input,
    targets.notTargeted.map(({ pod }) => pod),
  );
  return services
    .map((service) => ({ service, place: `${service.namespace}/${service.name}` }))
    .filter(({ place }) => ofTargets.has(place) && !ofOthers.has(place))
    .flatMap(({ service }) => endpointsOf(service));
}

function endpointsOf(service: ServiceFact): CaptureEndpoint[] {
  const { clusterAddresses, outerAddresses, ports, nodePorts, headless } = service;
  if (headless) return [];
  const addresses = [...clusterAddresses, ...outerAddresses];
  return [
    ...addresses.flatMap((address) => ports.map((port) => ({ address, port }))),
    ...nodePorts.filter((port) => port > 0).map((port) => ({ address: everyAddress, port })),
  ];
}

function servicesOf({ names, nowMs }: PlanInput, pods: readonly PodFact[]): Set<string> {
  const places = new Set<string>();
  for (const { addresses, hostNetwork, ports } of pods) {
    // An address of the node's own network is a pod's only with its port.
    const asked = hostNetwork ? ports.map(({ port }) => port) : [0];
    for (const address of addresses) {
      for (const port of asked) {
        const identity = names.identify(address, port, nowMs);
        if (identity?.service) places.add(`${identity.namespace}/${identity.service}`);
      }
    }
  }
  return places;
}
