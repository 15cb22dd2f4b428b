/**
 * Sockets of the host network by their owners, as tappers find them in /proc and by cgroup: nothing
 * else tells which pod of a node serves or opened a port that it does not declare.
 */
import type { Claim } from './claims.ts';
import type { PodRecord } from './pod-record.ts';
import { addPort, type NodeRecord, removePort } from './records.ts';

/** Sockets remembered in all; the oldest make room. Client ports come and go with each connection. */
const maxSockets = 50_000;

interface Socket {
  readonly node: NodeRecord;
  readonly port: number;
  readonly claim: Claim;
}

export class Sockets {
  readonly #sockets = new Set<Socket>();
  readonly #ofPod = new Map<string, Set<Socket>>();

  /** Whether this was news. */
  learn(node: NodeRecord, pod: PodRecord, port: number, from: number): boolean {
    const claims = node.ports.get(port);
    if (claims?.at(-1)?.owner === pod) return false;
    const claim: Claim = { owner: pod, from, to: pod.to };
    const socket = { node, port, claim };
    addPort(node.ports, port, claim);
    this.#sockets.add(socket);
    const ofPod = this.#ofPod.get(pod.uid) ?? new Set();
    this.#ofPod.set(pod.uid, ofPod.add(socket));
    if (this.#sockets.size > maxSockets) {
      const [oldest] = this.#sockets;
      if (oldest) this.#drop(oldest);
    }
    return true;
  }

  endOf(pod: PodRecord, at: number): void {
    for (const { claim } of this.#ofPod.get(pod.uid) ?? []) claim.to = Math.min(claim.to, at);
  }

  forget(pod: PodRecord): void {
    for (const socket of this.#ofPod.get(pod.uid) ?? []) this.#drop(socket);
  }

  #drop(socket: Socket): void {
    this.#sockets.delete(socket);
    removePort(socket.node.ports, socket.port, socket.claim);
    const { uid } = socket.claim.owner as PodRecord;
    const ofPod = this.#ofPod.get(uid);
    ofPod?.delete(socket);
    if (ofPod?.size === 0) this.#ofPod.delete(uid);
  }
}
