/** The server put together: guard, routes, page, and one handle to stop it. */
import cookie from '@fastify/cookie';
import fastifyStatic from '@fastify/static';
import websocket from '@fastify/websocket';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import type { Api, ServeContext } from './context.ts';
import { answerError, notFound } from './errors.ts';
import { addGuard, addSecurityHeaders } from './guard.ts';
import { isDefaultHost, isLoopback, listen, ServeError } from './listen.ts';
import { addOpenapi } from './openapi.ts';
import { fileOptions, pageRoutes } from './page.ts';
import { entriesRoutes } from './routes/entries.ts';
import { entryRoutes } from './routes/entry.ts';
import { liveRoutes } from './routes/live.ts';
import { queryRoutes } from './routes/query.ts';
import { schemaFileRoutes } from './routes/schema-files.ts';
import { statusRoutes } from './routes/status.ts';
import { targetsRoutes } from './routes/targets.ts';
import { isUsableToken, randomToken } from './token.ts';
import { serializerCompiler, validatorCompiler } from './zod-adapter.ts';

export { ServeError };

/** Routes that take more say so. */
const bodyLimitBytes = 4096;
/** What a viewer may send in one message: a filter. */
const messageLimitBytes = 64 << 10;
/** Sockets get this long to say goodbye, ms. */
const closingMs = 300;
/** RFC 6455: the endpoint is going away. */
const goingAway = 1001;

export interface ServeOptions {
  readonly context: ServeContext;
  /** 0: any free port. */
  readonly port: number;
  /** Address or name to listen on; without it the loopback addresses. */
  readonly proxyHost?: string;
  /** Without it MIZU_TOKEN, and without that a random one. */
  readonly token?: string;
  readonly log?: FastifyBaseLogger;
}

export interface ServerHandle {
  /** `http://localhost:8899`, without the token. */
  readonly url: string;
  /** The address for people: it brings the token. */
  readonly pageUrl: string;
  readonly port: number;
  readonly token: string;
  /** Ends every connection, WebSockets with code 1001, and frees the port. */
  close(): Promise<void>;
}

/** Starts serving. Throws `ServeError` when the port or the token cannot be used. */
export async function startServer(options: ServeOptions): Promise<ServerHandle> {
  const token = chooseToken(options.token);
  const { context, proxyHost } = options;
  let port = options.port;
  const app = fastify({
    ...(options.log && { loggerInstance: options.log }),
    // Addresses may hold the token: requests are not logged.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => {
      addSecurityHeaders(reply);
      answerError(error, request, reply);
    },
  }) as unknown as FastifyInstance;
  await addPlugins(app, context);
  addGuard(app, { token, hosts: allowedHosts(proxyHost), port: () => port });
  addRoutes(app.withTypeProvider() as unknown as Api, context, { token, port: () => port });
  port = await listen(app, proxyHost, port);
  const url = `http://${urlHost(proxyHost)}:${port}`;
  return {
    url,
    pageUrl: `${url}/?token=${encodeURIComponent(token)}`,
    port,
    token,
    close: async () => {
      context.live.close();
      await app.close();
    },
  };
}

function chooseToken(given: string | undefined): string {
  const { MIZU_TOKEN } = process.env;
  const token = given || MIZU_TOKEN || randomToken();
  if (isUsableToken(token)) return token;
  throw new ServeError(
    'bad_token',
    'MIZU_TOKEN must be 1 to 512 printable ASCII characters without spaces.',
  );
}

async function addPlugins(app: FastifyInstance, context: ServeContext): Promise<void> {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    reply.header('cache-control', 'no-store');
    if (!request.url.startsWith('/api'))
      return reply.code(404).type('text/plain').send('Not found');
    return answerError(notFound('There is nothing at this address.') as never, request, reply);
  });
  await app.register(websocket, {
    options: { maxPayload: messageLimitBytes, perMessageDeflate: false },
    preClose(done) {
      const { clients } = this.websocketServer;
      for (const client of clients) client.close(goingAway, 'Mizu is closing');
      const late = setTimeout(() => {
        for (const client of clients) client.terminate();
      }, closingMs);
      this.websocketServer.close(() => {
        clearTimeout(late);
        done();
      });
    },
  });
  await app.register(cookie);
  await addOpenapi(app, context.info().version);
  if (context.webRoot !== undefined) {
    await app.register(fastifyStatic, fileOptions(context.webRoot));
  }
}

function addRoutes(app: Api, context: ServeContext, page: { token: string; port(): number }): void {
  void app.register(
    async (api: Api) => {
      statusRoutes(api, context);
      entriesRoutes(api, context);
      entryRoutes(api, context);
      queryRoutes(api, context);
      liveRoutes(api, context);
      targetsRoutes(api, context);
      schemaFileRoutes(api, context);
    },
    { prefix: '/api/v1' },
  );
  for (const url of ['/api', '/api/*']) {
    app.all(url, { schema: { hide: true } }, () => {
      throw notFound('The API has no such address; /api/v1/openapi.json lists them.');
    });
  }
  pageRoutes(app, { webRoot: context.webRoot, ...page });
}

/**
 * On the loopback addresses only these names are answered: a name of somebody else's that is made to
 * point here (DNS rebinding) is not. Elsewhere any name may be right.
 */
function allowedHosts(proxyHost: string | undefined): ReadonlySet<string> | undefined {
  if (proxyHost !== undefined && !isLoopback(proxyHost)) return undefined;
  const names = ['localhost', '127.0.0.1', '[::1]'];
  return new Set(proxyHost === undefined ? names : [...names, urlHost(proxyHost)]);
}

function urlHost(proxyHost: string | undefined): string {
  const everywhere = proxyHost === '0.0.0.0' || proxyHost === '::';
  if (proxyHost === undefined || everywhere || isDefaultHost(proxyHost)) return 'localhost';
  return proxyHost.includes(':') ? `[${proxyHost}]` : proxyHost.toLowerCase();
}
