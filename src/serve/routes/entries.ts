/** Routes over many entries: a page of them, and forgetting them. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { PageRequest } from '../../store/contract.ts';
import type { EntriesPage } from '../api.ts';
import type { Api, ServeContext } from '../context.ts';
import { badFilter, badParameter } from '../errors.ts';
import { addPending } from '../pending-page.ts';
import { apiErrorSchema, entriesPageSchema, entriesQuery } from '../schemas.ts';

export function entriesRoutes(app: Api, context: ServeContext): void {
  app.get(
    '/entries',
    {
      schema: {
        summary: 'A page of entries, pending ones among them',
        description:
          'Without a cursor: the newest. `before` goes back in time, `after` forward; use the id of ' +
          'the first or last entry of the page at hand.',
        querystring: entriesQuery,
        response: { 200: entriesPageSchema, 400: apiErrorSchema, 401: apiErrorSchema },
      },
    },
    async ({ query }, reply): Promise<EntriesPage> => {
      if (query.before !== undefined && query.after !== undefined) {
        throw badParameter('before, after: only one of them can be given');
      }
      checkFilter(context, query.filter);
      return page(context, { ...query, signal: abortedSignal(reply) });
    },
  );
  app.delete(
    '/entries',
    {
      schema: {
        summary: 'Forgets everything stored',
        response: { 204: z.null().describe('Forgotten'), 401: apiErrorSchema },
      },
    },
    async (_request, reply) => {
      await context.clear();
      context.live.cleared();
      return reply.code(204).send();
    },
  );
}

/** Throws the 400 that shows the place when the filter cannot run. */
export function checkFilter(context: ServeContext, filter: string): void {
  if (filter === '') return;
  const { valid, error } = context.checkQuery(filter);
  if (valid) return;
  throw badFilter(error ?? { code: 'bad_filter', message: 'This filter cannot run.' });
}

/** Fires when the client goes away before it has its answer: the search then ends. */
function abortedSignal(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

async function page(context: ServeContext, request: PageRequest): Promise<EntriesPage> {
  // Before the store is asked: what is completed meanwhile is then found at least once.
  const pending = context.live.pending();
  const stored = await context.store.page(request);
  const matches = context.live.matcher(request.filter);
  const merged =
    typeof matches === 'function' ? addPending(stored, pending, request, matches) : stored;
  return {
    entries: merged.entries.map(({ row }) => row),
    end: merged.end,
    scanned: merged.scanned,
    decoded: merged.decoded,
  };
}
