/** Batches of tappers → calls, in the live feed and the store; and the way back to the tappers. */
import { Incomplete } from '../dissect/contract.ts';
import { learnHosts } from '../entry/learn-hosts.ts';
import { schemaLearner } from '../entry/learn-schemas.ts';
import { Join, type JoinCounters, type SeenKind, Unanswered } from '../join/index.ts';
import { LinkHub, type TapperSettings, type TapperState } from '../link/index.ts';
import type { Log } from '../log.ts';
import { protocolByCode, protocols } from '../protocols/index.ts';
import type { Counters } from '../serve/api.ts';
import type { LiveFeed } from '../serve/index.ts';
import type { Batch } from '../ship/batch.ts';
import type { Store } from '../store/contract.ts';
import { version } from '../version.ts';
import { CaptureGaps } from './capture-gaps.ts';
import type { CapturePlan } from './capture-plan.ts';
import type { ClusterSide } from './cluster-side.ts';
import { Departures } from './departures.ts';
import type { ApiServerEnvironment } from './environment.ts';
import { everyAddress } from './page.ts';
import { loadIntake, saveIntake } from './saved-intake.ts';

/** How often calls that have waited long enough are handed on, ms. */
const advanceEveryMs = 50;
/** A store that is behind holds tappers up, but not for ever: it sheds then, counted. */
const roomMs = 2000;

export interface IntakeOptions {
  readonly environment: ApiServerEnvironment;
  readonly cluster: ClusterSide;
  readonly store: Store;
  readonly log: Log;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #hub: LinkHub;
  readonly #join: Join;
  readonly #unanswered: Unanswered;
  readonly #departures = new Departures();
  /** When nobody read. */
  readonly gaps = new CaptureGaps();
  #live: LiveFeed | undefined;
  #timer: NodeJS.Timeout | undefined;
  #capturing = true;

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { environment, cluster, store, log } = options;
    const { names } = cluster;
    const learnSchemas = schemaLearner(protocols);
    const show = (batch: Batch) => {
      learnHosts(batch, names, protocolByCode);
      learnSchemas(batch);
      this.#live?.push(batch);
      store.append(batch);
    };
    this.#unanswered = new Unanswered({
      emit: show,
      patienceMs: environment.settings.limits.pendingMs,
    });
    this.#join = new Join({
      emit: (batch) => {
        const known = this.#unanswered.take(batch, performance.now());
        if (known !== undefined) show(known);
      },
      kindOf: (address, port, timeMs) => kindOf(names.identify(address, port, timeMs)?.kind),
    });
    const before = loadIntake(environment.dataFolder);
    this.#join.restore(before.join, performance.now());
    this.#hub = new LinkHub({
      taken: before.taken,
      host: everyAddress(),
      port: environment.settings.ports.tapper,
      certificate: environment.certificate,
      privateKey: environment.certificateKey,
      key: environment.key,
      version,
      settings: this.#settings(),
      take: async (buffer) => {
        this.#join.take(buffer, performance.now());
        await within(store.room(), roomMs);
      },
      numberOfNode: (name, wanted) => cluster.numberOfNode(name, wanted),
      onTapper: (state) => this.#note(state),
      onNames: (heard) => {
        for (const { address, host, timeMs, origin } of heard) {
          names.learnHost(address, host, timeMs, origin);
        }
      },
      onFacts: (facts, node) => names.learnNode(node, facts, Date.now()),
      onNotice: (text) => log.warn(text),
    });
  }

  /** Who looks, from now on. */
  feed(live: LiveFeed): void {
    this.#live = live;
  }

  async start(): Promise<void> {
    await this.#hub.listen();
    this.#timer = setInterval(() => this.#advance(performance.now()), advanceEveryMs);
  }

  /** Takes what has come, and hands on everything that waits. */
  async stop(patienceMs: number): Promise<void> {
    await within(this.#hub.close(), patienceMs);
    clearInterval(this.#timer);
    this.#join.flush();
    const { environment, log } = this.#options;
    try {
      saveIntake(environment.dataFolder, { taken: this.#hub.taken(), join: this.#join.save() });
    } catch (error) {
      log.error(`what was taken cannot be saved: ${(error as Error).message}`);
    }
  }

  get port(): number {
    return this.#hub.port;
  }

  read(plan: CapturePlan): void {
    this.gaps.keep(plan.nodes);
    this.#hub.setTargets((node) => plan.of(node));
  }

  /** What waits for its answer was asked before everything was to be forgotten. */
  forget(): void {
    this.#unanswered.clear();
  }

  stopCapturing(): void {
    this.#capturing = false;
    this.#hub.setSettings(this.#settings());
  }

  tappers(): TapperState[] {
    return this.#hub.tappers();
  }

  joinCounters(): JoinCounters {
    return this.#join.counters();
  }

  /** Calls that wait for their answer. */
  get waiting(): number {
    return this.#join.waiting.open;
  }

  joinReport(): NonNullable<Counters['join']> {
    const { sightings, joined, late, hurried, forgottenOpen, forgottenEarly } =
      this.#join.counters();
    return { sightings, joined, late, hurried, forgotten: forgottenOpen + forgottenEarly };
  }

  #settings(): TapperSettings {
    const { settings } = this.#options.environment;
    return {
      capturing: this.#capturing,
      bodyLimitBytes: settings.bodyLimitBytes,
      redact: settings.redact,
      ignoredUserAgents: [...settings.ignoredUserAgents],
      threads: 1,
      captureFilter: settings.captureFilter,
      limits: settings.limits,
      logLevel: settings.logLevel,
    };
  }

  #advance(nowMs: number): void {
    this.#join.advance(nowMs);
    for (const { node, beforeMs } of this.#departures.take(nowMs)) {
      const orphans = this.#join.giveUp(this.#join.orphans(node, beforeMs));
      this.#unanswered.settle(orphans, Incomplete.TapperGone);
    }
    const overdue = this.#unanswered.advance(nowMs);
    if (overdue.length > 0) this.#join.giveUp(overdue);
  }

  #note(tapper: TapperState): void {
    const { nodeName, connected, capture, version: theirs, farewell } = tapper;
    const { log } = this.#options;
    this.#departures.note(tapper, performance.now());
    this.gaps.note(tapper, Date.now());
    if (!connected) log.info(`tapper on ${nodeName} has gone${farewell && `: ${farewell}`}`);
    else if (capture.state === 'failed') log.error(`tapper on ${nodeName}: ${capture.reason}`);
    else log.info(`tapper on ${nodeName} (Mizu ${theirs}) is ${capture.state}`);
  }
}

function kindOf(kind: string | undefined): SeenKind {
  switch (kind) {
    case 'pod':
    case 'service':
    case 'node':
    case 'external':
      return kind;
    // The Kubernetes API has a service's address, which leads to a node's.
    case 'kubernetes':
      return 'service';
    default:
      return undefined;
  }
}

async function within(work: Promise<void>, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patienceMs);
  });
  await Promise.race([work, patience]);
  clearTimeout(timer);
}
