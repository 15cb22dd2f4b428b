/**
 * filter: query text → syntax tree → a predicate on entries, SQL that narrows, completions, messages.
 *
 * Free of Node: the page runs the same parser and checker as the server. `compileQuery` is what a
 * query means; everything else (`toSql`, `requiredLiterals`) may only leave out what it would reject. The page imports the files it needs: `complete.ts`, `edit.ts`, `highlight.ts`.
 */
export type { Query } from './ast.ts';
export { compileQuery, needsPayload } from './evaluate.ts';
export { explain } from './explain.ts';
export { type ParseResult, parseQuery } from './parse.ts';
export { quote } from './print.ts';
export { requiredLiterals } from './required.ts';
export { buildSchema } from './schema.ts';
export { type SqlColumns, type SqlFilter, toSql } from './sql.ts';
