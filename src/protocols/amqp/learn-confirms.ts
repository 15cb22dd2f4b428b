/**
 * Finds out the delivery tags of publishes on a channel whose `confirm select` was not seen: the capture
 * began in the middle, or bytes of the client were lost.
 *
 * The n-th publish since `confirm select` has tag n, but n is not on the wire, and a confirm tells only
 * how many there have been at least: any number may be on their way. So nothing is paired before the
 * channel has proved, `proofs` times in a row, that nothing was on its way:
 *
 *   - for `quietMs`, neither a publish nor a confirm came,
 *   - then one publish, which must have the tag behind the highest confirmed,
 *   - and the next frame of either kind is the confirm of just that tag.
 *
 * Who publishes without a break is not paired: such confirms are entries of their own.
 */
export class ConfirmLearner {
  #highest = 0;
  #expected = 0;
  #proven = 0;
  #lastMs = 0;

  /** The client publishes. */
  published(timeMs: number): void {
    const isQuiet = this.#highest > 0 && timeMs - this.#lastMs >= quietMs;
    if (isQuiet) this.#expected = this.#highest + 1;
    else this.#begin();
    this.#lastMs = timeMs;
  }

  /** The broker confirms. True: all that was published has been confirmed, and `tag` was the last. */
  confirmed(tag: number, timeMs: number): boolean {
    const isExpected = tag === this.#expected;
    this.#expected = 0;
    this.#proven = isExpected ? this.#proven + 1 : 0;
    if (tag > this.#highest) this.#highest = tag;
    this.#lastMs = timeMs;
    return this.#proven >= proofs;
  }

  #begin(): void {
    this.#expected = 0;
    this.#proven = 0;
  }
}

/** No broker takes so long to confirm, again and again, that it would be taken for the next confirm. */
const quietMs = 5000;
const proofs = 2;
