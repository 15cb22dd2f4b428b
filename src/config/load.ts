/** Defaults, file, environment, `--set` and flags → one configuration. Later wins, in this order. */
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type CommandName, camel, type Setting } from './declare.ts';
import { effectNotices } from './effect.ts';
import { type Environment, readEnvironmentLayer } from './read-environment.ts';
import { readSetLayer } from './read-sets.ts';
import { type Assignment, type Origin, Reading } from './reading.ts';
import {
  environmentName,
  findSetting,
  type Located,
  type MizuConfig,
  optionName,
  settings,
} from './schema.ts';
import type { YamlParser } from './values.ts';

export interface LoadOptions {
  readonly command: CommandName;
  /** Values of flags that were given, by path: `{'tap.gui-port': 8898}`. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** `a.b=c`, as given to `--set`. */
  readonly sets?: readonly string[];
  /** As given to `--config-path`: then the file must exist. */
  readonly configPath?: string | undefined;
  readonly environment: Environment;
}

export interface LoadedConfig {
  /** Complete even when there are errors: what is wrong has its value from the layer below. */
  readonly config: MizuConfig;
  /** The values of `config` by path: `tap.gui-port`. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Where each of them comes from. */
  readonly origins: Readonly<Record<string, Origin>>;
  /** The file that was, or would be, read. */
  readonly configPath: string;
  /** Lines for standard error; the command goes on. */
  readonly notices: readonly string[];
  /** Lines for standard error; the command must not go on. Empty when all is well. */
  readonly errors: readonly string[];
}

interface Held {
  value: unknown;
  origin: Origin;
}

/** Larger files are no configuration. */
const maxFileBytes = 1 << 20;

const defaultOrigin: Origin = { layer: 'default', from: 'default' };

function homePath(path: string, environment: Environment): string {
  const home = environment['HOME'] ?? homedir();
  return resolve(path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path);
}

/** The file's path has to be known before the file can say anything. */
function findPath(
  options: LoadOptions,
  upper: readonly Assignment[],
): { readonly path: string; readonly named: boolean } {
  const given = upper.findLast(({ located }) => located.path === 'config-path')?.value;
  const named = options.configPath ?? (typeof given === 'string' ? given : undefined);
  const fallback = findSetting('config-path')!.setting.default as string;
  return { path: homePath(named ?? fallback, options.environment), named: named !== undefined };
}

/** Reads the file; a missing one matters only when it was named. */
async function readLayerOfFile(path: string, named: boolean, reading: Reading): Promise<void> {
  try {
    const state = await stat(path).catch((error: NodeJS.ErrnoException) => {
      // The folder of another user, whose home was kept by sudo: there is no file for us.
      throw error.code === 'EACCES' && !named ? Object.assign(error, { code: 'ENOENT' }) : error;
    });
    if (!state.isFile() && state.isDirectory()) throw new Error(`${path} is a folder`);
    if (state.size > maxFileBytes) throw new Error(`${path} is too large`);
    const text = await readFile(path, 'utf8');
    const { readFileLayer } = await import('./read-file.ts');
    readFileLayer(text, path, reading);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing && !named) return;
    reading.errors.push(missing ? `there is no file ${path}` : (error as Error).message);
  }
}

function regenerate(problems: readonly string[], path: string): string {
  return `invalid config, ${problems.join('; ')}\nyou can regenerate the file by removing it (${path}) and using \`mizu config -r\``;
}

/** `value` with one inner value replaced; what is on the way and no object is replaced as well. */
function withInner(outer: unknown, names: readonly string[], value: unknown): unknown {
  const [name, ...rest] = names;
  if (name === undefined) return value;
  const base = typeof outer === 'object' && outer !== null && !Array.isArray(outer) ? outer : {};
  const inner = Object.hasOwn(base, name) ? (base as Record<string, unknown>)[name] : undefined;
  return { ...base, [name]: withInner(inner, rest, value) };
}

function apply(held: Map<string, Held>, assignment: Assignment): void {
  const { located, origin, inner } = assignment;
  const { alias } = located.setting;
  const target = alias === undefined ? located.path : alias.of;
  const value = alias === undefined ? assignment.value : alias.turn(assignment.value);
  const before = held.get(target);
  if (before === undefined) return;
  before.value = inner === undefined ? value : withInner(before.value, inner, value);
  before.origin = origin;
}

function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

function hasValue({ status }: Setting): boolean {
  return status === 'active' || status === 'coming';
}

function assemble(held: ReadonlyMap<string, Held>): MizuConfig {
  const root: Record<string, unknown> = {};
  for (const { path } of settings) {
    const names = path.split('.').map(camel);
    let branch = root;
    for (const name of names.slice(0, -1)) {
      branch[name] ??= {};
      branch = branch[name] as Record<string, unknown>;
    }
    if (held.has(path)) branch[names.at(-1)!] = held.get(path)!.value;
  }
  return frozen(root) as MizuConfig;
}

function readFlagLayer(flags: Readonly<Record<string, unknown>>, reading: Reading): void {
  for (const [path, value] of Object.entries(flags)) {
    const located = findSetting(path);
    if (located === undefined || value === undefined) continue;
    const origin: Origin = {
      layer: 'flag',
      from: optionName(located, value) ?? 'the command line',
    };
    // Values of flags are read already: a duration is milliseconds here, not seconds.
    if (typeof value === 'string') reading.text(located, value, origin);
    else reading.assignments.push({ located, value, origin });
  }
}

/** Free YAML in the environment or in `--set` needs the parser, which takes long to load. */
async function yamlFor(options: LoadOptions): Promise<YamlParser | undefined> {
  const free = settings.filter(({ setting }) =>
    ['object', 'objects', 'list', 'map'].includes(setting.kind),
  );
  const needed =
    (options.sets ?? []).length > 0 ||
    free.some(({ path }) => options.environment[environmentName(path)] !== undefined);
  if (!needed) return undefined;
  const { parse } = await import('yaml');
  return (text) => parse(text, { maxAliasCount: 0, logLevel: 'silent' });
}

/** Never throws: what is wrong is in `errors`. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const yaml = await yamlFor(options);
  const environment = new Reading(yaml);
  const sets = new Reading(yaml);
  const flags = new Reading(yaml);
  const file = new Reading(yaml);
  readEnvironmentLayer(options.environment, environment);
  readSetLayer(options.sets ?? [], sets);
  readFlagLayer(options.flags ?? {}, flags);
  const upper = [environment, sets, flags].flatMap(({ assignments }) => assignments);
  const { path, named } = findPath(options, upper);
  await readLayerOfFile(path, named, file);

  const assignments = [...file.assignments, ...upper].filter(
    ({ located }) => located.path !== 'config-path',
  );
  const held = new Map<string, Held>();
  for (const { path: at, setting } of settings) {
    if (hasValue(setting)) held.set(at, { value: setting.default, origin: defaultOrigin });
  }
  held.set('config-path', pathHeld(path, options, upper));
  for (const assignment of assignments) apply(held, assignment);

  const errors = [environment, sets, flags].flatMap((reading) => reading.errors);
  if (file.errors.length > 0) errors.unshift(regenerate(file.errors, path));
  const all = [file, environment, sets, flags];
  return {
    config: assemble(held),
    values: Object.fromEntries([...held].map(([at, { value }]) => [at, value])),
    origins: Object.fromEntries([...held].map(([at, { origin }]) => [at, origin])),
    configPath: path,
    notices: [
      ...all.flatMap((reading) => reading.notices),
      ...effectNotices(assignments, file, options.command),
    ],
    errors,
  };
}

function pathHeld(path: string, options: LoadOptions, upper: readonly Assignment[]): Held {
  if (options.configPath !== undefined) {
    return { value: path, origin: { layer: 'flag', from: '--config-path' } };
  }
  const given = upper.findLast(
    ({ located }: { located: Located }) => located.path === 'config-path',
  );
  return { value: path, origin: given?.origin ?? defaultOrigin };
}
