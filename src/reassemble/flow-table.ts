import type { Segment } from '../decode/contract.ts';
import type { End } from './contract.ts';
import { type Flow, isBackward, isForward } from './flow.ts';

const initialSlots = 1024;

/**
 * Finds the connection of a segment, whichever end sent it. Open addressing with linear probing over
 * pairs of integers (hash, number of the entry + 1), so that a look-up touches one object only.
 */
export class FlowTable<Context> {
  /** Which end sent the segment that `find` found a flow for. */
  from: End = 0;
  size = 0;
  /** Differs in each process, so that nobody can aim at one chain. */
  readonly #seed = (Math.random() * 0x1_0000_0000) | 0;
  #mask = initialSlots - 1;
  #slots = new Int32Array(initialSlots * 2);
  readonly #flows: (Flow<Context> | undefined)[] = [undefined];
  readonly #free: number[] = [];

  find(segment: Segment, hash: number): Flow<Context> | undefined {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot * 2 + 1]!;
      if (number === 0) return undefined;
      if (slots[slot * 2] === hash) {
        const flow = this.#flows[number]!;
        if (isForward(flow, segment)) {
          this.from = 0;
          return flow;
        }
        if (isBackward(flow, segment)) {
          this.from = 1;
          return flow;
        }
      }
    }
  }

  /** The same for both directions of a connection. */
  hash(segment: Segment): number {
    const seed = this.#seed;
    const source = mix(
      segment.source3 ^ seed,
      segment.source2 ^ segment.source1,
      segment.source0,
      segment.sourcePort,
    );
    const destination = mix(
      segment.destination3 ^ seed,
      segment.destination2 ^ segment.destination1,
      segment.destination0,
      segment.destinationPort,
    );
    let hash = (source + destination + Math.imul(segment.scope, 0x9e3779b1)) | 0;
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }

  add(flow: Flow<Context>): void {
    if ((this.size + 1) * 2 > this.#mask) this.#grow();
    let number = this.#free.pop();
    if (number === undefined) {
      number = this.#flows.length;
      this.#flows.push(flow);
    } else {
      this.#flows[number] = flow;
    }
    this.#place(flow, number);
    this.size++;
  }

  remove(flow: Flow<Context>): void {
    const slots = this.#slots;
    const mask = this.#mask;
    const number = slots[flow.slot * 2 + 1]!;
    this.#flows[number] = undefined;
    this.#free.push(number);
    this.size--;
    // Moves later members of the chain back into the hole, so that no marks of deletion are needed.
    let hole = flow.slot;
    for (let slot = (hole + 1) & mask; slots[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const home = slots[slot * 2]! & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole * 2] = slots[slot * 2]!;
        slots[hole * 2 + 1] = slots[slot * 2 + 1]!;
        this.#flows[slots[hole * 2 + 1]!]!.slot = hole;
        hole = slot;
      }
    }
    slots[hole * 2 + 1] = 0;
    flow.slot = -1;
  }

  #place(flow: Flow<Context>, number: number): void {
    const slots = this.#slots;
    let slot = flow.hash & this.#mask;
    while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & this.#mask;
    slots[slot * 2] = flow.hash;
    slots[slot * 2 + 1] = number;
    flow.slot = slot;
  }

  #grow(): void {
    const length = (this.#mask + 1) * 2;
    this.#mask = length - 1;
    this.#slots = new Int32Array(length * 2);
    for (let number = 1; number < this.#flows.length; number++) {
      const flow = this.#flows[number];
      if (flow !== undefined) this.#place(flow, number);
    }
  }
}

function mix(word3: number, word21: number, word0: number, port: number): number {
  let hash = Math.imul(word3 ^ Math.imul(port, 0x85ebca6b), 0xcc9e2d51);
  hash = Math.imul(hash ^ (hash >>> 15) ^ word21, 0x1b873593);
  hash = Math.imul(hash ^ (hash >>> 13) ^ word0, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
