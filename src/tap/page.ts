/** The page of a tap: live feed and server around a store. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type RowContext, storedFromBatch } from '../entry/row.ts';
import { subjectOf } from '../entry/subject.ts';
import type { FieldSchema } from '../filter/contract.ts';
import { compileQuery, explain, parseQuery } from '../filter/index.ts';
import { GivenSchemaFiles } from '../protocols/given-schemas.ts';
import { protocolByCode, protocols } from '../protocols/index.ts';
import { rootFolder } from '../root.ts';
import type { Counters, QueryCheck } from '../serve/api.ts';
import { LiveFeed, type ServerHandle, startServer } from '../serve/index.ts';
import type { Batch } from '../ship/batch.ts';
import type { Store } from '../store/contract.ts';
import { sqlColumns } from '../store/index.ts';
import type { TapOptions } from '../tap.ts';
import { version } from '../version.ts';

const webRoot = fileURLToPath(new URL('web/dist', rootFolder));

export interface PageOptions {
  readonly options: TapOptions;
  readonly store: Store;
  readonly schema: FieldSchema;
  readonly names: RowContext;
  readonly startedAt: number;
  counters(): Counters;
  /** Everything was forgotten. */
  onCleared(): void;
}

export interface TapPage {
  /** Address for people: it brings the token. */
  readonly url: string;
  readonly port: number;
  push(batch: Batch): undefined;
  close(): Promise<void>;
}

/** Starts the server of a tap. Throws `ServeError` when the port or the token cannot be used. */
export async function startPage(page: PageOptions): Promise<TapPage> {
  const { options, store, schema } = page;
  const live = new LiveFeed({
    entryAt: (batch, row) => storedFromBatch(batch, row, page.names),
    compile(filter) {
      const parsed = parseQuery(filter, schema);
      if (!parsed.ok) return parsed.error;
      const matches = compileQuery(parsed.query);
      return (entry) => matches(subjectOf(entry, protocolByCode));
    },
    counters: page.counters,
  });
  const server: ServerHandle = await startServer({
    context: {
      store,
      live,
      counters: page.counters,
      info: () => ({
        version,
        kind: options.source.kind,
        description: describeSource(options),
        startedAt: page.startedAt,
        redacting: options.redact,
        demo: options.demoPorts.length > 0 || options.source.kind === 'recording',
        bodyLimitBytes: options.bodyLimitBytes,
        ...(options.notice !== undefined && { notice: options.notice }),
      }),
      schema,
      protocols,
      checkQuery: (text) => checkQuery(text, schema),
      clear() {
        page.onCleared();
        return store.clear();
      },
      webRoot: existsSync(webRoot) ? webRoot : undefined,
      schemaFiles: new GivenSchemaFiles(),
    },
    port: options.guiPort,
    proxyHost: options.proxyHost,
    ...(options.token !== undefined && { token: options.token }),
  });
  return {
    url: server.pageUrl,
    port: server.port,
    push(batch) {
      live.push(batch);
      return undefined;
    },
    close: () => server.close(),
  };
}

/** With the capture filter: what it leaves out would be missed otherwise. */
function describeSource({ source }: TapOptions): string {
  const only = (captureFilter: string | undefined) =>
    captureFilter === undefined ? '' : `, only ${captureFilter}`;
  switch (source.kind) {
    case 'local': {
      const { interfaces } = source;
      const names = interfaces.length === 0 ? 'all interfaces' : interfaces.join(', ');
      return `this machine, ${names}${only(source.captureFilter)}`;
    }
    case 'files': {
      const names = source.paths.map((path) => (path === '-' ? 'standard input' : path));
      return `${names.join(', ')}${only(source.captureFilter)}`;
    }
    case 'recording':
      return 'a recording of the demo shop';
  }
}

export function checkQuery(text: string, schema: FieldSchema): QueryCheck {
  const parsed = parseQuery(text, schema);
  if (parsed.ok) return { valid: true, explain: explain(parsed.query, sqlColumns(protocolByCode)) };
  const { message, from, to, suggestion } = parsed.error;
  return {
    valid: false,
    error: {
      code: 'bad_filter',
      message,
      from,
      to,
      ...(suggestion !== undefined && { suggestion }),
    },
  };
}
