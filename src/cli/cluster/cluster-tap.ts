/** `mizu tap` on a cluster: makes the session, shows it, keeps it, and takes it away again. */
import {
  type Applied,
  applyObjects,
  ClusterError,
  hasCode,
  keepLease,
  waitUntilReady,
} from '../../cluster/access/index.ts';
import {
  type ClusterObject,
  clusterObjects,
  ownerOf,
  podSelector,
} from '../../cluster/objects/index.ts';
import type { ClusterSettings } from '../../cluster/settings.ts';
import type { LoadedConfig } from '../../config/index.ts';
import { formatSize } from '../../units.ts';
import { coloured } from '../colours.ts';
import type { CliContext } from '../context.ts';
import { ExitCode, UserError } from '../errors.ts';
import { clusterSettings, freshSecret } from './cluster-settings.ts';
import { giveSchemaFiles } from './give-schema-files.ts';
import { dumpLogs } from './log-dump.ts';
import { printYaml } from './manifests.ts';
import { watchServer, watchTappers } from './pod-watch.ts';
import { referencesOf, removalMs, removeFromCluster } from './removal.ts';
import { checkReach, findReach, type Reach, restrictedNotice } from './rights.ts';
import { makeRoomForSession } from './running.ts';
import { type ClusterSetup, connectCluster, namespacesText, targetNamespaces } from './setup.ts';
import { watchSilentNodes } from './silent-nodes.ts';
import { type PodChange, podTest, TargetPods } from './target-pods.ts';
import { labelText, openTunnel, pageUrl, showPage, type Tunnel } from './tunnel.ts';

export async function runClusterTap(context: CliContext, loaded: LoadedConfig): Promise<ExitCode> {
  const { config, configPath } = loaded;
  const { output, dryRun, maxEntriesDbSize } = config.tap;
  if (output === 'jsonl' || output === 'none') {
    throw new UserError(`--output ${output} goes with --local or --read`);
  }
  if (output === 'yaml' && !dryRun) throw new UserError('--output yaml goes with --dry-run');
  // What is mistyped is said before anything else.
  podTest({ ...config.tap, namespaces: [] });
  const setup = await connectCluster(context, config, configPath).catch((error: unknown) => {
    throw hasCode(error, 'no-kubeconfig') ? withoutCluster(error as Error) : error;
  });
  const printsYaml = output === 'yaml';
  if (!printsYaml) {
    context.stdout.write(
      `Mizu will store up to ${formatSize(maxEntriesDbSize)} of traffic, old traffic will be cleared once the limit is reached.\n`,
    );
  }
  try {
    return await new ClusterTap(setup).run(printsYaml);
  } catch (error) {
    // Ctrl-C before anything was made.
    if (context.signal.aborted) return ExitCode.Ok;
    throw error;
  } finally {
    setup.api.close();
  }
}

function withoutCluster({ message }: Error): ClusterError {
  const text = `${message}. Without a cluster: mizu tap --local shows this machine's traffic`;
  return new ClusterError('no-kubeconfig', text);
}

class ClusterTap {
  readonly #setup: ClusterSetup;
  readonly #context: CliContext;
  readonly #namespaces: readonly string[];
  readonly #pods: TargetPods;

  constructor(setup: ClusterSetup) {
    this.#setup = setup;
    this.#context = setup.context;
    this.#namespaces = targetNamespaces(setup);
    const { regex, selector, workload } = setup.config.tap;
    const choice = { namespaces: this.#namespaces, regex, selector, workload };
    this.#pods = new TargetPods(setup.api, choice);
  }

  async run(printsYaml: boolean): Promise<ExitCode> {
    const { namespace, config } = this.#setup;
    const reach = await findReach(this.#setup);
    checkReach(reach, namespace, this.#namespaces);
    const settings = await this.#settings(reach);
    if (printsYaml) {
      printYaml(this.#context.stdout, clusterObjects(settings));
      return ExitCode.Ok;
    }
    await this.#showPods();
    if (!reach.clusterWide) this.#warn(restrictedNotice);
    if (config.tap.dryRun) return ExitCode.Ok;
    await makeRoomForSession(this.#setup, reach);
    const { guiPort, proxyHost } = config.tap;
    const tunnel = await openTunnel(this.#setup, { localPort: guiPort, localHost: proxyHost });
    try {
      this.#context.stdout.write('Waiting for Mizu Agent to start...\n');
      return await this.#session(settings, tunnel);
    } finally {
      await tunnel.close();
    }
  }

  async #settings({ ownsNamespace, clusterWide }: Reach): Promise<ClusterSettings> {
    const { config, names, namespace } = this.#setup;
    return clusterSettings(config, {
      mode: 'tap',
      ownsNamespace,
      clusterWide,
      namespaces: this.#namespaces,
      storage: false,
      secret: await freshSecret(config.token, `${names.service}.${namespace}.svc`),
      startedAt: Date.now(),
    });
  }

  /** The chosen pods, at the start and as they come and go. */
  async #showPods(): Promise<void> {
    const { stdout, environment, signal } = this.#context;
    stdout.write(`Tapping pods in ${namespacesText(this.#namespaces)}\n`);
    this.#pods.onChange = ({ kind, name }: PodChange) => {
      const line = kind === 'added' ? `+${name}` : `-${name}`;
      const colour = kind === 'added' ? 'green' : 'red';
      stdout.write(`${coloured(line, colour, stdout, environment)}\n`);
    };
    await this.#pods.load(signal);
    if (this.#pods.names.length > 0) return;
    const hint =
      this.#namespaces.length === 0
        ? ''
        : '. You can also try selecting a different namespace with -n or tap all namespaces with -A';
    this.#warn(
      `Did not find any currently running pods that match the regex argument, mizu will automatically tap matching pods if any are created later${hint}`,
    );
  }

  #warn(text: string): void {
    const { stdout, environment } = this.#context;
    stdout.write(`${coloured(text, 'yellow', stdout, environment)}\n`);
  }

  async #session(settings: ClusterSettings, tunnel: Tunnel): Promise<ExitCode> {
    const { context } = this.#setup;
    context.allowToEnd(removalMs);
    const made: Applied[] = [];
    let code: ExitCode = ExitCode.Ok;
    try {
      await this.#create(settings, made);
      await this.#hold(settings, made, tunnel);
    } catch (error) {
      if (hasCode(error, 'running')) throw error;
      if (!context.signal.aborted) {
        context.stderr.write(`mizu: ${(error as Error).message}\n`);
        code = ExitCode.Cannot;
      }
    }
    if (this.#setup.config.dumpLogs) await dumpLogs(this.#setup);
    return (await this.#remove(settings)) || code;
  }

  async #create(settings: ClusterSettings, made: Applied[]): Promise<void> {
    const { api, context } = this.#setup;
    try {
      await applyObjects(api, clusterObjects(settings), {
        mode: 'create',
        signal: context.signal,
        ownerOf: (object) => ownerOf(object as ClusterObject, settings),
        onApplied: (applied) => {
          made.push(applied);
          if (applied.state === 'skipped') this.#warn(`${applied.name}: ${applied.reason}`);
        },
      });
    } catch (error) {
      // Two sessions that start at once meet at the lease; what is there is the other's.
      if (hasCode(error, 'exists') && !made.some(({ reference }) => reference.kind === 'Lease')) {
        throw new ClusterError('running', (error as Error).message);
      }
      if (context.signal.aborted) throw error;
      throw new ClusterError('refused', `Error creating resources: ${(error as Error).message}`);
    }
  }

  /** From the objects' creation to Ctrl-C. */
  async #hold(settings: ClusterSettings, made: readonly Applied[], tunnel: Tunnel): Promise<void> {
    const { api, context, config, namespace, names } = this.#setup;
    const lease = made.find(({ reference }) => reference.kind === 'Lease');
    const keeper = keepLease(api, { namespace, name: names.lease, uid: lease?.uid });
    const ending = new AbortController();
    const signal = AbortSignal.any([context.signal, ending.signal]);
    const following = this.#pods.follow(signal);
    try {
      await this.#waitForServer(signal);
      await tunnel.probe();
      await giveSchemaFiles(this.#setup, tunnel.port, settings.secret.token);
      const { port } = tunnel;
      const { token } = settings.secret;
      showPage(context, pageUrl(port, token), config.headless);
      await Promise.race([
        watchSilentNodes(context, { port, token }, signal),
        watchTappers(this.#setup, signal),
        watchServer(this.#setup, signal),
        keeper.ended.then(() => {
          throw new ClusterError('not-running', 'this session was ended from outside');
        }),
      ]);
    } finally {
      keeper.stop();
      ending.abort();
      await following;
    }
  }

  async #waitForServer(signal: AbortSignal): Promise<void> {
    const { api, config, namespace, names } = this.#setup;
    await waitUntilReady(api, {
      namespace,
      workload: names.apiServer,
      labelSelector: labelText(podSelector(names.apiServer)),
      timeoutMs: config.apiServer.startTimeout,
      mayVanish: true,
      signal,
    });
  }

  async #remove(settings: ClusterSettings): Promise<ExitCode> {
    return await removeFromCluster(this.#setup, {
      clusterWide: settings.clusterWide,
      expected: referencesOf(clusterObjects(settings)),
    });
  }
}
