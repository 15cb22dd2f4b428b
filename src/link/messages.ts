/**
 * What a tapper and the API server say to each other beside batches: one JSON object in each text
 * frame. Both ends check every message against these schemas; what does not fit ends the connection.
 *
 *   tapper      → hello, counters (each second), facts, bye
 *   API server  → welcome or refused, targets, settings, acknowledged
 */
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { TapLimits } from '../limits.ts';
import { nameOrigins } from '../resolve/contract.ts';
import { type ColumnName, columns } from '../ship/columns.ts';

/** Raised when messages, the batch frame or the batch's layout change. */
const wireVersion = 1;

/**
 * Two ends understand each other when these numbers are equal. Batches travel as they lie in memory,
 * so the columns, their order and kinds are part of it.
 */
export const compatibility: number =
  wireVersion * 2 ** 32 +
  crc32((Object.keys(columns) as ColumnName[]).map((name) => `${name}:${columns[name]}`).join());

/** Path of the WebSocket. */
export const linkPath = '/tapper';
/** Where a tapper's key stands: `Authorization: Bearer KEY`. */
export const keyScheme = 'Bearer ';

/** Longest text frame that the API server takes from a tapper, and a tapper from it, in bytes. */
export const maxControlBytes = 1 << 20;
export const maxTargetsBytes = 16 << 20;

/** WebSocket close codes of our own (RFC 6455 section 7.4.2 leaves 4000 to 4999 to applications). */
export const CloseCode = { Normal: 1000, Incompatible: 4001, Invalid: 4002, Silent: 4003 } as const;

const name = z.string().max(253);
const sentence = z.string().max(1000);
const count = z.number().nonnegative();
const port = z.number().int().min(0).max(65_535);
const address = z.string().max(45);
/** Reasons told of one kind; tappers leave out what is rare beyond that. */
export const maxReasons = 100;
const maxTargetAddresses = 50_000;

/** See `CaptureTargets` in `capture/targets.ts`. */
export const targetsSchema = z.object({
  version: z.number().int().nonnegative(),
  addresses: z.array(address).max(maxTargetAddresses).readonly(),
  endpoints: z.array(z.object({ address, port })).max(maxTargetAddresses).readonly(),
  ignored: z.array(z.object({ address, port })).max(1000).readonly(),
});

const positive = z.number().positive();

/** See `TapLimits`; nothing is bounded here that the configuration does not bound. */
export const limitsSchema = z.object({
  pendingMs: positive,
  absentMs: positive,
  connections: positive,
  idleMs: positive,
  acknowledgedWaitMs: count,
  gapWaitMs: count,
  streamBytes: positive,
  reassemblyBytes: positive,
  messageBytes: positive,
  batchRows: positive.int(),
  batchBytes: positive.int(),
}) satisfies z.ZodType<TapLimits>;

/** Texts and how many of them are taken at most. */
export const ignoredUserAgentsSchema = z.array(z.string().max(500)).max(100);

/** How a tapper shall capture. */
export const tapperSettingsSchema = z.object({
  /** `false`: stop, but stay connected. */
  capturing: z.boolean(),
  bodyLimitBytes: z.number().int().nonnegative(),
  redact: z.boolean(),
  /** Calls with a user agent that contains one of these are no entries. */
  ignoredUserAgents: ignoredUserAgentsSchema,
  /** Pipeline threads, flows split between them. */
  threads: z.number().int().min(1).max(64),
  /** As for tcpdump; empty: none. */
  captureFilter: z.string().max(10_000),
  limits: limitsSchema,
  logLevel: z.string().max(20),
});
export type TapperSettings = z.infer<typeof tapperSettingsSchema>;

/** Of our own words, each a short sentence. */
const reasonsSchema = z
  .record(z.string().max(200), count)
  .refine((reasons) => Object.keys(reasons).length <= maxReasons);

export const tapperCountersSchema = z.object({
  /** Packets read, and their bytes. */
  packets: count,
  bytes: count,
  /** Packets that the kernel dropped because the ring was full. */
  dropped: count,
  /** Packets left out on purpose: of no target, or seen twice. */
  ignored: count,
  connections: count,
  openConnections: count,
  holes: count,
  holeBytes: count,
  /** Bytes of TCP payload that were looked at. */
  payloadBytes: count,
  entries: count,
  /** Calls left out on purpose: `ignoredUserAgents`. */
  ignoredEntries: count,
  /** Reason in words → packets that were not TCP or UDP, connections that nobody understood. */
  decodeIgnored: reasonsSchema,
  notUnderstood: reasonsSchema,
  /** Given up because something was too slow or memory was short. */
  shedRows: count,
  shedBodies: count,
  shedConnections: count,
  /** Resident memory, and what the container's limit leaves for all of it (0: no limit known). */
  memoryBytes: count,
  memoryLimitBytes: count,
  cpuMs: count,
  /** Waiting for the API server. */
  bufferedBatches: count,
  bufferedBytes: count,
});
export type TapperCounters = z.infer<typeof tapperCountersSchema>;

const captureSchema = z.object({
  state: z.enum(['waiting', 'capturing', 'stopped', 'failed']),
  /** Why it failed or stopped, for people; else empty. */
  reason: sentence,
  /** `CaptureTargets.version` of what is captured. */
  targets: z.number().int().nonnegative(),
});
export type CaptureReport = z.infer<typeof captureSchema>;

export const maxNodeAddresses = 1000;
export const maxNodeSockets = 4096;

/** A TCP socket of the node's own network, and the pod that owns it. */
const socketSchema = z.object({ port, podUid: name, listening: z.boolean() });
/** What only the node knows. */
const nodeFactsSchema = z.object({
  /** Of the node's interfaces, without loopback. */
  addresses: z.array(address).max(maxNodeAddresses),
  sockets: z.array(socketSchema).max(maxNodeSockets),
});
export type NodeFacts = z.infer<typeof nodeFactsSchema>;

/** Names told in one message; tappers send more in several. */
export const maxHeardNames = 500;
/** See `HeardName` in `resolve/`. */
const heardNameSchema = z.object({
  address,
  host: name,
  origin: z.enum(nameOrigins),
  timeMs: z.number(),
});
const helloSchema = z.object({
  type: z.literal('hello'),
  compatibility: z.number(),
  version: name,
  node: name.min(1),
  pod: name,
  /** Made anew by each tapper process: batch numbers count within it. */
  session: z.string().min(8).max(64),
  /** The node number it had from an API server before, 0 for none. */
  nodeNumber: z.number().int().min(0).max(0xffff),
});

export const fromTapperSchema = z.discriminatedUnion('type', [
  helloSchema,
  z.object({
    type: z.literal('counters'),
    counters: tapperCountersSchema,
    capture: captureSchema,
  }),
  z.object({ type: z.literal('facts'), facts: nodeFactsSchema }),
  z.object({ type: z.literal('names'), names: z.array(heardNameSchema).max(maxHeardNames) }),
  z.object({ type: z.literal('bye'), reason: sentence, counters: tapperCountersSchema }),
]);
export type FromTapper = z.infer<typeof fromTapperSchema>;
export type Hello = z.infer<typeof helloSchema>;

const batchNumber = z.number().int().min(0).max(0xffffffff);

export const toTapperSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    compatibility: z.number(),
    version: name,
    nodeNumber: z.number().int().min(1).max(0xffff),
    /** The newest batch of this session that was taken; 0 for none. */
    taken: batchNumber,
    targets: targetsSchema,
    settings: tapperSettingsSchema,
  }),
  z.object({ type: z.literal('refused'), reason: sentence }),
  z.object({ type: z.literal('targets'), targets: targetsSchema }),
  z.object({ type: z.literal('settings'), settings: tapperSettingsSchema }),
  /** This batch and all before it were taken. */
  z.object({ type: z.literal('acknowledged'), number: batchNumber }),
]);
export type ToTapper = z.infer<typeof toTapperSchema>;
export type Welcome = Extract<ToTapper, { readonly type: 'welcome' }>;

/** What stays the same in the first message of each end, whatever else changes between versions. */
const introductionSchema = z.looseObject({
  type: z.enum(['hello', 'welcome']),
  compatibility: z.number(),
  version: name,
});

/** One sentence when a first message comes from a Mizu that this one does not understand. */
export function misfit(text: string, who: string, version: string): string | undefined {
  const other = readMessage(introductionSchema, text);
  if (other === undefined || other.compatibility === compatibility) return undefined;
  return `${who} is Mizu ${other.version}, which this Mizu ${version} does not understand: use the same image for both`;
}

/** The message in a text frame, or undefined when it is not one. */
export function readMessage<Message>(
  schema: z.ZodType<Message>,
  text: string,
): Message | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return schema.safeParse(value).data;
}
