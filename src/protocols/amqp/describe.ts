/** Decoded values → the tables and the body of the details pane, titled as in the original. */
import type {
  DecodedExchange,
  Description,
  DetailRow,
  Section,
  Value,
  ValueMap,
} from '../../dissect/contract.ts';
import { mediaTypeOf } from '../http/decode-text.ts';

/** What the driver writes over a secret. */
const redacted = '[REDACTED]';
/** Rows of one table; a value within a value counts. */
const maxRows = 2000;

export function describe({ request, response }: DecodedExchange): Description {
  return {
    request: request === undefined ? [] : describeSide(request, 'request'),
    response: response === undefined ? [] : describeSide(response, 'response'),
  };
}

/** Tables of a method, each a section. */
const tableTitles: Readonly<Record<string, string>> = {
  serverProperties: 'Server Properties',
  clientProperties: 'Client Properties',
  arguments: 'Arguments',
  totals: 'Connection Totals',
};
const bodyNames = new Set(['body', 'bodyEncoding', 'bodyRemark', 'bodyKept', 'bodyCut']);
/** Titles that are not the name in words. */
const titles: Readonly<Record<string, string>> = {
  noWait: 'NoWait',
  classId: 'Class ID',
  methodId: 'Method ID',
  cause: 'Caused By',
  bodySize: 'Body Size (bytes)',
  messageId: 'Message ID',
  correlationId: 'Correlation ID',
  userId: 'User ID',
  appId: 'App ID',
  clusterId: 'Cluster ID',
};
const deliveryModes: Readonly<Record<number, string>> = { 1: '1 (transient)', 2: '2 (persistent)' };

function describeSide(side: ValueMap, base: string): Section[] {
  const details: DetailRow[] = [];
  const tables: Section[] = [];
  for (const [name, value] of Object.entries(side)) {
    const path = `${base}.${name}`;
    if (value === undefined || bodyNames.has(name) || name === 'properties') continue;
    if (name === 'problems') details.push(...problemRows(value, path));
    else if (isMap(value) && tableTitles[name] !== undefined) {
      tables.push(table(tableTitles[name], flat(value, path)));
    } else details.push(...flatValue(titleOf(name), value, path));
  }
  return [
    table(
      'Details',
      details.map((row) => withKept(row, side)),
    ),
    ...propertySections(side['properties'], `${base}.properties`),
    ...tables,
    ...bodySection(side, base),
  ].filter((section) => section.kind !== 'table' || section.rows.length > 0);
}

/** How much there is of a cut body, beside its size. */
function withKept(row: DetailRow, { bodyKept }: ValueMap): DetailRow {
  if (row.name !== titles['bodySize'] || typeof bodyKept !== 'number') return row;
  return { ...row, remark: `the first ${bodyKept.toLocaleString('en')} bytes were kept` };
}

function propertySections(value: Value, base: string): Section[] {
  if (!isMap(value)) return [];
  const { headers, ...rest } = value;
  const { deliveryMode } = rest;
  const rows = Object.entries(rest).map(([name, each]) => {
    const shown =
      name === 'deliveryMode' && typeof deliveryMode === 'number'
        ? (deliveryModes[deliveryMode] ?? deliveryMode)
        : scalar(each);
    return rowOf(titleOf(name), shown, `${base}.${name}`);
  });
  const sections = [table('Properties', rows)];
  if (isMap(headers)) sections.push(table('Headers', flat(headers, `${base}.headers`)));
  return sections;
}

function problemRows(value: Value, path: string): DetailRow[] {
  if (!Array.isArray(value)) return [];
  return value.map((problem, i) => ({
    name: 'Problem',
    value: scalar(problem),
    path: `${path}[${i}]`,
    remark: 'malformed',
  }));
}

function table(title: string, rows: readonly DetailRow[]): Section {
  return { kind: 'table', title, rows };
}

/** `routingKey` → `Routing Key` */
function titleOf(name: string): string {
  const known = titles[name];
  if (known !== undefined) return known;
  const words = name.replaceAll(/([A-Z])/g, ' $1');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function rowOf(name: string, value: string | number | boolean, path: string): DetailRow {
  const secret = typeof value === 'string' && value.includes(redacted);
  return secret ? { name, value, path, remark: 'redacted' } : { name, value, path };
}

/** Rows of a map, values within values as `name.inner` and `name[0]`. */
function flat(map: ValueMap, base: string): DetailRow[] {
  return Object.entries(map)
    .flatMap(([name, value]) => flatValue(name, value, `${base}[${JSON.stringify(name)}]`))
    .slice(0, maxRows);
}

function flatValue(name: string, value: Value, path: string): DetailRow[] {
  if (Array.isArray(value) && value.length > 0) {
    return value.flatMap((each, i) => flatValue(`${name}[${i}]`, each, `${path}[${i}]`));
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([inner, each]) =>
      flatValue(`${name}.${inner}`, each, `${path}[${JSON.stringify(inner)}]`),
    );
  }
  return [rowOf(name, scalar(value), path)];
}

function scalar(value: Value): string | number | boolean {
  if (typeof value === 'string') return value.replaceAll('\0', '␀');
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

function isMap(value: Value): value is ValueMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bodySection(side: ValueMap, base: string): Section[] {
  const { body, bodySize, bodyEncoding, bodyKept, bodyRemark, properties } = side;
  if (typeof body !== 'string' || (body === '' && bodySize === 0)) return [];
  const contentType = isMap(properties) ? String(properties['contentType'] ?? '') : '';
  return [
    {
      kind: 'body',
      title: 'Body',
      mediaType: mediaTypeOf(contentType),
      encoding: bodyEncoding === 'base64' ? 'base64' : 'text',
      content: body,
      size: Number(bodySize),
      cut: typeof bodyKept === 'number',
      ...(typeof bodyKept === 'number' && { kept: bodyKept }),
      path: `${base}.body`,
      ...(typeof bodyRemark === 'string' && { remark: bodyRemark }),
    },
  ];
}
