/**
 * filter: query text → syntax tree → a predicate on entries, SQL that narrows, completions, messages.
 *
 * Free of Node: the page runs the same parser and checker as the server. `compileQuery` is what a
 * query means; everything else (`toSql`, `requiredLiterals`) may only leave out what it would reject.
 */
export type { Node, Path, Query } from './ast.ts';
export { complete } from './complete.ts';
export { addClause, type Clause, clauses, comparison } from './edit.ts';
export { compileQuery, evaluate, needsPayload } from './evaluate.ts';
export { explain } from './explain.ts';
export { type HighlightedToken, highlight } from './highlight.ts';
export { type ParseResult, parseQuery } from './parse.ts';
export { printNode, printPath, quote } from './print.ts';
export { requiredLiterals } from './required.ts';
export { buildSchema, type ProtocolNames } from './schema.ts';
export {
  nodeToSql,
  type SqlColumns,
  type SqlDialect,
  type SqlFilter,
  toSql,
} from './sql.ts';
