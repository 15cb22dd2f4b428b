/** What the API server knows of the cluster, and what it changes there. */
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import type { CaptureEndpoint } from '../capture/targets.ts';
// Not through the folder's index: that loads the client library.
import { ClusterApi } from '../cluster/access/cluster-api.ts';
import type { TapperState } from '../link/index.ts';
import { NodeNumbers } from '../link/node-numbers.ts';
import type { Log } from '../log.ts';
import { apiReader, ClusterNames } from '../resolve/cluster/index.ts';
import type { TargetChoice, TargetsSummary } from '../serve/api.ts';
import type { TargetControl } from '../serve/context.ts';
import { noTargets, TargetFollower, type TargetSelection } from '../targets/index.ts';
import { CapturePlan } from './capture-plan.ts';
import type { ApiServerEnvironment } from './environment.ts';
import type { Intake } from './intake.ts';
import { chosenSelection, savedText, saveSelection, selectionFile } from './selection.ts';
import { removeSession } from './session-end.ts';
import { watchSession } from './session-watch.ts';
import { SilentNodes } from './silent-nodes.ts';
import { TapperNodes } from './tapper-nodes.ts';
import { summaryOf, targetsReport } from './targets-report.ts';

/** Services change with their pods; the plan is made again at most so often. */
const settleMs = 300;
/** How often it is looked whether tappers report, ms. */
const lookEveryMs = 2000;
/** Whoever chooses targets waits no longer for the choice to be kept. */
const saveMs = 5000;

export class ClusterSide {
  readonly names: ClusterNames;
  /** Told when it is another one. */
  onSummary: (summary: TargetsSummary) => void = () => undefined;
  readonly #environment: ApiServerEnvironment;
  readonly #log: Log;
  readonly #api: ClusterApi;
  readonly #onOver: (reason: string) => void;
  readonly #plan = new CapturePlan();
  readonly #tapperNodes: TapperNodes;
  #selection: TargetSelection;
  #follower: TargetFollower | undefined;
  #intake: Intake | undefined;
  #settling: NodeJS.Timeout | undefined;
  #stopWatching: (() => void) | undefined;
  readonly #noted: string[] = [];
  readonly #silent = new SilentNodes();
  #silentNodes: readonly string[] = [];
  #looking: NodeJS.Timeout | undefined;
  #told = '';

  constructor(
    environment: ApiServerEnvironment,
    kubeConfig: KubeConfig,
    log: Log,
    onOver: (reason: string) => void,
  ) {
    this.#environment = environment;
    this.#log = log;
    this.#onOver = onOver;
    const { settings, configFolder, dataFolder } = environment;
    const { namespace, daemonSet } = settings;
    this.#api = new ClusterApi(kubeConfig);
    this.#selection = chosenSelection(settings.targets, [configFolder, dataFolder]);
    this.names = new ClusterNames({
      reader: apiReader(kubeConfig),
      ...(settings.restricted && { namespaces: watchedNamespaces(environment) }),
      folder: path.join(dataFolder, 'names'),
      onNotice: ({ text }) => log.warn(text),
      onSaveFailed: (error) => log.error(`names cannot be saved: ${(error as Error).message}`),
    });
    this.#tapperNodes = new TapperNodes({
      api: this.#api,
      namespace,
      daemonSet,
      wanted: settings.tapperAffinity,
      onNotice: (text) => log.warn(text),
    });
  }

  /** Lists and watches; resolves when targets are known. */
  async start(intake: Intake): Promise<void> {
    const startedMs = performance.now();
    const { lease, namespace } = this.#environment.settings;
    this.#intake = intake;
    if (lease !== null) {
      this.#stopWatching = watchSession({
        api: this.#api,
        namespace,
        lease,
        onEnded: this.#onOver,
      });
    }
    await this.names.start();
    this.#follower = new TargetFollower({
      source: this.names,
      selection: this.#selection,
      onChange: (change) => {
        for (const { namespace: of, name } of change.added) this.#log.info(`+${of}/${name}`);
        for (const { namespace: of, name } of change.removed) this.#log.info(`-${of}/${name}`);
        this.#update();
      },
    });
    this.names.onNames(() => this.#settle());
    this.names.onPods(() => this.#settle());
    this.#looking = setInterval(() => this.#tell(), lookEveryMs).unref();
    this.#update();
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    const { tapped, pods } = this.summary();
    this.#log.info(`${tapped} of ${pods} pods are targets, known after ${seconds} s`);
  }

  async stop(): Promise<void> {
    this.#stopWatching?.();
    clearTimeout(this.#settling);
    clearInterval(this.#looking);
    this.#follower?.stop();
    this.#tapperNodes.stop();
    await this.names.stop();
    this.#api.close();
  }

  /** Nobody wants the session any more: nothing is captured, and its objects go. */
  async endSession(reason: string, intake: Intake, impatient: AbortSignal): Promise<void> {
    this.#log.warn(`${reason}: ending it`);
    intake.stopCapturing();
    this.#tapperNodes.stop();
    const { settings } = this.#environment;
    for (const leftover of await removeSession(this.#api, settings, impatient)) {
      this.#log.error(`not removed: ${leftover}`);
    }
  }

  numberOfNode(name: string, wanted: number): number {
    const known = [...this.names.nodeNames()].map(([number, of]) => [of, number] as const);
    const number = new NodeNumbers(known).numberOf(name, wanted);
    this.names.learnNodeNumber(name, number);
    return number;
  }

  /** For people: which pods. */
  get description(): string {
    const { namespaces, allNamespaces, regex, selector, workloads } = this.#selection;
    const places = allNamespaces
      ? 'all namespaces'
      : `namespaces ${namespaces.map((name) => `"${name}"`).join(', ')}`;
    const only = [regex && `pods named ${regex}`, selector, ...(workloads ?? [])].filter(Boolean);
    return only.length === 0 ? places : `${places}, ${only.join(', ')}`;
  }

  /** A sentence for the page, as long as this process runs. */
  note(notice: string): void {
    this.#noted.push(notice);
  }

  get notices(): string[] {
    const names = this.names.notices().map(({ text }) => text);
    return [...this.#noted, ...names, ...(this.#intake?.gaps.notices ?? [])];
  }

  summary(): TargetsSummary {
    return summaryOf({
      selection: this.#selection,
      targets: this.#targets,
      silentNodes: this.#silentNodes,
    });
  }

  control(tappers: () => readonly TapperState[]): TargetControl {
    return {
      report: () =>
        targetsReport({
          selection: this.#selection,
          targets: this.#targets,
          namespaces: this.names.namespaces(),
          nodes: this.#plan.nodes,
          tappers: tappers(),
          notices: this.notices,
          silentNodes: this.#silentNodes,
          hostPorts: (podUid) => this.names.socketPorts(podUid),
          nowMs: Date.now(),
        }),
      summary: () => this.summary(),
      choose: (choice) => this.#choose(choice),
    };
  }

  get #targets() {
    return this.#follower?.current ?? noTargets;
  }

  async #choose(choice: TargetChoice): Promise<string | undefined> {
    if (this.#follower === undefined) return 'The cluster is not known yet: try again in a moment.';
    try {
      this.#follower.select(choice);
    } catch (error) {
      return (error as Error).message;
    }
    this.#selection = choice;
    this.#log.info(`targets were chosen: ${this.description}`);
    this.#update();
    await this.#save(choice);
    return undefined;
  }

  /** In the volume, and where there may be none in the ConfigMap. What cannot be kept is said. */
  async #save(choice: TargetChoice): Promise<void> {
    const { settings, dataFolder } = this.#environment;
    const content = savedText(choice, settings.targets);
    try {
      saveSelection(dataFolder, content);
      if (settings.mode !== 'install') return;
      const { namespace, configMap: name } = settings;
      const patch = { data: { [selectionFile]: content } };
      const reference = { kind: 'ConfigMap', namespace, name };
      await this.#api.merge(reference, patch, { timeoutMs: saveMs });
    } catch (error) {
      this.#log.error(`the choice of targets cannot be kept: ${(error as Error).message}`);
    }
  }

  #settle(): void {
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#update();
    }, settleMs);
  }

  #update(): void {
    const isChanged = this.#plan.update({
      targets: this.#targets,
      services: this.names.services(),
      names: this.names,
      nowMs: Date.now(),
      hostPorts: (podUid) => this.names.socketPorts(podUid),
      own: this.#own(),
    });
    if (isChanged) {
      this.#intake?.read(this.#plan);
      this.#tapperNodes.set(this.#plan.nodes);
    }
    this.#tell();
  }

  /** Tells the summary when it is another one. */
  #tell(): void {
    const tappers = this.#intake?.tappers() ?? [];
    this.#silentNodes = this.#silent.find(this.#plan.nodes, tappers, Date.now());
    const summary = this.summary();
    const text = JSON.stringify(summary);
    if (text === this.#told) return;
    this.#told = text;
    this.onSummary(summary);
  }

  /** Where tappers and viewers reach us: never read. */
  #own(): CaptureEndpoint[] {
    const { settings } = this.#environment;
    const addresses = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter(({ internal }) => !internal)
      .map(({ address }) => address);
    const ports = [settings.ports.http, settings.ports.tapper];
    const service = this.names
      .services()
      .find(({ namespace, name }) => namespace === settings.namespace && name === settings.service);
    return [
      ...addresses.flatMap((address) => ports.map((port) => ({ address, port }))),
      ...(service?.clusterAddresses ?? []).flatMap((address) =>
        (service?.ports ?? []).map((port) => ({ address, port })),
      ),
    ];
  }
}

/** With rights in some namespaces only, these are watched: those chosen, and Mizu's own. */
function watchedNamespaces({ settings }: ApiServerEnvironment): string[] {
  return [...new Set([settings.namespace, ...settings.targets.namespaces])];
}
