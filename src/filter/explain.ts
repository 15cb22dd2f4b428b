/** What of a query runs in the store and what in the evaluator, in sentences for people. */
import type { Query } from './ast.ts';
import { clauses } from './edit.ts';
import { needsPayload } from './evaluate.ts';
import { requiredLiterals } from './required.ts';
import { nodeToSql, type SqlColumns } from './sql.ts';

export function explain(query: Query, columns: SqlColumns): string[] {
  const parts = clauses(query).filter(({ node }) => node.kind !== 'limit');
  const sentences: string[] = [];
  if (parts.length === 0) sentences.push('Every entry matches.');
  let decodes = false;
  for (const { text, node } of parts) {
    const { where, exact } = nodeToSql(node, columns);
    if (exact) sentences.push(`The store decides ${text}.`);
    else {
      const payload = needsPayload(node);
      decodes ||= payload;
      const looksAt = payload ? 'decoded entries' : 'columns, without decoding';
      const narrowed = where === 'true' ? '' : 'The store narrows it first. ';
      sentences.push(`The evaluator decides ${text} on ${looksAt}. ${narrowed}`.trim());
    }
  }
  const literals = decodes ? requiredLiterals(query) : [];
  if (literals.length > 0) {
    const named = literals.map((literal) => `"${literal}"`).join(', ');
    sentences.push(`Only payloads that contain ${named}, or hide it by compression, are decoded.`);
  }
  if (query.limit !== undefined) sentences.push(`At most ${query.limit} entries are shown.`);
  return sentences;
}
