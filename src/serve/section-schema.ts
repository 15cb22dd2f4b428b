/** The schema of what the details pane draws. */
import { z } from 'zod';
import { named } from './named-schemas.ts';

const count = z.number().int().min(0);
const minor = z.literal(true).exactOptional().describe('It stands last, closed');

export const sectionSchema = named(
  'Section',
  'A part of the details: a table of names, a body, a grid, a tree',
  z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('table'),
      title: z.string(),
      minor,
      rows: z.array(
        z.object({
          name: z.string(),
          value: z.union([z.string(), z.number(), z.boolean()]),
          path: z.string().exactOptional().describe('The query path that reads this value'),
          remark: z.string().exactOptional().describe('Why it deserves attention'),
          note: z.string().exactOptional().describe('What the value is, in other words'),
        }),
      ),
    }),
    z.object({
      kind: z.literal('body'),
      title: z.string(),
      minor,
      mediaType: z.string(),
      encoding: z.enum(['text', 'base64']),
      content: z.string(),
      size: count,
      cut: z.boolean(),
      kept: count.exactOptional().describe('Of a body that is cut: bytes of it in the content'),
      path: z.string().exactOptional(),
      remark: z.string().exactOptional(),
    }),
    z.object({
      kind: z.literal('grid'),
      title: z.string(),
      minor,
      columns: z.array(z.string()),
      rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
      paths: z.array(z.string()).exactOptional().describe('The query path of each row'),
      remark: z.string().exactOptional(),
    }),
    z.object({
      kind: z.literal('tree'),
      title: z.string(),
      minor,
      value: z.unknown().describe('A value of any depth'),
      path: z.string().exactOptional(),
      remark: z.string().exactOptional(),
      lacksSchema: z.literal(true).exactOptional().describe('A schema file would name its values'),
    }),
  ]),
);
