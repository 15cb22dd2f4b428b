/** `mizu install`: makes Mizu permanent, or brings what is installed up to date. */
import type {
  V1ConfigMap,
  V1DaemonSet,
  V1Deployment,
  V1Secret,
  V1StorageClass,
} from '@kubernetes/client-node';
import {
  type Applied,
  applyObjects,
  ClusterError,
  hasCode,
  waitUntilReady,
} from '../../cluster/access/index.ts';
import {
  type ClusterObject,
  clusterObjects,
  ownerOf,
  podSelector,
} from '../../cluster/objects/index.ts';
import type { ClusterSettings, SecretValues, TargetSettings } from '../../cluster/settings.ts';
import type { LoadedConfig } from '../../config/index.ts';
import { coloured } from '../colours.ts';
import type { CliContext } from '../context.ts';
import { ExitCode } from '../errors.ts';
import { clusterSettings, freshSecret } from './cluster-settings.ts';
import { printYaml } from './manifests.ts';
import { removeFromCluster } from './removal.ts';
import { checkReach, findReach, restrictedNotice } from './rights.ts';
import { findRunning, makeRoomForSession } from './running.ts';
import { type ClusterSetup, connectCluster, targetNamespaces } from './setup.ts';
import { podTest } from './target-pods.ts';
import { labelText } from './tunnel.ts';

export async function runInstall(context: CliContext, loaded: LoadedConfig): Promise<ExitCode> {
  const setup = await connectCluster(context, loaded.config, loaded.configPath);
  try {
    return await new Install(setup, loaded).run();
  } catch (error) {
    if (!context.signal.aborted) throw error;
    context.stderr.write('mizu: not waited for; mizu check says how far it came\n');
    return ExitCode.Cannot;
  } finally {
    setup.api.close();
  }
}

class Install {
  readonly #setup: ClusterSetup;
  readonly #context: CliContext;
  readonly #loaded: LoadedConfig;

  constructor(setup: ClusterSetup, loaded: LoadedConfig) {
    this.#setup = setup;
    this.#context = setup.context;
    this.#loaded = loaded;
  }

  async run(): Promise<ExitCode> {
    const { config } = this.#setup;
    const reach = await findReach(this.#setup);
    const printsYaml = config.install.output === 'yaml';
    const settings = await this.#settings(reach);
    checkReach(reach, settings.namespace, settings.server.targets.namespaces);
    const objects = clusterObjects(settings);
    if (printsYaml) {
      printYaml(this.#context.stdout, objects);
      return ExitCode.Ok;
    }
    if (!reach.clusterWide) this.#warn(restrictedNotice);
    const running = await findRunning(this.#setup);
    if (running.kind === 'tap') await makeRoomForSession(this.#setup, reach);
    const applied = await this.#apply(await this.#withNodes(objects), settings);
    await this.#wait(running.kind !== 'install', applied, settings);
    const { stdout, environment } = this.#context;
    const text = 'Installation completed, run `mizu view` to connect to the mizu daemon instance';
    stdout.write(`${coloured(text, 'magenta', stdout, environment)}\n`);
    return ExitCode.Ok;
  }

  async #settings(reach: {
    readonly ownsNamespace: boolean;
    readonly clusterWide: boolean;
  }): Promise<ClusterSettings> {
    const { config } = this.#setup;
    const namespaces = targetNamespaces(this.#setup);
    podTest({ ...config.tap, namespaces });
    const [storage, secret, kept] = await Promise.all([
      this.#hasStorage(),
      this.#secret(),
      this.#keptTargets(),
    ]);
    const settings = clusterSettings(config, {
      ...reach,
      mode: 'install',
      namespaces,
      storage,
      secret,
      startedAt: Date.now(),
    });
    if (kept === undefined) return settings;
    return { ...settings, server: { ...settings.server, targets: kept } };
  }

  async #hasStorage(): Promise<boolean> {
    const { api, config, context } = this.#setup;
    const { storage, storageClass } = config.install;
    if (!storage) return false;
    try {
      const { items } = await api.list<V1StorageClass>(
        { kind: 'StorageClass' },
        { signal: context.signal },
      );
      const isThere = items.some((item) =>
        storageClass === '' ? isDefaultClass(item) : item.metadata?.name === storageClass,
      );
      if (isThere) return true;
    } catch (error) {
      // Who may not look is taken at the configuration's word.
      if (hasCode(error, 'forbidden')) return true;
      throw error;
    }
    const what =
      storageClass === '' ? 'no default storage class' : `no storage class "${storageClass}"`;
    this.#warn(`There is ${what}: the traffic is lost when the API server starts anew`);
    return false;
  }

  /** An upgrade keeps token and keys: links stay good, and nothing starts anew for their sake. */
  async #secret(): Promise<SecretValues> {
    const { api, config, names, namespace, context } = this.#setup;
    const reference = { kind: 'Secret', name: names.secret, namespace };
    const found = await api
      .find<V1Secret>(reference, { signal: context.signal })
      .catch((error: unknown) => {
        if (hasCode(error, 'forbidden')) return undefined;
        throw error;
      });
    const value = (key: string) => Buffer.from(found?.data?.[key] ?? '', 'base64').toString('utf8');
    const kept = {
      token: config.token || value('token'),
      key: value('key'),
      certificate: value('tls.crt'),
      certificateKey: value('tls.key'),
    };
    if (Object.values(kept).every((one) => one !== '')) return kept;
    return await freshSecret(config.token, `${names.service}.${namespace}.svc`);
  }

  /** Targets chosen in the page stay, unless this command or the configuration names others. */
  async #keptTargets(): Promise<TargetSettings | undefined> {
    const { api, names, namespace, context } = this.#setup;
    const isGiven = targetPaths.some((path) => this.#loaded.origins[path]?.layer !== 'default');
    if (isGiven) return undefined;
    const found = await api
      .find<V1ConfigMap>(
        { kind: 'ConfigMap', name: names.configMap, namespace },
        { signal: context.signal },
      )
      .catch(() => undefined);
    return readTargets(found?.data?.['mizu-config.json']);
  }

  /** Tappers stay where the API server has put them; a changed template replaces them all the same. */
  async #withNodes(objects: readonly ClusterObject[]): Promise<readonly ClusterObject[]> {
    const { api, names, namespace, context } = this.#setup;
    const reference = { kind: 'DaemonSet', name: names.tapper, namespace };
    const found = await api
      .find<V1DaemonSet>(reference, { signal: context.signal })
      .catch(() => undefined);
    const affinity = found?.spec?.template.spec?.affinity;
    if (affinity === undefined) return objects;
    return objects.map((object) => {
      const { spec } = object as V1DaemonSet;
      if (object.kind !== 'DaemonSet' || spec === undefined) return object;
      const template = { ...spec.template, spec: { ...spec.template.spec, affinity } };
      return { ...object, spec: { ...spec, template } };
    });
  }

  #warn(text: string): void {
    const { stderr, environment } = this.#context;
    stderr.write(`${coloured(text, 'yellow', stderr, environment)}\n`);
  }

  async #apply(objects: readonly ClusterObject[], settings: ClusterSettings): Promise<Applied[]> {
    const { api, context } = this.#setup;
    return await applyObjects(api, objects, {
      mode: 'upgrade',
      signal: context.signal,
      ownerOf: (object) => ownerOf(object as ClusterObject, settings),
      onApplied: ({ name, state, reason }) => {
        const word = state === 'used' ? 'unchanged (made beforehand, left as it is)' : state;
        context.stdout.write(`${name} ${word}\n`);
        if (reason !== undefined) this.#warn(`${name}: ${reason}`);
      },
    });
  }

  /** A first installation that cannot work is taken back; an upgrade is left for a second try. */
  async #wait(isFirst: boolean, applied: readonly Applied[], settings: ClusterSettings) {
    const { api, config, names, namespace, context } = this.#setup;
    context.stdout.write('Waiting for Mizu server to start...\n');
    try {
      const pod = await waitUntilReady(api, {
        namespace,
        workload: names.apiServer,
        labelSelector: labelText(podSelector(names.apiServer)),
        timeoutMs: config.apiServer.startTimeout,
        mayVanish: false,
        signal: context.signal,
        accept: () => this.#isRolledOut(),
      });
      context.stdout.write(`${pod.metadata?.name} pod is running\n`);
    } catch (error) {
      const made = applied.some(({ state }) => state === 'created');
      if (context.signal.aborted || !isFirst || !made || !hasCode(error, 'not-ready')) throw error;
      context.stderr.write(`mizu: ${(error as Error).message}\n`);
      await removeFromCluster(this.#setup, { clusterWide: settings.clusterWide });
      throw new ClusterError('not-ready', 'Mizu was not installed');
    }
  }

  async #isRolledOut(): Promise<boolean> {
    const { api, names, namespace, context } = this.#setup;
    const { metadata, status } = await api.read<V1Deployment>(
      { kind: 'Deployment', name: names.apiServer, namespace },
      { signal: context.signal },
    );
    const isSeen = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
    return isSeen && status?.updatedReplicas === 1 && status.replicas === 1;
  }
}

const targetPaths = [
  'tap.namespaces',
  'tap.all-namespaces',
  'tap.regex',
  'tap.selector',
  'tap.workload',
] as const;

function readTargets(text: string | undefined): TargetSettings | undefined {
  try {
    const { targets } = JSON.parse(text ?? '') as { targets?: TargetSettings };
    return Array.isArray(targets?.namespaces) ? targets : undefined;
  } catch {
    return undefined;
  }
}

function isDefaultClass({ metadata }: V1StorageClass): boolean {
  return metadata?.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
}
