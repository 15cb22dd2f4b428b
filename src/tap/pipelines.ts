/** The main thread's view of its pipeline threads: starts them, takes their batches, adds up counters. */
import { Worker } from 'node:worker_threads';
import type { CaptureTargets } from '../capture/index.ts';
import type { ShedLevel } from '../dissect/index.ts';
import type { HeardName } from '../resolve/index.ts';
import { Batch } from '../ship/batch.ts';
import {
  Control,
  controlSlots,
  type ThreadCounters,
  type ThreadMessage,
  type ThreadOptions,
  type ThreadOrder,
} from './messages.ts';

/** How long a thread may take to end by itself after it was told to. */
const stopGraceMs = 5000;

/** A source that could not be opened: `code` as in `SourceError`. */
export class TapError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface PipelineThread {
  /** Resolves when the source has ended or was stopped; rejects with `TapError`. */
  readonly done: Promise<ThreadCounters>;
  /** Resolves with the source's description once it is open. */
  readonly started: Promise<string>;
  counters(): ThreadCounters | undefined;
  /** What a live source reads from now on; connections go on. Resolves when it is in force. */
  retarget(targets: CaptureTargets): Promise<void>;
  /** What to give up at least, from now on. */
  shed(level: ShedLevel): void;
  stop(): void;
}

/** Gets each batch; the batch's memory goes back to the thread when it returns or resolves. */
export type TakeBatch = (batch: Batch) => undefined | Promise<void>;

/** Beside this file among the sources and in the bundle. */
const worker = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';

function startWorker(workerData: ThreadOptions): Worker {
  return new Worker(new URL(worker, import.meta.url), {
    workerData,
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

/** Starts a pipeline thread; `hear` is told of names before the calls that follow. */
export function startPipeline(
  options: Omit<ThreadOptions, 'control'>,
  take: TakeBatch,
  hear: (names: readonly HeardName[]) => void = () => undefined,
): PipelineThread {
  const control = new SharedArrayBuffer(controlSlots * 4);
  const slots = new Int32Array(control);
  const worker = startWorker({ ...options, control });
  let counters: ThreadCounters | undefined;
  const started = Promise.withResolvers<string>();
  const done = Promise.withResolvers<ThreadCounters>();
  // Whoever waits for one of the two is told; nobody has to wait for both.
  started.promise.catch(() => undefined);
  const fail = (error: Error) => {
    started.reject(error);
    done.reject(error);
  };
  const retargeting = new Answers();
  const giveBack = (buffer: ArrayBuffer) => {
    worker.postMessage(buffer satisfies ThreadOrder, [buffer]);
    Atomics.sub(slots, Control.InFlight, 1);
    Atomics.notify(slots, Control.InFlight);
  };
  const takers = inTurn(takeOpened(take), giveBack);
  worker.on('message', (message: ThreadMessage) => {
    switch (message.type) {
      case 'batch':
        takers.add(message.buffer);
        break;
      case 'names':
        hear(message.names);
        break;
      case 'started':
        started.resolve(message.description);
        break;
      case 'counters':
        counters = message.counters;
        break;
      case 'ended':
        ended = true;
        counters = message.counters;
        takers.idle().then(() => done.resolve(message.counters), fail);
        break;
      case 'retargeted':
        retargeting.next();
        break;
      case 'failed':
        fail(new TapError(message.code, message.message));
        break;
    }
  });
  worker.on('error', fail);
  let ended = false;
  worker.on('exit', () => {
    if (!ended) fail(new TapError('internal', 'the pipeline thread ended unexpectedly'));
  });
  const ending = done.promise.finally(() => worker.terminate());
  // Who waits for the start learns of a failure there, and does not come to wait for the end.
  ending.catch(() => undefined);
  return {
    done: ending,
    started: started.promise,
    counters: () => counters,
    retarget(targets) {
      worker.postMessage({ targets } satisfies ThreadOrder);
      return retargeting.wait(ending);
    },
    shed: (level) => Atomics.store(slots, Control.Shed, level),
    stop() {
      Atomics.store(slots, Control.Stop, 1);
      Atomics.notify(slots, Control.InFlight);
      const late = new TapError('internal', 'the tap did not stop in time');
      setTimeout(fail, stopGraceMs, late).unref();
    },
  };
}

/** Waits for answers that come in the order of the questions. */
class Answers {
  readonly #waiting: (() => void)[] = [];

  /** Resolves with the next answer that nobody waits for yet, or at the end of what would answer. */
  async wait(end: Promise<unknown>): Promise<void> {
    const answer = new Promise<void>((resolve) => this.#waiting.push(resolve));
    const ended = end.catch(() => undefined);
    await Promise.race([answer, ended]);
  }

  next(): void {
    this.#waiting.shift()?.();
  }
}

function takeOpened(take: TakeBatch): (buffer: ArrayBuffer) => undefined | Promise<void> {
  return (buffer) => {
    const batch = Batch.open(buffer);
    return batch === undefined ? undefined : take(batch);
  };
}

/** Does `work` on one thing after the other, waiting where it has to, and says when each is done. */
function inTurn<Thing>(
  work: (thing: Thing) => undefined | Promise<void>,
  finished: (thing: Thing) => void,
): { add(thing: Thing): void; idle(): Promise<void> } {
  const queue: Thing[] = [];
  let busy = false;
  let last = Promise.resolve();
  const go = async (): Promise<void> => {
    busy = true;
    for (let thing = queue.shift(); thing !== undefined; thing = queue.shift()) {
      const waiting = work(thing);
      if (waiting !== undefined) await waiting;
      finished(thing);
    }
    busy = false;
  };
  return {
    add(thing) {
      queue.push(thing);
      if (!busy) last = go();
    },
    idle: () => last,
  };
}
