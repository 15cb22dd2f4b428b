/** `mizu check`: what works and what does not, a line each. */
import type { V1DaemonSet, V1Pod } from '@kubernetes/client-node';
import { checkVersion, readVersion } from '../../cluster/access/connect.ts';
import {
  ClusterApi,
  type ClusterObject,
  findKubeConfig,
  isReady,
  leastVersion,
  missingRights,
  rightText,
} from '../../cluster/access/index.ts';
import { podSelector } from '../../cluster/objects/index.ts';
import { userPermissions } from '../../cluster/objects/permissions.ts';
import type { ClusterMode } from '../../cluster/settings.ts';
import type { LoadedConfig } from '../../config/index.ts';
import { coloured } from '../colours.ts';
import type { CliContext } from '../context.ts';
import { ExitCode } from '../errors.ts';
import { clusterSettings } from './cluster-settings.ts';
import { checkImagePull } from './image-pull.ts';
import { findReach } from './rights.ts';
import { findRunning } from './running.ts';
import { type ClusterSetup, namesOf } from './setup.ts';
import { labelText, openTunnel } from './tunnel.ts';

/** A sentence for √; thrown errors become ✗. */
type Check = () => Promise<string>;

export async function runCheck(context: CliContext, loaded: LoadedConfig): Promise<ExitCode> {
  const report = new Report(context);
  await checkAll(report, context, loaded);
  return report.finish();
}

class Report {
  readonly #context: CliContext;
  #failed = false;

  constructor(context: CliContext) {
    this.#context = context;
  }

  section(title: string): void {
    this.#context.stdout.write(`${title}\n${'-'.repeat(title.length)}\n`);
  }

  endSection(): void {
    this.#context.stdout.write('\n');
  }

  good(text: string): void {
    this.#line('√', 'green', text);
  }

  bad(text: string): void {
    this.#failed = true;
    this.#line('✗', 'red', text);
  }

  /** Whether it went well. */
  async item(check: Check): Promise<boolean> {
    try {
      this.good(await check());
      return true;
    } catch (error) {
      if (this.#context.signal.aborted) throw error;
      this.bad((error as Error).message);
      return false;
    }
  }

  finish(): ExitCode {
    const { stdout, environment } = this.#context;
    const mark = this.#failed
      ? coloured('✗', 'red', stdout, environment)
      : coloured('√', 'green', stdout, environment);
    stdout.write(`Status check results are ${mark}\n`);
    return this.#failed ? ExitCode.Cannot : ExitCode.Ok;
  }

  #line(mark: string, colour: 'green' | 'red', text: string): void {
    const { stdout, environment } = this.#context;
    stdout.write(`${coloured(mark, colour, stdout, environment)} ${text}\n`);
  }
}

async function checkAll(
  report: Report,
  context: CliContext,
  { config, configPath }: LoadedConfig,
): Promise<void> {
  report.section('kubernetes-api');
  let api: ClusterApi | undefined;
  await report.item(async () => {
    const { kubeConfigPath: path, kubeContext } = config;
    const { environment } = context;
    api = new ClusterApi(findKubeConfig({ path, context: kubeContext, environment }));
    return `can initialize the client (${api.server})`;
  });
  if (api === undefined) return;
  const open = api;
  const asked = await readVersion(open, context.signal).then(
    (version) => ({ version }),
    (error: Error) => ({ error }),
  );
  if ('error' in asked) {
    report.bad(asked.error.message);
    return;
  }
  const { version } = asked;
  report.good('can query the Kubernetes API');
  report.endSection();
  report.section('kubernetes-version');
  const fits = await report.item(async () => {
    checkVersion(version);
    const { major, minor } = leastVersion;
    return `is running the minimum Kubernetes API version (${version.text}, at least ${major}.${minor})`;
  });
  report.endSection();
  if (!fits) return;
  const namespace = config.mizuResourcesNamespace;
  const names = namesOf(config);
  const setup: ClusterSetup = { context, config, configPath, api: open, version, namespace, names };
  try {
    await checkSections(report, setup);
  } finally {
    open.close();
  }
}

async function checkSections(report: Report, setup: ClusterSetup): Promise<void> {
  const { preTap, preInstall, imagePull } = setup.config.check;
  if (preTap) await checkRights(report, setup, 'tap');
  if (preInstall) await checkRights(report, setup, 'install');
  if (imagePull) {
    report.section('image-pull-in-cluster');
    for (const check of await checkImagePull(setup)) await report.item(check);
    report.endSection();
  }
  if (preTap || preInstall || imagePull) return;
  await checkComponents(report, setup);
}

/** What a mode needs, and which of it the user lacks. */
async function checkRights(report: Report, setup: ClusterSetup, mode: ClusterMode) {
  const { api, config, namespace, context } = setup;
  report.section(`kubernetes-permissions (mizu ${mode})`);
  const reach = await findReach(setup);
  const secret = { token: '', key: '', certificate: '', certificateKey: '' };
  const settings = clusterSettings(config, {
    mode,
    ownsNamespace: reach.ownsNamespace,
    // With the original's rule: another namespace than Mizu's own means rights in that one only.
    clusterWide: reach.clusterWide || namespace === 'mizu',
    namespaces: [],
    storage: true,
    secret,
    startedAt: 0,
  });
  const wanted = userPermissions(settings);
  const missing = new Set(await missingRights(api, wanted, namespace, context.signal));
  for (const permission of wanted) {
    const text = rightText(permission, namespace);
    if (missing.has(permission)) report.bad(`cannot ${text}`);
    else report.good(`can ${text}`);
  }
  report.endSection();
}

async function checkComponents(report: Report, setup: ClusterSetup): Promise<void> {
  const running = await findRunning(setup);
  report.section('mizu-mode');
  if (running.kind === 'none') {
    report.bad(`Mizu does not run in namespace "${setup.namespace}"`);
    return;
  }
  report.good(running.kind);
  report.endSection();
  report.section('k8s-components');
  await checkExistence(report, setup, running.kind);
  await checkPods(report, setup);
  report.endSection();
  report.section('mizu-connectivity');
  await report.item(async () => {
    const tunnel = await openTunnel(setup, { localPort: 0, localHost: '127.0.0.1' });
    await tunnel.probe().finally(() => tunnel.close());
    return 'connected successfully to API server using port-forward';
  });
  report.endSection();
}

async function checkExistence(report: Report, setup: ClusterSetup, mode: ClusterMode) {
  const { api, names, namespace, config, context } = setup;
  const { signal } = context;
  const wanted: [string, string][] = [
    ['Namespace', namespace],
    ['ConfigMap', names.configMap],
    ['Secret', names.secret],
    ['ServiceAccount', names.apiServerAccount],
    ['ServiceAccount', names.tapperAccount],
    ...(config.createRoles
      ? ([
          ['Role', names.daemonRole],
          ['RoleBinding', names.daemonRoleBinding],
        ] as [string, string][])
      : []),
    ['Service', names.service],
    ['DaemonSet', names.tapper],
    mode === 'tap' ? ['Lease', names.lease] : ['Deployment', names.apiServer],
  ];
  for (const [kind, name] of wanted) {
    await report.item(async () => {
      await api.read<ClusterObject>({ kind, name, namespace }, { signal });
      return `'${name}' ${kind.toLowerCase()} exists`;
    });
  }
}

async function checkPods(report: Report, setup: ClusterSetup): Promise<void> {
  const { api, names, namespace, context } = setup;
  const { signal } = context;
  const podsOf = async (workload: string): Promise<V1Pod[]> => {
    const labelSelector = labelText(podSelector(workload));
    return (await api.list<V1Pod>({ kind: 'Pod', namespace, labelSelector }, { signal })).items;
  };
  await report.item(async () => {
    const pods = await podsOf(names.apiServer);
    if (!pods.some(isReady)) throw new Error(`'${names.apiServer}' pod is not running`);
    return `'${names.apiServer}' pod is running`;
  });
  await report.item(async () => {
    const [pods, set] = await Promise.all([
      podsOf(names.tapper),
      api.read<V1DaemonSet>({ kind: 'DaemonSet', name: names.tapper, namespace }, { signal }),
    ]);
    const wanted = set.status?.desiredNumberScheduled ?? pods.length;
    const ready = pods.filter(isReady).length;
    if (ready < wanted) throw new Error(`${ready} of ${wanted} tapper pods are running`);
    return `${ready} tapper pods are running`;
  });
}
