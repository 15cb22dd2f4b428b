/** Schemas of what is tapped in a cluster. */
import { z } from 'zod';
import type { TargetChoice, Targets } from './api.ts';
import { named } from './named-schemas.ts';
import { targetsSummarySchema } from './schemas.ts';

const textLimit = 1000;
const placesLimit = 10_000;

const count = z.number().int().min(0);
const text = z.string().max(textLimit).default('');
const places = z.array(z.string().max(textLimit)).max(placesLimit).default([]);

export const targetChoiceSchema = named(
  'TargetChoice',
  'Which pods to tap; everything that is given must hold',
  z.strictObject({
    namespaces: places,
    allNamespaces: z.boolean().default(false),
    regex: text.describe('RE2, found anywhere in the name of a pod'),
    selector: text.describe('Labels, as kubectl takes them'),
    workloads: places.describe('deploy/cart; a pod of any of them'),
    include: places.describe('namespace/name of pods that are tapped whatever the rest says'),
    exclude: places.describe('namespace/name of pods that are not'),
  }) satisfies z.ZodType<TargetChoice>,
);

const perNamespace = z.object({ name: z.string(), pods: count, tapped: count });
const podSchema = z.object({
  namespace: z.string(),
  name: z.string(),
  node: z.string(),
  phase: z.string(),
  workload: z.string(),
  tapped: z.boolean(),
  reason: z.string(),
  explanation: z.string(),
});
const nodeSchema = z.object({
  name: z.string(),
  targets: count,
  wanted: z.boolean(),
  running: z.boolean(),
  state: z.string(),
  reason: z.string(),
  pod: z.string(),
  version: z.string(),
  lastSeen: z.number(),
  packets: count,
  dropped: count,
  entries: count,
  shed: count,
  memoryBytes: count,
  memoryLimitBytes: count,
  cpuMs: z.number(),
});

export const targetsSchema = named(
  'Targets',
  'What is tapped, what is not and why, and how the tappers are',
  z.object({
    selection: targetChoiceSchema,
    summary: targetsSummarySchema,
    namespaces: z.array(perNamespace),
    workloads: z.array(perNamespace.extend({ namespace: z.string() })),
    pods: z.array(podSchema),
    nodes: z.array(nodeSchema),
    notices: z.array(z.string()),
  }) satisfies z.ZodType<Targets>,
);
