/** Routes of one entry: decoded, its bytes as kept, its bodies. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { DecodedExchange, Description, Section } from '../../dissect/contract.ts';
import { breakOf, type StoredEntry } from '../../entry/entry.ts';
import type { EntryDetails } from '../api.ts';
import type { Api, ServeContext } from '../context.ts';
import { notFound } from '../errors.ts';
import { apiErrorSchema, entryDetailsSchema, entryParams, sideQuery } from '../schemas.ts';

const entryQuery = z.object({
  texts: z
    .enum(['once'])
    .optional()
    .describe('`once`: a long body is in its section only, not also in the request or response'),
});

type Side = z.output<typeof sideQuery>['side'];

const bytesSchema = {
  description: 'The bytes, as a download',
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
};
const errorSchemas = { 400: apiErrorSchema, 401: apiErrorSchema, 404: apiErrorSchema };

export function entryRoutes(app: Api, context: ServeContext): void {
  app.get(
    '/entries/:id',
    {
      schema: {
        summary: 'One entry, decoded',
        params: entryParams,
        querystring: entryQuery,
        response: { 200: entryDetailsSchema, ...errorSchemas },
      },
    },
    async ({ params, query }): Promise<EntryDetails> => {
      const whole = details(context, await find(context, params.id));
      return query.texts === 'once' ? withTextsOnce(whole) : whole;
    },
  );
  app.get(
    '/entries/:id/raw',
    {
      schema: {
        summary: 'A message as it was kept',
        params: entryParams,
        querystring: sideQuery,
        response: { 200: bytesSchema, ...errorSchemas },
      },
    },
    async ({ params, query }, reply) => {
      const { payload } = await find(context, params.id);
      const bytes = payload[query.side];
      if (bytes === undefined) throw notFound(`No bytes of the ${query.side} were kept.`);
      return sendBytes(reply, bytes, `${params.id}-${query.side}.bin`);
    },
  );
  app.get(
    '/entries/:id/body',
    {
      schema: {
        summary: 'The body of a message, decoded; texts as UTF-8',
        params: entryParams,
        querystring: sideQuery,
        response: { 200: bytesSchema, ...errorSchemas },
      },
    },
    async ({ params, query }, reply) => {
      const { sections } = details(context, await find(context, params.id));
      const body = bodyOf(sections, query.side);
      if (body === undefined) throw notFound(`The ${query.side} has no body.`);
      return sendBytes(reply, body, `${params.id}-${query.side}-body.bin`);
    },
  );
}

async function find(context: ServeContext, id: string): Promise<StoredEntry> {
  // The feed first: what is no longer there has been given to the store.
  const entry = context.live.pendingEntry(id) ?? (await context.store.get(id));
  if (entry === undefined) {
    throw notFound('There is no such entry: it was never seen, or has made room for newer ones.');
  }
  return entry;
}

function details(context: ServeContext, entry: StoredEntry): EntryDetails {
  const protocol = context.protocols.find(({ code }) => code === entry.protocolCode);
  let decoded: DecodedExchange = { request: undefined, response: undefined };
  let sections: Description = { request: [], response: [] };
  if (protocol !== undefined) {
    try {
      decoded = protocol.decode(entry.payload);
      sections = protocol.describe(decoded);
    } catch {
      // The bytes stay available under /raw, and the row is shown as it is.
      const failed = undecodable(protocol.title);
      sections = { request: [failed], response: [] };
    }
  }
  const labels = labelsOfEnds(context, entry);
  const breaks = breaksOf(entry);
  return {
    entry: { ...entry.row, ...decoded },
    sections,
    ...(breaks && { breaks }),
    ...(labels && { labels }),
  };
}

function breaksOf({ payload }: StoredEntry): EntryDetails['breaks'] {
  const request = breakOf(payload.incomplete, 'request');
  const response = breakOf(payload.incomplete, 'response');
  if (request === undefined && response === undefined) return undefined;
  return {
    ...(request !== undefined && { request }),
    ...(response !== undefined && { response }),
  };
}

function labelsOfEnds(context: ServeContext, { row }: StoredEntry): EntryDetails['labels'] {
  if (context.labelsOf === undefined) return undefined;
  const { src, dst, timestamp } = row;
  const source = context.labelsOf(src.ip, src.port, timestamp);
  const destination = context.labelsOf(dst.ip, dst.port, timestamp);
  if (source === undefined && destination === undefined) return undefined;
  return { ...(source && { src: source }), ...(destination && { dst: destination }) };
}

function undecodable(title: string): Section {
  const value = `Mizu failed to decode these ${title} messages; their bytes can be downloaded.`;
  return { kind: 'table', title: 'Not decoded', rows: [{ name: 'reason', value }] };
}

function bodyOf(sections: Description, side: Side): Buffer | undefined {
  const body = sections[side].find((section) => section.kind === 'body');
  return body && Buffer.from(body.content, body.encoding === 'base64' ? 'base64' : 'utf8');
}

/** Shorter ones may stand in an answer twice, characters. */
const longText = 65_536;

/** Without what a section says as well: writing, sending and reading it takes half the time. */
function withTextsOnce(whole: EntryDetails): EntryDetails {
  let { entry } = whole;
  for (const section of [...whole.sections.request, ...whole.sections.response]) {
    if (section.kind !== 'body' || section.path === undefined) continue;
    if (section.content.length < longText) continue;
    entry = without(entry, section.path.split('.'), section.content) as typeof entry;
  }
  return { ...whole, entry };
}

/** A copy without this text at this place; the same where something else is there. */
function without(value: object, [step = '', ...rest]: readonly string[], text: string): object {
  const inner = (value as Readonly<Record<string, unknown>>)[step];
  if (rest.length === 0) {
    if (inner !== text) return value;
    const { [step]: _, ...others } = value as Readonly<Record<string, unknown>>;
    return others;
  }
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return value;
  return { ...value, [step]: without(inner, rest, text) };
}

/** Always a download of no known type: what a server under test sent must never run as a page. */
function sendBytes(reply: FastifyReply, bytes: Uint8Array, name: string) {
  return reply
    .type('application/octet-stream')
    .header('content-disposition', `attachment; filename="${name}"`)
    .send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
