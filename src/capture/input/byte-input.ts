/**
 * Where the bytes of a capture file come from: a file, a pipe, or a decompressor around either.
 * Pulled like the source itself, so a slow reader slows the sender and nothing piles up.
 */
export interface ByteInput {
  /**
   * Writes the next bytes to `target` from `at` on and returns how many, `EndOfInput`, or
   * `NothingYet` when nothing came within `waitMs`. At least one byte of room must be there.
   * Regular files answer at once with a number.
   */
  fill(target: Uint8Array, at: number, waitMs: number): number | Promise<number>;
  /** Bytes taken from the outermost file or pipe so far. */
  readBytes(): number;
  /** Size of the outermost file, 0 when unknown. */
  readonly totalBytes: number;
  /** Why the input ended early, or an empty text. */
  failure(): string;
  close(): void;
}

/** Returned by `fill`: there will be no more bytes. */
export const EndOfInput = 0;
/** Returned by `fill`: the wait was in vain, ask again. */
export const NothingYet = -1;
