/** Ids of sightings that were joined → the id under which their call is kept: for parents of children. */
import { Chains } from './chains.ts';

const firstCapacity = 1024;
/** Ids of sightings remembered, newest first; a power of two. */
const idLimit = 1 << 18;
/** Of these, parents that children have named; they live as long as children come. */
const parentLimit = 16_384;

interface Parent {
  readonly sightingTime: number;
  readonly idTime: number;
  readonly idSequence: number;
}

export class KeptIds {
  #capacity = firstCapacity;
  #chains = new Chains(firstCapacity);
  /** Four numbers each: both halves of the sighting's id, both of the kept one. */
  #ids = new Float64Array(firstCapacity * 4);
  #oldest = 0;
  #size = 0;
  readonly #parents = new Map<number, Parent>();

  /** Everything remembered, four numbers each, to be kept over a restart. */
  save(): Float64Array {
    const saved = new Float64Array((this.#size + this.#parents.size) * 4);
    for (let i = 0; i < this.#size; i++) {
      const slot = (this.#oldest + i) & (this.#capacity - 1);
      saved.set(this.#ids.subarray(slot * 4, slot * 4 + 4), i * 4);
    }
    let at = this.#size * 4;
    // Behind the others: these are forgotten last.
    for (const [sequence, { sightingTime, idTime, idSequence }] of this.#parents) {
      saved.set([sightingTime, sequence, idTime, idSequence], at);
      at += 4;
    }
    return saved;
  }

  restore(saved: Float64Array): void {
    for (let at = 0; at + 4 <= saved.length; at += 4) {
      this.add(saved[at]!, saved[at + 1]!, saved[at + 2]!, saved[at + 3]!);
    }
  }

  /** From now on the sighting's id stands for the kept one. */
  add(time: number, sequence: number, keptTime: number, keptSequence: number): void {
    if (this.#size === this.#capacity) this.#makeRoom();
    const slot = (this.#oldest + this.#size) & (this.#capacity - 1);
    this.#size++;
    this.#ids.set([time, sequence, keptTime, keptSequence], slot * 4);
    this.#chains.add(slot, sequence | 0);
  }

  /** Whether this sighting was joined to a call that is kept under another id. */
  isJoined(time: number, sequence: number): boolean {
    for (let slot = this.#chains.first(sequence | 0); slot >= 0; slot = this.#chains.after(slot)) {
      const at = slot * 4;
      if (this.#ids[at] !== time || this.#ids[at + 1] !== sequence) continue;
      return this.#ids[at + 2] !== time || this.#ids[at + 3] !== sequence;
    }
    return false;
  }

  /** Writes the kept id of a parent to `times[row]` and `sequences[row]`, when it has another one. */
  map(times: Float64Array, sequences: Float64Array, row: number): void {
    const time = times[row]!;
    const sequence = sequences[row]!;
    const parent = this.#parents.get(sequence);
    if (parent !== undefined && parent.sightingTime === time) {
      // The one used last is forgotten last.
      this.#parents.delete(sequence);
      this.#parents.set(sequence, parent);
      times[row] = parent.idTime;
      sequences[row] = parent.idSequence;
      return;
    }
    for (let slot = this.#chains.first(sequence | 0); slot >= 0; slot = this.#chains.after(slot)) {
      const at = slot * 4;
      if (this.#ids[at] !== time || this.#ids[at + 1] !== sequence) continue;
      times[row] = this.#ids[at + 2]!;
      sequences[row] = this.#ids[at + 3]!;
      this.#remember(sequence, {
        sightingTime: time,
        idTime: times[row],
        idSequence: sequences[row],
      });
      return;
    }
  }

  #remember(sequence: number, parent: Parent): void {
    if (this.#parents.size >= parentLimit) {
      for (const oldest of this.#parents.keys()) {
        this.#parents.delete(oldest);
        break;
      }
    }
    this.#parents.set(sequence, parent);
  }

  #makeRoom(): void {
    if (this.#capacity === idLimit) {
      this.#chains.remove(this.#oldest, this.#ids[this.#oldest * 4 + 1]! | 0);
      this.#oldest = (this.#oldest + 1) & (this.#capacity - 1);
      this.#size--;
      return;
    }
    const ids = new Float64Array(this.#capacity * 8);
    ids.set(this.#ids.subarray(this.#oldest * 4));
    ids.set(this.#ids.subarray(0, this.#oldest * 4), (this.#capacity - this.#oldest) * 4);
    this.#ids = ids;
    this.#oldest = 0;
    this.#capacity *= 2;
    this.#chains = new Chains(this.#capacity);
    for (let slot = 0; slot < this.#size; slot++) {
      this.#chains.add(slot, ids[slot * 4 + 1]! | 0);
    }
  }
}
