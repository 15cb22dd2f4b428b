/**
 * One tap on one machine: pipeline threads here, store and page in this process. `mizu tap --local`,
 * `mizu tap --read` and the demo's recording all run through `runTap`.
 */
import { entryFields } from './entry/fields.ts';
import type { RowContext } from './entry/row.ts';
import type { FieldSchema } from './filter/contract.ts';
import { defaultLimits, pipelineLimits, type TapLimits } from './limits.ts';
import type { PipelineOptions } from './pipeline.ts';
import {
  type AddressNames,
  fixedNames,
  type HeardName,
  HostNames,
  LocalNames,
} from './resolve/index.ts';
import { Capture } from './ship/columns.ts';
import type { Store } from './store/contract.ts';
import { CounterReports } from './tap/counters.ts';
import type { SavedPackets, TapSource, ThreadCounters } from './tap/messages.ts';
import { type PipelineThread, startPipeline, type TakeBatch, TapError } from './tap/pipelines.ts';
import { settling } from './tap/settling.ts';

export interface TapOptions {
  readonly source: TapSource;
  readonly output: 'page' | 'jsonl' | 'none';
  /** `none` keeps nothing; only for outputs other than the page. */
  readonly store: 'none' | { readonly directory: string | undefined; readonly limitBytes: number };
  readonly bodyLimitBytes: number;
  /** Files and folders of schemas (`.proto`) by which messages are read. */
  readonly schemaPaths?: readonly string[];
  readonly redact: boolean;
  /** Calls whose User-Agent contains one of these are left out. */
  readonly ignoredUserAgents?: readonly string[];
  readonly limits?: TapLimits;
  readonly write?: string | undefined;
  readonly guiPort: number;
  readonly proxyHost: string;
  readonly token?: string | undefined;
  /** Only entries that match, for `jsonl`. */
  readonly filter?: string | undefined;
  /** Server ports of the demo shop: entries of theirs are labelled. */
  readonly demoPorts: readonly number[];
  /** Addresses whose names are known beforehand: the demo's. */
  readonly names?: AddressNames | undefined;
  /** A sentence for the page when what the user asked for could not be had. */
  readonly notice?: string | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: TapProgress) => void;
  /** Something the user should know though the tap goes on: a sentence. */
  readonly onNotice?: (text: string) => void;
  /** The page answers and the source is open. */
  readonly onReady?: (ready: { readonly url: string }) => void;
  /** The source is open; says what is tapped. */
  readonly onStarted?: (description: string) => void;
}

export interface TapProgress {
  readonly readBytes: number;
  readonly totalBytes: number;
  readonly packets: number;
  readonly entries: number;
  readonly elapsedMs: number;
}

export interface TapSummary {
  readonly packets: number;
  readonly bytes: number;
  readonly streams: number;
  readonly entries: number;
  readonly holes: number;
  readonly holeBytes: number;
  /** Packets dropped by the kernel. */
  readonly dropped: number;
  /** Rows, bodies and connections given up since something was too slow or memory was short. */
  readonly shed: number;
  /** Calls left out on purpose: by their User-Agent. */
  readonly ignored: number;
  readonly notUnderstood: Readonly<Record<string, number>>;
  readonly damage: readonly {
    readonly file: string;
    readonly offset: number;
    readonly reason: string;
  }[];
  /** What was saved with `write`. */
  readonly saved: SavedPackets | undefined;
  readonly elapsedMs: number;
  /** CPU time of the pipeline threads, ms. */
  readonly pipelineCpuMs: number;
  /** CPU time of storing, ms. */
  readonly storeCpuMs: number;
}

export { TapError } from './tap/pipelines.ts';

const progressEveryMs = 200;

/** Runs until the input ends (jsonl, none) or `signal` is aborted. Throws `TapError` or `ServeError`. */
export async function runTap(options: TapOptions): Promise<TapSummary> {
  const startedAt = Date.now();
  const matches = await filterOf(options.filter);
  await using stack = new AsyncDisposableStack();
  const context = isKept(options) ? await rowContext(options) : nobodyLooks;
  const store = await openTapStore(options, context);
  if (store !== undefined) stack.defer(() => store.close());
  let thread: PipelineThread | undefined;
  let ended = false;
  let ready: (() => void) | undefined;
  const reports = new CounterReports();
  await giveSchemas(options);
  const takers = isKept(options) ? await learners(options, context) : [];
  const rows = await settling(options, takeWithAll(takers), stack);
  let { source } = options;
  if (options.output === 'page') {
    const { startPage } = await import('./tap/page.ts');
    const page = await startPage({
      options,
      store: store!,
      schema: await querySchema(),
      names: context,
      startedAt,
      counters: () => reports.report(thread?.counters(), store, ended),
      onCleared: () => rows.forget(),
    });
    stack.defer(() => page.close());
    takers.push((batch) => page.push(batch));
    source = withoutPort(source, page.port);
    ready = () => options.onReady?.({ url: page.url });
  }
  if (store !== undefined) {
    // A file waits for the store; a live tap does not, the store then sheds and counts.
    const patient = options.source.kind === 'files';
    takers.push((batch) => {
      store.append(batch);
      return patient ? store.room() : undefined;
    });
  }
  if (options.output === 'jsonl') {
    const { jsonlWriter } = await import('./tap/jsonl.ts');
    takers.push(jsonlWriter(process.stdout, context, matches));
  }
  thread = startPipeline(
    {
      source,
      pipeline: pipelineOptions(options),
      write: options.write,
    },
    rows.take,
    (names) => hear(context.names, names),
  );
  const progress = setInterval(() => report(options, thread, startedAt), progressEveryMs);
  stack.defer(() => clearInterval(progress));
  const stop = () => thread?.stop();
  options.signal.addEventListener('abort', stop);
  stack.defer(() => options.signal.removeEventListener('abort', stop));
  const description = await thread.started;
  ready?.();
  options.onStarted?.(description);
  const counters = await thread.done;
  ended = true;
  refuseForeignInput(counters);
  report(options, thread, startedAt);
  if (options.output === 'page' && !options.signal.aborted) await aborted(options.signal);
  return summarise(counters, store, startedAt);
}

function pipelineOptions(options: TapOptions): PipelineOptions {
  const { source, bodyLimitBytes, redact, ignoredUserAgents = [], demoPorts } = options;
  return {
    thread: 0,
    node: 0,
    capture: source.kind === 'local' ? Capture.Pcap : Capture.File,
    bodyLimitBytes,
    redact,
    ignoredUserAgents,
    ...pipelineLimits(options.limits ?? defaultLimits),
    demoPorts,
  };
}

async function giveSchemas({ schemaPaths = [], onNotice }: TapOptions): Promise<void> {
  if (schemaPaths.length === 0) return;
  const { giveSchemaFiles, readSchemaFiles } = await import('./protocols/schema-files.ts');
  for (const problem of giveSchemaFiles(await readSchemaFiles(schemaPaths)).problems) {
    onNotice?.(problem);
  }
}

/** The page's own calls are left out by the port it really has: 0 was any free one. */
function withoutPort(source: TapSource, port: number): TapSource {
  if (source.kind !== 'local') return source;
  return { ...source, ignorePorts: [...new Set([...source.ignorePorts, port])].filter(Boolean) };
}

type TapContext = RowContext & { readonly names: HostNames };

function hear(names: HostNames, heard: readonly HeardName[]): void {
  for (const { address, host, timeMs, origin } of heard) {
    names.learnHost(address, host, timeMs, origin);
  }
}

/**
 * Somebody may look at entries. What reads them is loaded only then: without it a tap starts in half the
 * time.
 */
function isKept({ output, store }: TapOptions): boolean {
  return output !== 'none' || store !== 'none';
}

const nobodyLooks: TapContext = {
  protocolByCode: () => undefined,
  names: new HostNames(fixedNames({})),
};

/** Takers that learn from traffic how to read other traffic. */
async function learners(
  { output }: TapOptions,
  { names, protocolByCode }: TapContext,
): Promise<TakeBatch[]> {
  const { learnHosts } = await import('./entry/learn-hosts.ts');
  const takers: TakeBatch[] = [(batch) => learnHosts(batch, names, protocolByCode)];
  if (output === 'none') return takers;
  const { schemaLearner } = await import('./entry/learn-schemas.ts');
  const { protocols } = await import('./protocols/index.ts');
  return [...takers, schemaLearner(protocols)];
}

/** Only a live tap names processes: a file was captured at another time, perhaps on another machine. */
async function rowContext({ source, names = {} }: TapOptions): Promise<TapContext> {
  const { protocolByCode } = await import('./protocols/index.ts');
  if (source.kind !== 'local') return { protocolByCode, names: new HostNames(fixedNames(names)) };
  const local = new LocalNames(names);
  // The first calls have names too.
  await local.refresh();
  return { protocolByCode, names: new HostNames(local) };
}

/** Standard input can only be judged when its first bytes have come. */
function refuseForeignInput({ source, damage }: ThreadCounters): void {
  const first = damage[0];
  if (source.packets > 0 || first === undefined || first.offset > 0) return;
  throw new TapError('not-a-capture', `${first.file}: ${first.reason}`);
}

async function openTapStore(options: TapOptions, context: RowContext): Promise<Store | undefined> {
  if (options.store === 'none') return undefined;
  // Loaded when needed: without store and page a tap starts in a third of the time.
  const { openStore } = await import('./store/index.ts');
  const { directory, limitBytes } = options.store;
  try {
    const store = await openStore({
      directory,
      limitBytes,
      ...context,
      schema: await querySchema(),
      onProblem: (problem) => options.onNotice?.(problem),
    });
    for (const repair of store.repairs) options.onNotice?.(repair);
    return store;
  } catch (error) {
    const locked = error instanceof Error && 'code' in error && error.code === 'locked';
    throw new TapError(locked ? 'locked' : 'bad_store', storeRefusal(error, directory));
  }
}

/** The store speaks in sentences; the system's own words need to be told what they are about. */
function storeRefusal(error: unknown, directory: string | undefined): string {
  if (!(error instanceof Error)) return String(error);
  if (!('syscall' in error)) return error.message;
  return `--store ${directory ?? '(a temporary folder)'}: cannot be used (${error.message})`;
}

/** Every name that a query may use. The language is loaded only where there can be queries. */
async function querySchema(): Promise<FieldSchema> {
  const { buildSchema } = await import('./filter/index.ts');
  const { protocols } = await import('./protocols/index.ts');
  return buildSchema(entryFields, protocols);
}

async function filterOf(text: string | undefined) {
  if (text === undefined || text === '') return undefined;
  const { compileQuery, parseQuery } = await import('./filter/index.ts');
  const parsed = parseQuery(text, await querySchema());
  if (parsed.ok) return compileQuery(parsed.query);
  const { message, suggestion, from } = parsed.error;
  const hint = suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`;
  throw new TapError('bad-filter', `--filter, column ${from + 1}: ${message}${hint}`);
}

function takeWithAll(takers: readonly TakeBatch[]): TakeBatch {
  return (batch) => {
    const waits: Promise<void>[] = [];
    for (const take of takers) {
      const wait = take(batch);
      if (wait !== undefined) waits.push(wait);
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  };
}

function report(options: TapOptions, thread: PipelineThread | undefined, startedAt: number): void {
  const counters = thread?.counters();
  if (counters === undefined) return;
  options.onProgress?.({
    readBytes: counters.source.readBytes,
    totalBytes: counters.source.totalBytes,
    packets: counters.pipeline.packets,
    entries: counters.pipeline.entries,
    elapsedMs: Date.now() - startedAt,
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function summarise(
  counters: ThreadCounters,
  store: Store | undefined,
  startedAt: number,
): TapSummary {
  const { source, pipeline } = counters;
  const stored = store?.counters();
  return {
    packets: pipeline.packets,
    bytes: source.bytes,
    streams: pipeline.connections * 2,
    entries: pipeline.entries,
    holes: pipeline.holes,
    holeBytes: pipeline.holeBytes,
    dropped: source.dropped,
    shed: counters.shedRows + pipeline.shedBodies + pipeline.shedConnections + (stored?.shed ?? 0),
    ignored: pipeline.ignored,
    notUnderstood: pipeline.notUnderstood,
    damage: counters.damage,
    saved: counters.saved,
    elapsedMs: Date.now() - startedAt,
    pipelineCpuMs: counters.cpuMs,
    storeCpuMs: stored?.cpuMs ?? 0,
  };
}
