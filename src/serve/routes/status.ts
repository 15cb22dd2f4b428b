/** Routes that tell how Mizu itself is: health, info, counters, protocols, the API's document. */

import type { Counters, Health, Info, Protocols } from '../api.ts';
import type { Api, ServeContext } from '../context.ts';
import { protocolInfo } from '../protocol-info.ts';
import {
  apiErrorSchema,
  countersSchema,
  healthSchema,
  infoSchema,
  protocolsSchema,
} from '../schemas.ts';

export function statusRoutes(app: Api, context: ServeContext): void {
  app.get(
    '/health',
    {
      config: { open: true },
      schema: { summary: 'Is the server up?', security: [], response: { 200: healthSchema } },
    },
    (): Health => ({
      status: 'ok',
      version: context.info().version,
      ...(context.store.notice !== undefined && { notice: context.store.notice }),
    }),
  );
  app.get(
    '/info',
    {
      schema: {
        summary: 'What is tapped, and how',
        response: { 200: infoSchema, 401: apiErrorSchema },
      },
    },
    (): Info => context.info(),
  );
  app.get(
    '/counters',
    {
      schema: {
        summary: 'What each stage did, and what it lost',
        response: { 200: countersSchema, 401: apiErrorSchema },
      },
    },
    (): Counters => context.counters(),
  );
  app.get(
    '/protocols',
    {
      schema: {
        summary: 'Protocols, and the names that filters may use',
        response: { 200: protocolsSchema, 401: apiErrorSchema },
      },
    },
    (): Protocols => protocols(context),
  );
  app.get(
    '/openapi.json',
    { schema: { summary: 'This document', response: { 401: apiErrorSchema } } },
    () => app.swagger(),
  );
}

function protocols({ protocols, schema }: ServeContext): Protocols {
  return {
    protocols: protocols.map(protocolInfo),
    fields: schema.fields,
    macros: schema.macros,
  };
}
