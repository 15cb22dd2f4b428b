/** One tapper: connects to the API server, captures what that wants, ships it. */
import { setTimeout } from 'node:timers/promises';
import type { CaptureTargets } from '../capture/index.ts';
import { ShedLevel } from '../dissect/index.ts';
import { type CaptureReport, TapperLink, type TapperSettings } from '../link/index.ts';
import { Log, readLevel } from '../log.ts';
import { version } from '../version.ts';
import { readEnvironment, readSecret, type TapperEnvironment } from './environment.ts';
import { HostSockets, nodeAddresses } from './host-sockets.ts';
import { type MemoryUse, memoryUse, planMemory } from './memory.ts';
import { NodeCapture } from './node-capture.ts';

const lookEveryMs = 500;
/** Shares of the memory limit, and of the buffer, from which on work is given up. */
const shedBodiesFrom = 0.75;
const shedConnectionsFrom = 0.85;
const shedBufferFrom = 0.92;
/** Sockets are looked for so often, and for at most one part in so many of the time. */
const factsEveryMs = 5000;
const factsShare = 30;
/** Time for what was captured to be acknowledged: a pod has 5 s to end. */
const farewellMs = 2500;

/**
 * Runs until `signal` is aborted; everything it says goes to `write`, a line each. Throws an
 * `EnvironmentError` when it cannot begin.
 */
export async function runTapper(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  write: (line: string) => void = (line) => process.stderr.write(line),
): Promise<void> {
  const read = readEnvironment(environment);
  const tapper = new Tapper(read, new Log(read.logLevel, write));
  await tapper.run(signal);
}

class Tapper {
  readonly #environment: TapperEnvironment;
  readonly #log: Log;
  readonly #capture: NodeCapture;
  readonly #link: TapperLink;
  readonly #startedAt = performance.now();
  #memory: MemoryUse = memoryUse();
  #nodeNumber = 0;
  #settings: TapperSettings | undefined;
  #targets: CaptureTargets | undefined;
  /** The API server has not been heard of for too long. */
  #deserted = false;

  constructor(environment: TapperEnvironment, log: Log) {
    this.#environment = environment;
    this.#log = log;
    const { limitBytes } = this.#memory;
    this.#capture = new NodeCapture({
      limitBytes,
      take: (batch) => {
        this.#link.send(batch);
        return undefined;
      },
      hear: (names) => this.#link.sendNames(names),
      onChange: (report) => this.#tell(report),
    });
    const { address, secretFolder, nodeName, podName } = environment;
    log.info(
      `Mizu ${version} tapper on node ${nodeName}, API server ${address.host}:${address.port}, memory limit ${limitBytes === 0 ? 'unknown' : `${limitBytes >> 20} MiB`}`,
    );
    this.#link = new TapperLink({
      address,
      secret: () => readSecret(secretFolder),
      version,
      node: nodeName,
      pod: podName,
      bufferBytes: planMemory(limitBytes, 1).bufferBytes,
      counters: () => this.#counters(),
      capture: () => this.#capture.report,
      onWelcome: (welcome) => {
        log.info(`connected to the API server (Mizu ${welcome.version}) as ${welcome.nodeNumber}`);
        this.#nodeNumber = welcome.nodeNumber;
        this.#targets = welcome.targets;
        this.#use(welcome.settings);
      },
      onTargets: (targets) => {
        this.#targets = targets;
        this.#apply();
      },
      onSettings: (settings) => this.#use(settings),
      onNotice: (text) => log.warn(text),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const look = setInterval(() => this.#look(), lookEveryMs);
    const telling = this.#tellFacts(signal);
    await aborted(signal);
    clearInterval(look);
    await telling;
    this.#log.info('ending');
    await this.#capture.stop('the tapper ends');
    await this.#link.close('the tapper ends', farewellMs);
    this.#log.info(`ended: ${JSON.stringify(this.#counters())}`);
  }

  #use(settings: TapperSettings): void {
    this.#settings = settings;
    this.#log.level = readLevel(settings.logLevel);
    this.#apply();
  }

  #apply(): void {
    const settings = this.#settings;
    const targets = this.#targets;
    if (settings === undefined || targets === undefined) return;
    this.#deserted = false;
    if (settings.capturing) this.#capture.want({ nodeNumber: this.#nodeNumber, settings, targets });
    else void this.#capture.stop('the API server says so');
  }

  #look(): void {
    this.#memory = memoryUse();
    const { usedBytes, limitBytes } = this.#memory;
    const memoryFill = limitBytes === 0 ? 0 : usedBytes / limitBytes;
    const fill = Math.max(memoryFill, this.#link.fill);
    if (fill > shedConnectionsFrom) this.#capture.shed(ShedLevel.Connections);
    else if (fill > shedBodiesFrom) this.#capture.shed(ShedLevel.Bodies);
    else this.#capture.shed(ShedLevel.Nothing);
    if (memoryFill > shedBufferFrom) this.#link.shrinkTo(this.#link.bufferedBytes / 2);
    const patienceMs = this.#settings?.limits.absentMs ?? 0;
    if (!this.#deserted && patienceMs > 0 && this.#link.silentMs > patienceMs) {
      this.#deserted = true;
      const minutes = Math.round(patienceMs / 60_000);
      void this.#capture.stop(`the API server has been gone for ${minutes} minutes`);
    }
  }

  /** Tells the API server what only the node knows, whenever that changes. */
  async #tellFacts(signal: AbortSignal): Promise<void> {
    const { hostProcesses } = this.#environment;
    const reader = hostProcesses === '' ? undefined : new HostSockets(hostProcesses);
    let before = '';
    while (!signal.aborted) {
      const startedAt = performance.now();
      const sockets = (await reader?.read()) ?? [];
      const facts = { addresses: nodeAddresses(), sockets };
      const text = JSON.stringify(facts);
      if (text !== before) this.#link.sendFacts(facts);
      before = text;
      const tookMs = performance.now() - startedAt;
      await pause(Math.max(factsEveryMs, tookMs * factsShare), signal);
    }
  }

  #counters() {
    const { user, system } = process.cpuUsage();
    return {
      ...this.#capture.counters(),
      memoryBytes: this.#memory.usedBytes,
      memoryLimitBytes: this.#memory.limitBytes,
      cpuMs: Math.round((user + system) / 1000),
    };
  }

  #tell({ state, reason, targets }: CaptureReport): void {
    this.#link.report();
    if (state === 'failed') this.#log.error(`capture failed, will be tried again: ${reason}`);
    else if (state === 'stopped') this.#log.info(`capture stopped: ${reason}`);
    else {
      const addresses = this.#targets?.addresses.length ?? 0;
      const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
      this.#log.info(
        `capturing ${addresses} addresses of targets (version ${targets}) ${seconds} s after the start, node ${this.#environment.nodeName}`,
      );
    }
  }
}

/** Waits, but not longer than until the end. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
