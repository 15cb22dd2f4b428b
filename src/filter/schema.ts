/** The names a query may use: field declarations → a schema, and what a path means in it. */
import type { FieldDeclaration, FieldType } from '../dissect/contract.ts';
import type { ColumnUse, Segment } from './ast.ts';
import type { FieldSchema, SchemaField } from './contract.ts';
import { nearest } from './suggest.ts';

/** The part of a protocol's declaration that the language uses. */
export interface ProtocolNames {
  /** Value of `protocol.name`, unless `name` is; without it the fields count as those of every entry. */
  readonly id?: string;
  readonly name?: string;
  readonly fields: readonly FieldDeclaration[];
  readonly macros: Readonly<Record<string, string>>;
}

/**
 * Joins the fields of every entry with those of the protocols. A path that several protocols declare
 * is listed once for each different declaration.
 */
export function buildSchema(
  entryFields: readonly FieldDeclaration[],
  protocols: readonly ProtocolNames[],
): FieldSchema {
  const fields: SchemaField[] = [...entryFields];
  const macros: Record<string, string> = {};
  for (const protocol of protocols) {
    Object.assign(macros, protocol.macros);
    for (const field of protocol.fields) {
      const name = protocol.name ?? protocol.id;
      if (name === undefined) fields.push(field);
      else addField(fields, field, name);
    }
  }
  return { fields, macros };
}

function addField(fields: SchemaField[], field: FieldDeclaration, protocol: string): void {
  const at = fields.findIndex(
    (known) =>
      known.path === field.path &&
      known.type === field.type &&
      known.column === field.column &&
      known.protocols !== undefined,
  );
  const known = fields[at];
  if (known === undefined) fields.push({ ...field, protocols: [protocol] });
  else {
    const values = [...new Set([...(known.values ?? []), ...(field.values ?? [])])];
    const protocols = [...new Set([...(known.protocols ?? []), protocol])];
    fields[at] = { ...known, protocols, ...(values.length > 0 ? { values } : {}) };
  }
}

export interface KnownPath {
  readonly type: FieldType | 'any';
  readonly column?: ColumnUse;
}

/** A schema made ready for look-ups. */
export interface SchemaIndex {
  readonly schema: FieldSchema;
  readonly declared: ReadonlyMap<string, KnownPath>;
  /** Paths with declared paths below them, declared themselves or not. */
  readonly parents: ReadonlySet<string>;
}

const indexes = new WeakMap<FieldSchema, SchemaIndex>();

export function indexOf(schema: FieldSchema): SchemaIndex {
  const made = indexes.get(schema);
  if (made !== undefined) return made;
  const byPath = Map.groupBy(schema.fields, (field) => field.path);
  const declared = new Map<string, KnownPath>();
  const parents = new Set<string>();
  const known = new Set(schema.fields.flatMap((field) => field.protocols ?? []));
  for (const [path, fields] of byPath) {
    declared.set(path, merge(path, fields, known.size));
    for (let dot = path.indexOf('.'); dot !== -1; dot = path.indexOf('.', dot + 1)) {
      parents.add(path.slice(0, dot));
    }
  }
  const index = { schema, declared, parents };
  indexes.set(schema, index);
  return index;
}

function merge(path: string, fields: readonly SchemaField[], protocolCount: number): KnownPath {
  const [first] = fields;
  if (first === undefined) return { type: 'any' };
  const type = fields.every((field) => field.type === first.type) ? first.type : 'any';
  const agree = fields.every((field) => field.column === first.column);
  if (type === 'any' || first.column === undefined || !agree) return { type };
  const having = [...new Set(fields.flatMap((field) => field.protocols ?? []))];
  const isEverywhere =
    having.length === protocolCount || fields.some((field) => field.protocols === undefined);
  const protocols = isEverywhere ? undefined : having;
  const side = /^(request|response)\./.exec(path)?.[1] as 'request' | 'response' | undefined;
  return {
    type,
    column: {
      name: first.column,
      ...(protocols === undefined ? {} : { protocols }),
      ...(side === undefined ? {} : { side }),
    },
  };
}

/** Why a path cannot be, and at which of its segments. */
export interface PathProblem {
  readonly segment: number;
  readonly message: string;
  readonly suggestion?: string;
}

/**
 * What is known of a path. Below an open map (declared, with nothing declared under it: headers,
 * query strings) and below lists, wildcards and `json()` every name is accepted.
 */
export function lookUp(index: SchemaIndex, segments: readonly Segment[]): KnownPath | PathProblem {
  let path = '';
  let known: KnownPath | undefined;
  for (const [at, segment] of segments.entries()) {
    if (segment.kind !== 'name') return belowName(path, known, segment, at);
    const next = path === '' ? segment.name : `${path}.${segment.name}`;
    const declared = index.declared.get(next);
    if (declared === undefined && !index.parents.has(next)) {
      const isOpen = known !== undefined && !index.parents.has(path);
      if (!isOpen) return unknownName(index, segments, path, at);
      if (known?.type === 'map' || known?.type === 'list' || known?.type === 'any') {
        return { type: 'any' };
      }
      return insideScalar(path, known, segment.name, at);
    }
    path = next;
    known = declared;
  }
  return known ?? { type: 'map' };
}

function belowName(
  path: string,
  known: KnownPath | undefined,
  segment: Segment,
  at: number,
): KnownPath | PathProblem {
  const isScalar = known?.type === 'number' || known?.type === 'boolean';
  const isText = known?.type === 'text';
  if (segment.kind === 'call') {
    if (!isScalar && known?.type !== 'map') return { type: 'any' };
    const message = `${path} is a ${known?.type}, ${segment.name}() reads texts`;
    return { segment: at, message };
  }
  if (isScalar || isText) return insideScalar(path, known, undefined, at);
  return { type: 'any' };
}

function insideScalar(
  path: string,
  known: KnownPath | undefined,
  name: string | undefined,
  at: number,
): PathProblem {
  const message = `${path} is a ${known?.type}, there is nothing inside it`;
  if (known?.type !== 'text') return { segment: at, message };
  const method = name === undefined ? undefined : nearest(name, textMethods);
  const suggestion = method === undefined ? `${path}.json()` : `${path}.${method}("...")`;
  return { segment: at, message, suggestion };
}

export const textMethods = ['startsWith', 'endsWith', 'contains', 'matches'] as const;

function unknownName(
  index: SchemaIndex,
  segments: readonly Segment[],
  parent: string,
  at: number,
): PathProblem {
  const names = segments.map((segment) => (segment.kind === 'name' ? segment.name : ''));
  const typed = names.slice(0, at + 1).join('.');
  const message =
    parent === '' ? `there is no field ${typed}` : `${parent} has no field ${names[at]}`;
  const suggestion = suggestPath(index, typed);
  return { segment: at, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

function suggestPath(index: SchemaIndex, typed: string): string | undefined {
  const last = typed.slice(typed.lastIndexOf('.') + 1).toLowerCase();
  const paths = [...index.declared.keys(), ...index.parents];
  const macros = typed.includes('.') ? [] : Object.keys(index.schema.macros);
  const begun = typed.toLowerCase();
  const longer = paths.find((path) => last.length > 2 && path.toLowerCase().startsWith(begun));
  const near = longer ?? nearest(typed, [...macros, ...paths]);
  if (near !== undefined) return near;
  return paths.find((path) => path.toLowerCase().endsWith(`.${last}`));
}
