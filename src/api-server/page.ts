/** Live feed and web server of the API server: the same as of a tap on one machine, for a cluster. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { StoredEntry } from '../entry/entry.ts';
import { type RowContext, storedFromBatch } from '../entry/row.ts';
import { subjectOf } from '../entry/subject.ts';
import type { FieldSchema } from '../filter/contract.ts';
import { compileQuery, parseQuery } from '../filter/index.ts';
import { GivenSchemaFiles } from '../protocols/given-schemas.ts';
import { protocolByCode, protocols } from '../protocols/index.ts';
import { LateNames } from '../resolve/index.ts';
import { rootFolder } from '../root.ts';
import type { Counters, Info, LiveServerMessage } from '../serve/api.ts';
import type { TargetControl } from '../serve/context.ts';
import { LiveFeed, type ServerHandle, startServer } from '../serve/index.ts';
import type { Store } from '../store/contract.ts';
import { checkQuery } from '../tap/page.ts';

/** Rows shown again for one piece of news; more are seen with their names when the list is read anew. */
const mostNamedAtOnce = 500;
const webRoot = fileURLToPath(new URL('web/dist', rootFolder));

export interface ClusterPageOptions {
  readonly store: Store;
  readonly schema: FieldSchema;
  readonly context: RowContext;
  readonly port: number;
  readonly token: string;
  readonly targets: TargetControl;
  /** Where schema files are kept. */
  readonly dataFolder: string;
  /** Forgets everything, also what waits outside of the store. */
  clear(): Promise<void>;
  counters(): Counters;
  info(): Info;
  greeting(): LiveServerMessage | undefined;
}

export interface ClusterPage {
  readonly live: LiveFeed;
  readonly server: ServerHandle;
  /** Names of these addresses are known now: rows that lacked them are shown again. */
  named(addresses: ReadonlySet<string>): void;
}

/** Throws `ServeError` when the port or the token cannot be used. */
export async function startClusterPage(page: ClusterPageOptions): Promise<ClusterPage> {
  const { store, schema, targets, token, port } = page;
  const { names } = page.context;
  const late = names && new LateNames(names);
  const live = new LiveFeed({
    entryAt: (batch, row) => storedFromBatch(batch, row, page.context),
    compile(filter) {
      const parsed = parseQuery(filter, schema);
      if (!parsed.ok) return parsed.error;
      const matches = compileQuery(parsed.query);
      return (entry) => matches(subjectOf(entry, protocolByCode));
    },
    counters: () => page.counters(),
    greeting: () => page.greeting(),
    onShown: (row) => late?.note(row, Date.now()),
  });
  const server = await startServer({
    context: {
      store,
      live,
      counters: () => page.counters(),
      info: () => page.info(),
      schema,
      protocols,
      checkQuery: (text) => checkQuery(text, schema),
      clear: () => page.clear(),
      webRoot: existsSync(webRoot) ? webRoot : undefined,
      targets,
      labelsOf: (address, port, timeMs) => names?.identify(address, port, timeMs)?.labels,
      schemaFiles: new GivenSchemaFiles(page.dataFolder),
    },
    port,
    proxyHost: everyAddress(),
    token,
  });
  return {
    live,
    server,
    named: (addresses) => void showNamed(late?.completed(addresses) ?? [], store, live),
  };
}

/** Both families where there are both: `::` takes IPv4 as well. */
export function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}

/** Rows whose ends have names now. Those still pending get theirs with their answer. */
async function showNamed(ids: readonly string[], store: Store, live: LiveFeed): Promise<void> {
  const entries: StoredEntry[] = [];
  for (const id of ids.slice(-mostNamedAtOnce)) {
    const entry = await store.get(id).catch(() => undefined);
    if (entry !== undefined) entries.push(entry);
  }
  live.again(entries);
}
