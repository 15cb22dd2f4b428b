/**
 * Sockets of the host network by their owners, as tappers find them in /proc and by cgroup: nothing
 * else tells which pod of a node serves or opened a port that it does not declare.
 */
import type { Claim } from './claims.ts';
import type { PodRecord } from './pod-record.ts';
import { addPort, type NodeRecord, removePort } from './records.ts';

/** Sockets remembered in all; the oldest make room. Client ports come and go with each connection. */
const maxSockets = 50_000;

/** A socket that was seen open is taken to be so for this long; it is seen again while it is. */
const seenForMs = 60_000;

/** A socket of the host network, as a tapper found it. */
export interface SocketFact {
  readonly port: number;
  readonly podUid: string;
  /** A listening socket is taken to be as old as its pod, and to last. */
  readonly listening: boolean;
}

interface Socket {
  readonly node: NodeRecord;
  readonly port: number;
  readonly claim: Claim;
}

export class Sockets {
  readonly #sockets = new Set<Socket>();
  readonly #ofPod = new Map<string, Set<Socket>>();

  /** Whether this was news. */
  learn(node: NodeRecord, pod: PodRecord, { port, listening }: SocketFact, at: number): boolean {
    const last = node.ports.get(port)?.at(-1);
    const until = Math.min(pod.to, listening ? Number.POSITIVE_INFINITY : at + seenForMs);
    if (last?.owner === pod) {
      last.to = Math.max(last.to, until);
      return false;
    }
    // Only one can have a port: the one before has it no longer.
    const isTaken = last !== undefined && last.to > at;
    if (isTaken) last.to = at;
    const from = listening && !isTaken ? pod.from : at;
    const claim: Claim = { owner: pod, from, to: until };
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

  /** Ports on which the pod listens now, ascending. */
  listening(podUid: string): number[] {
    const lasting = [...(this.#ofPod.get(podUid) ?? [])].filter(
      ({ claim }) => claim.to === Number.POSITIVE_INFINITY,
    );
    return [...new Set(lasting.map(({ port }) => port))].sort((a, b) => a - b);
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
