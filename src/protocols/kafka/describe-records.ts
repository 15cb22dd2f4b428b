/** Records of a partition → a grid of all, and the values of the first as bodies. */
import type { Section, Value, ValueMap } from '../../dissect/contract.ts';
import { cell, isMap, memberRows, timeText } from './describe-rows.ts';

/** Records whose values are shown in full; the others by a click on their row. */
const openedRecords = 10;
const maxRows = 2_000;
/** Longest value within the grid. */
const maxCell = 300;

/** `where`: `topic: orders, partition: 0`. */
export function describeRecords(
  batch: ValueMap,
  path: string,
  where: string,
  sections: Section[],
): void {
  const { record, batches, ...head } = batch;
  const records = Array.isArray(record) ? record.filter(isMap) : [];
  const about = where === '' ? '' : ` (${where})`;
  const remark = typeof head['remark'] === 'string' ? head['remark'] : undefined;
  if (records.length > 0) {
    sections.push(recordGrid(records, `${path}.record`, `Records${about}`, remark));
  }
  for (const [i, each] of records.slice(0, openedRecords).entries()) {
    if (typeof each['value'] === 'string' && each['value'] !== '') {
      sections.push(recordBody(each, `${path}.record[${i}].value`, `Record [${i}] Value${about}`));
    }
  }
  if (Array.isArray(batches)) sections.push(batchGrid(batches.filter(isMap), path, about));
  else if (head['magic'] !== undefined) {
    const rows = memberRows(head, path);
    sections.push({ kind: 'table', title: `Record Batch${about}`, rows });
  }
}

function recordGrid(
  records: readonly ValueMap[],
  path: string,
  title: string,
  remark: string | undefined,
): Section {
  const shown = records.slice(0, maxRows);
  const hasControl = records.some(({ control }) => control !== undefined);
  const hasSchema = records.some(({ valueSchemaId }) => valueSchemaId !== undefined);
  const more = records.length > shown.length;
  const remarks = [
    ...(more ? [`the first ${maxRows} of ${records.length} records`] : []),
    ...(remark === undefined ? [] : [remark]),
  ];
  return {
    kind: 'grid',
    title,
    columns: [
      'Offset',
      'Time',
      'Key',
      'Value',
      'Headers',
      ...(hasSchema ? ['Schema ID'] : []),
      ...(hasControl ? ['Control'] : []),
    ],
    rows: shown.map((record) => [
      cell(record['offset']),
      timeText(record['timestamp']),
      shortCell(record['keyNumber'] ?? record['key']),
      shortCell(record['valueNumber'] ?? record['value']),
      headersText(record['headers']),
      ...(hasSchema ? [cell(record['valueSchemaId'])] : []),
      ...(hasControl ? [cell(record['control'])] : []),
    ]),
    paths: shown.map((_, i) => `${path}[${i}].value`),
    ...(remarks.length > 0 && { remark: remarks.join('; ') }),
  };
}

function shortCell(value: Value): string | number | boolean | null {
  const shown = cell(value);
  if (typeof shown !== 'string' || shown.length <= maxCell) return shown;
  return `${shown.slice(0, maxCell)}…`;
}

function headersText(headers: Value): string {
  if (!isMap(headers)) return '';
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : value}`)
    .join('; ');
}

function recordBody(record: ValueMap, path: string, title: string): Section {
  const content = String(record['value']);
  const isBinary = record['valueEncoding'] === 'base64';
  const looksJson = /^\s*[[{]/.test(content);
  const schemaId = record['valueSchemaId'];
  return {
    kind: 'body',
    title,
    mediaType: isBinary
      ? 'application/octet-stream'
      : looksJson
        ? 'application/json'
        : 'text/plain',
    encoding: isBinary ? 'base64' : 'text',
    content,
    size: Buffer.byteLength(content, isBinary ? 'base64' : 'utf8'),
    cut: record['cut'] === true,
    path,
    ...(schemaId !== undefined && { remark: `schema ${schemaId} of a registry` }),
  };
}

function batchGrid(batches: readonly ValueMap[], path: string, about: string): Section {
  const columns = [...new Set(batches.flatMap((batch) => Object.keys(batch)))];
  return {
    kind: 'grid',
    title: `Record Batches${about}`,
    columns,
    rows: batches.map((batch) => columns.map((name) => cell(batch[name]))),
    paths: batches.map((_, i) => `${path}.batches[${i}]`),
  };
}
