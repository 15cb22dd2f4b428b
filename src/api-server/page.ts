/** Live feed and web server of the API server: the same as of a tap on one machine, for a cluster. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type RowContext, storedFromBatch } from '../entry/row.ts';
import { subjectOf } from '../entry/subject.ts';
import type { FieldSchema } from '../filter/contract.ts';
import { compileQuery, parseQuery } from '../filter/index.ts';
import { GivenSchemaFiles } from '../protocols/given-schemas.ts';
import { protocolByCode, protocols } from '../protocols/index.ts';
import type { Counters, Info, LiveServerMessage } from '../serve/api.ts';
import type { TargetControl } from '../serve/context.ts';
import { LiveFeed, type ServerHandle, startServer } from '../serve/index.ts';
import type { Store } from '../store/contract.ts';
import { checkQuery } from '../tap/page.ts';

const webRoot = fileURLToPath(new URL('../../web/dist', import.meta.url));

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
}

/** Throws `ServeError` when the port or the token cannot be used. */
export async function startClusterPage(page: ClusterPageOptions): Promise<ClusterPage> {
  const { store, schema, targets, token, port } = page;
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
      labelsOf: (address, port, timeMs) =>
        page.context.names?.identify(address, port, timeMs)?.labels,
      schemaFiles: new GivenSchemaFiles(page.dataFolder),
    },
    port,
    proxyHost: everyAddress(),
    token,
  });
  return { live, server };
}

/** Both families where there are both: `::` takes IPv4 as well. */
export function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}
