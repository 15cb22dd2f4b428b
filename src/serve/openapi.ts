/** The OpenAPI document: the schemas that requests are checked with, as JSON Schema. */
import swagger from '@fastify/swagger';
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { OpenAPIV3_1 } from 'openapi-types';
import { z } from 'zod';
import { namedSchemas } from './named-schemas.ts';

interface Json {
  [name: string]: unknown;
  minimum?: unknown;
  maximum?: unknown;
}

const reference = (id: string) => `#/components/schemas/${id}`;

/** JSON Schema's own marks, which components do without. */
function withoutMarks({ $schema: _, $id: __, ...schema }: Json): Json {
  return schema;
}

/** Zod bounds integers by what a double holds; readers of the document need not be told. */
function withoutIntegerBounds({ jsonSchema }: { jsonSchema: Json }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}

function componentSchemas(): Record<string, Json> {
  const { schemas } = z.toJSONSchema(namedSchemas, {
    uri: reference,
    override: withoutIntegerBounds,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => [id, withoutMarks(schema as Json)]),
  );
}

function inlineSchema(schema: z.ZodType): Json {
  return withoutMarks(
    z.toJSONSchema(schema, { io: 'input', override: withoutIntegerBounds }) as Json,
  );
}

/** What a route declares for one status: a zod schema, or media types that say it themselves. */
function responseSchema(declared: unknown): Json {
  if (!(declared instanceof z.ZodType)) return declared as Json;
  const name = namedSchemas.get(declared);
  if (name === undefined) return inlineSchema(declared);
  return { $ref: reference(name.id), description: name.description };
}

function routeSchema(declared: Json): Json {
  const schema: Json = { ...declared };
  for (const part of ['querystring', 'params']) {
    const value = declared[part];
    if (value instanceof z.ZodType) schema[part] = inlineSchema(value);
  }
  const { response } = declared;
  if (response === undefined) return schema;
  const statuses = Object.entries(response as Json);
  return {
    ...schema,
    response: Object.fromEntries(statuses.map(([status, it]) => [status, responseSchema(it)])),
  };
}

/** Registered before the routes; `app.swagger()` gives the document. */
export async function addOpenapi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Mizu',
        version,
        description:
          'Calls between services, live and stored. Every route but health needs the token, as ' +
          '`Authorization: Bearer TOKEN` or in the cookie that the page’s address sets.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer' },
          cookie: {
            type: 'apiKey',
            in: 'cookie',
            name: 'mizu-token-PORT',
          },
        },
      },
      security: [{ bearer: [] }, { cookie: [] }],
    },
    convertConstToEnum: false,
    transform: ({ schema, url }) => ({
      schema: routeSchema((schema ?? {}) as Json) as FastifySchema,
      url,
    }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) return document.swaggerObject;
      const { components } = document.openapiObject;
      return {
        ...document.openapiObject,
        components: { ...components, schemas: componentSchemas() },
      } as OpenAPIV3_1.Document;
    },
  });
}
