/** What the API server finds in its pod: settings, secret, environment. See `cluster/objects`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { V1Affinity } from '@kubernetes/client-node';
import { z } from 'zod';
import type { ApiServerSettings } from '../cluster/settings.ts';
import { ignoredUserAgentsSchema, limitsSchema } from '../link/messages.ts';

/** The API server cannot begin: the message says what is missing. */
export class StartError extends Error {}

export interface ApiServerEnvironment {
  readonly settings: ApiServerSettings;
  readonly token: string;
  /** What tappers prove themselves with. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
  readonly certificateKey: string;
  readonly dataFolder: string;
  readonly configFolder: string;
}

const texts = z.array(z.string());
const port = z.number().int().min(0).max(65_535);
const settingsSchema = z.object({
  mode: z.enum(['tap', 'install']),
  namespace: z.string().min(1),
  ownsNamespace: z.boolean(),
  restricted: z.boolean(),
  daemonSet: z.string().min(1),
  service: z.string().min(1),
  configMap: z.string().min(1),
  clusterRole: z.string(),
  tapperAffinity: z.custom<V1Affinity>((value) => typeof value === 'object').nullable(),
  lease: z.object({ name: z.string().min(1), seconds: z.number().positive() }).nullable(),
  ports: z.object({ http: port, tapper: port }),
  targets: z.object({
    namespaces: texts,
    allNamespaces: z.boolean(),
    regex: z.string(),
    selector: z.string(),
    workload: z.string(),
  }),
  maxEntriesDbSizeBytes: z.number().positive(),
  bodyLimitBytes: z.number().int().nonnegative(),
  redact: z.boolean(),
  ignoredUserAgents: ignoredUserAgentsSchema,
  captureFilter: z.string().max(10_000),
  limits: limitsSchema,
  logLevel: z.string(),
}) satisfies z.ZodType<ApiServerSettings>;

const defaults = { config: '/app/config', secret: '/app/secret', data: '/app/data' } as const;
const configFile = 'mizu-config.json';

/** Throws a `StartError`. Folders can be moved by variables, for tests and for running by hand. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): ApiServerEnvironment {
  const secret = environment['SECRET_FOLDER'] || defaults.secret;
  const configFolder = environment['CONFIG_FOLDER'] || defaults.config;
  return {
    settings: readSettings(path.join(configFolder, configFile)),
    token: readText(path.join(secret, 'token')),
    key: readText(path.join(secret, 'key')),
    certificate: readText(path.join(secret, 'tls.crt')),
    certificateKey: readText(path.join(secret, 'tls.key')),
    dataFolder: environment['DATA_FOLDER'] || defaults.data,
    configFolder,
  };
}

function readSettings(file: string): ApiServerSettings {
  let value: unknown;
  try {
    value = JSON.parse(readText(file));
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`${file} is not JSON`);
  }
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StartError(`${file}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function readText(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new StartError(`${file} cannot be read (${code})`);
  }
  if (text === '') throw new StartError(`${file} is empty`);
  return text;
}
