/** The live tail: one WebSocket a viewer. */
import type { WebSocket } from '@fastify/websocket';
import type { Api, ServeContext } from '../context.ts';
import { ApiProblem } from '../errors.ts';
import {
  apiErrorSchema,
  filterQuery,
  liveClientMessageSchema,
  liveServerMessageSchema,
} from '../schemas.ts';
import type { Viewer } from '../viewer.ts';
import { issueText } from '../zod-adapter.ts';

/** More are turned away: each costs matching time. */
const viewerLimit = 100;
/** A viewer that does not answer within this time is gone. */
const pingMs = 30_000;
/** A viewer that asks and never reads what it is told is cut off. */
const unreadBytesLimit = 16 << 20;
const closeCode = { tryAgainLater: 1013 } as const;

export function liveRoutes(app: Api, context: ServeContext): void {
  app.route({
    method: 'GET',
    url: '/live',
    config: { webSocket: true },
    schema: {
      summary: 'WebSocket: entries as they come',
      description:
        'Upgrades to a WebSocket that sends LiveServerMessage and takes LiveClientMessage, one JSON ' +
        'object a message. A filter that cannot run is answered with an error message.',
      querystring: filterQuery,
      response: {
        101: {
          description: 'A WebSocket that sends these',
          content: { 'application/json': { schema: liveServerMessageSchema } },
        },
        400: apiErrorSchema,
        401: apiErrorSchema,
        426: apiErrorSchema,
      },
    },
    handler: () => {
      throw new ApiProblem(426, {
        code: 'upgrade_required',
        message: 'This address is a WebSocket.',
      });
    },
    wsHandler: (socket, { query }) => connect(context, socket, query.filter),
  });
}

function connect(context: ServeContext, socket: WebSocket, filter: string): void {
  const { live } = context;
  if (live.viewers >= viewerLimit) {
    socket.close(closeCode.tryAgainLater, 'too many viewers');
    return;
  }
  const viewer = live.watch(socket, filter);
  let alive = true;
  const ping = setInterval(() => {
    if (!alive) return socket.terminate();
    alive = false;
    socket.ping();
  }, pingMs).unref();
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('message', (data, isBinary) => {
    if (socket.bufferedAmount > unreadBytesLimit) return socket.terminate();
    receive(context, viewer, isBinary ? '' : String(data));
  });
  socket.on('close', () => {
    clearInterval(ping);
    live.leave(viewer);
  });
}

function receive({ live }: ServeContext, viewer: Viewer, text: string): void {
  const message = liveClientMessageSchema.safeParse(parseJson(text));
  if (!message.success) {
    const reason = issueText(message.error.issues[0]);
    viewer.send({ type: 'error', error: { code: 'bad_message', message: reason } });
    return;
  }
  if (message.data.type === 'filter') live.setFilter(viewer, message.data.filter);
  else live.setPaused(viewer, message.data.type === 'pause');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
