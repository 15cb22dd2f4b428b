/**
 * A limit for what all readers of bodies hold together. What an owner holds is given back when it says so,
 * or when the collector finds that nobody knows it any more: a connection may end without a word.
 */
export class HeldMemory {
  readonly #limit: number;
  #bytes = 0;
  readonly #lost: FinalizationRegistry<Share>;

  constructor(limit: number) {
    this.#limit = limit;
    this.#lost = new FinalizationRegistry((share) => this.give(share));
  }

  /** What `owner` holds: nothing yet. */
  share(owner: object): Share {
    const share = { bytes: 0 };
    this.#lost.register(owner, share);
    return share;
  }

  /** True when there is room for `added` more bytes, which the share then has. */
  take(share: Share, added: number): boolean {
    if (this.#bytes + added > this.#limit) return false;
    this.#bytes += added;
    share.bytes += added;
    return true;
  }

  /** Gives all of a share back. */
  give(share: Share): void {
    this.#bytes -= share.bytes;
    share.bytes = 0;
  }
}

/** Bytes that one owner holds. */
export interface Share {
  bytes: number;
}

/** Bodies and events that are on their way, of all connections of this thread. */
const maxHeldBytes = 64 << 20;
export const heldMemory = new HeldMemory(maxHeldBytes);
