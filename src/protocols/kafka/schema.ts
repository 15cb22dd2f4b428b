/**
 * The layouts of Kafka's messages, by API and version, out of `messages.json` (made by
 * `npm run generate:kafka`). Nothing is read from it before a message of that kind is seen.
 *
 * A line of it:
 *
 *   kind SP api-key SP name SP versions SP flexible-versions SP fields
 *
 * kind is q (request), s (response) or d (data within other messages). Fields are joined by commas, each
 *
 *   name = [*]type [@versions] [?nullable-versions] [#tag@tagged-versions] [!role] [(fields)]
 *
 * with versions as `3`, `3+`, `0-12`, all when left out; `*` for an array; types as in `FieldType`.
 */
import { SharedText } from '../../dissect/shared-text.ts';
import data from './messages.json' with { type: 'json' };

/**
 * b boolean, i1 i2 i4 i8 signed, u2 u4 unsigned, f8 float, s text, u UUID, B bytes, R records, o a
 * structure; numbers are lengths in bytes.
 */
export type FieldType =
  | 'b'
  | 'i1'
  | 'i2'
  | 'i4'
  | 'i8'
  | 'u2'
  | 'u4'
  | 'f8'
  | 's'
  | 'u'
  | 'B'
  | 'R'
  | 'o';

/**
 * What the row or redaction needs to know: A required acknowledgements, E error code, G group, I topic
 * id, K value of a setting (secret by its name), P epoch of a fetch session, S secret, T topic, user or
 * resource, V a message within, X transactional id.
 */
export type FieldRole = '' | 'A' | 'E' | 'G' | 'I' | 'K' | 'P' | 'S' | 'T' | 'V' | 'X';

/** A structure as it is laid out in one version. */
export interface Layout {
  readonly fields: readonly Field[];
  /** Lengths and counts are variable, and tagged fields follow. */
  readonly flexible: boolean;
  readonly tagged: readonly Field[];
  /** What the name of a topic was called in versions that had it; later ones have its id alone. */
  readonly topicName?: string;
}

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly isArray: boolean;
  readonly isNullable: boolean;
  readonly role: FieldRole;
  /** -1: not a tagged field. */
  readonly tag: number;
  /** Of a structure. */
  readonly layout: Layout | undefined;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

interface Definition {
  readonly apiKey: number;
  readonly name: string;
  readonly versions: Range;
  readonly flexible: Range;
  readonly fields: string;
}

/** An API of Kafka, of all sources together. */
export interface Api {
  readonly key: number;
  readonly name: string;
  readonly rowText: SharedText;
  readonly oldest: number;
  readonly newest: number;
}

const nothing: Range = { from: 1, to: 0 };

function rangeOf(text: string): Range {
  if (text === 'none') return nothing;
  const [from = '0', to] = text.replace('+', '-32767').split('-');
  return { from: Number(from), to: Number(to ?? from) };
}

function isIn(range: Range, version: number): boolean {
  return version >= range.from && version <= range.to;
}

function definitionOf(line: string): { kind: string; definition: Definition } {
  const [kind = '', key, name = '', versions = '', flexible = '', fields = ''] = line.split(' ');
  const definition = {
    apiKey: Number(key),
    name,
    versions: rangeOf(versions),
    flexible: rangeOf(flexible),
    fields,
  };
  return { kind, definition };
}

const requests: Definition[][] = [];
const responses: Definition[][] = [];
const inner = new Map<string, Definition>();
const apis: Api[] = [];

for (const line of data.messages) {
  const { kind, definition } = definitionOf(line);
  const { apiKey, name } = definition;
  if (kind === 'd') {
    if (!inner.has(name)) inner.set(name, definition);
    continue;
  }
  const list = kind === 'q' ? requests : responses;
  list[apiKey] ??= [];
  list[apiKey].push(definition);
  if (kind !== 'q') continue;
  const { from, to } = definition.versions;
  const known = apis[apiKey] ?? {
    key: apiKey,
    name,
    rowText: new SharedText(name),
    oldest: from,
    newest: to,
  };
  const oldest = Math.min(known.oldest, from);
  apis[apiKey] = { ...known, oldest, newest: Math.max(known.newest, to) };
}

const errorNames = new Map(
  data.errors.map((line) => {
    const [code = '', name = ''] = line.split(' ');
    return [Number(code), name];
  }),
);

/** Names of all APIs. */
export const apiNames: readonly string[] = apis.flatMap((api) => api.name);

/** Names of all errors, and their codes. */
export const errorCodes: ReadonlyMap<number, string> = errorNames;

/** The API of this number, or undefined when it is newer than our definitions. */
export function apiOf(key: number): Api | undefined {
  return apis[key];
}

/** Whether requests of this version are in the flexible form; that of unknown versions is guessed. */
export function isFlexible(key: number, version: number): boolean {
  const known = requests[key]?.find(({ versions }) => isIn(versions, version));
  return known === undefined
    ? requests[key] === undefined || version > 0
    : isIn(known.flexible, version);
}

const layouts = new Map<string, Layout | undefined>();

/** How the body of a request is laid out; undefined when our definitions do not know this version. */
export function requestLayout(key: number, version: number): Layout | undefined {
  return layoutOf(requests[key], `q${key}`, version);
}

export function responseLayout(key: number, version: number): Layout | undefined {
  return layoutOf(responses[key], `s${key}`, version);
}

/** Of data that lies within messages and records: `ConsumerProtocolSubscription`, `EndTxnMarker`. */
export function dataLayout(name: string, version: number): Layout | undefined {
  const definition = inner.get(name);
  return definition && layoutOf([definition], name, version);
}

function layoutOf(
  definitions: readonly Definition[] | undefined,
  name: string,
  version: number,
): Layout | undefined {
  const known = definitions?.find(({ versions }) => isIn(versions, version));
  if (known === undefined) return undefined;
  const cacheKey = `${name}/${version}`;
  let layout = layouts.get(cacheKey);
  if (layout === undefined) {
    layout = new LayoutReader(known.fields, version, isIn(known.flexible, version)).read();
    layouts.set(cacheKey, layout);
  }
  return layout;
}

const fieldPattern =
  /([^=]+)=(\*?)(\w+)(?:@([^?#!(,)]+))?(?:\?([^#!(,)]+))?(?:#(\d+)@([^!(,)]+))?(?:!(\w))?/y;

/** Reads the fields of a definition that are there in one version. */
class LayoutReader {
  readonly #text: string;
  readonly #version: number;
  readonly #flexible: boolean;
  #at = 0;

  constructor(text: string, version: number, flexible: boolean) {
    this.#text = text;
    this.#version = version;
    this.#flexible = flexible;
  }

  read(): Layout {
    const fields: Field[] = [];
    const tagged: Field[] = [];
    let topicName: string | undefined;
    while (this.#at < this.#text.length && this.#text[this.#at] !== ')') {
      const field = this.#field();
      if (typeof field === 'string') topicName = field;
      else if (field !== undefined) (field.tag < 0 ? fields : tagged).push(field);
      if (this.#text[this.#at] === ',') this.#at++;
    }
    const layout = { fields, flexible: this.#flexible, tagged };
    return topicName === undefined ? layout : { ...layout, topicName };
  }

  /** The next field; undefined when this version lacks it, or its name when it was that of a topic. */
  #field(): Field | string | undefined {
    fieldPattern.lastIndex = this.#at;
    const found = fieldPattern.exec(this.#text);
    if (found === null)
      throw new Error(`messages.json: ${this.#text.slice(this.#at, this.#at + 40)}`);
    this.#at = fieldPattern.lastIndex;
    const [, name = '', star, type, versions, nullable, tag, taggedVersions, role] = found;
    let layout: Layout | undefined;
    if (this.#text[this.#at] === '(') {
      this.#at++;
      layout = this.read();
      this.#at++;
    }
    if (versions !== undefined && !isIn(rangeOf(versions), this.#version)) {
      return role === 'T' && type === 's' && star === '' ? name : undefined;
    }
    const isTagged = taggedVersions !== undefined && isIn(rangeOf(taggedVersions), this.#version);
    return {
      name,
      type: type as FieldType,
      isArray: star === '*',
      isNullable: nullable !== undefined && isIn(rangeOf(nullable), this.#version),
      role: (role ?? '') as FieldRole,
      tag: isTagged ? Number(tag) : -1,
      layout,
    };
  }
}
