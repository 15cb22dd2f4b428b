/** Above this many waiting bytes the sender is told to pause. */
const PAUSE_ABOVE_BYTES = 4 << 20;

/** Byte chunks between an event-driven sender and a pulling reader. */
export class ChunkQueue {
  private readonly chunks: Uint8Array[] = [];
  private firstOffset = 0;
  private waiting = 0;
  private wake: (() => void) | undefined;

  get isEmpty(): boolean {
    return this.waiting === 0;
  }

  /** The sender should stop for now. */
  get isFull(): boolean {
    return this.waiting > PAUSE_ABOVE_BYTES;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) {
      this.chunks.push(chunk);
      this.waiting += chunk.length;
    }
    this.signal();
  }

  /** Ends a running `changed` wait. */
  signal(): void {
    const wake = this.wake;
    this.wake = undefined;
    wake?.();
  }

  /** Copies what fits to `target` from `at` on; returns the number of bytes. */
  take(target: Uint8Array, at: number): number {
    let end = at;
    while (this.chunks.length > 0 && end < target.length) {
      const chunk = this.chunks[0]!;
      const count = Math.min(chunk.length - this.firstOffset, target.length - end);
      target.set(chunk.subarray(this.firstOffset, this.firstOffset + count), end);
      end += count;
      this.firstOffset += count;
      if (this.firstOffset === chunk.length) {
        this.chunks.shift();
        this.firstOffset = 0;
      }
    }
    this.waiting -= end - at;
    return end - at;
  }

  /** Resolves at the next `push` or `signal`, or after `waitMs`; true when something happened. */
  changed(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(waitMs)
        ? setTimeout(() => {
            this.wake = undefined;
            resolve(false);
          }, waitMs)
        : undefined;
      this.wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
