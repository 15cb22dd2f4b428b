/**
 * A map by number that mostly holds one value or none, and then needs no `Map`: what is on its way on a
 * connection has mostly come to its end before the next begins. In the order of insertion.
 */
export class MostlyOne<Value> {
  #key = 0;
  /** Older than all of `#rest`. */
  #one: Value | undefined = undefined;
  #rest: Map<number, Value> | undefined = undefined;

  get size(): number {
    return (this.#one === undefined ? 0 : 1) + (this.#rest?.size ?? 0);
  }

  get(key: number): Value | undefined {
    if (this.#key === key && this.#one !== undefined) return this.#one;
    return this.#rest?.get(key);
  }

  set(key: number, value: Value): void {
    if (this.#one === undefined ? (this.#rest?.size ?? 0) === 0 : this.#key === key) {
      this.#key = key;
      this.#one = value;
      return;
    }
    this.#rest ??= new Map();
    this.#rest.set(key, value);
  }

  delete(key: number): void {
    if (this.#key === key && this.#one !== undefined) this.#one = undefined;
    else this.#rest?.delete(key);
  }

  deleteOldest(): void {
    if (this.#one !== undefined) this.#one = undefined;
    else this.#rest?.delete(this.#rest.keys().next().value!);
  }

  oldest(): Value | undefined {
    return this.#one ?? this.#rest?.values().next().value;
  }

  /** Of this moment: what is deleted meanwhile is among them. */
  values(): Value[] {
    const rest = this.#rest === undefined ? [] : [...this.#rest.values()];
    return this.#one === undefined ? rest : [this.#one, ...rest];
  }
}
