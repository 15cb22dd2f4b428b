/** The options of `mizu tap`, and what the typed words become. */
import { type Command, Option } from 'commander';
import { addConfigOptions, type GivenOptions, type LoadedConfig } from '../../config/index.ts';
import type { TapLimits } from '../../limits.ts';
import { UserError } from '../errors.ts';
import { limitsOf } from '../limits.ts';

/** Where the traffic comes from; neither `local` nor `read`: a cluster. */
export interface SourceOptions {
  readonly local?: true;
  readonly read?: readonly string[];
  readonly write?: string;
  readonly demo?: true;
}

/** What a tap of this machine or of files is told. */
export interface TapCommandOptions extends SourceOptions {
  readonly interface: readonly string[];
  readonly captureFilter?: string | undefined;
  readonly proto: readonly string[];
  readonly output: 'page' | 'jsonl' | 'none';
  readonly filter?: string | undefined;
  readonly store?: string | undefined;
  readonly maxEntriesDbSize: number;
  readonly bodyLimit: number;
  readonly redact: boolean;
  readonly ignoredUserAgents: readonly string[];
  readonly limits: TapLimits;
  readonly guiPort: number;
  readonly proxyHost: string;
  readonly token?: string | undefined;
  readonly headless: boolean;
  readonly summary: 'text' | 'json' | 'none';
}

function sourceOptions(): Option[] {
  return [
    new Option('--local', "this machine's traffic, live").conflicts('read'),
    new Option(
      '--read <file...>',
      'capture files (pcap, pcapng, also gzip or zstd); - is standard input',
    ),
    new Option('--write <file>', 'also save the packets as pcapng (with --local or --read)'),
    new Option('--demo', 'run the demo shop as well and label its calls (with --local)').conflicts(
      'read',
    ),
  ];
}

/** Returns what the command line gave for the configuration, once it is parsed. */
export function addTapOptions(command: Command): () => GivenOptions {
  for (const option of sourceOptions()) command.addOption(option);
  return addConfigOptions(command, 'tap');
}

export function isClusterTap({ local, read }: SourceOptions): boolean {
  return local === undefined && read === undefined;
}

/** @throws UserError when options do not fit together. */
export function tapOptions(source: SourceOptions, { config }: LoadedConfig): TapCommandOptions {
  const { tap, token, headless } = config;
  const { output } = tap;
  if (output === 'yaml') throw new UserError('--output yaml goes with --dry-run, in a cluster');
  const options: TapCommandOptions = {
    ...source,
    interface: tap.interface,
    captureFilter: tap.captureFilter || undefined,
    proto: tap.proto,
    output,
    filter: tap.filter || undefined,
    store: tap.store || undefined,
    maxEntriesDbSize: tap.maxEntriesDbSize,
    bodyLimit: tap.bodyLimit,
    redact: tap.redact,
    ignoredUserAgents: tap.ignoredUserAgents,
    limits: limitsOf(config),
    guiPort: tap.guiPort,
    proxyHost: tap.proxyHost,
    token: token || undefined,
    headless,
    summary: tap.summary,
  };
  checkTapOptions(options);
  return options;
}

function checkTapOptions(options: TapCommandOptions): void {
  if (options.interface.length > 0 && options.local === undefined) {
    throw new UserError('--interface goes with --local');
  }
  if (options.filter !== undefined && options.output !== 'jsonl') {
    throw new UserError('--filter goes with --output jsonl; the page has its own query bar');
  }
  const inputs = options.read ?? [];
  if (inputs.filter((path) => path === '-').length > 1) {
    throw new UserError('standard input (-) can be read only once');
  }
  if (options.write !== undefined && inputs.includes(options.write)) {
    throw new UserError(`--write would overwrite ${options.write}, which is read`);
  }
}

/** Flags that mean nothing where the other kind of tap was asked for. */
const clusterFlags = [
  'tap.namespaces',
  'tap.all-namespaces',
  'tap.selector',
  'tap.workload',
  'tap.dry-run',
  'tap.lease',
  'kube-config-path',
  'kube-context',
  'mizu-resources-namespace',
] as const;
const localFlags = ['tap.interface', 'tap.store', 'tap.filter'] as const;

/** @throws UserError when a flag was given that the chosen kind of tap would ignore. */
export function checkGivenFlags(
  source: SourceOptions,
  given: GivenOptions,
  expression: string | undefined,
  loaded: Pick<LoadedConfig, 'origins'>,
): void {
  const cluster = isClusterTap(source);
  const misplaced = (cluster ? localFlags : clusterFlags).find((path) => path in given.flags);
  if (misplaced !== undefined) {
    const name = loaded.origins[misplaced]?.from ?? misplaced;
    throw new UserError(
      cluster ? `${name} goes with --local or --read` : `${name} is for tapping a cluster`,
    );
  }
  if (cluster && (source.write !== undefined || source.demo !== undefined)) {
    throw new UserError(`--${source.demo ? 'demo' : 'write'} goes with --local`);
  }
  if (!cluster && expression !== undefined) {
    throw new UserError(
      `too many arguments: ${expression} (a regular expression of pod names is for tapping a cluster)`,
    );
  }
}

/** Settings from a file, the environment or `--set` that mean nothing in a cluster: a line for each. */
export function localSettingsInCluster({ origins }: Pick<LoadedConfig, 'origins'>): string[] {
  return localFlags.flatMap((path) => {
    const origin = origins[path];
    if (origin === undefined || origin.layer === 'default') return [];
    return [`${origin.from} sets ${path}, which goes with --local or --read and does nothing here`];
  });
}

/** The configuration with the pods' expression that was typed. */
export function withExpression(given: GivenOptions, expression: string | undefined): GivenOptions {
  if (expression === undefined) return given;
  return { ...given, flags: { ...given.flags, 'tap.regex': expression } };
}
