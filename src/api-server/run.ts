/**
 * The central process in the cluster. Tappers bring batches to the hub; the join makes one call of its
 * sightings; store and page get it. The cluster is watched once: for names, and for the targets, which
 * decide what tappers read and on which nodes they run.
 */
import { entryFields } from '../entry/fields.ts';
import { buildSchema } from '../filter/index.ts';
import { Log, readLevel } from '../log.ts';
import { protocolByCode, protocols } from '../protocols/index.ts';
import type { Store } from '../store/contract.ts';
import { openStore } from '../store/index.ts';
import { version } from '../version.ts';
import { ClusterSide } from './cluster-side.ts';
import { type ApiServerEnvironment, readEnvironment, StartError } from './environment.ts';
import { kubernetesAccess } from './in-cluster.ts';
import { Intake } from './intake.ts';
import { startClusterPage } from './page.ts';
import { Totals } from './totals.ts';

/** The store's folder within the data folder. */
const storeName = 'entries';
/** Time to hand on what has come, of the 10 s that a pod has to end. */
const farewellMs = 7000;

/**
 * Runs until `signal` is aborted or the session is over; everything it says goes to `write`, a line
 * each. Throws a `StartError` when it cannot begin.
 */
export async function runApiServer(
  environment: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
  write: (line: string) => void = (line) => process.stderr.write(line),
): Promise<void> {
  const read = readEnvironment(environment);
  const level = environment['LOG_LEVEL'] || read.settings.logLevel;
  const log = new Log(readLevel(level.toLowerCase()), write);
  const startedAt = Date.now();
  await using stack = new AsyncDisposableStack();
  const over = new AbortController();
  const kubeConfig = await access(environment);
  const cluster = new ClusterSide(read, kubeConfig, log, (reason) => over.abort(reason));
  const schema = buildSchema(entryFields, protocols);
  const context = { protocolByCode, names: cluster.names };
  const store = await openEntries(read, { ...context, schema }, log);
  stack.defer(() => store.close());
  if (store.notice !== undefined) cluster.note(store.notice);
  const totals = new Totals();
  const intake = new Intake({ environment: read, cluster, store, log });
  const { settings } = read;
  const counters = () => ({
    ...totals.report(intake.tappers(), intake.joinCounters(), intake.waiting, store),
    join: intake.joinReport(),
  });
  // Before the page: its health route says that tappers may come.
  await intake.start();
  stack.defer(() => intake.stop(farewellMs));
  const page = await startClusterPage({
    store,
    schema,
    context,
    port: settings.ports.http,
    token: read.token,
    targets: cluster.control(() => intake.tappers()),
    dataFolder: read.dataFolder,
    clear() {
      intake.forget();
      return store.clear();
    },
    counters,
    info: () => ({
      version,
      kind: 'cluster',
      description: cluster.description,
      startedAt,
      redacting: settings.redact,
      demo: false,
      bodyLimitBytes: settings.bodyLimitBytes,
      ...(cluster.notices.length > 0 && { notice: cluster.notices.join(' ') }),
    }),
    greeting: () => ({ type: 'targets', summary: cluster.summary() }),
  });
  stack.defer(() => page.server.close());
  intake.feed(page.live);
  stack.defer(cluster.names.onNames((addresses) => page.named(addresses)));
  cluster.onSummary = (summary) => page.live.tell({ type: 'targets', summary });
  log.info(
    `Mizu ${version} API server: page on port ${page.server.port}, tappers on port ${intake.port}`,
  );
  const starting = cluster.start(intake).catch((error: Error) => log.error(error.message));
  stack.defer(async () => {
    await cluster.stop();
    await starting;
  });
  await Promise.race([aborted(signal), aborted(over.signal)]);
  if (over.signal.aborted) await cluster.endSession(String(over.signal.reason), intake, signal);
  log.info('ending');
}

async function access(environment: Readonly<Record<string, string | undefined>>) {
  try {
    return await kubernetesAccess(environment);
  } catch (error) {
    throw new StartError((error as Error).message);
  }
}

async function openEntries(
  { settings, dataFolder }: ApiServerEnvironment,
  options: Omit<Parameters<typeof openStore>[0], 'directory' | 'limitBytes' | 'onProblem'>,
  log: Log,
): Promise<Store> {
  try {
    const store = await openStore({
      ...options,
      directory: `${dataFolder}/${storeName}`,
      limitBytes: settings.maxEntriesDbSizeBytes,
      // A Deployment that ends over it would be started again for ever.
      otherFormat: 'set aside',
      onProblem: (problem) => log.error(problem),
    });
    if (store.notice !== undefined) log.warn(store.notice);
    for (const repair of store.repairs) log.warn(repair);
    return store;
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error));
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
