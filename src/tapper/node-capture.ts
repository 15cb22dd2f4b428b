/** The pipeline threads of a node: started, stopped, given new targets as the API server wants it. */
import { randomInt } from 'node:crypto';
import type { CaptureTargets } from '../capture/index.ts';
import type { ShedLevel } from '../dissect/index.ts';
import { pipelineLimits } from '../limits.ts';
import type { CaptureReport, TapperSettings } from '../link/index.ts';
import type { HeardName } from '../resolve/index.ts';
import { Capture } from '../ship/columns.ts';
import type { ThreadOptions } from '../tap/messages.ts';
import { type PipelineThread, startPipeline, type TakeBatch } from '../tap/pipelines.ts';
import { type CaptureCounters, countersOf, noCounters, sum } from './counters.ts';
import { type MemoryPlan, planMemory } from './memory.ts';

/** After a failure to start (a missing capability, no memory) it is tried again so much later. */
const retryMs = 30_000;

/** What the API server wants captured. */
export interface Wanted {
  readonly nodeNumber: number;
  readonly settings: TapperSettings;
  readonly targets: CaptureTargets;
}

export interface NodeCaptureOptions {
  readonly take: TakeBatch;
  readonly hear?: (names: readonly HeardName[]) => void;
  readonly limitBytes: number;
  readonly onChange: (report: CaptureReport) => void;
  /** For tests. */
  readonly start?: typeof startPipeline;
}

export class NodeCapture {
  readonly #options: NodeCaptureOptions;
  #wanted: Wanted | undefined;
  #running: { readonly wanted: Wanted; readonly threads: readonly PipelineThread[] } | undefined;
  #report: CaptureReport = { state: 'waiting', reason: '', targets: 0 };
  #ended: CaptureCounters = noCounters;
  #shed: ShedLevel = 0;
  #change: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;

  constructor(options: NodeCaptureOptions) {
    this.#options = options;
  }

  get report(): CaptureReport {
    return this.#report;
  }

  /** Captures this from now on. New targets alone do not interrupt anything. */
  want(wanted: Wanted): void {
    this.#wanted = wanted;
    this.#go('');
  }

  /** Stops capturing; `reason` is a sentence for people. */
  stop(reason: string): Promise<void> {
    this.#wanted = undefined;
    this.#go(reason);
    return this.#change;
  }

  /** What all threads give up at least. */
  shed(level: ShedLevel): void {
    this.#shed = level;
    for (const thread of this.#running?.threads ?? []) thread.shed(level);
  }

  counters(): CaptureCounters {
    return (this.#running?.threads ?? [])
      .map((thread) => thread.counters())
      .filter((counters) => counters !== undefined)
      .map(countersOf)
      .reduce(sum, this.#ended);
  }

  /** One change after the other; only the newest wish counts. */
  #go(reason: string): void {
    clearTimeout(this.#retry);
    this.#change = this.#change.then(() => this.#reconcile(reason));
  }

  async #reconcile(reason: string): Promise<void> {
    const wanted = this.#wanted;
    const running = this.#running;
    if (running !== undefined && wanted !== undefined && isSamePipeline(running.wanted, wanted)) {
      const { targets } = wanted;
      if (JSON.stringify(targets) === JSON.stringify(running.wanted.targets)) return;
      await Promise.all(running.threads.map((thread) => thread.retarget(targets)));
      if (this.#running !== running) return;
      this.#running = { ...running, wanted };
      this.#say({ state: 'capturing', reason: '', targets: wanted.targets.version });
      return;
    }
    if (running !== undefined) await this.#end(running.threads);
    if (wanted === undefined) {
      this.#say({ state: 'stopped', reason, targets: 0 });
      return;
    }
    await this.#start(wanted);
  }

  async #start(wanted: Wanted): Promise<void> {
    const { threads: count } = wanted.settings;
    const plan = planMemory(this.#options.limitBytes, count, wanted.settings.limits);
    // By chance: another tapper on this node has other threads, and must not share with these.
    const fanoutGroup = count > 1 ? randomInt(1, 0x10000) : undefined;
    const start = this.#options.start ?? startPipeline;
    const threads = Array.from({ length: count }, (_, thread) =>
      start(
        threadOptions(wanted, thread, fanoutGroup, plan),
        this.#options.take,
        this.#options.hear,
      ),
    );
    this.#running = { wanted, threads };
    for (const thread of threads) {
      thread.shed(this.#shed);
      thread.done.catch((error: unknown) => this.#failed(thread, error));
    }
    const starts = await Promise.allSettled(threads.map(({ started }) => started));
    if (starts.every(({ status }) => status === 'fulfilled')) {
      this.#say({ state: 'capturing', reason: '', targets: wanted.targets.version });
    }
  }

  /** A thread has ended with an error: all end, and are started again later. */
  #failed(thread: PipelineThread, error: unknown): void {
    const running = this.#running;
    if (running?.threads.includes(thread) !== true) return;
    this.#change = this.#change.then(async () => {
      if (this.#running?.threads.includes(thread) !== true) return;
      await this.#end(this.#running.threads);
      const reason = error instanceof Error ? error.message : String(error);
      this.#say({ state: 'failed', reason: reason.slice(0, 1000), targets: 0 });
      this.#retry = setTimeout(() => this.#wanted && this.#go(''), retryMs);
      this.#retry.unref();
    });
  }

  async #end(threads: readonly PipelineThread[]): Promise<void> {
    for (const thread of threads) thread.stop();
    const ends = await Promise.allSettled(threads.map(({ done }) => done));
    this.#ended = ends
      .map((end, index) => (end.status === 'fulfilled' ? end.value : threads[index]!.counters()))
      .filter((counters) => counters !== undefined)
      .map((counters) => ({ ...countersOf(counters), openConnections: 0 }))
      .reduce(sum, this.#ended);
    this.#running = undefined;
  }

  #say(report: CaptureReport): void {
    this.#report = report;
    this.#options.onChange(report);
  }
}

/** Whether going from one to the other needs no other threads. */
function isSamePipeline(one: Wanted, other: Wanted): boolean {
  const shape = ({ nodeNumber, settings }: Wanted) =>
    JSON.stringify([
      nodeNumber,
      settings.threads,
      settings.bodyLimitBytes,
      settings.redact,
      settings.ignoredUserAgents,
      settings.captureFilter,
      settings.limits,
    ]);
  return shape(one) === shape(other);
}

function threadOptions(
  { nodeNumber, settings, targets }: Wanted,
  thread: number,
  fanoutGroup: number | undefined,
  plan: MemoryPlan,
): Omit<ThreadOptions, 'control'> {
  return {
    source: {
      kind: 'local',
      interfaces: [],
      captureFilter: settings.captureFilter || undefined,
      ignorePorts: [],
      targets,
      ringBytes: plan.ringBytes,
      ...(fanoutGroup !== undefined && { fanoutGroup }),
    },
    pipeline: {
      thread,
      node: nodeNumber,
      capture: Capture.Pcap,
      bodyLimitBytes: settings.bodyLimitBytes,
      redact: settings.redact,
      ignoredUserAgents: settings.ignoredUserAgents,
      demoPorts: [],
      ...pipelineLimits({
        ...settings.limits,
        batchBytes: plan.batchHeapBytes,
        messageBytes: plan.windowBytes,
        reassemblyBytes: plan.reassemblyBytes,
      }),
    },
    write: undefined,
  };
}
