/** Numbers given out at most; a random id in each packet must not fill the memory. */
const maxScopes = 0xffff;

/** Which kind of id encloses the packet. */
export const ScopeKind = { Vlan: 1, Vxlan: 2, Geneve: 3, Gre: 4, Pppoe: 5 } as const;

/**
 * Gives each stack of VLAN and tunnel ids a small number, so that equal addresses in different
 * networks stay apart.
 *
 * Only ids that are the same in both directions of a connection may be part of it: VLAN id, VNI, GRE
 * key, PPPoE session. Left out, because each direction has its own: GTP tunnel endpoint ids, MPLS
 * labels, PPTP call ids, ERSPAN sessions (a mirror may use one per direction, and its VLAN field says
 * where the copy was taken), outer addresses.
 */
export class Scopes {
  readonly #numbers = new Map<number, number>();
  #lastKey = -1;
  #lastNumber = 0;

  /**
   * The number of the id `id` (32 bits) of kind `kind` inside the scope `outer`. When all numbers are
   * used up, every further stack shares the last one: those connections may mix, nothing is lost.
   */
  inside(outer: number, kind: number, id: number): number {
    // 16 bits of outer, 4 of kind, 32 of id: exact in a double.
    const key = (outer * 16 + kind) * 0x1_0000_0000 + id;
    if (key === this.#lastKey) return this.#lastNumber;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      if (this.#numbers.size >= maxScopes - 1) return maxScopes;
      number = this.#numbers.size + 1;
      this.#numbers.set(key, number);
    }
    this.#lastKey = key;
    this.#lastNumber = number;
    return number;
  }
}
