/** What the routes need from the rest of the program; tests pass fakes. */
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { GivenFile, GivenSchemas, Protocol } from '../dissect/contract.ts';
import type { FieldSchema } from '../filter/contract.ts';
import type { Store } from '../store/contract.ts';
import type {
  Counters,
  Info,
  Labels,
  QueryCheck,
  TargetChoice,
  Targets,
  TargetsSummary,
} from './api.ts';
import type { LiveFeed } from './live-feed.ts';
import type { ZodTypeProvider } from './zod-adapter.ts';

export interface ServeContext {
  readonly store: Store;
  readonly live: LiveFeed;
  counters(): Counters;
  info(): Info;
  /** Every name that a query may use. */
  readonly schema: FieldSchema;
  readonly protocols: readonly Protocol[];
  /** Can this filter run, and what of it runs where? */
  checkQuery(text: string): QueryCheck;
  /** Forgets everything stored; the feed's own state is forgotten by the route. */
  clear(): Promise<void>;
  /** Folder of the built page; undefined when it was not built. */
  readonly webRoot: string | undefined;
  /** Only where a cluster is tapped. */
  readonly targets?: TargetControl;
  readonly schemaFiles?: SchemaControl;
  /** Labels of what had an address then. */
  labelsOf?(address: string, port: number, timeMs: number): Labels | undefined;
}

/** Files of users by which messages are read. */
export interface SchemaControl {
  report(): GivenSchemas;
  give(files: readonly GivenFile[]): GivenSchemas | Promise<GivenSchemas>;
}

/** What is tapped in a cluster. */
export interface TargetControl {
  report(): Targets;
  summary(): TargetsSummary;
  /** Resolves with a sentence when the choice cannot be used; then nothing has changed. */
  choose(choice: TargetChoice): Promise<string | undefined>;
}

/** The server as routes see it: schemas are zod objects, and what they accept types the request. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** No token is needed. Every route that does not say so needs one. */
    open?: boolean;
    /** The route is a WebSocket; on all others an upgrade is refused. */
    webSocket?: boolean;
  }
}
