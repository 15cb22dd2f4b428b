/** Batches of one tapper process, in order, each handed on once, however often it is sent. */
import { type FrameHeader, readHeader, unpackFrame } from './frame.ts';

export interface BatchOrigin {
  readonly nodeName: string;
  readonly nodeNumber: number;
  /**
   * It was on its way before. Within one hub it is new all the same; a hub that was started anew cannot
   * know whether the one before took it: only then can rows repeat, with the same ids.
   */
  readonly resent: boolean;
}

/** Takes a batch in memory that is now its own; the next of the same tapper comes when it resolves. */
export type TakeTapperBatch = (buffer: ArrayBuffer, from: BatchOrigin) => undefined | Promise<void>;

export interface SessionCounters {
  batches: number;
  rows: number;
  /** Numbers that never came: shed by the tapper, which has counted their rows. */
  missing: number;
  /** Sent again though they had been taken. */
  duplicates: number;
  /** Could not be read, or the taker failed. */
  damaged: number;
}

interface Queued {
  readonly frame: Buffer;
  readonly header: FrameHeader;
}

export interface SessionWork {
  readonly take: TakeTapperBatch;
  readonly nodeName: string;
  readonly nodeNumber: number;
  /** Waits for a turn among all tappers; call what it gives when done. */
  readonly turn: () => Promise<() => void>;
  /** Bytes of this session that wait have become more or fewer. */
  readonly queued: (bytes: number) => void;
  readonly onDamage: (reason: string) => void;
}

export class TapperSession {
  readonly counters: SessionCounters = {
    batches: 0,
    rows: 0,
    missing: 0,
    duplicates: 0,
    damaged: 0,
  };
  /** Newest number whose taker has done with it. */
  taken = 0;
  queuedBytes = 0;
  /** Tells the tapper, on whichever connection it has now. */
  acknowledge: ((number: number) => void) | undefined;
  readonly #work: SessionWork;
  readonly #queue: Queued[] = [];
  #busy: Promise<void> | undefined;
  /** Newest number handed on. */
  #newest = 0;

  /** `taken`: by the API server before. */
  constructor(work: SessionWork, taken = 0) {
    this.#work = work;
    this.taken = taken;
    this.#newest = taken;
  }

  /** Returns false when the frame is none. */
  add(frame: Buffer): boolean {
    const header = readHeader(frame);
    if (header === undefined) return false;
    this.#queue.push({ frame, header });
    this.#count(frame.length);
    this.#busy ??= this.#empty();
    return true;
  }

  /** Resolves when everything that has come was handed on. */
  async idle(): Promise<void> {
    await this.#busy;
  }

  async #empty(): Promise<void> {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const done = await this.#work.turn();
      try {
        await this.#handOn(next);
      } catch (error) {
        // The tapper would only send the same again.
        this.counters.damaged++;
        this.#work.onDamage(error instanceof Error ? error.message : String(error));
      }
      this.taken = this.#newest;
      done();
      this.#count(-next.frame.length);
      this.acknowledge?.(this.taken);
    }
    this.#busy = undefined;
  }

  async #handOn({ frame, header }: Queued): Promise<void> {
    const { counters } = this;
    if (header.number <= this.#newest) {
      counters.duplicates++;
      return;
    }
    if (this.#newest > 0) counters.missing += header.number - this.#newest - 1;
    this.#newest = header.number;
    const buffer = await unpackFrame(frame, header);
    if (buffer === undefined) throw new Error('a batch that cannot be read');
    counters.batches++;
    counters.rows += header.rows;
    const { nodeName, nodeNumber } = this.#work;
    await this.#work.take(buffer, { nodeName, nodeNumber, resent: header.resent });
  }

  #count(bytes: number): void {
    this.queuedBytes += bytes;
    this.#work.queued(bytes);
  }
}
