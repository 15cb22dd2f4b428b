/** Schema files of users (`.proto`, descriptor sets), by which messages are read. */
import { z } from 'zod';
import type { GivenSchemas, ReadSchemaFile } from '../../dissect/contract.ts';
import type { Api, SchemaControl, ServeContext } from '../context.ts';
import { notFound } from '../errors.ts';
import { named } from '../named-schemas.ts';
import { apiErrorSchema } from '../schemas.ts';

const bodyLimitBytes = 64 << 20;
const maxFiles = 10_000;

const fileSchema = named(
  'ReadSchemaFile',
  'A schema file and what it declares',
  z.object({
    name: z.string(),
    bytes: z.number(),
    messages: z.array(z.string()),
    services: z.array(z.object({ name: z.string(), methods: z.array(z.string()) })),
  }) satisfies z.ZodType<ReadSchemaFile>,
);

const givenSchema = named(
  'GivenSchemas',
  'What the schema files that were given say',
  z.object({
    messages: z.number(),
    methods: z.number(),
    problems: z.array(z.string()),
    files: z.array(fileSchema),
  }) satisfies z.ZodType<GivenSchemas>,
);

const filesSchema = z.object({
  files: z
    .array(z.object({ name: z.string().min(1).max(1024), content: z.base64().optional() }))
    .max(maxFiles)
    .describe('Each with its path, and its bytes as base64; without them one given before stays'),
});

export function schemaFileRoutes(app: Api, context: ServeContext): void {
  const errors = { 400: apiErrorSchema, 401: apiErrorSchema, 404: apiErrorSchema };
  app.get(
    '/schema-files',
    { schema: { summary: 'What was given', response: { 200: givenSchema, ...errors } } },
    (): GivenSchemas => controlOf(context).report(),
  );
  app.put(
    '/schema-files',
    {
      bodyLimit: bodyLimitBytes,
      schema: {
        summary: 'Reads messages by these files from now on, instead of those given before',
        body: filesSchema,
        response: { 200: givenSchema, ...errors },
      },
    },
    async ({ body }): Promise<GivenSchemas> => {
      const files = body.files.map(({ name, content }) => ({
        name,
        ...(content !== undefined && { bytes: new Uint8Array(Buffer.from(content, 'base64')) }),
      }));
      return await controlOf(context).give(files);
    },
  );
}

function controlOf({ schemaFiles }: ServeContext): SchemaControl {
  if (schemaFiles === undefined) throw notFound('No schema files are taken here.');
  return schemaFiles;
}
