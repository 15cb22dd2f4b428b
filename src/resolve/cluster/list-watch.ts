/**
 * One kind of objects, listed once and watched from there on, for as long as it takes: pages, bookmarks,
 * "410 Gone", ended connections, refusals.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
import { setTimeout as wait } from 'node:timers/promises';
import { ApiError, type ApiReader } from './api-reader.ts';
import { recordOf, textOf } from './trim.ts';

/** Objects a page: a page of pods is then 2 to 5 MB of text. */
const pageSize = 250;
/** A list ends after this many pages; more would be a server that never comes to the end. */
const maxPages = 4000;
/** The server ends a watch after a time between these, so that watches do not all end at once. */
const watchSeconds = { least: 240, spread: 240 };
/** Bookmarks come about every minute: no word for so long means that the connection is dead. */
const idleMs = 150_000;
const leastRetryMs = 500;
const mostRetryMs = 30_000;
/** A refusal may end when somebody grants the rights. */
const refusedRetryMs = 60_000;
/** A watch that lived for so long was a good one. */
const healthyMs = 10_000;

export interface Kind {
  /** For people: `pods`. */
  readonly name: string;
  /** `/api/v1/namespaces/shop/pods` */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

export interface WatchSink<Fact> {
  /** Object → what is kept of it, or undefined for one that does not matter. */
  trim(object: unknown): Fact | undefined;
  put(fact: Fact): void;
  remove(fact: Fact): void;
  /** The whole list was `put`: what is not in it is gone. */
  listed(facts: readonly Fact[]): void;
  /** What goes wrong; the watch goes on trying. `undefined`: it works. */
  trouble(error: ApiError | undefined): void;
}

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Waits between attempts are multiplied by this; tests wait less. */
  readonly patience?: number;
}

/** Resolves when the signal aborts. Never rejects. */
export async function listAndWatch<Fact>(
  reader: ApiReader,
  kind: Kind,
  sink: WatchSink<Fact>,
  { signal, patience = 1 }: WatchOptions,
): Promise<void> {
  let version: string | undefined;
  let retryMs = leastRetryMs;
  while (!signal.aborted) {
    const startedAt = performance.now();
    let pause = leastRetryMs;
    try {
      version ??= await list(reader, kind, sink, signal);
      version = await watch(reader, kind, sink, version, signal);
      if (version !== undefined) retryMs = leastRetryMs;
      else {
        pause = retryMs;
        retryMs = Math.min(retryMs * 2, mostRetryMs);
      }
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof ApiError ? error : new ApiError(String(error), 0);
      if (problem.status === 410) version = undefined;
      // The server's own end of a long watch and a silent connection are nothing to speak of.
      else if (problem.reason !== 'Idle') sink.trouble(problem);
      if (performance.now() - startedAt > healthyMs) retryMs = leastRetryMs;
      pause = pauseAfter(problem, retryMs);
      retryMs = Math.min(retryMs * 2, mostRetryMs);
    }
    await wait(pause * patience * (0.75 + Math.random() / 2), undefined, { signal }).catch(
      () => {},
    );
  }
}

function pauseAfter({ status, retryAfterMs }: ApiError, retryMs: number): number {
  if (status === 401 || status === 403 || status === 404) return refusedRetryMs;
  return Math.max(retryMs, Math.min(retryAfterMs, mostRetryMs));
}

/** Lists page by page; the version that a watch continues from. */
async function list<Fact>(
  reader: ApiReader,
  { path, query = {} }: Kind,
  sink: WatchSink<Fact>,
  signal: AbortSignal,
): Promise<string> {
  const facts: Fact[] = [];
  let next = '';
  for (let page = 0; page < maxPages; page++) {
    const paging = { limit: String(pageSize), ...(next === '' ? {} : { continue: next }) };
    const answer = recordOf(await reader.get({ path, query: { ...query, ...paging }, signal }));
    for (const item of Array.isArray(answer['items']) ? answer['items'] : []) {
      const fact = sink.trim(item);
      if (fact === undefined) continue;
      facts.push(fact);
      sink.put(fact);
    }
    const metadata = recordOf(answer['metadata']);
    next = textOf(metadata['continue']);
    if (next !== '') continue;
    sink.listed(facts);
    sink.trouble(undefined);
    return textOf(metadata['resourceVersion']);
  }
  throw new ApiError('the list does not end', 0);
}

/** Watches until the server ends it; the version to go on from, or undefined when that is too old. */
async function watch<Fact>(
  reader: ApiReader,
  { path, query = {} }: Kind,
  sink: WatchSink<Fact>,
  from: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  let version: string | undefined = from;
  let failure: ApiError | undefined;
  const seconds = watchSeconds.least + Math.floor(Math.random() * watchSeconds.spread);
  const options = {
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: from,
    timeoutSeconds: String(seconds),
  };
  const onLine = (line: unknown) => {
    const event = recordOf(line);
    const object = recordOf(event['object']);
    if (event['type'] === 'ERROR') {
      const status = Number(object['code']) || 0;
      failure = new ApiError(textOf(object['message']), status, textOf(object['reason']));
      return;
    }
    version = textOf(recordOf(object['metadata'])['resourceVersion']) || version;
    if (event['type'] === 'BOOKMARK') return;
    const fact = sink.trim(object);
    if (fact === undefined) return;
    if (event['type'] === 'DELETED') sink.remove(fact);
    else sink.put(fact);
  };
  try {
    await reader.lines({ path, query: { ...query, ...options }, signal }, idleMs, onLine, () => {
      sink.trouble(undefined);
    });
  } catch (error) {
    // What came before the connection broke counts.
    if (!(error instanceof ApiError) || error.status !== 0 || version === from) throw error;
  }
  if (failure?.status === 410) return undefined;
  if (failure) throw failure;
  return version;
}

/** The items of one whole list, for callers that only look once. Rejects with `ApiError`. */
export async function listOnce<Fact>(
  reader: ApiReader,
  kind: Kind,
  trim: (object: unknown) => Fact | undefined,
  signal: AbortSignal = new AbortController().signal,
): Promise<Fact[]> {
  let facts: readonly Fact[] = [];
  const sink: WatchSink<Fact> = {
    trim,
    put: () => {},
    remove: () => {},
    listed: (all) => {
      facts = all;
    },
    trouble: () => {},
  };
  await list(reader, kind, sink, signal);
  return [...facts];
}
