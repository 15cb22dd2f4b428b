/** Query text → what the store needs to run it; SQL expressions of the columns. */

import type { Protocol } from '../dissect/contract.ts';
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
import type { Identity, NameResolver } from '../resolve/contract.ts';
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

type Named = Pick<Protocol, 'id' | 'name' | 'label'>;

function caseOf(column: string, texts: Iterable<readonly [number, string]>): string {
  const cases = [...texts].map(([value, text]) => `WHEN ${value} THEN '${text}'`);
  return cases.length === 0 ? 'NULL' : `CASE "${column}" ${cases.join(' ')} END`;
}

function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Columns that hold addresses of an end; its names follow from them. */
const addressColumns = {
  src: ['"source"'],
  dst: ['"destination"', '"front"'],
  either: ['"source"', '"destination"', '"front"'],
} as const;

/** Names are found at the time of reading, so SQL can only narrow to addresses that had such a name. */
function nameColumn(
  names: NameResolver | undefined,
  columns: readonly string[],
  read: (identity: Identity) => string | undefined,
  missing: '' | undefined,
): SqlColumns[string] {
  return {
    type: 'text',
    narrow(test) {
      if (test(missing)) return undefined;
      const addresses = names?.addressesWhere?.((identity) => test(read(identity) ?? missing));
      if (addresses === undefined) return undefined;
      if (addresses.length === 0) return 'false';
      const list = addresses.map(quotedText).join(', ');
      return `(${columns.map((column) => `${column} IN (${list})`).join(' or ')})`;
    },
  };
}

const namesOfEnds = [
  'kind',
  'pod',
  'service',
  'namespace',
  'workload',
  'node',
  'process',
  'origin',
] as const satisfies (keyof Identity)[];

function nameColumns(names: NameResolver | undefined): SqlColumns {
  const result: Record<string, SqlColumns[string]> = {};
  for (const side of ['src', 'dst'] as const) {
    const columns = addressColumns[side];
    result[`${side}.name`] = nameColumn(names, columns, ({ name }) => name, '');
    for (const name of namesOfEnds) {
      result[`${side}.${name}`] = nameColumn(names, columns, (of) => of[name], undefined);
    }
  }
  const either = addressColumns.either;
  result['namespace'] = nameColumn(names, either, ({ namespace }) => namespace, '');
  return result;
}

/** The node's name by the first bits of the id. */
function nodeSql(names: NameResolver | undefined): string {
  const known = [...(names?.nodeNames?.() ?? [])];
  const cases = known.map(([number, name]) => `WHEN ${number} THEN ${quotedText(name)}`);
  return cases.length === 0 ? "''" : `CASE "idSequence" >> 32 ${cases.join(' ')} ELSE '' END`;
}

/**
 * Field column → SQL with the value that `Subject.column` gives, NULL where that is undefined. The
 * protocol's version has a text that only the protocol knows: it is left to the evaluator.
 */
export function sqlColumns(protocolByCode: ProtocolByCode, names?: NameResolver): SqlColumns {
  const known: [number, Named][] = [];
  for (let code = 1; code <= maxProtocolCode; code++) {
    const protocol = protocolByCode(code);
    if (protocol) known.push([code, protocol]);
  }
  const byProtocol = (text: (protocol: Named) => string, other: string) =>
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
    'protocol.name': text(byProtocol((protocol) => protocol.name ?? protocol.id, 'unknown')),
    'protocol.abbr': text(byProtocol((protocol) => protocol.label, '?')),
    'src.ip': text('"source"'),
    'src.port': number('"sourcePort"'),
    'dst.ip': text('"destination"'),
    'dst.port': number('"destinationPort"'),
    ...nameColumns(names),
    'front.ip': text(`CASE WHEN "frontPort" <> 0 THEN "front" END`),
    'front.port': number('nullif("frontPort", 0)'),
    node: text(nodeSql(names)),
    sightings: number('greatest("sightings", 1)'),
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
  names?: NameResolver,
): QueryEngine {
  return {
    prepare(filter) {
      const parsed = parseQuery(filter, schema);
      if (!parsed.ok) throw new Error(`The filter cannot run: ${parsed.error.message}.`);
      const { query } = parsed;
      // Made for each query: nodes and names come while the store is open.
      const sql = toSql(query, sqlColumns(protocolByCode, names));
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
