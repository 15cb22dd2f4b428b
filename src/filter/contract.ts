/**
 * The query language's contract. `filter/` is free of Node: the page runs the same parser, checker and
 * completions as the server.
 */
import type { FieldDeclaration, Value } from '../dissect/contract.ts';

/** A declared field, and the protocols (by id) that have it; without them every entry has it. */
export interface SchemaField extends FieldDeclaration {
  readonly protocols?: readonly string[];
}

/** What the language knows about names; built from the protocols' declarations. */
export interface FieldSchema {
  readonly fields: readonly SchemaField[];
  readonly macros: Readonly<Record<string, string>>;
}

/** A place in the query text: `[from, to)` in UTF-16 units. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/** A query that cannot run, and where. */
export interface QueryError extends Place {
  /** A sentence: `response.status is a number, "abc" is a text`. */
  readonly message: string;
  /** What the user may have meant. */
  readonly suggestion?: string;
}

/** Completion of the word at the cursor. */
export interface Completion extends Place {
  readonly insert: string;
  readonly label: string;
  readonly detail?: string;
  readonly kind: 'field' | 'value' | 'operator' | 'macro' | 'function' | 'keyword';
}

/** What an evaluator asks of an entry. Columns are cheap; `root` decodes the payload, once. */
export interface Subject {
  /** Value of a field that is declared with a `column`. */
  column(name: string): string | number | boolean | undefined;
  /** The whole entry as JSON-like values. */
  root(): { readonly [name: string]: Value };
  /**
   * Everything readable of the entry, for free text: method, target, header names and values, bodies
   * as text.
   */
  texts(): Iterable<string>;
}
