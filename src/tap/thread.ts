/** A pipeline thread: one source, one pipeline; batches go to the main thread as transferred buffers. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { CaptureSource } from '../capture/capture-source.ts';
import type { PacketSink, PacketSource } from '../capture/contract.ts';
import { SourceError } from '../capture/source-error.ts';
import type { PcapngWriter } from '../capture/write-pcapng.ts';
import { ShedLevel } from '../dissect/index.ts';
import { Pipeline } from '../pipeline.ts';
import type { Batch } from '../ship/batch.ts';
import {
  Control,
  type ThreadCounters,
  type ThreadMessage,
  type ThreadOptions,
  type ThreadOrder,
} from './messages.ts';

/** Batches on their way to the main thread: a file waits here, a live tap sheds here. */
const maxInFlight = 8;
/** From so many on a live tap leaves bodies out, from so many more every second new connection. */
const shedBodiesFrom = 4;
const shedConnectionsFrom = 6;
/** How often rows are handed on while packets are few, ms. */
const flushEveryMs = 100;
const countersEveryMs = 250;
/** How long a read waits for packets; the longest delay of everything time-based. */
const readWaitMs = 50;
/** Reads after the end was asked for, of a network that is never silent. */
const maxLastReads = 4;

/** Runs until the source ends or the main thread says stop. */
export async function runThread(options: ThreadOptions, port: MessagePort): Promise<void> {
  const post = (message: ThreadMessage, transfer: ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  try {
    await new PipelineThread(options, port, post).run();
  } catch (error) {
    const known = error instanceof SourceError;
    const message = known ? error.message : String(error instanceof Error ? error.stack : error);
    post({ type: 'failed', code: known ? error.code : 'internal', message });
  }
}

class PipelineThread {
  readonly #options: ThreadOptions;
  readonly #port: MessagePort;
  readonly #post: (message: ThreadMessage, transfer?: ArrayBuffer[]) => void;
  readonly #control: Int32Array;
  readonly #pipeline: Pipeline;
  /** The source can be slowed down without loss: a file. */
  readonly #patient: boolean;
  #writer: PcapngWriter | undefined;
  #shedRows = 0;
  #lastFlush = Date.now();
  #lastCounters = 0;

  constructor(
    options: ThreadOptions,
    port: MessagePort,
    post: (message: ThreadMessage, transfer?: ArrayBuffer[]) => void,
  ) {
    this.#options = options;
    this.#port = port;
    this.#post = post;
    this.#control = new Int32Array(options.control);
    this.#patient = options.source.kind === 'files';
    this.#pipeline = new Pipeline(options.pipeline, (batch) => this.#seal(batch));
  }

  async run(): Promise<void> {
    const source = await openSource(this.#options);
    try {
      const sink = await this.#saving(source);
      this.#post({ type: 'started', description: source.description });
      await this.#loop(source, sink);
      if (!this.#patient) await readRest(source, sink);
      this.#pipeline.end();
      this.#writer?.close();
      this.#post({ type: 'ended', counters: this.#counters(source) });
    } finally {
      source.close();
    }
  }

  /** The pipeline, behind a writer when packets are to be saved. */
  async #saving(source: PacketSource): Promise<PacketSink> {
    const { write } = this.#options;
    if (write === undefined) return this.#pipeline;
    const interfaceName =
      'interfaceName' in source
        ? (index: number) => (source as CaptureSource).interfaceName(index)
        : () => '';
    const { PcapngWriter, teeSink } = await import('../capture/write-pcapng.ts');
    this.#writer = new PcapngWriter(write, { interfaceName });
    return teeSink(this.#pipeline, this.#writer);
  }

  async #loop(source: PacketSource, sink: PacketSink): Promise<void> {
    while (Atomics.load(this.#control, Control.Stop) === 0) {
      const reading = source.read(sink, readWaitMs);
      const packets = typeof reading === 'number' ? reading : await reading;
      if (packets < 0) return;
      this.#takeOrders(source);
      if (!this.#patient) this.#relieve(Atomics.load(this.#control, Control.InFlight));
      const now = Date.now();
      if (now - this.#lastFlush >= flushEveryMs) {
        const sinceFlush = now - this.#lastFlush;
        this.#lastFlush = now;
        // A file's time stands still while it is not read; a pipe's goes on while nothing comes.
        if (!this.#patient) this.#pipeline.advance(now);
        else if (packets === 0) this.#pipeline.elapse(sinceFlush);
        this.#tellNames();
        if (!this.#patient || packets === 0) this.#pipeline.flush(true);
      }
      if (now - this.#lastCounters >= countersEveryMs) {
        this.#lastCounters = now;
        this.#post({ type: 'counters', counters: this.#counters(source) });
      }
    }
  }

  /** Memory of batches that the main thread has done with, and new targets. */
  #takeOrders(source: PacketSource): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (received === undefined) return;
      const order = received.message as ThreadOrder;
      if (order instanceof ArrayBuffer) {
        this.#pipeline.recycle(order);
        continue;
      }
      if ('retarget' in source) (source as CaptureSource).retarget?.(order.targets);
      this.#post({ type: 'retargeted' });
    }
  }

  /** Gives up the least valuable work first; entries themselves only when all batches are on their way. */
  #relieve(inFlight: number): void {
    let level: ShedLevel = ShedLevel.Nothing;
    if (inFlight >= shedConnectionsFrom) level = ShedLevel.Connections;
    else if (inFlight >= shedBodiesFrom) level = ShedLevel.Bodies;
    const asked = Atomics.load(this.#control, Control.Shed);
    this.#pipeline.shed(Math.max(level, asked) as ShedLevel);
  }

  #seal(batch: Batch): void {
    const inFlight = Atomics.load(this.#control, Control.InFlight);
    if (!this.#patient) this.#relieve(inFlight);
    if (inFlight >= maxInFlight) {
      if (!this.#patient) {
        this.#shedRows += batch.rows;
        this.#pipeline.recycle(batch.buffer);
        return;
      }
      this.#waitForRoom();
    }
    this.#tellNames();
    Atomics.add(this.#control, Control.InFlight, 1);
    this.#post({ type: 'batch', buffer: batch.buffer }, [batch.buffer]);
  }

  #tellNames(): void {
    const names = this.#pipeline.heardNames();
    if (names.length > 0) this.#post({ type: 'names', names });
  }

  #waitForRoom(): void {
    for (;;) {
      const inFlight = Atomics.load(this.#control, Control.InFlight);
      if (inFlight < maxInFlight || Atomics.load(this.#control, Control.Stop) !== 0) return;
      Atomics.wait(this.#control, Control.InFlight, inFlight, 100);
    }
  }

  #counters(source: PacketSource): ThreadCounters {
    const cpu = process.threadCpuUsage();
    return {
      source: source.counters(),
      damage: source.damage(),
      pipeline: this.#pipeline.counters(),
      shedRows: this.#shedRows,
      saved: this.#writer && {
        packets: this.#writer.packets,
        lost: this.#writer.lost,
        failure: this.#writer.failure,
      },
      cpuMs: (cpu.user + cpu.system) / 1000,
    };
  }
}

/** What the kernel had captured when the end came. */
async function readRest(source: PacketSource, sink: PacketSink): Promise<void> {
  for (let reads = 0; reads < maxLastReads; reads++) {
    if ((await source.read(sink, readWaitMs)) <= 0) return;
  }
}

/** Each kind of source is loaded where it is used. */
async function openSource(options: ThreadOptions): Promise<PacketSource> {
  const { source } = options;
  if (source.kind === 'recording') {
    const { openRecording } = await import('./recording.ts');
    return openRecording(source.path);
  }
  if (source.kind === 'files') {
    const { openFiles } = await import('../capture/file-source.ts');
    return openFiles([...source.paths], filterOption(source.captureFilter));
  }
  const { openLive } = await import('../capture/live-source.ts');
  const { ringBytes, fanoutGroup } = source;
  return openLive({
    interfaces: [...source.interfaces],
    ...filterOption(source.captureFilter),
    ignorePorts: [...source.ignorePorts],
    targets: source.targets,
    ...(ringBytes === undefined ? {} : { ringBytes }),
    ...(fanoutGroup === undefined ? {} : { fanoutGroup }),
  });
}

function filterOption(captureFilter: string | undefined): { captureFilter?: string } {
  return captureFilter === undefined ? {} : { captureFilter };
}
