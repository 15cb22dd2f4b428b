/** `mizu view`: the page of a Mizu that runs already. */
import type { V1Secret, V1Service } from '@kubernetes/client-node';
import { ClusterError, hasCode, managedSelector, pause } from '../../cluster/access/index.ts';
import type { LoadedConfig } from '../../config/index.ts';
import type { CliContext } from '../context.ts';
import { ExitCode } from '../errors.ts';
import { type ClusterSetup, connectCluster } from './setup.ts';
import { openTunnel, pageUrl, showPage } from './tunnel.ts';

const answerTimeoutMs = 1500;
/** How often a running view looks whether there is still something to view, ms. */
const lookEveryMs = 10_000;

export async function runView(context: CliContext, loaded: LoadedConfig): Promise<ExitCode> {
  const { config, configPath } = loaded;
  if (config.view.url !== '') {
    showPage(context, config.view.url, config.headless);
    return ExitCode.Ok;
  }
  const here = await connectCluster(context, config, configPath);
  try {
    const setup = await findService(here);
    const token = await readToken(setup);
    if (config.view.token) {
      if (token === undefined) throw tokenForbidden(setup);
      context.stdout.write(`${token}\n`);
      return ExitCode.Ok;
    }
    return await view(setup, token);
  } catch (error) {
    if (context.signal.aborted) return ExitCode.Ok;
    throw error;
  } finally {
    here.api.close();
  }
}

async function view(setup: ClusterSetup, token: string | undefined): Promise<ExitCode> {
  const { config, context, names } = setup;
  const { guiPort, proxyHost } = config.view;
  const url = (port: number) =>
    token === undefined ? `http://localhost:${port}/` : pageUrl(port, token);
  if (token === undefined) {
    context.stderr.write('mizu: you may not read its token here; the page will ask for it\n');
  }
  if (token !== undefined && (await answers(guiPort, token))) {
    context.stdout.write(`Found a running service ${names.service} and open port ${guiPort}\n`);
    showPage(context, url(guiPort), config.headless);
    return ExitCode.Ok;
  }
  context.stdout.write('Establishing connection to k8s cluster...\n');
  const tunnel = await openTunnel(setup, { localPort: guiPort, localHost: proxyHost });
  try {
    await tunnel.probe();
    showPage(context, url(tunnel.port), config.headless);
    await untilGone(setup);
  } finally {
    await tunnel.close();
  }
  return ExitCode.Ok;
}

/** Another command's tunnel on this port to this very Mizu: only that one takes the token. */
async function answers(port: number, token: string): Promise<boolean> {
  if (port === 0) return false;
  try {
    const response = await fetch(`http://localhost:${port}/api/v1/info`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** The configured namespace; or the only one with a Mizu, where the user may look. */
async function findService(setup: ClusterSetup): Promise<ClusterSetup> {
  const { api, names, namespace, context } = setup;
  const { signal } = context;
  const reference = { kind: 'Service', name: names.service, namespace };
  if ((await api.find<V1Service>(reference, { signal })) !== undefined) return setup;
  const selection = { kind: 'Service', labelSelector: managedSelector };
  const { items } = await api
    .list<V1Service>(selection, { signal })
    .catch(() => ({ items: [] as V1Service[] }));
  const places = items
    .filter(({ metadata }) => metadata?.name === names.service)
    .map(({ metadata }) => metadata?.namespace ?? '');
  if (places.length === 1) {
    context.stderr.write(`mizu: it runs in namespace "${places[0]}"\n`);
    return { ...setup, namespace: places[0]! };
  }
  const hint =
    places.length === 0
      ? ''
      : `; it runs in the namespaces ${places.join(', ')}: choose one with --mizu-resources-namespace`;
  throw new ClusterError(
    'not-running',
    `${names.service} service not found, you should run \`mizu tap\` command first${hint}`,
  );
}

/** The page's token; undefined when the user may not read the Secret. */
async function readToken({ api, names, namespace, context }: ClusterSetup) {
  try {
    const secret = await api.read<V1Secret>(
      { kind: 'Secret', name: names.secret, namespace },
      { signal: context.signal },
    );
    const token = Buffer.from(secret.data?.['token'] ?? '', 'base64').toString('utf8');
    return token === '' ? undefined : token;
  } catch (error) {
    if (hasCode(error, 'forbidden', 'not-found')) return undefined;
    throw error;
  }
}

function tokenForbidden({ names, namespace }: ClusterSetup): ClusterError {
  return new ClusterError(
    'forbidden',
    `you may not get secrets "${names.secret}" in namespace "${namespace}", where the token is; ask whoever installed Mizu`,
  );
}

/** Until Ctrl-C; or until Mizu itself was removed. */
async function untilGone({ api, names, namespace, context }: ClusterSetup): Promise<void> {
  const { signal } = context;
  const reference = { kind: 'Service', name: names.service, namespace };
  while (!signal.aborted) {
    await pause(lookEveryMs, signal);
    const isThere = await api
      .find<V1Service>(reference, { signal })
      .then((found) => found !== undefined)
      // A cluster that does not answer now may do so later.
      .catch(() => true);
    if (!isThere) throw new ClusterError('not-running', `${names.apiServer} removed`);
  }
}
