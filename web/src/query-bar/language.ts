/** The query language as the page uses it. */
import type { Value } from '../../../src/dissect/contract.ts';
import { complete } from '../../../src/filter/complete.ts';
import type { Completion, FieldSchema, QueryError } from '../../../src/filter/contract.ts';
import { addClause, clauses, comparison as compare } from '../../../src/filter/edit.ts';
import { type HighlightedToken, highlight } from '../../../src/filter/highlight.ts';
import { parseQuery } from '../../../src/filter/parse.ts';
import { valuesSeen } from '../data/values-seen.ts';

export { addClause };

let schema: FieldSchema | undefined;

/** The names that queries may use, once the server has told them. */
export function setSchema(known: FieldSchema): void {
  schema = known;
}

/** What is wrong with a query, or undefined; while the names are unknown nothing is wrong. */
export function errorOf(text: string): QueryError | undefined {
  if (schema === undefined || text.trim() === '') return undefined;
  const result = parseQuery(text, schema);
  return result.ok ? undefined : result.error;
}

export type Operator = '==' | '>=';

/** `path == value`, in the language's own quoting. */
export function comparison(path: string, value: Value, operator: Operator = '=='): string {
  const isScalar = value === null || (typeof value !== 'object' && value !== undefined);
  return compare(path, operator, isScalar ? value : JSON.stringify(value));
}

/** The conditions that must all hold, as texts. */
export function clauseTexts(text: string): string[] {
  if (schema === undefined) return [];
  const result = parseQuery(text, schema);
  return result.ok ? clauses(result.query).map((clause) => clause.text) : [];
}

/** Coloured pieces of a query. */
export function highlighted(text: string): readonly HighlightedToken[] {
  return highlight(text, schema);
}

/** What could stand at the cursor: names, operators, and values of entries in memory. */
export function completionsAt(text: string, cursor: number): readonly Completion[] {
  if (schema === undefined) return [];
  const columns = new Map(schema.fields.map((field) => [field.path, field.column ?? field.path]));
  return complete(text, cursor, schema, (path) => valuesSeen(columns.get(path) ?? path));
}
