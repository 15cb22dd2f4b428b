/**
 * The cluster's addresses with their history. Facts come in as the watches deliver them, in any order
 * between kinds (a slice may come before its pods); questions are answered for the packet's time.
 */
import type { Identity } from '../contract.ts';
import { type Claim, ClaimTable, type Extent, type Owner } from './claims.ts';
import { EndedQueue } from './ended.ts';
import type { NodeFact, PodFact, ServiceFact, SliceFact } from './facts.ts';
import { declaredNodePorts, PodRecord } from './pod-record.ts';
import {
  addPort,
  FixedOwner,
  type HeldClaim,
  type NodePorts,
  NodeRecord,
  removePort,
  ServiceRecord,
  serviceIdentity,
} from './records.ts';
import { type SocketFact, Sockets } from './sockets.ts';

const endless = Number.POSITIVE_INFINITY;

export interface HistoryLimits {
  /** Pods, services and endpoints that are over and still known. */
  readonly ended: number;
  readonly ageMs: number;
}

const defaultLimits: HistoryLimits = { ended: 50_000, ageMs: 7 * 24 * 3_600_000 };

interface SliceRecord {
  readonly fact: SliceFact;
  /** Claims of endpoints that are no pods. */
  readonly held: HeldClaim[];
}

export class AddressBook {
  readonly pods = new Map<string, PodRecord>();
  readonly services = new Map<string, ServiceRecord>();
  readonly nodes = new Map<string, NodeRecord>();
  readonly #table = new ClaimTable();
  readonly #nodePorts: NodePorts = new Map();
  readonly #slices = new Map<string, SliceRecord>();
  /** Uid of a pod → slices that list it. */
  readonly #slicesOfPod = new Map<string, Set<string>>();
  readonly #ended: EndedQueue;
  readonly #sockets = new Sockets();
  /** Records that differ from what was saved. */
  readonly unsaved = new Set<PodRecord | ServiceRecord | NodeRecord>();
  /** Called with an address whose answer may have changed. */
  onTouched: (address: string) => void = () => {};

  constructor(limits: HistoryLimits = defaultLimits) {
    this.#ended = new EndedQueue(limits.ended, limits.ageMs);
  }

  identify(address: string, port: number, timeMs: number): Identity | undefined {
    return this.#table.ownerAt(address, port, timeMs)?.identityAt(port, timeMs);
  }

  /** Addresses with their possible identities, some of them more than once. */
  *identities(): Iterable<readonly [address: string, owner: Owner]> {
    yield* this.#table.entries();
  }

  get addresses(): number {
    return this.#table.size;
  }

  sweep(now: number): void {
    this.#ended.sweep(now);
  }

  putPod(fact: PodFact, now: number): void {
    let pod = this.pods.get(fact.uid);
    const isNew = pod === undefined;
    if (!pod) {
      pod = new PodRecord(fact);
      this.pods.set(fact.uid, pod);
    }
    if (pod.to !== endless) return;
    if (pod.update(fact) || isNew) this.#changed(pod);
    this.#placeNode(fact);
    if (!pod.hostNetwork) this.#placePod(pod, fact.addresses, now);
    for (const port of declaredNodePorts(pod)) this.serveOnNode(pod, port, pod.from);
    if (isNew) {
      for (const key of this.#slicesOfPod.get(pod.uid) ?? []) {
        this.#join(pod, this.#slices.get(key)!.fact, now);
      }
    }
    if (fact.endedAt !== undefined) this.removePod(fact.uid, fact.endedAt);
  }

  /** The pod is over. It is still known, for packets of its time. */
  removePod(uid: string, at: number): void {
    const pod = this.pods.get(uid);
    if (!pod || pod.to !== endless) return;
    pod.to = at;
    for (const { claim } of [...pod.addresses, ...pod.nodePorts]) {
      claim.to = Math.min(claim.to, at);
    }
    for (const membership of pod.memberships) membership.to = Math.min(membership.to, at);
    this.#sockets.endOf(pod, at);
    this.#changed(pod);
    this.#ended.add(at, () => this.#dropPod(pod));
  }

  putService(fact: ServiceFact, now: number): void {
    const known = this.services.get(fact.uid);
    if (known && JSON.stringify(known.fact) === JSON.stringify(fact)) return;
    if (known) {
      // Everything may have changed but its name; what it no longer has ends now.
      this.#endClaims(known.held, known.nodePorts, now);
      known.update(fact);
    }
    const service = known ?? new ServiceRecord(fact);
    this.services.set(fact.uid, service);
    const from = known ? now : service.from;
    const hold = (address: string, extent: Extent) => {
      service.held.push(this.#hold(address, extent, service, from));
    };
    service.held = [];
    service.nodePorts = [];
    for (const address of fact.clusterAddresses) {
      hold(address, 'whole');
    }
    for (const address of fact.outerAddresses) {
      for (const port of fact.ports) hold(address, port);
    }
    for (const port of fact.nodePorts) {
      const claim: Claim = { owner: service, from, to: endless };
      addPort(this.#nodePorts, port, claim);
      service.nodePorts.push({ port, claim });
    }
    this.unsaved.add(service);
  }

  removeService(uid: string, at: number): void {
    const service = this.services.get(uid);
    if (!service || service.to !== endless) return;
    service.to = at;
    this.#endClaims(service.held, service.nodePorts, at);
    this.unsaved.add(service);
    this.#ended.add(at, () => {
      this.services.delete(uid);
      this.unsaved.delete(service);
    });
  }

  putSlice(fact: SliceFact, now: number): void {
    const previous = this.#slices.get(fact.key);
    const held: HeldClaim[] = [];
    this.#slices.set(fact.key, { fact, held });
    const owner = new FixedOwner(serviceIdentity(fact.namespace, fact.service));
    for (const { podUid, addresses } of fact.endpoints) {
      if (podUid !== undefined) {
        this.#listPod(podUid, fact, now);
        continue;
      }
      for (const address of addresses) {
        // A first sight says nothing of since when; later ones are changes.
        const from = previous ? now : 0;
        held.push(this.#hold(address, 'weak', owner, from));
        for (const port of fact.ports) held.push(this.#hold(address, port, owner, from));
      }
    }
    if (!previous) return;
    // Claims of what stayed: begun where the former ones did.
    for (const old of previous.held) {
      const same = held.find(
        ({ address, extent }) => address === old.address && extent === old.extent,
      );
      if (same) same.claim.from = old.claim.from;
      if (same) this.#table.remove(old.address, old.extent, old.claim);
      else this.#endClaims([old], [], now);
    }
    const staying = new Set(fact.endpoints.map(({ podUid }) => podUid));
    this.#unlistPods(previous.fact, staying, now);
  }

  removeSlice(key: string, now: number): void {
    const slice = this.#slices.get(key);
    if (!slice) return;
    this.#slices.delete(key);
    this.#endClaims(slice.held, [], now);
    this.#unlistPods(slice.fact, new Set(), now);
  }

  sliceKeys(): Iterable<string> {
    return this.#slices.keys();
  }

  /** After all slices were listed: memberships of a restored history that no slice has any more. */
  endUnlistedMemberships(namespace: string, now: number): void {
    for (const pod of this.pods.values()) {
      if (pod.to !== endless || (namespace !== '' && pod.namespace !== namespace)) continue;
      const keys = [...(this.#slicesOfPod.get(pod.uid) ?? [])];
      const services = new Set(keys.map((key) => this.#slices.get(key)?.fact.service));
      for (const { service, to } of pod.memberships) {
        if (to === endless && !services.has(service) && pod.leave(service, now)) this.#changed(pod);
      }
    }
  }

  putNode(fact: NodeFact): void {
    const node = this.node(fact.name);
    const isSame = node.kubeletPort === fact.kubeletPort && node.to === endless;
    node.update(fact);
    if (!isSame) this.unsaved.add(node);
    this.placeNode(node, fact.addresses, 0);
  }

  removeNode(name: string, at: number): void {
    const node = this.nodes.get(name);
    if (!node || node.to !== endless) return;
    node.to = at;
    for (const { claim } of node.held) claim.to = Math.min(claim.to, at);
    this.unsaved.add(node);
  }

  /** The node of that name, new or known. */
  node(name: string): NodeRecord {
    let node = this.nodes.get(name);
    if (!node) {
      node = new NodeRecord(name, this.#nodePorts);
      this.nodes.set(name, node);
      this.unsaved.add(node);
    }
    return node;
  }

  /** Addresses that are the node's own. */
  placeNode(node: NodeRecord, addresses: readonly string[], from: number): void {
    for (const address of addresses) {
      const known = node.held.find((held) => held.address === address);
      if (known) {
        known.claim.to = node.to;
        continue;
      }
      node.held.push(this.#hold(address, 'whole', node, from));
      this.unsaved.add(node);
    }
  }

  /** A socket of the host network was seen to be the pod's. */
  learnSocket(node: NodeRecord, socket: SocketFact, at: number): void {
    const pod = this.pods.get(socket.podUid);
    if (!pod || !this.#sockets.learn(node, pod, socket, at)) return;
    for (const { address } of node.held) this.onTouched(address);
  }

  /** Ports of the host network on which the pod was seen to listen. */
  socketPorts(podUid: string): number[] {
    return this.#sockets.listening(podUid);
  }

  /** The pod has this address from now on, or since it started when it is the first. */
  holdForPod(pod: PodRecord, address: string, from: number, to: number): void {
    const { claim } = this.#hold(address, 'whole', pod, from);
    claim.to = to;
    pod.addresses.push({ address, claim });
  }

  /** A pod of the past, as it was saved. */
  addRestored(pod: PodRecord): void {
    this.pods.set(pod.uid, pod);
    if (pod.to !== endless) this.#ended.add(pod.to, () => this.#dropPod(pod));
  }

  #placeNode(fact: PodFact): void {
    if (fact.node === '') return;
    const addresses = fact.hostNetwork
      ? [...fact.hostAddresses, ...fact.addresses]
      : fact.hostAddresses;
    if (addresses.length > 0) this.placeNode(this.node(fact.node), addresses, 0);
  }

  #placePod(pod: PodRecord, addresses: readonly string[], now: number): void {
    const open = pod.addresses.filter(({ claim }) => claim.to === endless);
    for (const { address, claim } of open) {
      if (!addresses.includes(address)) claim.to = now;
    }
    for (const address of addresses) {
      if (open.some((held) => held.address === address)) continue;
      const isFirst = pod.addresses.every((held) => held.claim.to === endless);
      this.holdForPod(pod, address, isFirst ? pod.from : now, endless);
      this.unsaved.add(pod);
    }
  }

  /** A port of its node leads to the pod, by declaration or as an endpoint. */
  serveOnNode(pod: PodRecord, port: number, from: number, to = endless): void {
    if (pod.node === '') return;
    if (pod.nodePorts.some((held) => held.port === port && held.claim.to === endless)) return;
    const node = this.node(pod.node);
    const claim: Claim = { owner: pod, from, to };
    addPort(node.ports, port, claim);
    pod.nodePorts.push({ port, claim });
    this.unsaved.add(pod);
    for (const { address } of node.held) this.onTouched(address);
  }

  #listPod(uid: string, fact: SliceFact, now: number): void {
    let keys = this.#slicesOfPod.get(uid);
    if (!keys) {
      keys = new Set();
      this.#slicesOfPod.set(uid, keys);
    }
    keys.add(fact.key);
    const pod = this.pods.get(uid);
    if (pod && pod.to === endless) this.#join(pod, fact, now);
  }

  #join(pod: PodRecord, { service, ports, headless }: SliceFact, now: number): void {
    if (pod.join(service, ports, headless, now)) this.#changed(pod);
    if (!pod.hostNetwork) return;
    for (const port of ports) this.serveOnNode(pod, port, pod.from);
  }

  /** Pods of the slice that are not in it any more leave its service, unless another slice has them. */
  #unlistPods(old: SliceFact, staying: ReadonlySet<string | undefined>, now: number): void {
    for (const { podUid } of old.endpoints) {
      if (podUid === undefined || staying.has(podUid)) continue;
      const keys = this.#slicesOfPod.get(podUid);
      keys?.delete(old.key);
      if (keys?.size === 0) this.#slicesOfPod.delete(podUid);
      const isElsewhere = [...(keys ?? [])].some(
        (key) => this.#slices.get(key)?.fact.service === old.service,
      );
      const pod = this.pods.get(podUid);
      if (!isElsewhere && pod?.leave(old.service, now)) this.#changed(pod);
    }
  }

  #hold(address: string, extent: Extent, owner: Owner, from: number): HeldClaim {
    this.onTouched(address);
    const claim = this.#table.add(address, extent, owner, { from, to: endless });
    return { address, extent, claim };
  }

  #endClaims(
    held: readonly HeldClaim[],
    ports: readonly { readonly port: number; readonly claim: Claim }[],
    at: number,
  ): void {
    for (const { claim } of [...held, ...ports]) claim.to = Math.min(claim.to, at);
    if (held.length + ports.length === 0) return;
    this.#ended.add(at, () => {
      for (const { address, extent, claim } of held) this.#table.remove(address, extent, claim);
      for (const { port, claim } of ports) removePort(this.#nodePorts, port, claim);
    });
  }

  #changed(pod: PodRecord): void {
    this.unsaved.add(pod);
    for (const { address } of pod.addresses) this.onTouched(address);
  }

  #dropPod(pod: PodRecord): void {
    if (this.pods.get(pod.uid) === pod) this.pods.delete(pod.uid);
    this.unsaved.delete(pod);
    this.#sockets.forget(pod);
    for (const { address, claim } of pod.addresses) this.#table.remove(address, 'whole', claim);
    const node = this.nodes.get(pod.node);
    for (const { port, claim } of pod.nodePorts) if (node) removePort(node.ports, port, claim);
  }
}
