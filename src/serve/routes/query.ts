/** Routes about a filter: can it run, how many match, when were they. */
import type { Count, Histogram, QueryCheck } from '../api.ts';
import type { Api, ServeContext } from '../context.ts';
import { badParameter } from '../errors.ts';
import {
  apiErrorSchema,
  countSchema,
  filterQuery,
  histogramQuery,
  histogramSchema,
  queryCheckSchema,
} from '../schemas.ts';
import { checkFilter } from './entries.ts';

/** Counting stops here: "at least 100,000" says as much to a reader. */
const countLimit = 100_000;
const errorSchemas = { 400: apiErrorSchema, 401: apiErrorSchema };

export function queryRoutes(app: Api, context: ServeContext): void {
  app.get(
    '/query/check',
    {
      schema: {
        summary: 'Can this filter run? Where is it wrong?',
        querystring: filterQuery,
        response: { 200: queryCheckSchema, ...errorSchemas },
      },
    },
    ({ query }): QueryCheck => context.checkQuery(query.filter),
  );
  app.get(
    '/count',
    {
      schema: {
        summary: 'How many stored entries match',
        querystring: filterQuery,
        response: { 200: countSchema, ...errorSchemas },
      },
    },
    async ({ query }): Promise<Count> => {
      checkFilter(context, query.filter);
      const total = context.store.counters().entries;
      if (query.filter === '') return { count: total, atLeast: false, total };
      const found = await context.store.count(query.filter, countLimit + 1);
      return { count: Math.min(found, countLimit), atLeast: found > countLimit, total };
    },
  );
  app.get(
    '/histogram',
    {
      schema: {
        summary: 'Entries per span of time; only filters on columns narrow it',
        querystring: histogramQuery,
        response: { 200: histogramSchema, ...errorSchemas },
      },
    },
    async ({ query }): Promise<Histogram> => {
      checkFilter(context, query.filter);
      const until = query.until ?? Date.now();
      const since = query.since ?? Math.min(context.store.counters().oldestTimestamp, until);
      if (since > until) throw badParameter('since: must not be later than until');
      // Nothing is stored yet: no time to divide.
      if (since === until || (query.since === undefined && since === 0)) return { buckets: [] };
      return {
        buckets: await context.store.histogram(query.filter, since, until, query.buckets),
      };
    },
  );
}
