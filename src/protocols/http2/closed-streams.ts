/** Streams of a connection that were reset: frames that were under way by then belong to nothing. */

/** Later ones push out earlier ones: what is late is not that late. */
const remembered = 256;

export class ClosedStreams {
  #ids: Uint32Array | undefined;
  #next = 0;

  add(id: number): void {
    this.#ids ??= new Uint32Array(remembered);
    this.#ids[this.#next] = id;
    this.#next = (this.#next + 1) % remembered;
  }

  has(id: number): boolean {
    return this.#ids?.includes(id) === true;
  }
}
