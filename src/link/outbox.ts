/**
 * Frames that the API server has not acknowledged yet, oldest first, bounded in bytes. When there is
 * no room, the oldest that is not on its way is given up: what is shown live is worth more.
 */
import { markResent } from './frame.ts';

interface Waiting {
  readonly number: number;
  readonly rows: number;
  readonly frame: Buffer;
}

export class Outbox {
  bytes = 0;
  shedRows = 0;
  shedBatches = 0;
  readonly #limitBytes: number;
  #waiting: Waiting[] = [];
  /** How many of the first are on their way on this connection, and their bytes. */
  #sent = 0;
  #sentBytes = 0;
  /** The newest number that was ever on its way. */
  #everSent = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Bytes on their way on this connection. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** 0 empty to 1 full. */
  get fill(): number {
    return Math.min(1, this.bytes / this.#limitBytes);
  }

  add(number: number, rows: number, frame: Buffer): void {
    this.#waiting.push({ number, rows, frame });
    this.bytes += frame.length;
    this.shrinkTo(this.#limitBytes);
  }

  /** Gives up frames until at most so many bytes wait; those on their way stay. */
  shrinkTo(bytes: number): void {
    let until = this.#sent;
    while (this.bytes > bytes && until < this.#waiting.length) {
      const { frame, rows } = this.#waiting[until]!;
      this.bytes -= frame.length;
      this.shedRows += rows;
      this.shedBatches++;
      until++;
    }
    this.#waiting.splice(this.#sent, until - this.#sent);
  }

  /** The next frame to send, or undefined when all are on their way. */
  next(): Buffer | undefined {
    const found = this.#waiting[this.#sent];
    if (found === undefined) return undefined;
    this.#sent++;
    this.#sentBytes += found.frame.length;
    if (found.number <= this.#everSent) markResent(found.frame);
    else this.#everSent = found.number;
    return found.frame;
  }

  /** Forgets what the API server has taken: everything up to this number. */
  acknowledge(number: number): void {
    let done = 0;
    while (done < this.#waiting.length && this.#waiting[done]!.number <= number) {
      const { frame } = this.#waiting[done]!;
      this.bytes -= frame.length;
      if (done < this.#sent) this.#sentBytes -= frame.length;
      done++;
    }
    this.#waiting.splice(0, done);
    this.#sent = Math.max(0, this.#sent - done);
  }

  /** The connection is gone: what was on its way has to be sent again. */
  rewind(): void {
    this.#sent = 0;
    this.#sentBytes = 0;
    this.shrinkTo(this.#limitBytes);
  }
}
