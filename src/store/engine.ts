/** Query text → what the store needs to run it; SQL expressions of the columns. */

import type { ProtocolByCode } from '../entry/row.ts';
import type { FieldSchema, Subject } from '../filter/contract.ts';
import {
  compileQuery,
  needsPayload,
  parseQuery,
  requiredLiterals,
  type SqlColumns,
  toSql,
} from '../filter/index.ts';
import { captureNames, outcomeNames } from '../ship/columns.ts';

/** Highest `Protocol.code`. */
const maxProtocolCode = 250;

/** A query that is ready to run. */
export interface PreparedQuery {
  /** Every hit satisfies it. */
  readonly where: string;
  readonly parameters: readonly unknown[];
  /** `where` says all: no evaluator is needed. */
  readonly exact: boolean;
  /** The evaluator looks into payloads. */
  readonly decodes: boolean;
  /** Lower-case texts, all of which a hit has in its bytes, where bytes are what is shown. */
  readonly literals: readonly string[];
  /** `limit(n)` in the query. */
  readonly limit: number;
  test(subject: Subject): boolean;
}

export interface QueryEngine {
  /** Throws a sentence when the query is not valid. */
  prepare(filter: string): PreparedQuery;
}

function caseOf(column: string, texts: Iterable<readonly [number, string]>): string {
  const cases = [...texts].map(([value, text]) => `WHEN ${value} THEN '${text}'`);
  return cases.length === 0 ? 'NULL' : `CASE "${column}" ${cases.join(' ')} END`;
}

function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Field column → SQL with the value that `Subject.column` gives, NULL where that is undefined. The
 * protocol's version has a text that only the protocol knows: it is left to the evaluator.
 */
export function sqlColumns(protocolByCode: ProtocolByCode, node: string): SqlColumns {
  const known: [number, { id: string; label: string }][] = [];
  for (let code = 1; code <= maxProtocolCode; code++) {
    const protocol = protocolByCode(code);
    if (protocol) known.push([code, protocol]);
  }
  const byProtocol = (text: (protocol: { id: string; label: string }) => string, other: string) =>
    `coalesce(${caseOf(
      'protocol',
      known.map(([code, protocol]) => [code, text(protocol).replaceAll("'", "''")]),
    )}, '${other}')`;
  const number = (expression: string) => ({ expression, type: 'number' as const });
  const text = (expression: string) => ({ expression, type: 'text' as const });
  const boolean = (expression: string) => ({ expression, type: 'boolean' as const });
  return {
    timestamp: number('("idTime" / 1000)'),
    elapsedTime: number('(round("elapsedMs"::DOUBLE * 1000) / 1000)'),
    'protocol.name': text(byProtocol((protocol) => protocol.id, 'unknown')),
    'protocol.abbr': text(byProtocol((protocol) => protocol.label, '?')),
    'src.ip': text('"source"'),
    'src.port': number('"sourcePort"'),
    'dst.ip': text('"destination"'),
    'dst.port': number('"destinationPort"'),
    namespace: text("''"),
    node: text(quotedText(node)),
    capture: text(caseOf('capture', captureNames.entries())),
    outgoing: boolean('("flags" & 1 <> 0)'),
    demo: boolean('("flags" & 2 <> 0)'),
    status: number('"status"'),
    method: text('"method"'),
    target: text('"target"'),
    host: text('"host"'),
    contentType: text('"contentType"'),
    traceId: text('"traceId"'),
    outcome: text(caseOf('outcome', outcomeNames.entries())),
    stream: text(`(("stream" >> 40) || '-' || ("stream" & 1099511627775))`),
    // spelt as `formatId` does
    parent: text(
      `CASE WHEN "parentTime" = 0 THEN '' ELSE printf('%013x%012x', "parentTime", "parentSequence") END`,
    ),
    requestSize: number('"requestSize"'),
    responseSize: number('"responseSize"'),
  };
}

/** The engine of Mizu's query language. */
export function filterEngine(
  schema: FieldSchema,
  protocolByCode: ProtocolByCode,
  node = '',
): QueryEngine {
  const columns = sqlColumns(protocolByCode, node);
  return {
    prepare(filter) {
      const parsed = parseQuery(filter, schema);
      if (!parsed.ok) throw new Error(`The filter cannot run: ${parsed.error.message}.`);
      const { query } = parsed;
      const sql = toSql(query, columns);
      return {
        ...sql,
        decodes: needsPayload(query.root),
        literals: sql.exact ? [] : requiredLiterals(query),
        limit: query.limit ?? Number.POSITIVE_INFINITY,
        test: compileQuery(query),
      };
    },
  };
}
