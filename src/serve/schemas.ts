/**
 * The schemas of everything the API takes and gives: requests are checked with them, and the OpenAPI
 * document is made from them. `satisfies` holds them to the types of `api.ts`.
 */
import { z } from 'zod';
import type { EntryRow } from '../entry/entry.ts';
import { identityKinds, nameOrigins } from '../resolve/contract.ts';
import type {
  ApiError,
  Count,
  Counters,
  EntriesPage,
  Health,
  Histogram,
  Info,
  LiveClientMessage,
  Protocols,
  QueryCheck,
  TargetsSummary,
} from './api.ts';
import { named } from './named-schemas.ts';
import { sectionSchema } from './section-schema.ts';

/** The longest filter taken, in UTF-16 units: far above what people write. */
const filterLengthLimit = 8192;
/** Rows of one page. */
const pageLimit = 1000;
const defaultPage = 100;
const bucketLimit = 1000;
const defaultBuckets = 120;

const count = z.number().int().min(0);
const milliseconds = z.number();

export const apiErrorSchema = named(
  'ApiError',
  'What went wrong, and where',
  z.object({
    error: z.object({
      code: z.string().describe('For programs: bad_filter, bad_parameter, unauthorized, ...'),
      message: z.string().describe('For people'),
      from: count.exactOptional().describe('Place in the filter, UTF-16 units'),
      to: count.exactOptional(),
      suggestion: z.string().exactOptional(),
    }),
  }) satisfies z.ZodType<ApiError>,
);
const errorDetail = apiErrorSchema.shape.error;

export const healthSchema = named(
  'Health',
  'The server runs',
  z.object({
    status: z.literal('ok'),
    version: z.string(),
    notice: z.string().exactOptional(),
  }) satisfies z.ZodType<Health>,
);

export const infoSchema = named(
  'Info',
  'What this Mizu taps, and how',
  z.object({
    version: z.string(),
    kind: z.string(),
    description: z.string(),
    startedAt: milliseconds,
    redacting: z.boolean(),
    demo: z.boolean(),
    bodyLimitBytes: count,
    notice: z.string().exactOptional(),
  }) satisfies z.ZodType<Info>,
);

const fieldSchema = z.object({
  path: z.string(),
  type: z.enum(['text', 'number', 'boolean', 'map', 'list']),
  help: z.string(),
  values: z.array(z.union([z.string(), z.number()])).exactOptional(),
  column: z.string().exactOptional(),
});

export const protocolsSchema = named(
  'Protocols',
  'The protocols that are understood, and every name that a filter may use',
  z.object({
    protocols: z.array(
      z.object({
        id: z.string(),
        name: z.string().describe('protocol.name of its entries'),
        title: z.string(),
        label: z.string(),
        colour: z.string(),
        textColour: z.string(),
        specification: z.string(),
        below: z.string().exactOptional().describe('What its version is of, when that lies below'),
        curl: z.boolean().describe('Its requests can be copied as commands of curl'),
        statusNames: z.record(z.string(), z.string()).exactOptional(),
      }),
    ),
    fields: z.array(fieldSchema),
    macros: z.record(z.string(), z.string()),
  }) satisfies z.ZodType<Protocols>,
);

const endpointSchema = named(
  'Endpoint',
  'One end of a call',
  z.object({
    ip: z.string(),
    port: count,
    name: z.string().describe('What the address is called; empty when unknown'),
    pod: z.string().exactOptional(),
    service: z.string().exactOptional(),
    namespace: z.string().exactOptional(),
    workload: z.string().exactOptional(),
    node: z.string().exactOptional(),
    process: z.string().exactOptional(),
    kind: z.enum(identityKinds).exactOptional(),
    origin: z
      .enum(nameOrigins)
      .exactOptional()
      .describe('Where an external name comes from: a DNS answer, a TLS handshake, a Host header'),
  }),
);

const entryRowSchema = named(
  'EntryRow',
  'What one line of the list shows',
  z.object({
    id: z.string().describe('Sorts by time'),
    protocol: z.object({ name: z.string(), version: z.string(), abbr: z.string() }),
    capture: z.string(),
    timestamp: milliseconds.describe('Milliseconds since 1970, fractional'),
    elapsedTime: milliseconds.nullable().describe('null while there is no response'),
    src: endpointSchema,
    dst: endpointSchema,
    namespace: z.string(),
    node: z.string().describe('That saw the call first'),
    front: z
      .object({ ip: z.string(), port: count })
      .exactOptional()
      .describe('The address that the client asked for, before translation'),
    seenOn: z.array(z.string()).readonly().exactOptional().describe('Nodes that saw the call'),
    sightings: count.describe('How often the call was seen'),
    outgoing: z.boolean(),
    method: z.string(),
    target: z.string(),
    host: z.string(),
    contentType: z.string(),
    traceId: z.string(),
    status: z.number().int(),
    outcome: z.string().describe('pending, ok, failed, no response, no request'),
    requestSize: count,
    responseSize: count,
    incomplete: z.array(z.string()).describe('Why the exchange is not whole; empty when it is'),
    stream: z.string(),
    parent: z.string(),
    demo: z.boolean(),
    timing: z.object({ request: milliseconds, wait: milliseconds.nullable() }),
    packets: z.object({ request: count, response: count }),
  }) satisfies z.ZodType<EntryRow>,
);

export const entriesPageSchema = named(
  'EntriesPage',
  'Entries in ascending order of id',
  z.object({
    entries: z.array(entryRowSchema),
    end: z.boolean().describe('There is nothing further in this direction'),
    scanned: count,
    decoded: count,
  }) satisfies z.ZodType<EntriesPage>,
);

const labelsSchema = z.record(z.string(), z.string());
const valueMap = z.record(z.string(), z.unknown());

export const entryDetailsSchema = named(
  'EntryDetails',
  'An entry with both messages decoded, and as the details pane draws it',
  z.object({
    entry: named(
      'Entry',
      'The whole entry, as filters see it',
      entryRowSchema.extend({
        request: valueMap.optional(),
        response: valueMap.optional(),
      }),
    ),
    sections: z.object({ request: z.array(sectionSchema), response: z.array(sectionSchema) }),
    breaks: z
      .object({ request: z.string().exactOptional(), response: z.string().exactOptional() })
      .exactOptional()
      .describe('Why the sections of a side stop before its end'),
    labels: z
      .object({ src: labelsSchema.exactOptional(), dst: labelsSchema.exactOptional() })
      .exactOptional()
      .describe('Kubernetes labels of the pods at both ends, as they were then'),
  }),
);

export const histogramSchema = named(
  'Histogram',
  'Entries per span of time',
  z.object({
    buckets: z.array(z.object({ start: milliseconds, count, failed: count })),
  }) satisfies z.ZodType<Histogram>,
);

export const countSchema = named(
  'Count',
  'How many stored entries match',
  z.object({
    count,
    atLeast: z.boolean().describe('Counting stopped at a limit: there are at least so many'),
    total: count,
  }) satisfies z.ZodType<Count>,
);

export const queryCheckSchema = named(
  'QueryCheck',
  'Whether a filter can run, and what of it runs where',
  z.object({
    valid: z.boolean(),
    error: errorDetail.exactOptional(),
    explain: z.array(z.string()).exactOptional(),
  }) satisfies z.ZodType<QueryCheck>,
);

const perReason = z.record(z.string(), count);

export const countersSchema = named(
  'Counters',
  'Totals since the start, stage by stage',
  z.object({
    time: milliseconds,
    entriesPerSecond: z.number(),
    packetsPerSecond: z.number(),
    capture: z.object({
      packets: count,
      bytes: count,
      dropped: count,
      ignored: count,
      totalBytes: count,
      readBytes: count,
      ended: z.boolean(),
      damage: z.array(z.string()),
    }),
    decode: z.object({ ignored: perReason }),
    reassemble: z.object({
      connections: count,
      openConnections: count,
      payloadBytes: count,
      holes: count,
      holeBytes: count,
      shedConnections: count,
    }),
    dissect: z.object({
      entries: count,
      pending: count,
      shedBodies: count,
      notUnderstood: perReason,
    }),
    refine: z.object({ ignored: count.describe('Calls left out on purpose') }),
    ship: z.object({ shedRows: count }),
    join: z
      .object({
        sightings: count,
        joined: count,
        late: count,
        hurried: count,
        forgotten: count,
      })
      .exactOptional(),
    store: z.object({
      entries: count,
      bytes: count,
      limitBytes: count,
      oldestTimestamp: milliseconds,
      expired: count,
      shed: count,
      repairs: z.array(z.string()),
    }),
  }) satisfies z.ZodType<Counters>,
);

export const targetsSummarySchema = named(
  'TargetsSummary',
  'How many pods are tapped, of how many, where',
  z.object({
    tapped: count,
    pods: count,
    namespaces: z.array(z.string()),
    allNamespaces: z.boolean(),
    silentNodes: z.array(z.string()).exactOptional(),
  }) satisfies z.ZodType<TargetsSummary>,
);

const filterText = z.string().max(filterLengthLimit).describe('Query; empty matches everything');

export const liveServerMessageSchema = named(
  'LiveServerMessage',
  'What /api/v1/live sends, one JSON object a message',
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('entries'),
      entries: z.array(entryRowSchema).describe('New, or newer states of entries with the same id'),
    }),
    z.object({ type: z.literal('counters'), counters: countersSchema }),
    z.object({ type: z.literal('targets'), summary: targetsSummarySchema }),
    z.object({
      type: z.literal('missed'),
      count: count.describe('Entries not sent, since this viewer was too slow'),
    }),
    z.object({
      type: z.literal('filter'),
      filter: z.string().describe('Entries match this filter from here on'),
    }),
    z.object({ type: z.literal('error'), error: errorDetail }),
    z.object({ type: z.literal('cleared') }),
  ]),
);

export const liveClientMessageSchema = named(
  'LiveClientMessage',
  'What /api/v1/live takes, one JSON object a message',
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('filter'), filter: filterText }),
    z.strictObject({ type: z.literal('pause') }),
    z.strictObject({ type: z.literal('resume') }),
  ]) satisfies z.ZodType<LiveClientMessage>,
);

const entryId = z.string().regex(/^[0-9a-f]{25}$/, 'expected the id of an entry, 25 hex digits');
const time = z.coerce.number().min(0).describe('Milliseconds since 1970');
const filterParameter = filterText.default('');

export const entriesQuery = z.strictObject({
  filter: filterParameter,
  limit: z.coerce.number().int().min(1).max(pageLimit).default(defaultPage),
  before: entryId.exactOptional().describe('Entries older than this id, newest first'),
  after: entryId.exactOptional().describe('Entries newer than this id, oldest first'),
  since: time.exactOptional(),
  until: time.exactOptional(),
});
export const filterQuery = z.strictObject({ filter: filterParameter });
export const histogramQuery = z.strictObject({
  filter: filterParameter,
  since: time.exactOptional(),
  until: time.exactOptional(),
  buckets: z.coerce.number().int().min(1).max(bucketLimit).default(defaultBuckets),
});
export const entryParams = z.strictObject({ id: entryId });
export const sideQuery = z.strictObject({ side: z.enum(['request', 'response']) });
