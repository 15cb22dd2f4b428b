/** The syntax tree of a query: plain readonly data, every node with its place in the text. */
import type { FieldType } from '../dissect/contract.ts';
import type { Place } from './contract.ts';

export type Scalar = string | number | bigint | boolean | null;

/** A constant. `source` is how it was written when that says more than the value: `minutes(-5)`. */
export interface Literal {
  readonly kind: 'literal';
  readonly value: Scalar;
  readonly source?: string;
  readonly place: Place;
}

/** RE2 syntax, unanchored. */
export interface Regex {
  readonly kind: 'regex';
  readonly pattern: string;
  readonly place: Place;
}

export type Segment =
  /** `.name` or `["name"]` */
  | { readonly kind: 'name'; readonly name: string }
  /** `[0]`; negative counts from the end. */
  | { readonly kind: 'index'; readonly index: number }
  /** `.*` or `[*]` */
  | { readonly kind: 'all' }
  /** `..name`: at any depth */
  | { readonly kind: 'deep'; readonly name: string }
  /** `.json()` */
  | { readonly kind: 'call'; readonly name: 'json' | 'xml' };

/** A column that holds a path's value, and for which entries it does. */
export interface ColumnUse {
  readonly name: string;
  /** Only entries of these protocols have the path; undefined: all. */
  readonly protocols?: readonly string[];
  /** The path is missing in entries that lack this side. */
  readonly side?: 'request' | 'response';
}

export interface Path {
  readonly kind: 'path';
  readonly segments: readonly Segment[];
  /** `any` when only the entry itself can tell. */
  readonly type: FieldType | 'any';
  readonly column?: ColumnUse;
  readonly place: Place;
}

export type Operand = Literal | Regex | Path;
export type Operator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'contains'
  | 'startsWith'
  | 'endsWith';

export interface Compare {
  readonly kind: 'compare';
  readonly operator: Operator;
  readonly left: Operand;
  readonly right: Operand;
  readonly place: Place;
}

export type Node =
  /** The empty query, `true`, `false`, `nil`. */
  | { readonly kind: 'constant'; readonly value: boolean; readonly place: Place }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Node[]; readonly place: Place }
  | { readonly kind: 'not'; readonly item: Node; readonly place: Place }
  | Compare
  | {
      readonly kind: 'in';
      readonly left: Operand;
      readonly items: readonly (Literal | Regex)[];
      readonly place: Place;
    }
  /** A path standing alone: it is there and not `false`, `0`, empty or `nil`. */
  | { readonly kind: 'truthy'; readonly path: Path; readonly place: Place }
  /** Free text, searched without regard to case; or a pattern searched in everything readable. */
  | { readonly kind: 'text'; readonly what: Literal | Regex; readonly place: Place }
  | { readonly kind: 'macro'; readonly name: string; readonly body: Node; readonly place: Place }
  /** `limit(n)`: true for every entry; the number stands in `Query.limit`. */
  | { readonly kind: 'limit'; readonly count: number; readonly place: Place };

/** A query that parsed and whose types agree. */
export interface Query {
  readonly text: string;
  readonly root: Node;
  /** Entries to show at most; undefined: all. */
  readonly limit?: number;
}
