/** The details pane of GraphQL: the operation, its document and variables; errors; then what HTTP shows. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Section,
  Value,
  ValueMap,
} from '../../dissect/contract.ts';
import { describeHttp, isMap, withSections } from '../http/any-version.ts';

export function describe(decoded: DecodedExchange): Description {
  return withSections(
    describeHttp(decoded),
    requestSections(decoded.request?.['graphql'], 'request.graphql'),
    responseSections(decoded.response?.['graphql'], 'response.graphql'),
  );
}

/** Sections of `request.graphql`, or of one operation of a batch. */
export function requestSections(graphql: Value | undefined, path: string): Section[] {
  if (!isMap(graphql)) return [];
  const { operations } = graphql;
  if (Array.isArray(operations)) {
    return operations
      .filter(isMap)
      .flatMap((each, i) =>
        operationSections(each, `${path}.operations[${i}]`, `Operation ${i}: `),
      );
  }
  return operationSections(graphql, path, '');
}

function operationSections(graphql: ValueMap, path: string, prefix: string): Section[] {
  const { operationType, operationName, fields, persistedQueryHash, problem } = graphql;
  const { query, variables } = graphql;
  const rows: DetailRow[] = [];
  const add = (name: string, member: string, value: Value | undefined, remark?: string) => {
    if (value === undefined) return;
    const text = Array.isArray(value) ? value.join(', ') : String(value);
    rows.push({ name, value: text, path: `${path}.${member}`, ...(remark && { remark }) });
  };
  add('Operation', 'operationType', operationType);
  add('Name', 'operationName', operationName);
  add('Fields', 'fields', fields);
  add('Persisted Query', 'persistedQueryHash', persistedQueryHash);
  add('Problem', 'problem', problem, 'malformed');
  const sections: Section[] = [{ kind: 'table', title: `${prefix}GraphQL`, rows }];
  if (typeof query === 'string') {
    sections.push({
      kind: 'body',
      title: `${prefix}Document`,
      mediaType: 'application/graphql',
      encoding: 'text',
      content: query,
      size: Buffer.byteLength(query),
      cut: false,
      path: `${path}.query`,
    });
  }
  if (isMap(variables) && Object.keys(variables).length > 0) {
    const title = `${prefix}Variables`;
    sections.push({ kind: 'tree', title, value: variables, path: `${path}.variables` });
  }
  return sections;
}

/** The errors of an answer, and the parts in which it came. */
export function responseSections(graphql: Value | undefined, path: string): Section[] {
  return [...errorSections(graphql, path), ...partSections(graphql, path)];
}

function partSections(graphql: Value | undefined, path: string): Section[] {
  const parts = isMap(graphql) ? graphql['parts'] : undefined;
  if (!Array.isArray(parts) || !isMap(graphql)) return [];
  const { partCount, hasNext } = graphql;
  const remarks = [
    ...(Number(partCount) > parts.length ? [`${parts.length} of ${partCount} parts shown`] : []),
    ...(hasNext === true ? ['more was to come'] : []),
  ];
  return parts.map((value, i) => ({
    kind: 'tree',
    title: `Part ${i + 1}`,
    value,
    path: `${path}.parts[${i}]`,
    ...(i === parts.length - 1 && remarks.length > 0 && { remark: remarks.join('; ') }),
  }));
}

function errorSections(graphql: Value | undefined, path: string): Section[] {
  const errors = isMap(graphql) ? graphql['errors'] : undefined;
  if (!Array.isArray(errors) || !isMap(graphql)) return [];
  const { errorCount } = graphql;
  const shown = errors.filter(isMap);
  const cell = (value: Value | undefined) =>
    typeof value === 'string' || typeof value === 'number' ? value : null;
  return [
    {
      kind: 'grid',
      title: 'GraphQL Errors',
      columns: ['Message', 'Path', 'Code', 'Line', 'Column'],
      rows: shown.map(({ message, path: at, code, line, column }) =>
        [message, at, code, line, column].map(cell),
      ),
      paths: shown.map((_, i) => `${path}.errors[${i}]`),
      ...(Number(errorCount) > shown.length && {
        remark: `${shown.length} of ${errorCount} errors shown`,
      }),
    },
  ];
}
