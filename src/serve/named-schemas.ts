/** Schemas that have a name in the OpenAPI document. */
import { z } from 'zod';

/** Schemas with a name of their own in the OpenAPI document. */
export const namedSchemas = z.registry<{ id: string; description: string }>();

export function named<Schema extends z.ZodType>(
  id: string,
  description: string,
  schema: Schema,
): Schema {
  namedSchemas.add(schema, { id, description });
  return schema;
}
