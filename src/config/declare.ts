/**
 * The words in which settings are declared. A declaration is plain data; everything else (the type of
 * the configuration, reading it, flags, template, documentation) derives from it.
 */

/** What a setting holds. `object` and `objects` are free YAML, passed on to Kubernetes as they are. */
export type Kind =
  | 'text'
  | 'number'
  | 'boolean'
  | 'size'
  | 'duration'
  | 'choice'
  | 'list'
  | 'map'
  | 'object'
  | 'objects';

/**
 * `active`: does what its help says. `coming`: accepted; does nothing yet, and says so when set.
 * `dead`: of the original's, accepted so that old files keep working; says that it does nothing.
 * `alias`: another way to say `aliasOf`.
 */
export type Status = 'active' | 'coming' | 'dead' | 'alias';

export type CommandName =
  | 'tap'
  | 'install'
  | 'view'
  | 'clean'
  | 'logs'
  | 'check'
  | 'version'
  | 'config';

/** An option of the command line that sets the setting. */
export interface Flag {
  readonly commands: readonly CommandName[];
  /** Without dashes; without it the last word of the setting's path. */
  readonly long?: string;
  readonly short?: string;
  /** The word for its value in the help: `port` gives `--gui-port <port>`. */
  readonly value?: string;
  /** The value may be left out; then it is this text. */
  readonly bare?: string;
  /** `--no-LONG` exists as well (`both`), or it alone (`only`). */
  readonly negated?: 'both' | 'only';
  /** Works, but neither help nor completion names it. */
  readonly hidden?: true;
  /** Help and completion where the setting's own text does not fit the option. */
  readonly help?: string;
}

/** What a setting may have besides kind, default and help. */
export interface Extras {
  readonly flag?: Flag;
  /** The default as shown to people, where the value says little: `Mizu's version`. */
  readonly shown?: string;
  /** Never printed. */
  readonly secret?: true;
  /** Asks for something once, on the command line: the template leaves it out. */
  readonly once?: true;
  /** Environment variables besides the one that follows from the path. */
  readonly environment?: readonly string[];
  /** Of a text: what it must match, and how that is called in messages. */
  readonly pattern?: { readonly matches: RegExp; readonly expected: string };
  /** Of a number, size (bytes) or duration (milliseconds). */
  readonly least?: number;
  readonly most?: number;
  /** Of a list: a comma belongs to an element; otherwise `a,b` is two. */
  readonly commas?: 'kept';
  /** How a message about a value that cannot be read begins, where users know one. */
  readonly refused?: string;
}

export interface Setting<Value = unknown, Is extends Status = Status> extends Extras {
  readonly node: 'setting';
  readonly kind: Kind;
  readonly status: Is;
  readonly default: Value;
  readonly help: string;
  /** Of a choice; in the order of the help. */
  readonly choices?: readonly string[];
  /** Of a choice: further spellings and what they mean; lower case. */
  readonly synonyms?: Readonly<Record<string, string>>;
  readonly alias?: { readonly of: string; readonly turn: (value: unknown) => unknown };
}

export interface Group<Children extends Branches = Branches> {
  readonly node: 'group';
  readonly help: string;
  readonly children: Children;
  /** A plain value given for the group means this child: `oas: true` is `oas: {enabled: true}`. */
  readonly scalar?: string;
}

export type Branches = { readonly [name: string]: Setting | Group };

type Active<Value> = Setting<Value, 'active'>;

function setting<Value>(
  kind: Kind,
  value: Value,
  help: string,
  extras: Extras = {},
): Active<Value> {
  return { node: 'setting', kind, status: 'active', default: value, help, ...extras };
}

export const text = (value: string, help: string, extras?: Extras): Active<string> =>
  setting('text', value, help, extras);

/** A whole number. */
export const number = (value: number, help: string, extras?: Extras): Active<number> =>
  setting('number', value, help, extras);

export const boolean = (value: boolean, help: string, extras?: Extras): Active<boolean> =>
  setting('boolean', value, help, extras);

/** Bytes, written as `200MB` or `1MiB`. */
export const size = (bytes: number, help: string, extras?: Extras): Active<number> =>
  setting('size', bytes, help, extras);

/** Milliseconds, written as `300s` or `5m`; a bare number is seconds. */
export const duration = (ms: number, help: string, extras?: Extras): Active<number> =>
  setting('duration', ms, help, extras);

/** One of several words; capitals do not matter when it is given. */
export function choice<const Word extends string>(
  choices: readonly Word[],
  value: NoInfer<Word>,
  help: string,
  extras: Extras & { readonly synonyms?: Readonly<Record<string, NoInfer<Word>>> } = {},
): Active<Word> {
  return { ...setting('choice', value, help, extras), choices };
}

/** Texts, written as `a,b`, as several options, or as a YAML list. */
export const list = (help: string, extras?: Extras): Active<readonly string[]> =>
  setting('list', [], help, extras);

/** Names with texts, written as `a=b,c=d` or as a YAML map. */
export const map = (help: string, extras?: Extras): Active<Readonly<Record<string, string>>> =>
  setting('map', {}, help, extras);

/** Free YAML for one Kubernetes object. */
export const object = (help: string, extras?: Extras): Active<Readonly<Record<string, unknown>>> =>
  setting('object', {}, help, extras);

type FreeObjects = readonly Readonly<Record<string, unknown>>[];

/** Free YAML for a list of Kubernetes objects. */
export const objects = (value: FreeObjects, help: string, extras?: Extras): Active<FreeObjects> =>
  setting('objects', value, help, extras);

/** A setting whose feature is still to come. */
export function coming<Value>(declared: Active<Value>): Setting<Value, 'coming'> {
  return { ...declared, status: 'coming' };
}

/** A setting of the original whose service or purpose is gone; `reason` completes "...: REASON". */
export function dead(kind: Kind, reason: string, extras: Extras = {}): Setting<undefined, 'dead'> {
  return { ...setting(kind, undefined, reason, extras), status: 'dead' };
}

/** Another way to set `of`; `turn` makes its value from this one's. */
export function alias(
  kind: Kind,
  of: string,
  turn: (value: unknown) => unknown,
  help: string,
  extras: Extras = {},
): Setting<undefined, 'alias'> {
  return { ...setting(kind, undefined, help, extras), status: 'alias', alias: { of, turn } };
}

export function group<const Children extends Branches>(
  help: string,
  children: Children,
  scalar?: keyof Children & string,
): Group<Children> {
  return { node: 'group', help, children, ...(scalar === undefined ? {} : { scalar }) };
}

/** `gui-port` → `guiPort`, in types. */
type Camel<Name> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** The configuration that a declaration describes. */
export type ValuesOf<Tree extends Branches> = {
  readonly [Name in keyof Tree as Tree[Name] extends Setting<unknown, 'dead' | 'alias'>
    ? never
    : Camel<Name>]: Tree[Name] extends Group<infer Children>
    ? ValuesOf<Children>
    : Tree[Name] extends Setting<infer Value>
      ? Value
      : never;
};

/** `gui-port` → `guiPort`. */
export function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
