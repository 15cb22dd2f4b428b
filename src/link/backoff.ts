/** Waits between attempts: longer each time, and by chance, so that a thousand tappers do not come at once. */

const firstWaitMs = 250;
const longestWaitMs = 5_000;
/** A connection that lasted so long starts the series anew. */
const provenMs = 5000;

export class Backoff {
  stopped = false;
  #attempts = 0;
  #succeededAt: number | undefined;
  #wake: (() => void) | undefined;

  /** Connected. */
  succeeded(): void {
    this.#succeededAt = performance.now();
  }

  /** `knownMs`: how long to wait at least, when the other end decided that. */
  async wait(knownMs: number | undefined): Promise<void> {
    const since = this.#succeededAt;
    if (since !== undefined && performance.now() - since > provenMs) this.#attempts = 0;
    this.#succeededAt = undefined;
    const whole = knownMs ?? Math.min(firstWaitMs * 2 ** this.#attempts, longestWaitMs);
    this.#attempts = Math.min(this.#attempts + 1, 30);
    const waitMs = whole * (0.5 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.stopped) this.#wake();
    });
  }

  /** No more attempts; ends a wait. */
  stop(): void {
    this.stopped = true;
    this.#wake?.();
  }
}
